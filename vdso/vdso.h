// SPDX-License-Identifier: MIT
/*
 * What the vDSO exports: functions as vdso(7) has them, and two of Latchkey's own. Each gives 0 or
 * a value, or a negative errno, as the system call in its place would. The C functions use no
 * stack of their own beyond a few words and no register that a call may not change.
 */
#ifndef VDSO_VDSO_H
#define VDSO_VDSO_H

#include <stdint.h>

#include <linux/time.h>
#include <linux/time_types.h>

/* A function's second name, which a program's own may replace. */
#define VDSO_ALIAS(name, of) __attribute__((weak, alias(#of))) __typeof__(of) name

/* Version LINUX_2.6. A bad address is the caller's fault: SIGSEGV. */
int __vdso_clock_gettime(int clock, struct __kernel_timespec *time);
int __vdso_clock_getres(int clock, struct __kernel_timespec *resolution);
int __vdso_gettimeofday(struct timeval *time, struct timezone *zone);
long __vdso_time(long *seconds);
int __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused);

/*
 * Version LATCHKEY_1.0 (pkey.asm): docs/pkey_get.2.md. They do not know which keys are allocated:
 * -EINVAL for a key or rights that there cannot be, and without protection keys. In a process with
 * a closed key the second is the system call.
 */
int __vdso_pkey_get(int key);
int __vdso_pkey_set(int key, unsigned int rights);

#endif
