// SPDX-License-Identifier: MIT
/*
 * System calls: the table, and how one is defined.
 *
 *     SYSCALL1(pkey_free, int, pkey)
 *     {
 *         return keys_free(current()->space, pkey);
 *     }
 *
 * defines the function and puts it into the table under Linux's number, wherever the file stands:
 * so kernel/ need not know what fs/ implements. Arguments arrive as 64-bit registers and are
 * converted to the types given, as Linux does. The result is a value or a negative errno.
 *
 * The call runs under the kernel lock. PARALLEL_SYSCALL1() and so on define one that does not: it
 * touches nothing but the running task's own and what has a lock of its own.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <stdint.h>

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/trap.h"
#include "kernel/kernel_lock.h"
#include "libc/include/latchkey/syscalls.h"

#define SYSCALL_COUNT       512
#define EXTRA_SYSCALL_FIRST 1000 /* Latchkey's own */
#define EXTRA_SYSCALL_COUNT 16

typedef long (*syscall_function_t)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct syscall_entry {
    uint64_t number;
    syscall_function_t function;
    const char *name;
    uint64_t unused;
};

/* clang-format off */
#define SYSCALL_ENTRY(call)                                                                        \
    static const struct syscall_entry syscall_entry_##call                                         \
        __attribute__((used, section(".syscalls"), aligned(32))) = {                               \
        __NR_##call, (syscall_function_t)(uintptr_t)sys_##call, #call, 0}

#define SYSCALL_LOCKED(work)                                                                       \
    {                                                                                              \
        kernel_lock();                                                                             \
        long result = work;                                                                        \
        kernel_unlock();                                                                           \
        return result;                                                                             \
    }
#define SYSCALL_PARALLEL(work) { return work; }

#define SYSCALL_DEFINE0(how, call)                                                                 \
    static long do_##call(void);                                                                   \
    static long sys_##call(void)                                                                   \
    how(do_##call())                                                                               \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(void)
#define SYSCALL_DEFINE1(how, call, t1, a1)                                                         \
    static long do_##call(t1 a1);                                                                  \
    static long sys_##call(uint64_t r1)                                                            \
    how(do_##call((t1)r1))                                                                         \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1)
#define SYSCALL_DEFINE2(how, call, t1, a1, t2, a2)                                                 \
    static long do_##call(t1 a1, t2 a2);                                                           \
    static long sys_##call(uint64_t r1, uint64_t r2)                                               \
    how(do_##call((t1)r1, (t2)r2))                                                                 \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2)
#define SYSCALL_DEFINE3(how, call, t1, a1, t2, a2, t3, a3)                                         \
    static long do_##call(t1 a1, t2 a2, t3 a3);                                                    \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3)                                  \
    how(do_##call((t1)r1, (t2)r2, (t3)r3))                                                         \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3)
#define SYSCALL_DEFINE4(how, call, t1, a1, t2, a2, t3, a3, t4, a4)                                 \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4);                                             \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4)                     \
    how(do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4))                                                 \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4)
#define SYSCALL_DEFINE5(how, call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                         \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);                                      \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,                     \
                           uint64_t r5)                                                            \
    how(do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5))                                         \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4,        \
                                                                t5 a5)
#define SYSCALL_DEFINE6(how, call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                 \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);                               \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,                     \
                           uint64_t r5, uint64_t r6)                                               \
    how(do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5, (t6)r6))                                 \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4,        \
                                                                t5 a5, t6 a6)

#define SYSCALL0(call) SYSCALL_DEFINE0(SYSCALL_LOCKED, call)
#define SYSCALL1(call, ...) SYSCALL_DEFINE1(SYSCALL_LOCKED, call, __VA_ARGS__)
#define SYSCALL2(call, ...) SYSCALL_DEFINE2(SYSCALL_LOCKED, call, __VA_ARGS__)
#define SYSCALL3(call, ...) SYSCALL_DEFINE3(SYSCALL_LOCKED, call, __VA_ARGS__)
#define SYSCALL4(call, ...) SYSCALL_DEFINE4(SYSCALL_LOCKED, call, __VA_ARGS__)
#define SYSCALL5(call, ...) SYSCALL_DEFINE5(SYSCALL_LOCKED, call, __VA_ARGS__)
#define SYSCALL6(call, ...) SYSCALL_DEFINE6(SYSCALL_LOCKED, call, __VA_ARGS__)

#define PARALLEL_SYSCALL0(call) SYSCALL_DEFINE0(SYSCALL_PARALLEL, call)
#define PARALLEL_SYSCALL1(call, ...) SYSCALL_DEFINE1(SYSCALL_PARALLEL, call, __VA_ARGS__)
#define PARALLEL_SYSCALL2(call, ...) SYSCALL_DEFINE2(SYSCALL_PARALLEL, call, __VA_ARGS__)
#define PARALLEL_SYSCALL3(call, ...) SYSCALL_DEFINE3(SYSCALL_PARALLEL, call, __VA_ARGS__)
#define PARALLEL_SYSCALL4(call, ...) SYSCALL_DEFINE4(SYSCALL_PARALLEL, call, __VA_ARGS__)
#define PARALLEL_SYSCALL5(call, ...) SYSCALL_DEFINE5(SYSCALL_PARALLEL, call, __VA_ARGS__)
#define PARALLEL_SYSCALL6(call, ...) SYSCALL_DEFINE6(SYSCALL_PARALLEL, call, __VA_ARGS__)
/* clang-format on */

/* Fills the table from the section; before the first program. */
void syscall_init(void);

/* The name of a call, or NULL when there is none of that number. */
const char *syscall_name(uint64_t number);

#endif
