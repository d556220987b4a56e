// SPDX-License-Identifier: MIT
/*
 * Changing an address space: the calls mmap, munmap, mprotect, pkey_mprotect and brk behind their
 * system calls. All take the space's lock. Errors are Linux's, found in its order.
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
    uint8_t area_flags;
    uint8_t max_prot;
    struct memory_object *object; /* NULL: anonymous */
    uint64_t object_page;
    const char *name;
    bool no_reserve; /* MAP_NORESERVE: may be larger than memory */
    /* without fixed: where there is room, or 0; NULL: the highest place (MAP_32BIT has another) */
    uintptr_t (*find_gap_locked)(struct address_space *space, size_t size);
};

/*
 * vm.mmap_min_addr: no lower one is given to who does not ask for it, no stack grows below it, and
 * only who is privileged may ask: kernel/ says so by the lowest address that a call may map at. So
 * a NULL that the kernel follows by mistake leads to nothing of a program's.
 */
extern uint64_t mmap_min_addr;

/*
 * What can be said of the place of a mapping before anything else of it: -EINVAL, -ENOMEM, -EPERM
 * or -EEXIST for a fixed one, for which it takes the space's lock to read.
 */
int space_check_place(struct address_space *space, const struct map_request *request);

/* Gives the start of the new mapping. -ENOMEM, -EINVAL, -EPERM, -EEXIST. */
int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address);

/* -EINVAL for an unaligned start, an empty range, or one beyond the user half; -ENOMEM. */
int space_unmap(struct address_space *space, uintptr_t start, size_t size);

/*
 * mprotect (key -1) and pkey_mprotect. prot, of which all 64 bits count, may hold PROT_SEM,
 * PROT_GROWSDOWN, PROT_GROWSUP. Areas are changed from left to right; one that fails leaves those
 * before it changed.
 */
int space_protect(struct address_space *space, uintptr_t start, size_t size, uint64_t prot,
                  int key);

/* Moves the end of the heap if it can, not below lowest; gives the end that it then has. */
uintptr_t space_brk(struct address_space *space, uintptr_t end, uintptr_t lowest);

/* What counts as data: private, writable, and not a stack. */
static inline bool area_is_data(int prot, unsigned int flags)
{
    return (prot & PROT_WRITE) && !(flags & (AREA_SHARED | AREA_GROWS_DOWN));
}

/* ---- what the files behind these calls share; the lock is held ---- */

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* Gives a whole area, and the leaves that are there, new rights. The caller merges it. */
void space_set_rights_locked(struct address_space *space, struct area *area, uint8_t prot,
                             uint8_t key);

/*
 * Provided. An area has got other rights or another key: changes the leaves that are there, and if
 * that makes them weaker, because a right is lost or the key is another, gathers their
 * translations.
 */
void space_change_leaves(struct address_space *space, const struct area *area, uint8_t old_prot,
                         uint8_t old_key, bool is_weaker);
void space_change_leaves_plain(struct address_space *space, const struct area *area,
                               uint8_t old_prot, uint8_t old_key, bool is_weaker);

/*
 * Makes two addresses the bounds of areas that have them inside, and of large pages. Nothing about
 * the pages between the two can fail after it. -ENOMEM, or -EINVAL where an area of huge pages has
 * no bound.
 */
int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* The highest gap of that size and alignment; 0 when there is none. */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment);

/* A gap has come to be below an area (NULL: above all), or has grown: it is looked at again. */
void space_note_gap_locked(struct address_space *space, const struct area *next);

/* Whether nothing is there, nor so near to a stack above that it could not grow. */
bool space_is_free_locked(struct address_space *space, uintptr_t start, size_t size);

/* ---- what rooms above are asked and told (arch/cpu/attach.h) ---- */

/*
 * RULES_ON_SIZE. So many bytes more are about to be mapped in the space, and so many, which may be
 * among them, to become data (area_is_data()). The space's lock is held to write. An errno refuses
 * it.
 */
EVENT(space_grows, int, struct address_space *space, uint64_t bytes, uint64_t data);

static inline int space_check_growth_locked(struct address_space *space, uint64_t bytes,
                                            uint64_t data)
{
    return space->rules & RULES_ON_SIZE ? ASK(space_grows, space, bytes, data) : 0;
}

/*
 * mprotect() and pkey_mprotect() have PROT_GROWSDOWN or PROT_GROWSUP in grows. Whoever knows what
 * that means sets where the change begins, and answers 1 or an errno. The space's lock is held to
 * write, and nothing has been changed. If nobody knows: -EINVAL.
 */
EVENT(protection_grows, int, struct address_space *space, uintptr_t *start, uintptr_t end,
      int grows);

/*
 * A space has been made, of which nobody knows yet and in which nothing is mapped: for a program,
 * or as a copy, for fork(). old is the space that the running thread has (NULL: none), locked to
 * write in a copy; in one for a program no lock is held. It may not fail.
 */
EVENT(space_is_made, void, struct address_space *space, const struct address_space *old,
      bool is_copy);

/*
 * mmap() of the running thread is about to map that, with these flags, among which MAP_LOCKED or
 * MAP_32BIT is, or all of the space is to be locked: it may be refused by an errno, or be told that
 * all of it is brought in, by MAP_POPULATE, or where there is room for it. No lock is held.
 */
EVENT(mapping_begins, int, struct map_request *request, int *flags);

/*
 * What mmap() has mapped for the running thread is to be brought in, by MAP_POPULATE or MAP_LOCKED.
 * No lock is held; what cannot be had stays out.
 */
EVENT(mapping_populates, void, struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * An access has met an address that no area holds, below one of AREA_GROWS_DOWN: who lets that grow
 * does so, and the areas are looked at again. No lock is held.
 */
EVENT(stack_is_touched, void, struct address_space *space, uintptr_t address);

#endif
