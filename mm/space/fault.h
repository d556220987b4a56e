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
#ifndef MM_SPACE_FAULT_H
#define MM_SPACE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "mm/space/address_space.h"

/* Why an access was refused: what a signal reports. */
struct fault_verdict {
    int signal; /* SIGSEGV, SIGBUS, or SIGKILL for memory that is out (kernel/oom/oom.c) */
    int code;   /* SEGV_MAPERR, SEGV_ACCERR, SEGV_PKUERR, BUS_ADRERR */
    unsigned int key;
};

/*
 * Acts on a fault at address. error_code is the CPU's (X86_PF_*), pkru what was in force.
 * Returns 0 when the access may be tried again, and otherwise -EFAULT with the verdict.
 */
int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict);

/*
 * Writes to private memory of a space that is being made, whatever its protection. The bytes are
 * the kernel's. -EFAULT, when memory is out, too.
 */
int space_fill(struct address_space *space, uintptr_t address, const void *bytes, size_t size);

/*
 * The byte behind an address of the area, whose page is made or copied as for such an access. It
 * is good up to the end of its 4 KiB until the space's lock, held to read, is let go; nobody's own
 * memory may be touched by usercopy meanwhile. -EFAULT, when memory is out, too.
 */
int space_memory_locked(struct address_space *space, struct area *area, uintptr_t address,
                        bool write, char **memory);

/* ---- what the files behind faults share ---- */

/* Whether PKRU refuses the access to pages of this key. Fetches never ask. */
bool key_denies(unsigned int key, uint32_t pkru, uint32_t error_code);

/* By a signal, which is SIGKILL where memory is out. */
static inline int refuse(struct fault_verdict *verdict, int signal, int code,
                         const struct area *area)
{
    *verdict = (struct fault_verdict){signal, code, area ? area->key : 0};
    return -EFAULT;
}

/* What a fault works on: the entry for its address, its level, and what was seen in it. */
struct fault {
    struct address_space *space;
    struct area *area;
    uintptr_t address;
    bool write;
    pte_t *entry;
    unsigned int level;
    pte_t seen;
    struct fault_verdict *verdict;
};

/* A leaf of 4 KiB, or what is there. For areas of small pages, and where there is no large one. */
int fault_resolve(struct fault *fault);

/*
 * Puts a page, whose reference becomes the leaf's, into an entry that was empty. If another thread
 * was faster, its page counts, and the access is tried again.
 */
void fault_fill(const struct fault *fault, struct page *page, bool owned);

/*
 * Puts the copy of a page in its place, or the page itself (then nobody else has it) with more
 * rights. Two threads may do this at once: the one whose leaf is in place first wins. The other one
 * may have copied a page that was freed meanwhile, or found it exclusive; but then the leaf is no
 * longer what it saw, and it cannot become that again, since leaves are taken away with the lock to
 * write only.
 */
void fault_put_copy(const struct fault *fault, struct page *old, struct page *page);

/*
 * Makes sure that there is a leaf of the area's rights, with a page of its own for a write; unless
 * another thread changed the entry meanwhile, and then it is to be tried again. What is there
 * already was made by another thread, or by this one while its CPU had an older translation: the
 * fault has dropped that (SDM vol. 3A, 4.10.4.1).
 */
int space_resolve_locked(struct address_space *space, struct area *area, uintptr_t address,
                         bool write, struct fault_verdict *verdict);

#endif
