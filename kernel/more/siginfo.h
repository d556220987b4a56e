// SPDX-License-Identifier: MIT
/* What the siginfo of a signal that a program queues may say. */
#ifndef KERNEL_MORE_SIGINFO_H
#define KERNEL_MORE_SIGINFO_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/signal.h>

/* Reads a siginfo for a signal: -EFAULT, or -E2BIG when there is more in it than is known. */
int signal_read_info(siginfo_t *info, int signal, uintptr_t address);

/* A siginfo from a program may not claim to be the kernel's, unless it goes to itself. */
bool signal_is_forged(const siginfo_t *info, int tid);

#endif
