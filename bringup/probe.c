// SPDX-License-Identifier: MIT
#include "bringup/probe.h"

#include <stddef.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/mmu/usercopy.h"

extern const char probe_start[], probe_end[], probe_leave[];

static struct probe_result results[CPU_MAX];

bool probe_catch(struct trap_frame *frame)
{
    if (frame->rip < (uintptr_t)probe_start || frame->rip >= (uintptr_t)probe_end)
        return false;
    results[this_cpu_number()] = (struct probe_result){
        .faulted = true,
        .vector = frame->vector,
        .code = frame->error_code,
        .address = frame->vector == VECTOR_PF ? read_cr2() : 0,
    };
    frame->rip = (uintptr_t)probe_leave;
    return true;
}

struct probe_result probe(probe_function_t function, uint64_t first, uint64_t second,
                          uint64_t third)
{
    uint64_t irq = irq_save();
    struct probe_result *result = &results[this_cpu_number()];
    bool has_hook = !trap_hook;

    *result = (struct probe_result){.faulted = false};
    if (has_hook)
        trap_hook = probe_catch;
    __asm__ volatile(STAC_IF_SMAP : : : "memory");
    uint64_t value = function(first, second, third);
    __asm__ volatile(CLAC_IF_SMAP : : : "memory");
    if (has_hook)
        trap_hook = NULL;
    result->value = value;
    struct probe_result copy = *result;
    irq_restore(irq);
    return copy;
}
