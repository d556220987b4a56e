// SPDX-License-Identifier: MIT
/* Load averages: how many tasks wanted a CPU of late, as proc_loadavg(5) has it. */
#ifndef KERNEL_LOAD_H
#define KERNEL_LOAD_H

#include <stdint.h>

#define LOAD_AVERAGES 3  /* over about 1, 5 and 15 minutes */
#define LOAD_SHIFT    16 /* a load of one is 1 << LOAD_SHIFT: SI_LOAD_SHIFT of sysinfo(2) */

/* From now on they are kept; the kernel lock is held. */
void load_start(void);

uint64_t load_average(unsigned int which);

/* What an average becomes when it is taken again and so many tasks run or could run. */
uint64_t load_next(unsigned int which, uint64_t average, unsigned int running);

#endif
