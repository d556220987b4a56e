// SPDX-License-Identifier: MIT
/*
 * System calls that Latchkey has and Linux has not: their numbers, from 1000 on, where Linux
 * answers ENOSYS, and the values that they take. docs/ has a manual page of each.
 */
#ifndef LATCHKEY_SYSCALLS_H
#define LATCHKEY_SYSCALLS_H

#include <stdint.h>

#define __NR_pkey_set_all    1000
#define __NR_pkey_get        1001
#define __NR_pkey_set        1002
#define __NR_pkey_query      1003
#define __NR_pkey_set_thread 1004
#define __NR_pkey_release    1010
#define __NR_pkey_policy     1011

/* One of Linux 6.6, which uapi headers may be too old for. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

/* What pkey_release() does with memory that is still under the key. */
#define PKEY_RELEASE_REFUSE 0 /* EBUSY */
#define PKEY_RELEASE_DENY   1 /* moves it to key 0, PROT_NONE */
#define PKEY_RELEASE_MOVE   2 /* moves it to another key, protected as it is */

/* Policies of a key, for pkey_policy(). */
#define PKEY_GUARDED 1 /* its mappings are changed only by those who may write to them */
#define PKEY_CLOSED  2 /* the kernel goes by the caller's rights where else it asks no key */
#define PKEY_KEPT    4 /* signals neither take nor give rights to it */

/*
 * What pkey_query() tells of a key, in bytes but for two: see docs/pkey_query.2.md. It may grow at
 * its end.
 */
struct pkey_usage {
    uint64_t mapped;     /* address space under the key */
    uint64_t areas;      /* the number of mappings that this is */
    uint64_t present_4k; /* of mapped: what is there, in pages of 4 KiB */
    uint64_t present_2m; /* and in pages of 2 MiB */
    uint64_t flags;      /* PKEY_EXECUTE_ONLY */
};

#define PKEY_USAGE_LEAST  40 /* bytes: the structure as it was at first */
#define PKEY_EXECUTE_ONLY 1  /* the kernel took the key, for memory that is PROT_EXEC alone */

/* And of a thread. */
struct pkey_thread {
    int32_t tid;
    uint32_t rights; /* as pkey_set() has them */
};

#endif
