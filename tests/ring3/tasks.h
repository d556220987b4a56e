// SPDX-License-Identifier: MIT
/*
 * Tasks that share the test's memory: threads of its process, or children by CLONE_VM.
 *
 * They run no library code, as they have no thread-local storage of their own: what they call is
 * here, or their own.
 */
#ifndef TESTS_RING3_TASKS_H
#define TESTS_RING3_TASKS_H

#include <sched.h>

#include "tests/ring3/ring3.h"

#define CHILD_TASK ((unsigned long)(CLONE_VM | SIGCHLD))
#define THREAD_TASK                                                                     \
    ((unsigned long)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
                     CLONE_CHILD_CLEARTID))

/*
 * In the new task: calls function(argument) on the new stack, and exits with status 0. With
 * THREAD_TASK, *tid becomes 0 and is woken as a futex at its end. Returns its number, or a
 * negative errno.
 */
static inline long start_task(unsigned long flags, char *stack_top, void (*function)(void *),
                              void *argument, uint32_t *tid)
{
    long result;
    register uint64_t r8 __asm__("r8") = 0;
    register uint32_t *r10 __asm__("r10") = tid;
    register void *r12 __asm__("r12") = (void *)(uintptr_t)function;
    register void *r13 __asm__("r13") = argument;

    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "xor %%ebp, %%ebp\n"
                     "mov %%r13, %%rdi\n"
                     "call *%%r12\n"
                     "xor %%edi, %%edi\n"
                     "mov %[exit], %%eax\n"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)__NR_clone), "D"(flags), "S"(stack_top), "d"(0l), "r"(r10),
                       "r"(r8), "r"(r12), "r"(r13), [exit] "i"(__NR_exit)
                     : "rcx", "r11", "memory");
    return result;
}

/* A system call without the library: a negative errno, or the result. */
static inline long raw_call(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
    long result;
    register uintptr_t r10 __asm__("r10") = d;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
