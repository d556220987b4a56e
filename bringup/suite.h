// SPDX-License-Identifier: MIT
/*
 * The suite for a new board: every test on each CPU by itself, then on all at once.
 *
 * The room owns these tests, the oracle of permissions, and their report. It leaves starting and
 * comparing CPUs to arch/start/ and kernel/start/start.h, and tests of the kernel's own code to
 * tests/kernel/.
 *
 * Words of the command line: bringup, tests=NAME[,NAME...], seed=N, minutes=N.
 */
#ifndef BRINGUP_SUITE_H
#define BRINGUP_SUITE_H

/* Runs it on the boot CPU, all others being in crew_serve(); returns how many results failed. */
unsigned int bringup_run(void);

#endif
