// SPDX-License-Identifier: MIT
/*
 * Page faults on user addresses: resolved, or refused with a verdict.
 *
 * The VMA is judged in Linux's order: is there one, does its key allow the access, does its
 * protection; only then is a page made, copied or found.
 *
 * Threads fault in parallel: with the space's lock for reading VMAs stay as they are, and a leaf
 * is installed by one compare-and-exchange against what was read. So of several threads that fault
 * on the same page one wins, and the others free theirs. Only a growing stack needs the lock for
 * writing.
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
 * Handles a fault at address. error_code is the CPU's (X86_PF_*), pkru is PKRU at the fault.
 * Returns 0 if the access may be retried, and otherwise -EFAULT with the verdict.
 */
int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict);

/*
 * Writes the kernel's bytes to private memory of a space under construction, whatever its
 * protection. -EFAULT also if there is no memory.
 */
int space_fill(struct address_space *space, uintptr_t address, const void *bytes, size_t size);

/*
 * *memory points to the byte at an address of the VMA, whose page is made or copied as for such an
 * access. It is valid to the end of its 4 KiB page, until the space's lock, held for reading, is
 * released; usercopy may not be used meanwhile. -EFAULT also if there is no memory.
 */
int space_memory_locked(struct address_space *space, struct vma *vma, uintptr_t address, bool write,
                        char **memory);

/* ---- what the files behind faults share ---- */

/* Whether PKRU denies the access to pages with this key. Fetches do not check it. */
bool key_denies(unsigned int key, uint32_t pkru, uint32_t error_code);

/* Sets the verdict. The signal is SIGKILL if there is no memory. */
static inline int refuse(struct fault_verdict *verdict, int signal, int code, const struct vma *vma)
{
    *verdict = (struct fault_verdict){signal, code, vma ? vma->key : 0};
    return -EFAULT;
}

/* What a fault works on: the entry for its address, its level, and what was read from it. */
struct fault {
    struct address_space *space;
    struct vma *vma;
    uintptr_t address;
    bool write;
    pte_t *entry;
    unsigned int level;
    pte_t seen;
    struct fault_verdict *verdict;
};

/* Resolves a fault by a 4 KiB leaf: in VMAs of small pages, and where no large one is. */
int fault_resolve(struct fault *fault);

/*
 * Puts a page, whose reference becomes the leaf's, into an entry that was empty. If another thread
 * was faster, its page stays, this one is freed, and the access is retried.
 */
void fault_fill(const struct fault *fault, struct page *page, bool owned);

/*
 * Replaces a page by its copy, or gives the page itself (then it has no other user) more rights.
 * Two threads may do this at once: the one whose leaf is installed first wins. The other may have
 * copied a page that was freed meanwhile, or found it exclusive; but then the leaf is no longer
 * what it read, and it cannot become that again, since leaves are removed only with the lock for
 * writing.
 */
void fault_put_copy(const struct fault *fault, struct page *old, struct page *page);

/*
 * Makes sure that there is a leaf with the VMA's rights, with a page of its own for a write,
 * unless another thread changed the entry meanwhile: then the access is retried. A leaf that is
 * there already was made by another thread, or by this one while its CPU had an older translation,
 * which the fault has dropped (SDM vol. 3A, 4.10.4.1).
 */
int space_resolve_locked(struct address_space *space, struct vma *vma, uintptr_t address,
                         bool write, struct fault_verdict *verdict);

#endif
