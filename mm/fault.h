// SPDX-License-Identifier: MIT
/*
 * Page faults of user addresses: resolved, or judged.
 *
 * The area is judged in Linux's order: is there one, does its key allow the access, does its
 * protection; only then is a page made, copied or found.
 *
 * Threads fault in parallel: with the space's lock to read areas stay as they are, and a leaf goes
 * in by one compare-and-exchange against what was seen there, so that of several threads with the
 * same page one wins, and the others take theirs back. Only a stack that grows needs the lock to
 * write.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/address_space.h"

/* Why an access was refused: what a signal reports. */
struct fault_verdict {
    int signal; /* SIGSEGV, SIGBUS, or SIGKILL for memory that is out (kernel/oom.h) */
    int code;   /* SEGV_MAPERR, SEGV_ACCERR, SEGV_PKUERR, BUS_ADRERR */
    unsigned int key;
};

/*
 * Acts on a fault at address. error_code is the CPU's (X86_PF_*), pkru what was in force.
 * Returns 0 when the access may be tried again, and otherwise -EFAULT with the verdict.
 */
int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict);

/* How a page is wanted on somebody else's behalf. */
enum page_access {
    PAGE_READ = 0,
    PAGE_WRITE = 1 << 0,
    /*
     * For debuggers and the loader: what may be made readable is read, and what is private and
     * may be made writable is written, to a copy. Shared memory that is not for writing is not, nor
     * is a program's own code once it has said so (mm/mdwe.c).
     */
    PAGE_FORCED = 1 << 1,
};

/*
 * The memory behind an address: made or copied as an access of that kind would, if pkru allows it;
 * 0 asks no key. *memory is the
 * byte there, good up to the end of its 4 KiB, until space_unlock_page(): the space's lock is held
 * to read, so nobody's own memory may be touched by usercopy meanwhile.
 * -EFAULT and -ENOMEM, without the lock.
 */
int space_lock_page(struct address_space *space, uintptr_t address, unsigned int access,
                    uint32_t pkru, char **memory);

static inline void space_unlock_page(struct address_space *space)
{
    space_unlock_read(space);
}

#endif
