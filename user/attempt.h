// SPDX-License-Identifier: MIT
/*
 * For the demonstrations: accesses that may be refused, and whether what came of one is what the
 * story says of it. A refused access is stepped over.
 */
#ifndef USER_ATTEMPT_H
#define USER_ATTEMPT_H

#include <signal.h>
#include <stdint.h>

#include "user/story.h"

/* What the handler learnt about the last access; code is 0 if it was allowed, key -1 for none. */
struct attempt {
    int code;
    int key;
    void *address;
};

static volatile struct attempt attempt;

/* Where to go on if the next access is refused. */
static void *attempt_after;

/* Takes notes and steps over the access. The return restores PKRU too. */
static void attempt_refused(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    attempt.code = info->si_code;
    attempt.key = info->si_code == SEGV_PKUERR ? (int)info->si_pkey : -1;
    attempt.address = info->si_addr;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (intptr_t)attempt_after;
}

static inline void attempt_watch(void)
{
    struct sigaction action = {.sa_sigaction = attempt_refused, .sa_flags = SA_SIGINFO};

    story_require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

/* Does one instruction with an address. */
#define ATTEMPT(instruction, at)                              \
    do {                                                      \
        attempt.code = 0;                                     \
        attempt.key = -1;                                     \
        __asm__ volatile("lea 1f(%%rip), %%rax\n\t"           \
                         "mov %%rax, %0\n\t" instruction "\n" \
                         "1:"                                 \
                         : "=m"(attempt_after)                \
                         : "r"(at)                            \
                         : "rax", "memory");                  \
    } while (0)

static inline void attempt_read(const char *address)
{
    ATTEMPT("movb (%1), %%al", address);
}

static inline void attempt_write(char *address)
{
    ATTEMPT("movb $1, (%1)", address);
}

/* The last attempt ended so: code is 0, SEGV_PKUERR by that key, or another code and key -1. */
static inline void attempt_expect(int code, int key)
{
    story_expect_fault(attempt.code, code);
    story_expect(attempt.key == key, "expected key %d in the signal, it has %d", key, attempt.key);
}

#endif
