// SPDX-License-Identifier: MIT
/*
 * Page faults of user addresses: resolved, or judged.
 *
 * The area is judged in Linux's order: is there one, does its key allow the access, does its
 * protection; only then is a page made, copied or found.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/address_space.h"

/* Why an access was refused: what a signal reports. */
struct fault_verdict {
    int signal; /* SIGSEGV, SIGBUS, or SIGKILL when memory is out */
    int code;   /* SEGV_MAPERR, SEGV_ACCERR, SEGV_PKUERR, BUS_ADRERR */
    unsigned int key;
};

/*
 * Acts on a fault at address. error_code is the CPU's (X86_PF_*), pkru what was in force.
 * Returns 0 when the access may be tried again, and otherwise -EFAULT with the verdict.
 */
int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict);

/* How a page is wanted on somebody else's behalf. No key is asked. */
enum page_access {
    PAGE_READ = 0,
    PAGE_WRITE = 1 << 0,
    /*
     * For debuggers and the loader: what may be made readable is read, and what is private and
     * may be made writable is written, to a copy. Shared memory that is not for writing is not.
     */
    PAGE_FORCED = 1 << 1,
};

/*
 * The memory behind an address: made or copied as an access of that kind would. *memory is the
 * byte there, good up to the end of its 4 KiB; *block is the page or large page, with a reference
 * that has to be put before anything sleeps, since a large page may be split then.
 * -EFAULT, -ENOMEM.
 */
int space_get_page(struct address_space *space, uintptr_t address, unsigned int access,
                   struct page **block, char **memory);

#endif
