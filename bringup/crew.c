// SPDX-License-Identifier: MIT
#include "bringup/crew.h"

#include <stddef.h>

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/descriptors.h"
#include "arch/fpu.h"
#include "arch/ipi.h"
#include "arch/percpu.h"
#include "arch/pkru.h"
#include "arch/spinlock.h"
#include "arch/trap.h"
#include "bringup/oracle_machine.h"
#include "bringup/probe.h"

/* bringup/guard.asm */
bool guard_call(crew_function_t function, void *argument, uint64_t *rsp);
extern const char guard_landing[];

struct member {
    /* Written by the boot CPU, number last; read by the member. */
    crew_function_t function;
    void *argument;
    uint32_t asked;
    /* Written by the member, number last. */
    struct crew_exception exception;
    bool ended_early;
    uint32_t answered;

    bool is_silent;  /* the boot CPU's judgement, for good */
    bool is_guarded; /* a function is running */
    uint64_t rsp;    /* where to land */
    unsigned int nmis;
};

static struct member members[CPU_MAX];
static bool dismissed;

/* ---- under guard ---- */

static bool catch (struct trap_frame *frame)
{
    struct member *member = &members[this_cpu_number()];

    if (frame->vector >= VECTOR_IRQ_FIRST)
        return false;
    if (oracle_end_access(frame) || probe_catch(frame))
        return true;
    if (frame->vector == VECTOR_NMI) {
        member->nmis++;
        return true;
    }
    if (!member->is_guarded)
        return false;
    member->exception = (struct crew_exception){frame->vector, frame->error_code, frame->rip,
                                                frame->vector == VECTOR_PF ? read_cr2() : 0};
    member->is_guarded = false;
    frame->rip = (uintptr_t)guard_landing;
    frame->cs = KERNEL_CS;
    frame->rflags = RFLAGS_FIXED;
    frame->rsp = member->rsp;
    frame->ss = KERNEL_SS;
    return true;
}

static void write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static void run_guarded(struct member *member, crew_function_t function, void *argument)
{
    uint64_t irq = irq_save();
    uint64_t cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();
    uint64_t xcr0 = cr4 & CR4_OSXSAVE ? fpu_read_xcr0() : 0;
    uint32_t pkru = cr4 & CR4_PKE ? read_pkru() : 0;
    uintptr_t stack = this_cpu()->kernel_stack;

    member->is_guarded = true;
    member->ended_early = !guard_call(function, argument, &member->rsp);
    member->is_guarded = false;
    irq_disable();
    write_cr0(cr0);
    write_cr4(cr4);
    if (xcr0)
        write_xcr0(xcr0);
    if (cr4 & CR4_PKE)
        write_pkru(pkru);
    write_cr3(cr3);
    cpu_set_kernel_stack(stack);
    irq_restore(irq);
}

/* ---- a member ---- */

static bool is_dismissed(void)
{
    return __atomic_load_n(&dismissed, __ATOMIC_ACQUIRE);
}

/* Interrupts are off but for the HLT, out of which VECTOR_WAKE brings it. */
void crew_serve(void)
{
    struct member *member = &members[this_cpu_number()];

    while (!is_dismissed()) {
        uint32_t asked = __atomic_load_n(&member->asked, __ATOMIC_ACQUIRE);
        if (asked == member->answered) {
            cpu_wait_for_interrupt();
            continue;
        }
        run_guarded(member, member->function, member->argument);
        __atomic_store_n(&member->answered, asked, __ATOMIC_RELEASE);
    }
}

/* ---- the boot CPU ---- */

void crew_assemble(void)
{
    trap_hook = catch;
}

void crew_dismiss(void)
{
    __atomic_store_n(&dismissed, true, __ATOMIC_RELEASE);
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        ipi_send(cpu, VECTOR_WAKE);
    trap_hook = NULL;
}

static void ask(unsigned int cpu, crew_function_t function, void *argument)
{
    struct member *member = &members[cpu];

    if (member->is_silent)
        return;
    member->function = function;
    member->argument = argument;
    __atomic_store_n(&member->asked, member->asked + 1, __ATOMIC_RELEASE);
    ipi_send(cpu, VECTOR_WAKE);
}

static void await(unsigned int cpu, uint64_t start, uint64_t limit)
{
    struct member *member = &members[cpu];

    while (!member->is_silent &&
           __atomic_load_n(&member->answered, __ATOMIC_ACQUIRE) != member->asked) {
        member->is_silent = rdtsc() - start > limit;
        spin_relax();
    }
}

void crew_run(unsigned int cpu, crew_function_t function, void *argument, uint64_t limit_us)
{
    if (cpu == this_cpu_number()) {
        run_guarded(&members[cpu], function, argument);
        return;
    }
    ask(cpu, function, argument);
    await(cpu, rdtsc(), clock_ticks(limit_us));
}

void crew_run_all(crew_function_t function, void *const arguments[], uint64_t limit_us)
{
    unsigned int self = this_cpu_number();
    uint64_t start = rdtsc();

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu != self)
            ask(cpu, function, arguments[cpu]);
    run_guarded(&members[self], function, arguments[self]);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu != self)
            await(cpu, start, clock_ticks(limit_us));
}

enum crew_outcome crew_outcome(unsigned int cpu, struct crew_exception *exception)
{
    const struct member *member = &members[cpu];

    if (member->is_silent)
        return CREW_SILENT;
    if (!member->ended_early)
        return CREW_DONE;
    *exception = member->exception;
    return CREW_EXCEPTION;
}

unsigned int crew_nmis(void)
{
    return __atomic_load_n(&members[this_cpu_number()].nmis, __ATOMIC_RELAXED);
}
