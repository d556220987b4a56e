// SPDX-License-Identifier: MIT
/* What threads and processes keep of changes of rights that others make: kernel/keys/rights.h. */
#ifndef KERNEL_TASK_RIGHTS_STATE_H
#define KERNEL_TASK_RIGHTS_STATE_H

#include <stdint.h>

#include "arch/mmu/pkru.h"

/* A process's part. Changes are numbered from 1 on, those of all processes together. */
struct rights_state {
    uint64_t changes; /* the last one in this process; 0: there was none */
};

/* A thread's part, which its children and new threads inherit. */
struct thread_rights {
    uint64_t visited;             /* the last change or question that has reached it */
    uint64_t changes[PKEY_COUNT]; /* by key, the last change; 0: there was none */
    uint32_t set;                 /* what these have set, as PKRU has it */
};

#endif
