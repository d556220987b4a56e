// SPDX-License-Identifier: MIT
/*
 * Words of the command line that mean nothing, a row of the boot log each. These mean something to
 * rooms above the line:
 *
 *   console=PORT[,BAUD]          serial port of kernel messages and of the terminal: ttyS0 to
 *                                ttyS3, io, mmio or mmio32 with ,ADDRESS
 *   loglevel=N                   the console shows messages of levels below N (1 to 8)
 *   reports=all                  no report of a fatal signal is left out (docs/reports.md)
 *   trace=keys                   keep who changed keys and rights (kernel/history/)
 *   maxcpus=N                    use no more than N CPUs
 *   x2apic                       change the APIC to x2APIC mode, as some firmware does
 *   test=all|NAME[,NAME...]      run in-kernel tests
 *   bringup                      run the suite for boards on every CPU (docs/bring-up.md)
 *   tests=NAME[,NAME...]         bringup: these tests alone
 *   seed=N, minutes=N            bringup: what is random in it; how long the stress lasts
 *   onpass=, onfail=halt|reboot|poweroff   what to do after bringup
 */
#ifndef KERNEL_CPUS_COMMAND_CHECK_H
#define KERNEL_CPUS_COMMAND_CHECK_H

/* Calls unknown for each word that is neither one of these nor kernel/console/command_line.h's. */
void command_line_check(void (*unknown)(const char *word));

#endif
