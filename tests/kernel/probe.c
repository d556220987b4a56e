// SPDX-License-Identifier: MIT
#include "tests/kernel/probe.h"

#include "arch/cpu.h"
#include "arch/spinlock.h"
#include "arch/usercopy.h"

extern const char probe_start[], probe_end[], probe_leave[];

static struct probe_result result;

static bool note_fault(struct trap_frame *frame)
{
    if (frame->rip < (uintptr_t)probe_start || frame->rip >= (uintptr_t)probe_end)
        return false;
    result = (struct probe_result){
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
    trap_hook_t previous = trap_hook;

    result = (struct probe_result){.faulted = false};
    trap_hook = note_fault;
    __asm__ volatile(STAC_IF_SMAP : : : "memory");
    uint64_t value = function(first, second, third);
    __asm__ volatile(CLAC_IF_SMAP : : : "memory");
    trap_hook = previous;
    irq_restore(irq);
    result.value = value;
    return result;
}
