// SPDX-License-Identifier: MIT
/*
 * Accesses that may fault, for tasks that share memory: a handler of SIGSEGV steps over them and
 * leaves a result, without anything that the tasks share.
 */
#ifndef TESTS_RING3_TRIES_H
#define TESTS_RING3_TRIES_H

#include "tests/ring3/ring3.h"

extern const char try_read_here[], try_read_after[], try_write_here[], try_write_after[];

/* The byte there, or the handler's result. */
static int __attribute__((noinline, used)) try_read(const volatile char *at)
{
    int result;

    __asm__ volatile(".globl try_read_here, try_read_after\n"
                     "try_read_here: movzbl (%1), %0\n"
                     "try_read_after:"
                     : "=a"(result)
                     : "d"(at)
                     : "memory");
    return result;
}

/* 0 if the byte was written, or the handler's result. */
static int __attribute__((noinline, used)) try_write(volatile char *at, char value)
{
    int result;

    __asm__ volatile(".globl try_write_here, try_write_after\n"
                     "xor %%eax, %%eax\n"
                     "try_write_here: movb %b2, (%1)\n"
                     "try_write_after:"
                     : "=&a"(result)
                     : "d"(at), "c"(value)
                     : "memory");
    return result;
}

/* For the handler: the access that faulted gives this result. Any other fault ends the test. */
static inline void end_try(int signal, void *context, int result)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const char *at = (const char *)(uintptr_t)registers[REG_RIP];

    if (at != try_read_here && at != try_write_here) {
        printf("Bail out! signal %d at %p\n", signal, (const void *)at);
        fflush(stdout);
        _exit(1);
    }
    at = at == try_read_here ? try_read_after : try_write_after;
    registers[REG_RIP] = (greg_t)(uintptr_t)at;
    registers[REG_RAX] = result;
}

#endif
