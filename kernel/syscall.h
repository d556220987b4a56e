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
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <stdint.h>

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/trap.h"

#define SYSCALL_COUNT 512

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

#define SYSCALL0(call)                                                                             \
    static long do_##call(void);                                                                   \
    static long sys_##call(void) { return do_##call(); }                                           \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(void)
#define SYSCALL1(call, t1, a1)                                                                     \
    static long do_##call(t1 a1);                                                                  \
    static long sys_##call(uint64_t r1) { return do_##call((t1)r1); }                              \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1)
#define SYSCALL2(call, t1, a1, t2, a2)                                                             \
    static long do_##call(t1 a1, t2 a2);                                                           \
    static long sys_##call(uint64_t r1, uint64_t r2) { return do_##call((t1)r1, (t2)r2); }         \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2)
#define SYSCALL3(call, t1, a1, t2, a2, t3, a3)                                                     \
    static long do_##call(t1 a1, t2 a2, t3 a3);                                                    \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3)                                  \
    { return do_##call((t1)r1, (t2)r2, (t3)r3); }                                                  \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3)
#define SYSCALL4(call, t1, a1, t2, a2, t3, a3, t4, a4)                                             \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4);                                             \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4)                     \
    { return do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4); }                                          \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4)
#define SYSCALL5(call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                     \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);                                      \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)        \
    { return do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5); }                                  \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)
#define SYSCALL6(call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                             \
    static long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);                               \
    static long sys_##call(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,        \
                           uint64_t r6)                                                            \
    { return do_##call((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5, (t6)r6); }                          \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, \
                                                                t6 a6)
/* clang-format on */

/* Fills the table from the section; before the first program. */
void syscall_init(void);

/* The name of a call, or NULL when there is none of that number. */
const char *syscall_name(uint64_t number);

#endif
