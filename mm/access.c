// SPDX-License-Identifier: MIT
#include "mm/access.h"

#include "libc/include/string.h"
#include "mm/fault.h"
#include "mm/page.h"

/* Moves bytes between a space and one of the two buffers; the other one is NULL. */
static size_t transfer(struct address_space *space, uintptr_t address, char *to, const char *from,
                       size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t offset = (address + done) % PAGE_SIZE;
        size_t count = PAGE_SIZE - offset < size - done ? PAGE_SIZE - offset : size - done;
        struct page *page;
        if (space_get_page(space, address + done, from != NULL, &page))
            break;
        char *memory = (char *)page_address(page) + offset;
        if (from)
            memcpy(memory, from + done, count);
        else
            memcpy(to + done, memory, count);
        page_put(page);
        done += count;
    }
    return done;
}

size_t space_read(struct address_space *space, uintptr_t address, void *buffer, size_t size)
{
    return transfer(space, address, buffer, NULL, size);
}

size_t space_write(struct address_space *space, uintptr_t address, const void *buffer, size_t size)
{
    return transfer(space, address, NULL, buffer, size);
}
