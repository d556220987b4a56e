// SPDX-License-Identifier: MIT
/*
 * The kernel command line: words separated by spaces, NAME or NAME=VALUE.
 *
 *   console=PORT[,BAUD]          serial port of kernel messages and of the terminal: ttyS0 to
 *                                ttyS3; arch/board/ knows io, mmio and mmio32 with ,ADDRESS
 *   loglevel=N                   the console shows messages of levels below N (1 to 8)
 *   channel=ttyS1                serial port of the framed channel to a host
 *   reports=all                  no report of a fatal signal is left out (docs/reports.md)
 *   init=PATH                    first program
 *   init_pkru=VALUE              PKRU that processes start with, 32 bits
 *   nopku                        leave CR4.PKE off
 *   maxcpus=N                    use no more than N CPUs
 *   x2apic                       change the APIC to x2APIC mode, as some firmware does
 *   test=all|NAME[,NAME...]      run in-kernel tests
 *   exit=poweroff|halt|debug     how the machine ends with the first program
 *   bringup                      run the suite for boards on every CPU (docs/bring-up.md)
 *   tests=NAME[,NAME...]         bringup: these tests alone
 *   seed=N, minutes=N            bringup: what is random in it; how long the stress lasts
 *   onpass=, onfail=halt|reboot|poweroff   what to do after bringup
 */
#ifndef KERNEL_CONSOLE_COMMAND_LINE_H
#define KERNEL_CONSOLE_COMMAND_LINE_H

#include <stdbool.h>

/* Longest value, with its NUL. */
#define COMMAND_LINE_VALUE_SIZE 256

/* Notes where the line is; it must stay. */
void command_line_init(const char *text);

/* The line as it was given. */
const char *command_line_text(void);

/* Whether the word NAME is there, alone or with a value. */
bool command_line_has(const char *name);

/* The value of the last NAME=VALUE; false when there is none. A longer value is cut. */
bool command_line_value(const char *name, char value[COMMAND_LINE_VALUE_SIZE]);

#endif
