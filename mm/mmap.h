// SPDX-License-Identifier: MIT
/*
 * Changing an address space: the calls mmap, munmap, mprotect, pkey_mprotect, pkey_release, brk and
 * madvise behind their system calls, and mlock with its kin. All take the space's lock. Errors are
 * Linux's, found in its order.
 */
#ifndef MM_MMAP_H
#define MM_MMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/mman.h>

#include "mm/address_space.h"

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
    bool low;        /* MAP_32BIT: without fixed, in the second GiB of addresses */
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
 * mprotect (key -1) and pkey_mprotect. prot may hold PROT_SEM, PROT_GROWSDOWN, PROT_GROWSUP.
 * Areas are changed from left to right; one that fails leaves those before it changed.
 */
int space_protect(struct address_space *space, uintptr_t start, size_t size, int prot, int key);

/*
 * pkey_release(2): frees a key if no memory is under it, or once what is has been moved; how is one
 * of PKEY_RELEASE_*. -EINVAL, -EBUSY.
 */
int space_release_key(struct address_space *space, int key, unsigned int how, int new_key);

/* Moves the end of the heap if it can, not below lowest; gives the end that it then has. */
uintptr_t space_brk(struct address_space *space, uintptr_t end, uintptr_t lowest);

/* Arguments of mremap(2). */
struct remap {
    uintptr_t start;
    size_t old_size, new_size; /* bytes, rounded up to pages */
    int flags;                 /* MREMAP_* */
    uintptr_t wanted;          /* with MREMAP_FIXED; a hint with MREMAP_DONTUNMAP */
    uintptr_t lowest;          /* what is wanted below it is -EPERM */
};

/* Gives the start that the mapping then has. -EINVAL, -EFAULT, -EPERM, -ENOMEM. */
int space_remap(struct address_space *space, struct remap *remap, uintptr_t *result);

/* Whether each page of the range is in memory, a byte a page: -ENOMEM where nothing is mapped. */
int space_residency(struct address_space *space, uintptr_t start, size_t pages,
                    unsigned char *resident);

/* Whether areas cover all of the range. */
bool space_is_mapped(struct address_space *space, uintptr_t start, uintptr_t end);

/*
 * mlock(2), munlock(2): -EINVAL for a range beyond the end of addresses; -ENOMEM at the first hole
 * or page that may not be touched; -EAGAIN when memory is out. on_fault: no page is brought in.
 */
int space_lock_range(struct address_space *space, uintptr_t start, size_t size, bool on_fault);
int space_unlock_range(struct address_space *space, uintptr_t start, size_t size);

/* mlockall(2) with MCL_* flags, and munlockall(2). */
void space_lock_all(struct address_space *space, int flags);
void space_unlock_all(struct address_space *space);

/* Brings in the pages of a mapping up to one that may not be touched, as for MAP_POPULATE. */
void space_populate(struct address_space *space, uintptr_t start, size_t size);

/* How many bytes are locked outside of the range. */
uint64_t space_locked_outside(struct address_space *space, uintptr_t start, uintptr_t end);

/* Whether a part of the range is locked. */
bool space_has_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* What the limits of the space allow: -ENOMEM when that many bytes more, of data, are too many. */
int space_check_limits_locked(struct address_space *space, uint64_t bytes, bool is_data);

/* RLIMIT_DATA alone, and what it counts: private, writable, and not a stack. */
int space_check_data_locked(struct address_space *space, uint64_t bytes);

static inline bool area_is_data(int prot, unsigned int flags)
{
    return (prot & PROT_WRITE) && !(flags & (AREA_SHARED | AREA_GROWS_DOWN));
}

/* advice: MADV_*. */
int space_advise(struct address_space *space, uintptr_t start, size_t size, int advice);

/*
 * What maps the first object maps the second from now on, with none of the pages that it had. Both
 * objects live for ever.
 */
void space_exchange_object(struct address_space *space, struct memory_object *old,
                           struct memory_object *new);

/* ---- what the files behind these calls share; the lock is held ---- */

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* Gives a whole area, and the leaves that are there, new rights. The caller merges it. */
void space_set_rights_locked(struct address_space *space, struct area *area, uint8_t prot,
                             uint8_t key);

/* Sets one of an area's flags to a value, or clears it, from start to end: -EAGAIN without memory.
 */
int space_set_flag_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                          unsigned int flag, unsigned int value);

/*
 * A stack grows by a fault below it, as far as its limit and the area below let it. Whether area,
 * the next above the address, now holds it.
 */
bool space_grow_stack_locked(struct address_space *space, struct area *area, uintptr_t address);

/* Splits a large page that has this address inside it. -ENOMEM. */
int space_split_large_locked(struct address_space *space, uintptr_t at);

/*
 * Makes an address, or two, the bounds of areas that have them inside, and of large pages.
 * Nothing about the pages between the two can fail after it. -ENOMEM, or -EINVAL where an area of
 * huge pages has no bound.
 */
int space_split_at_locked(struct address_space *space, uintptr_t at);
int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end);

/* The highest gap of that size and alignment; 0 when there is none. */
uintptr_t space_find_gap_locked(struct address_space *space, size_t size, uint64_t alignment);
bool space_is_free_locked(struct address_space *space, uintptr_t start, size_t size);

#endif
