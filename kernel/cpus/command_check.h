// SPDX-License-Identifier: MIT
/* Words of the command line that mean nothing, a row of the boot log each. */
#ifndef KERNEL_CPUS_COMMAND_CHECK_H
#define KERNEL_CPUS_COMMAND_CHECK_H

/* Calls unknown for each word that is none of kernel/console/command_line.h's. */
void command_line_check(void (*unknown)(const char *word));

#endif
