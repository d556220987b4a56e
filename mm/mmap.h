// SPDX-License-Identifier: MIT
/*
 * Changing an address space: the calls mmap, munmap, mprotect, pkey_mprotect, brk and madvise
 * behind their system calls. All take the space's lock. Errors are Linux's, found in its order.
 */
#ifndef MM_MMAP_H
#define MM_MMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/address_space.h"

struct map_request {
    uintptr_t address; /* a hint, or exact with fixed */
    size_t size;       /* bytes, not zero; rounded up to pages */
    int prot;          /* PROT_* */
    bool fixed;        /* at that address, replacing what is there */
    bool no_replace;   /* with fixed: -EEXIST instead of replacing */
    uint8_t area_flags;
    uint8_t max_prot;
    struct memory_object *object; /* NULL: anonymous */
    uint64_t object_page;
    const char *name;
};

/* Gives the start of the new mapping. -ENOMEM, -EINVAL, -EEXIST. */
int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address);

/* -EINVAL for an unaligned start, an empty range, or one beyond the user half; -ENOMEM. */
int space_unmap(struct address_space *space, uintptr_t start, size_t size);

/*
 * mprotect (key -1) and pkey_mprotect. prot may hold PROT_SEM, PROT_GROWSDOWN, PROT_GROWSUP.
 * Areas are changed from left to right; one that fails leaves those before it changed.
 */
int space_protect(struct address_space *space, uintptr_t start, size_t size, int prot, int key);

/* Moves the end of the heap if it can; gives the end that it then has. */
uintptr_t space_brk(struct address_space *space, uintptr_t end);

/* advice: MADV_*. */
int space_advise(struct address_space *space, uintptr_t start, size_t size, int advice);

#endif
