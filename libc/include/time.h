// SPDX-License-Identifier: MIT
// Clocks and sleeping.
#ifndef LIBC_TIME_H
#define LIBC_TIME_H

#include <sys/types.h>

#include <linux/time.h>

int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *duration, struct timespec *left);

#endif
