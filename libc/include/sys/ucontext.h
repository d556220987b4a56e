// SPDX-License-Identifier: MIT
/*
 * The machine state in a signal frame, by glibc's names. It is the kernel's <asm/ucontext.h> and
 * <asm/sigcontext.h>, field by field.
 */
#ifndef LIBC_SYS_UCONTEXT_H
#define LIBC_SYS_UCONTEXT_H

#include <stddef.h>

#include <signal.h>

#include <asm/sigcontext.h>

/* Indexes of gregs. */
enum {
    REG_R8,
    REG_R9,
    REG_R10,
    REG_R11,
    REG_R12,
    REG_R13,
    REG_R14,
    REG_R15,
    REG_RDI,
    REG_RSI,
    REG_RBP,
    REG_RBX,
    REG_RDX,
    REG_RAX,
    REG_RCX,
    REG_RSP,
    REG_RIP,
    REG_EFL,
    REG_CSGSFS, /* cs, gs, fs and ss, 16 bits each */
    REG_ERR,    /* the error code of the last exception */
    REG_TRAPNO, /* its vector */
    REG_OLDMASK,
    REG_CR2,
    NGREG
};

typedef long long greg_t;
typedef greg_t gregset_t[NGREG];
typedef struct _fpstate_64 *fpregset_t;

typedef struct {
    gregset_t gregs;
    fpregset_t fpregs; /* the XSAVE image */
    unsigned long long reserved[8];
} mcontext_t;

typedef struct ucontext_t {
    unsigned long uc_flags;
    struct ucontext_t *uc_link;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

_Static_assert(offsetof(ucontext_t, uc_mcontext) == 40 &&
                   sizeof(mcontext_t) == sizeof(struct sigcontext_64) &&
                   offsetof(mcontext_t, fpregs) == offsetof(struct sigcontext_64, fpstate),
               "the frame's layout is the kernel's");

#endif
