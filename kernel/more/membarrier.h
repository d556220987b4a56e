// SPDX-License-Identifier: MIT
#ifndef KERNEL_MORE_MEMBARRIER_H
#define KERNEL_MORE_MEMBARRIER_H

#include "arch/cpu/cpu_set.h"

/* Returns when each CPU of the set has passed a memory barrier, this one too. Interrupts are on. */
void barrier_on(const struct cpu_set *cpus);

#endif
