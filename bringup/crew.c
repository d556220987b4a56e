// SPDX-License-Identifier: MIT
#include "bringup/crew.h"

#include <stddef.h>

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/cpu/types.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/device/power.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/oracle_machine.h"
#include "bringup/probe.h"
#include "kernel/report/panic.h"

/* bringup/guard.asm */
bool guard_call(crew_function_t function, void *argument, uint64_t *rsp);
extern const char guard_landing[];

/* How long an NMI may take to end a function that has had its time. */
#define NMI_LIMIT_US 2000000ul
#define NS_PER_US    1000ul

struct member {
    /* Written by the boot CPU, number last; read by the member. */
    crew_function_t function;
    void *argument;
    uint32_t asked;
    /* Written by the member, number last. */
    struct crew_exception exception;
    bool ended_early;
    uint32_t answered;

    bool is_called_off; /* by another CPU: the next NMI ends the function */
    bool is_silent;     /* the boot CPU's judgement, for good */
    bool is_guarded;    /* a function is running */
    uint64_t rsp;       /* where to land */
    unsigned int nmis;
};

static struct member members[CPU_MAX];
static bool dismissed;

/* When the boot CPU's own function will have had its time, by clock_monotonic_ns(); 0: it runs
 * none. */
static uint64_t boot_deadline;

static bool is_dismissed(void)
{
    return __atomic_load_n(&dismissed, __ATOMIC_ACQUIRE);
}

/* ---- under guard ---- */

/* Makes the frame return to guard_landing. */
static void end_function(struct member *member, struct trap_frame *frame)
{
    member->exception = (struct crew_exception){frame->vector, frame->error_code, frame->rip,
                                                frame->vector == VECTOR_PF ? read_cr2() : 0};
    member->is_guarded = false;
    oracle_forget_access();
    frame->rip = (uintptr_t)guard_landing;
    frame->cs = KERNEL_CS;
    frame->rflags = RFLAGS_FIXED;
    frame->rsp = member->rsp;
    frame->ss = KERNEL_SS;
}

static bool take_nmi(struct member *member, struct trap_frame *frame)
{
    member->nmis++;
    if (member->is_guarded && __atomic_load_n(&member->is_called_off, __ATOMIC_ACQUIRE))
        end_function(member, frame);
    return true;
}

/* Accesses that are expected to fault may be anybody's, at any time. */
static bool is_expected(struct trap_frame *frame)
{
    return frame->vector < VECTOR_IRQ_FIRST && frame->vector != VECTOR_NMI &&
           (oracle_end_access(frame) || probe_catch(frame));
}

static bool catch (struct trap_frame *frame)
{
    struct member *member = &members[this_cpu_number()];

    if (is_expected(frame))
        return true;
    if (is_dismissed() && !member->is_silent)
        return false;
    if (frame->vector == VECTOR_NMI)
        return take_nmi(member, frame);
    if (frame->vector == VECTOR_TIMER) { /* of watch_boot_cpu() */
        apic_end_of_interrupt();
        return true;
    }
    if (frame->vector >= VECTOR_IRQ_FIRST || !member->is_guarded)
        return false;
    end_function(member, frame);
    return true;
}

/* The bases of GS are for a function that ended on its way between the rings. */
static const uint32_t kept_msrs[] = {MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_LSTAR};

static void run_guarded(struct member *member, crew_function_t function, void *argument)
{
    uint64_t irq = irq_save();
    uint64_t msrs[array_size(kept_msrs)];
    uint64_t cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();
    uint64_t xcr0 = cr4 & CR4_OSXSAVE ? fpu_read_xcr0() : 0;
    uint32_t pkru = cr4 & CR4_PKE ? read_pkru() : 0;
    uintptr_t stack = this_cpu()->kernel_stack;

    for (size_t i = 0; i < array_size(kept_msrs); i++)
        msrs[i] = rdmsr(kept_msrs[i]);
    member->is_guarded = true;
    member->ended_early = !guard_call(function, argument, &member->rsp);
    member->is_guarded = false;
    irq_disable();
    for (size_t i = 0; i < array_size(kept_msrs); i++)
        wrmsr(kept_msrs[i], msrs[i]);
    write_cr0(cr0);
    write_cr4(cr4);
    if (xcr0)
        fpu_write_xcr0(xcr0);
    if (cr4 & CR4_PKE)
        write_pkru(pkru);
    write_cr3(cr3);
    cpu_set_kernel_stack(stack);
    irq_restore(irq);
}

/* ---- a member ---- */

/* Has an NMI end what a CPU runs. */
static void call_off(unsigned int cpu)
{
    __atomic_store_n(&members[cpu].is_called_off, true, __ATOMIC_RELEASE);
    apic_send(percpu_of(cpu)->apic_id, APIC_ICR_NMI);
}

/*
 * Nobody waits for the boot CPU, which runs the suite. So whoever has nothing to do looks after
 * its limit; when not even an NMI ends what it runs, the machine has to end.
 */
static void watch_boot_cpu(void)
{
    uint64_t deadline = __atomic_load_n(&boot_deadline, __ATOMIC_ACQUIRE);
    uint64_t now = clock_monotonic_ns();

    if (deadline && now < deadline) {
        clock_interrupt_after(deadline - now);
    } else if (deadline && __atomic_compare_exchange_n(&boot_deadline, &deadline,
                                                       now + NMI_LIMIT_US * NS_PER_US, false,
                                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        if (members[0].is_called_off)
            panic("the boot CPU does not end a test of the bring-up, not even by an NMI");
        call_off(0);
        clock_interrupt_after(NMI_LIMIT_US * NS_PER_US);
    }
}

/* Interrupts are off but for the HLT, out of which VECTOR_WAKE brings it. */
void crew_serve(void)
{
    struct member *member = &members[this_cpu_number()];

    while (!is_dismissed()) {
        uint32_t asked = __atomic_load_n(&member->asked, __ATOMIC_ACQUIRE);
        if (asked == member->answered) {
            watch_boot_cpu();
            cpu_wait_for_interrupt();
            continue;
        }
        run_guarded(member, member->function, member->argument);
        __atomic_store_n(&member->answered, asked, __ATOMIC_RELEASE);
    }
    if (member->is_silent) /* it comes too late */
        power_halt();
}

/* ---- the boot CPU ---- */

void crew_assemble(void)
{
    trap_hook = catch;
}

static void wake_others(void)
{
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        ipi_send(cpu, VECTOR_WAKE);
}

/* Where one is silent the hook stays: what it does yet is none of the kernel's. */
void crew_dismiss(void)
{
    bool is_complete = true;

    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        is_complete &= !members[cpu].is_silent;
    __atomic_store_n(&dismissed, true, __ATOMIC_RELEASE);
    wake_others();
    if (is_complete)
        trap_hook = NULL;
}

static void ask(unsigned int cpu, crew_function_t function, void *argument)
{
    struct member *member = &members[cpu];

    if (member->is_silent)
        return;
    member->function = function;
    member->argument = argument;
    member->is_called_off = false;
    __atomic_store_n(&member->asked, member->asked + 1, __ATOMIC_RELEASE);
    ipi_send(cpu, VECTOR_WAKE);
}

static bool answers(const struct member *member, uint64_t start, uint64_t limit_us)
{
    uint64_t limit = clock_ticks(limit_us);

    while (__atomic_load_n(&member->answered, __ATOMIC_ACQUIRE) != member->asked) {
        if (rdtsc() - start > limit)
            return false;
        spin_relax();
    }
    return true;
}

static void await(unsigned int cpu, uint64_t start, uint64_t limit_us)
{
    struct member *member = &members[cpu];

    if (member->is_silent || answers(member, start, limit_us))
        return;
    call_off(cpu);
    member->is_silent = !answers(member, rdtsc(), NMI_LIMIT_US);
}

/* The boot CPU's own part. */
static void run_watched(crew_function_t function, void *argument, uint64_t limit_us)
{
    members[0].is_called_off = false;
    __atomic_store_n(&boot_deadline, clock_monotonic_ns() + limit_us * NS_PER_US, __ATOMIC_RELEASE);
    wake_others();
    run_guarded(&members[0], function, argument);
    __atomic_store_n(&boot_deadline, 0, __ATOMIC_RELEASE);
}

void crew_run(unsigned int cpu, crew_function_t function, void *argument, uint64_t limit_us)
{
    if (cpu == 0) {
        run_watched(function, argument, limit_us);
        return;
    }
    ask(cpu, function, argument);
    await(cpu, rdtsc(), limit_us);
}

void crew_run_all(crew_function_t function, void *const arguments[], uint64_t limit_us)
{
    uint64_t start = rdtsc();

    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        ask(cpu, function, arguments[cpu]);
    run_watched(function, arguments[0], limit_us);
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        await(cpu, start, limit_us);
}

bool crew_is_silent(unsigned int cpu)
{
    return members[cpu].is_silent;
}

enum crew_outcome crew_outcome(unsigned int cpu, struct crew_exception *exception)
{
    const struct member *member = &members[cpu];

    if (member->is_silent)
        return CREW_SILENT;
    if (!member->ended_early)
        return CREW_DONE;
    *exception = member->exception;
    return exception->vector == VECTOR_NMI ? CREW_CALLED_OFF : CREW_EXCEPTION;
}

unsigned int crew_nmis(void)
{
    return __atomic_load_n(&members[this_cpu_number()].nmis, __ATOMIC_RELAXED);
}
