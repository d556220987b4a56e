// SPDX-License-Identifier: MIT
/*
 * Exceptions and interrupts: page faults go to mm/, a program's other exceptions become signals,
 * the kernel's own a panic.
 */
#include "kernel/entry/trap.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/device/apic.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "arch/mmu/usercopy.h"
#include "kernel/keys/rights.h"
#include "kernel/report/panic.h"
#include "kernel/signal/signal.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "mm/space/fault.h"

struct exception_signal {
    int signal;
    int code;
    bool has_address; /* si_addr is the instruction's */
};

/* Linux's signals for exceptions in ring 3. */
static const struct exception_signal exception_signals[32] = {
    [VECTOR_DE] = {SIGFPE, FPE_INTDIV, true},  [VECTOR_DB] = {SIGTRAP, TRAP_TRACE, true},
    [VECTOR_BP] = {SIGTRAP, SI_KERNEL, false}, [VECTOR_OF] = {SIGSEGV, SI_KERNEL, false},
    [VECTOR_BR] = {SIGSEGV, SI_KERNEL, false}, [VECTOR_UD] = {SIGILL, ILL_ILLOPN, true},
    [VECTOR_TS] = {SIGSEGV, SI_KERNEL, false}, [VECTOR_NP] = {SIGBUS, SI_KERNEL, false},
    [VECTOR_SS] = {SIGBUS, SI_KERNEL, false},  [VECTOR_GP] = {SIGSEGV, SI_KERNEL, false},
    [VECTOR_MF] = {SIGFPE, 0, true},           [VECTOR_AC] = {SIGBUS, BUS_ADRALN, false},
    [VECTOR_XM] = {SIGFPE, 0, true},
};

void return_to_user(struct trap_frame *frame)
{
    struct task *task = current();

    while (task->work) {
        irq_enable();
        if (task->work & WORK_RESCHED)
            schedule();
        if (task->work & WORK_SIGNAL) {
            kernel_lock();
            signal_deliver(frame);
            kernel_unlock();
        }
        irq_disable();
    }
}

/* For the signal frame: sigcontext's trapno and err. */
static void note_exception(const struct trap_frame *frame)
{
    current()->fault_vector = frame->vector;
    current()->fault_error_code = frame->error_code;
}

/* ---- page faults ---- */

static void signal_fault(struct trap_frame *frame, uintptr_t address,
                         const struct fault_verdict *verdict)
{
    siginfo_t info = {.si_signo = verdict->signal, .si_code = verdict->code};

    note_exception(frame);
    current()->fault_address = address;
    info.si_addr = (void *)address;
    if (verdict->signal == SIGSEGV && verdict->code == SEGV_PKUERR)
        info.si_pkey = verdict->key;
    kernel_lock();
    signal_raise(frame, &info);
    kernel_unlock();
}

static bool fix_up(struct trap_frame *frame)
{
    uintptr_t fixup = exception_fixup(frame->rip);

    if (fixup)
        frame->rip = fixup;
    return fixup != 0;
}

static void page_fault(struct trap_frame *frame)
{
    /* Read before interrupts are on: then a switch or VECTOR_RIGHTS may change CR2 or PKRU. */
    uintptr_t address = read_cr2();
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    bool from_user = trap_from_user(frame);
    struct fault_verdict verdict = {SIGSEGV, SEGV_MAPERR, 0};
    uint32_t error_code = (uint32_t)frame->error_code;

    /* In the kernel only usercopy may fault, on user addresses, in a task that has a space. */
    if (!from_user && (address >= USER_END || !current()->space || !exception_fixup(frame->rip)))
        panic_trap(frame, "page fault in the kernel");
    if (!from_user && exception_is_at_once(frame->rip) && fix_up(frame))
        return;
    if (frame->rflags & RFLAGS_IF)
        irq_enable();
    if (error_code & X86_PF_RSVD)
        panic_trap(frame, "reserved bit set in a page-table entry");
    if (from_user && access_is_implicit(error_code))
        verdict.code = SEGV_ACCERR;
    else if (address < USER_END &&
             !space_fault(current()->space, address, error_code, pkru, &verdict)) {
        current()->faults++;
        goto out;
    }
    if (verdict.signal == SIGKILL && ASK(memory_is_out, from_user, address, error_code, pkru))
        goto out; /* the access is retried, or the task ends */
    if (from_user)
        signal_fault(frame, address, &verdict);
    else
        fix_up(frame);
out:
    irq_disable();
}

/* ---- other exceptions ---- */

/* The unmasked exceptions that are pending in x87 or SSE status bits, as a SIGFPE code. */
static int floating_point_code(uint32_t pending)
{
    if (pending & 0x01)
        return FPE_FLTINV;
    if (pending & 0x04)
        return FPE_FLTDIV;
    if (pending & 0x08)
        return FPE_FLTOVF;
    if (pending & 0x12)
        return FPE_FLTUND;
    return pending & 0x20 ? FPE_FLTRES : 0;
}

static int floating_point_code_of(uint64_t vector)
{
    uint16_t control, status;
    uint32_t mxcsr;

    if (vector == VECTOR_XM) {
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        return floating_point_code(mxcsr & ~(mxcsr >> 7) & 0x3f);
    }
    __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
    return floating_point_code(status & ~control & 0x3f);
}

/* Not inlined: the loop of ASK() would cost registers on the path of every fault. */
static __attribute__((noinline)) bool debug_exception_is_over(struct trap_frame *frame,
                                                              siginfo_t *info)
{
    return ASK(debug_exception, frame, info);
}

static void user_exception(struct trap_frame *frame)
{
    const struct exception_signal *what = &exception_signals[frame->vector];
    siginfo_t info = {.si_signo = what->signal, .si_code = what->code};

    if (!what->signal)
        panic_trap(frame, "unexpected exception in ring 3");
    note_exception(frame);
    if (what->has_address)
        info.si_addr = (void *)frame->rip;
    if (frame->vector == VECTOR_MF || frame->vector == VECTOR_XM)
        info.si_code = floating_point_code_of(frame->vector);
    if (frame->vector == VECTOR_DB && debug_exception_is_over(frame, &info))
        return;
    irq_enable();
    kernel_lock();
    signal_raise(frame, &info);
    kernel_unlock();
    irq_disable();
}

static void kernel_exception(struct trap_frame *frame)
{
    const struct bug_entry *entry = bug_find(frame->rip);

    if (frame->vector == VECTOR_DB && debug_exception_is_over(frame, NULL))
        return;
    if (fix_up(frame))
        return;
    /* Bochs raises #DB here after a single step over SYSCALL, though SFMASK has cleared TF. */
    if (frame->vector == VECTOR_DB && frame->rip == (uintptr_t)syscall_entry)
        return;
    if (frame->vector == VECTOR_UD && entry)
        panic_trap(frame, entry->text);
    panic_trap(frame, "exception in the kernel");
}

void trap_dispatch(struct trap_frame *frame)
{
    uint64_t vector = frame->vector;

    if (trap_hook && trap_hook(frame))
        return;
    if (vector == VECTOR_PF) {
        page_fault(frame);
    } else if (vector == VECTOR_TIMER) {
        apic_end_of_interrupt();
        sched_tick();
    } else if (vector == VECTOR_RESCHEDULE) {
        apic_end_of_interrupt(); /* task.work is looked at on exit */
    } else if (vector == VECTOR_TLB) {
        apic_end_of_interrupt();
        tlb_answer();
    } else if (vector == VECTOR_RIGHTS) {
        apic_end_of_interrupt();
        rights_answer();
    } else if (vector == VECTOR_NMI || vector == VECTOR_DF || vector == VECTOR_MC) {
        panic_obey(frame);
        panic_trap(frame, "an exception that ends the machine");
    } else if (vector < VECTOR_IRQ_FIRST) {
        if (trap_from_user(frame))
            user_exception(frame);
        else
            kernel_exception(frame);
    } else if (vector != VECTOR_SPURIOUS) {
        apic_end_of_interrupt();
    }
    if (!trap_from_user(frame))
        return;
    if (current()->work)
        return_to_user(frame);
    tlb_check_return();
}
