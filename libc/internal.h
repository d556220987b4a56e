// SPDX-License-Identifier: MIT
/*
 * What the files of the library share among themselves.
 */
#ifndef LIBC_INTERNAL_H
#define LIBC_INTERNAL_H

/* Turns a kernel's result into the library's: a value, or -1 with errno set. */
long libc_result(long kernel_result);

/* Called by _start with the initial stack: argc, argv, NULL, envp, NULL, auxv. */
_Noreturn void libc_start(long *stack);

/* PKRU = (PKRU & keep) | set, as a restartable sequence that ends at pkey_update_end. */
void pkey_update(unsigned int keep, unsigned int set);
extern const char pkey_update_end[];

/* The end of a signal handler: rt_sigreturn. Not to be called. */
void libc_signal_return(void);

#endif
