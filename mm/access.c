// SPDX-License-Identifier: MIT
#include "mm/access.h"

#include "libc/include/string.h"
#include "mm/fault.h"

/*
 * What of PKRU counts: of the caller's own memory that under closed keys, and of another space
 * nothing, where a key's number is another key's.
 */
static uint32_t pkru_for(const struct address_space *space)
{
    uint32_t closed = space->policies.closed;

    return closed && space_is_loaded(space) ? read_pkru() & closed : 0;
}

/* Moves bytes between a space and one of the kernel's two buffers; the other one is NULL. */
static size_t transfer(struct address_space *space, uintptr_t address, char *to, const char *from,
                       size_t size, unsigned int access)
{
    size_t done = 0;

    while (done < size) {
        size_t rest = PAGE_SIZE - (address + done) % PAGE_SIZE;
        size_t count = rest < size - done ? rest : size - done;
        char *memory;
        if (space_lock_page(space, address + done, access, pkru_for(space), &memory))
            break;
        if (from)
            memcpy(memory, from + done, count);
        else
            memcpy(to + done, memory, count);
        space_unlock_page(space);
        done += count;
    }
    return done;
}

size_t space_read(struct address_space *space, uintptr_t address, void *buffer, size_t size)
{
    return transfer(space, address, buffer, NULL, size, PAGE_READ | PAGE_FORCED);
}

size_t space_write(struct address_space *space, uintptr_t address, const void *buffer, size_t size)
{
    return transfer(space, address, NULL, buffer, size, PAGE_WRITE | PAGE_FORCED);
}

size_t space_read_allowed(struct address_space *space, uintptr_t address, void *buffer, size_t size)
{
    return transfer(space, address, buffer, NULL, size, PAGE_READ);
}

size_t space_write_allowed(struct address_space *space, uintptr_t address, const void *buffer,
                           size_t size)
{
    return transfer(space, address, NULL, buffer, size, PAGE_WRITE);
}
