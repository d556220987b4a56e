// SPDX-License-Identifier: MIT
/*
 * Changing an address space: the calls mmap, munmap, mprotect, pkey_mprotect and brk behind their
 * system calls. All take the space's lock. Errors are Linux's, checked in its order.
 */
#ifndef MM_SPACE_MMAP_H
#define MM_SPACE_MMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/mman.h>

#include "arch/cpu/attach.h"
#include "mm/space/address_space.h"

struct map_request {
    uintptr_t address; /* a hint, or exact with fixed */
    size_t size;       /* bytes, not zero; rounded up to pages */
    int prot;          /* PROT_* */
    bool fixed;        /* at that address, replacing what is there */
    bool no_replace;   /* with fixed: -EEXIST instead of replacing */
    uintptr_t lowest;  /* with fixed: -EPERM below it */
    uint8_t vma_flags;
    uint8_t max_prot;
    struct memory_object *object; /* NULL: anonymous */
    uint64_t object_page;
    const char *name;
    bool no_reserve; /* MAP_NORESERVE: may be larger than memory */
    /* without fixed: finds room, or gives 0; NULL: the highest gap is taken (not for MAP_32BIT) */
    uintptr_t (*find_gap_locked)(struct address_space *space, size_t size);
};

/*
 * vm.mmap_min_addr: mmap chooses no lower address, no stack grows below it, and only privileged
 * tasks may ask for one: kernel/ passes the lowest address that a call may map at. So a NULL
 * pointer that the kernel follows by mistake does not lead to memory of a program.
 */
extern uint64_t mmap_min_addr;

/*
 * The checks of a mapping's place, which come before all others: -EINVAL, -ENOMEM, -EPERM or
 * -EEXIST for a fixed one, for which it takes the space's lock for reading.
 */
int space_check_place(struct address_space *space, const struct map_request *request);

/* *address is the start of the new mapping. -ENOMEM, -EINVAL, -EPERM, -EEXIST. */
int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address);

/* -EINVAL for an unaligned start, an empty range, or one beyond the user half; -ENOMEM. */
int space_unmap(struct address_space *space, uintptr_t start, size_t size);

/*
 * mprotect (key -1) and pkey_mprotect. All 64 bits of prot are checked; it may hold PROT_SEM,
 * PROT_GROWSDOWN, PROT_GROWSUP. VMAs are changed from left to right; if one fails, those before it
 * stay changed.
 */
int space_protect(struct address_space *space, uintptr_t start, size_t size, uint64_t prot,
                  int key);

/* Moves the end of the heap if it can, with lowest as for a mapping; returns the new end. */
uintptr_t space_brk(struct address_space *space, uintptr_t end, uintptr_t lowest);

/* What counts as data: private, writable, and not a stack. */
static inline bool vma_is_data(int prot, unsigned int flags)
{
    return (prot & PROT_WRITE) && !(flags & (VMA_SHARED | VMA_GROWS_DOWN));
}

/* ---- what the files behind these calls share; the lock is held ---- */

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* Sets the rights and key of a whole VMA and its existing leaves. The caller merges it. */
void space_set_rights_locked(struct address_space *space, struct vma *vma, uint8_t prot,
                             uint8_t key);

/*
 * Provided. Changes the existing leaves of a VMA that has other rights or another key now.
 * is_weaker: a right is lost or the key is another, so their translations are gathered too.
 */
void space_change_leaves(struct address_space *space, const struct vma *vma, uint8_t old_prot,
                         uint8_t old_key, bool is_weaker);
void space_change_leaves_plain(struct address_space *space, const struct vma *vma, uint8_t old_prot,
                               uint8_t old_key, bool is_weaker);

/*
 * Splits the VMAs and large pages that have start or end inside. After that nothing can fail about
 * the pages between the two. -ENOMEM, or -EINVAL inside a page of VMA_HUGETLB.
 */
int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* The start for a mapping in the highest gap of that size and alignment; 0 if there is none. */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment);

/* A gap below a VMA (NULL: above all) is new or has grown, so mmap has to look there again. */
void space_note_gap_locked(struct address_space *space, const struct vma *next);

/* Whether nothing is there, and a stack above keeps a gap to grow into. */
bool space_is_free_locked(struct address_space *space, uintptr_t start, size_t size);

/* ---- what rooms above are asked and told (arch/cpu/attach.h) ---- */

/*
 * RULES_ON_SIZE. So many bytes more are about to be mapped in the space, and so many, which may be
 * among them, to become data (vma_is_data()). The space's lock is held for writing. An errno
 * refuses it.
 */
EVENT(space_grows, int, struct address_space *space, uint64_t bytes, uint64_t data);

static inline int space_check_growth_locked(struct address_space *space, uint64_t bytes,
                                            uint64_t data)
{
    return space->rules & RULES_ON_SIZE ? ASK(space_grows, space, bytes, data) : 0;
}

/*
 * mprotect() or pkey_mprotect() has PROT_GROWSDOWN or PROT_GROWSUP in grows. A room that implements
 * them sets where the change begins, and answers 1 or an errno. The space's lock is held for
 * writing, and nothing has been changed. If no room does: -EINVAL.
 */
EVENT(protection_grows, int, struct address_space *space, uintptr_t *start, uintptr_t end,
      int grows);

/*
 * A space has been made, for a program or as a copy for fork(). It is not published yet, and
 * nothing is mapped in it. old is the running thread's space (NULL: none), locked for writing if
 * is_copy; otherwise no lock is held. It may not fail.
 */
EVENT(space_is_made, void, struct address_space *space, const struct address_space *old,
      bool is_copy);

/*
 * The running thread's mmap() is about to map what request says. flags has MAP_LOCKED or MAP_32BIT,
 * or all of the space is to be locked. An errno refuses it; otherwise MAP_POPULATE may be added to
 * flags, and find_gap_locked set in request. No lock is held.
 */
EVENT(mapping_begins, int, struct map_request *request, int *flags);

/*
 * What mmap() has mapped for the running thread is to be populated, by MAP_POPULATE or MAP_LOCKED.
 * No lock is held; pages that there is no memory for stay out.
 */
EVENT(mapping_populates, void, struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * An access has met an address that no VMA holds, below one of VMA_GROWS_DOWN: who lets that grow
 * does so, and the VMAs are looked at again. No lock is held.
 */
EVENT(stack_is_touched, void, struct address_space *space, uintptr_t address);

#endif
