// SPDX-License-Identifier: MIT
/*
 * What the files of the library share among themselves.
 */
#ifndef LIBC_INTERNAL_H
#define LIBC_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Turns a kernel's result into the library's: a value, or -1 with errno set. */
long libc_result(long kernel_result);

/* Called by _start with the initial stack: argc, argv, NULL, envp, NULL, auxv. */
_Noreturn void libc_start(long *stack);

/* Before anything else: the first thread's local variables, errno among them. */
void libc_start_first_thread(void);

/*
 * clone() of a thread, which begins in libc_thread_main(). The kernel writes its tid to *parent_tid
 * before it runs, and 0 to *child_tid when it has ended. Its tid, or a negative errno.
 */
long libc_clone_thread(unsigned long flags, void *stack_end, uint32_t *parent_tid,
                       uint32_t *child_tid, void *thread_pointer);
_Noreturn void libc_thread_main(void);

/* Ends the calling thread, whose stack is in the memory that it unmaps. */
_Noreturn void libc_unmap_and_exit(void *memory, size_t size);

/* Sleeps while *word is the value; may return early. flags: FUTEX_PRIVATE_FLAG, or 0. */
void libc_futex_wait(const uint32_t *word, uint32_t value, int flags);

/* The end of a signal handler: rt_sigreturn. Not to be called. */
void libc_signal_return(void);

#endif
