// SPDX-License-Identifier: MIT
/*
 * Another process's memory, by the direct map: for ptrace, /proc/PID/mem and process_vm_*. The
 * caller's PKRU is asked for nothing but its own memory under closed keys (struct key_policies).
 *
 * The room owns what such an access may do. It leaves finding and making the pages to mm/space/.
 */
#ifndef MM_ACCESS_ACCESS_H
#define MM_ACCESS_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "mm/space/address_space.h"

/* How a page is wanted on somebody else's behalf. */
enum page_access {
    PAGE_READ = 0,
    PAGE_WRITE = 1 << 0,
    /*
     * For debuggers: what may be made readable is read, and what is private and
     * may be made writable is written, to a copy. Shared memory that is not for writing is not, nor
     * is what rules above refuse (mm/space/mmap.h).
     */
    PAGE_FORCED = 1 << 1,
};

/*
 * Moves bytes between a space and one of the kernel's two buffers; the other one is NULL. Returns
 * the number of bytes moved, up to the first page that is not there or refuses.
 */
size_t space_transfer(struct address_space *space, uintptr_t address, void *to, const void *from,
                      size_t size, unsigned int access);

/* As for PAGE_FORCED: a debugger also writes to code. */
static inline size_t space_read(struct address_space *space, uintptr_t address, void *buffer,
                                size_t size)
{
    return space_transfer(space, address, buffer, NULL, size, PAGE_READ | PAGE_FORCED);
}

static inline size_t space_write(struct address_space *space, uintptr_t address, const void *buffer,
                                 size_t size)
{
    return space_transfer(space, address, NULL, buffer, size, PAGE_WRITE | PAGE_FORCED);
}

#endif
