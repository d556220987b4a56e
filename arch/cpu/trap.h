// SPDX-License-Identifier: MIT
/*
 * Traps: the frame that every entry to the kernel builds, and where it goes from there.
 *
 * arch/entry/entry.asm pushes the same frame for an exception, an interrupt and a system call. From
 * there control passes up to kernel/, by the functions below and the table of system calls. Nothing
 * else in arch/ calls up.
 */
#ifndef ARCH_CPU_TRAP_H
#define ARCH_CPU_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* Exceptions: SDM vol. 3A, 6.15. */
enum vector {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_MC = 18,
    VECTOR_XM = 19,
    VECTOR_IRQ_FIRST = 32,
    VECTOR_TIMER = 0xe0,
    VECTOR_RESCHEDULE = 0xf0, /* from another CPU: look at the run queue */
    VECTOR_TLB = 0xf1,        /* from another CPU: invalidate, and acknowledge */
    VECTOR_RIGHTS = 0xf3,     /* from another CPU: tell or change the running thread's PKRU */
    VECTOR_WAKE = 0xf2,       /* from another CPU: only ends a HLT */
    VECTOR_SPURIOUS = 0xff,
    VECTOR_SYSCALL = 0x100, /* not a vector: the frame was built by the SYSCALL entry */
};

/* Error code of #PF: SDM vol. 3A, 4.7. */
#define X86_PF_PROT  (1u << 0)
#define X86_PF_WRITE (1u << 1)
#define X86_PF_USER  (1u << 2)
#define X86_PF_RSVD  (1u << 3)
#define X86_PF_INSTR (1u << 4)
#define X86_PF_PK    (1u << 5)

/*
 * The registers at the moment of entry, in the order of Linux's user_regs_struct, so that ptrace
 * copies them as they are:
 *
 *   high  ss rsp rflags cs rip     pushed by the CPU (or by the SYSCALL entry)
 *         error_code               by the CPU, or 0; a system call's number (orig_rax)
 *         rdi ... r15              by the entry code
 *         vector                   by the entry code
 *   low   <- frame
 */
struct trap_frame {
    uint64_t vector;
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "arch/entry/entry.asm pushes it");

static inline bool trap_from_user(const struct trap_frame *frame)
{
    return frame->cs & 3;
}

/*
 * Call this after changing any register but rax in a frame. The frame then returns to ring 3 by
 * IRETQ, which loads all of it. SYSRET, the faster exit, leaves rbp and r12 to r15 as C code has
 * preserved them, and takes rip and rflags from rcx and r11.
 */
static inline void frame_is_changed(struct trap_frame *frame)
{
    frame->vector = 0;
}

/* arch/entry/entry.asm: where SYSCALL goes. */
void syscall_entry(void);

/* In kernel/: handles an exception or interrupt, and returns when the frame may be resumed. */
void trap_dispatch(struct trap_frame *frame);

/*
 * In kernel/: makes the system call in the frame, whatever its number and even if it is traced,
 * leaves the result in frame->rax, and continues with syscall_end().
 */
void syscall_slow(struct trap_frame *frame);

/* In kernel/: the work that is due at the end of a call (task.work). Interrupts are off. */
void syscall_end(struct trap_frame *frame);

/* In kernel/: called when a new task first runs, before ring 3 or its function in the kernel. */
void task_started(void);

/*
 * A hook that sees every exception before anybody else does: for in-kernel tests that expect
 * faults, whichever ring they come from. It may change the frame (rip, cs, rsp ...) and returns
 * true when the frame is to be resumed. NULL: none.
 */
typedef bool (*trap_hook_t)(struct trap_frame *frame);
extern trap_hook_t trap_hook;

#endif
