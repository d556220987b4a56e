// SPDX-License-Identifier: MIT
/*
 * Interrupts that cannot be masked, at any instruction of the kernel and of programs: the last CPU
 * sends them to all others, which must not notice. Named alone (test=nmi_storm) this goes on for
 * good, and with init= a program runs under it; an emulator's option that ends a translation after
 * each instruction makes sure that every one is hit.
 */
#include <stdbool.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"
#include "tests/kernel/ktest.h"

#define PAUSE_US   50
#define TOLD_AFTER 4000u /* and after twice as many, and so on */

/* arch/entry/entry.asm: from its first instruction to where tasks are switched. */
extern const char vector_entries[], context_switch[];

static struct task sender = {.name = "nmi_storm"};
static unsigned int from_user, from_kernel, from_entry, wrong;

/* Every exception comes here first. Counts NMIs by what they interrupted. */
static bool take_nmi(struct trap_frame *frame)
{
    if (frame->vector != VECTOR_NMI)
        return false;
    if (this_cpu()->self != this_cpu() || percpu_of(this_cpu()->number) != this_cpu())
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    unsigned int *count = &from_kernel;
    if (trap_from_user(frame))
        count = &from_user;
    else if (frame->rip >= (uintptr_t)vector_entries && frame->rip < (uintptr_t)context_switch)
        count = &from_entry;
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
    return true;
}

static void __attribute__((noreturn)) send_for_good(void *unused)
{
    unsigned int tell_at = TOLD_AFTER;

    (void)unused;
    irq_enable();
    for (unsigned int pause = 0;; pause = (pause + 7) % PAUSE_US) {
        for (unsigned int cpu = 0; cpu + 1 < cpu_count; cpu++)
            apic_send(percpu_of(cpu)->apic_id, APIC_ICR_NMI);
        clock_wait(pause);
        schedule();
        if (from_user + from_kernel + from_entry >= tell_at) {
            kprintf(KERN_RESULT
                    "# nmi_storm: %u in ring 3, %u in the kernel, %u in its entry code; %u with "
                    "a wrong GS\n",
                    from_user, from_kernel, from_entry, wrong);
            tell_at *= 2;
        }
    }
}

KTEST(nmi_storm)
{
    char value[COMMAND_LINE_VALUE_SIZE] = "";

    command_line_value("test", value);
    if (strcmp(value, "nmi_storm") != 0 || cpu_count == 1) {
        ktest_skip("runs when named alone, with more than one CPU");
        return;
    }
    sender.stack = kernel_stack_alloc();
    EXPECT(sender.stack);
    if (!sender.stack)
        return;
    task_prepare_stack(&sender);
    task_set_kernel_function(&sender, send_for_good, NULL);
    cpu_set_add(&sender.affinity, cpu_count - 1);
    trap_hook = take_nmi;
    sched_add(&sender);
}
