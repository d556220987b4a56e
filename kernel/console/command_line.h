// SPDX-License-Identifier: MIT
/*
 * The kernel command line: words separated by spaces, NAME or NAME=VALUE.
 *
 *   channel=ttyS1                serial port of the framed channel to a host
 *   init=PATH                    first program
 *   init_pkru=VALUE              PKRU that processes start with, 32 bits
 *   nopku                        leave CR4.PKE off
 *   exit=poweroff|halt|debug     how the machine ends with the first program
 *
 * kernel/cpus/command_check.h has those of rooms above the line.
 */
#ifndef KERNEL_CONSOLE_COMMAND_LINE_H
#define KERNEL_CONSOLE_COMMAND_LINE_H

#include <stdbool.h>

/* Longest value, with its NUL. */
#define COMMAND_LINE_VALUE_SIZE 256

/* Keeps a pointer to the line, which must stay valid. */
void command_line_init(const char *text);

/* The line as it was given. */
const char *command_line_text(void);

/* Whether the word NAME is there, alone or with a value. */
bool command_line_has(const char *name);

/* The value of the last NAME=VALUE; false when there is none. A longer value is cut. */
bool command_line_value(const char *name, char value[COMMAND_LINE_VALUE_SIZE]);

#endif
