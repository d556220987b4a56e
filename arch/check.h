// SPDX-License-Identifier: MIT
/*
 * The checks of a build with DEBUG=1: order and number of locks taken (lock_check.h), translations
 * that should have been invalidated (tlb_check.h). In any other build they are empty functions.
 */
#ifndef ARCH_CHECK_H
#define ARCH_CHECK_H

#ifdef LATCHKEY_DEBUG

/* kernel/'s: a check has found a mistake of the kernel's own; ends in a panic that says which. */
void check_failed(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif

#endif
