// SPDX-License-Identifier: MIT
/*
 * System calls that Latchkey has and Linux has not: their numbers, from 1000 on, where Linux
 * answers ENOSYS. docs/ has a manual page of each.
 */
#ifndef LATCHKEY_SYSCALLS_H
#define LATCHKEY_SYSCALLS_H

#define __NR_pkey_set_all 1000

#endif
