// SPDX-License-Identifier: MIT
/*
 * The stack protector's two symbols, by the names that GCC and clang give them
 * (-mstack-protector-guard=global): a function with an array on its stack keeps a copy of the
 * guard above it and compares the two before it returns.
 */
#ifndef KERNEL_STACK_GUARD_H
#define KERNEL_STACK_GUARD_H

#include <stdint.h>

extern uintptr_t __stack_chk_guard;

/* Called by a function that found its copy changed: panics. */
void __stack_chk_fail(void) __attribute__((noreturn));

/*
 * Gives the guard a value of this boot. Only for a caller that never returns, because functions
 * that are running hold the old value.
 */
void stack_guard_init(void);

#endif
