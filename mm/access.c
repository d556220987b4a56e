// SPDX-License-Identifier: MIT
#include "mm/access.h"

#include "libc/include/string.h"
#include "mm/fault.h"
#include "mm/page.h"

/* Moves bytes between a space and one of the two buffers; the other one is NULL. */
static size_t transfer(struct address_space *space, uintptr_t address, char *to, const char *from,
                       size_t size, unsigned int access)
{
    size_t done = 0;

    while (done < size) {
        size_t rest = PAGE_SIZE - (address + done) % PAGE_SIZE;
        size_t count = rest < size - done ? rest : size - done;
        struct page *block;
        char *memory;
        if (space_get_page(space, address + done, access, &block, &memory))
            break;
        if (from)
            memcpy(memory, from + done, count);
        else
            memcpy(to + done, memory, count);
        page_put(block);
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
