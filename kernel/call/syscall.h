// SPDX-License-Identifier: MIT
/*
 * System calls: the table, and how one is defined.
 *
 * The room owns the table and what many calls share: where bytes come from and go to (io_iter.h),
 * who may do what (permission.h), random bytes, names. It leaves each call to the room of its
 * subject, and the way to the table to arch/entry/ and kernel/entry/.
 *
 *     SYSCALL1(pkey_free, int, pkey)
 *     {
 *         return keys_free(current()->space, pkey);
 *     }
 *
 * defines the function and puts it into the table under Linux's number, in whatever room the file
 * is: so kernel/ need not know what fs/ implements. Arguments arrive as 64-bit registers and are
 * converted to the types given, as Linux does. The result is a value or a negative errno.
 *
 * The call runs under the kernel lock. PARALLEL_SYSCALL1() and so on define one that does not: it
 * may touch only the running task's own data and what has a lock of its own.
 */
#ifndef KERNEL_CALL_SYSCALL_H
#define KERNEL_CALL_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"
#include "kernel/task/kernel_lock.h"
#include "libc/include/latchkey/syscalls.h"

#define SYSCALL_COUNT       512
#define EXTRA_SYSCALL_FIRST 1000 /* Latchkey's own */
#define EXTRA_SYSCALL_COUNT 16

typedef long (*syscall_function_t)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct syscall_entry {
    uint64_t number;
    syscall_function_t function;
    const char *name;
    uint64_t unused; /* so that an entry has 32 bytes, and the section is an array of them */
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

#define SYSCALL_DEFINE(how, call, parameters, registers, arguments)                                \
    static long do_##call parameters;                                                              \
    static long sys_##call registers                                                               \
    how(do_##call arguments)                                                                       \
    SYSCALL_ENTRY(call);                                                                           \
    static inline __attribute__((always_inline)) long do_##call parameters
#define SYSCALL_DEFINE0(how, call)                                                                 \
    SYSCALL_DEFINE(how, call, (void), (void), ())
#define SYSCALL_DEFINE1(how, call, t1, a1)                                                         \
    SYSCALL_DEFINE(how, call, (t1 a1), (uint64_t r1), ((t1)r1))
#define SYSCALL_DEFINE2(how, call, t1, a1, t2, a2)                                                 \
    SYSCALL_DEFINE(how, call, (t1 a1, t2 a2), (uint64_t r1, uint64_t r2), ((t1)r1, (t2)r2))
#define SYSCALL_DEFINE3(how, call, t1, a1, t2, a2, t3, a3)                                         \
    SYSCALL_DEFINE(how, call, (t1 a1, t2 a2, t3 a3),                                               \
                   (uint64_t r1, uint64_t r2, uint64_t r3),                                        \
                   ((t1)r1, (t2)r2, (t3)r3))
#define SYSCALL_DEFINE4(how, call, t1, a1, t2, a2, t3, a3, t4, a4)                                 \
    SYSCALL_DEFINE(how, call, (t1 a1, t2 a2, t3 a3, t4 a4),                                        \
                   (uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4),                           \
                   ((t1)r1, (t2)r2, (t3)r3, (t4)r4))
#define SYSCALL_DEFINE5(how, call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                         \
    SYSCALL_DEFINE(how, call, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5),                                 \
                   (uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5),              \
                   ((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5))
#define SYSCALL_DEFINE6(how, call, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                 \
    SYSCALL_DEFINE(how, call, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6),                          \
                   (uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,                            \
                    uint64_t r5, uint64_t r6),                                                     \
                   ((t1)r1, (t2)r2, (t3)r3, (t4)r4, (t5)r5, (t6)r6))

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

/* All calls that were defined, as the linker collects them. */
extern const struct syscall_entry syscalls_start[], syscalls_end[];

/* Fills the table from them; before the first program. */
void syscall_init(void);

extern syscall_function_t syscall_table[SYSCALL_COUNT]; /* for arch/entry/entry.asm, too */
extern syscall_function_t syscall_extra_table[EXTRA_SYSCALL_COUNT];

/* Returns -ENOSYS. */
long syscall_not_there(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* The function for a number; an unknown number has one that returns -ENOSYS. */
static inline syscall_function_t syscall_function(uint32_t number)
{
    uint32_t extra = number - EXTRA_SYSCALL_FIRST;

    if (number < SYSCALL_COUNT)
        return syscall_table[number];
    return extra < EXTRA_SYSCALL_COUNT ? syscall_extra_table[extra] : syscall_not_there;
}

/* Whether a call's result, as the program gets it, is a negative errno. */
static inline bool syscall_failed(long result)
{
    return result < 0 && result >= -4095;
}

/*
 * A system call begins or ends in a task that has told_of_calls set. Its frame is at the top of the
 * task's stack, and may be changed. May sleep; the kernel lock is not held.
 */
EVENT(call_begins, void, void);
EVENT(call_ends, void, void);

#endif
