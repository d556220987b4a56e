// SPDX-License-Identifier: MIT
#include "tests/parsers/support/harness.h"

#include "libc/include/string.h"

/* More than a parser asks for of an input that makes sense: a limit for the time that one takes. */
#define SHOWN_MAX 2048

static struct {
    uint64_t base;
    const uint8_t *bytes;
    size_t size;
    void *shown[SHOWN_MAX];
    unsigned int count;
} memory;

void *exact_copy(const void *bytes, size_t size)
{
    void *copy = malloc(size);

    expect(copy);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

void memory_set(uint64_t base, const uint8_t *bytes, size_t size)
{
    memory.base = base;
    memory.bytes = bytes;
    memory.size = size;
}

const void *memory_show(paddr_t address, size_t size)
{
    uint64_t offset = address.value - memory.base;

    if (offset > memory.size || size > memory.size - offset || memory.count == SHOWN_MAX)
        return NULL;
    return memory.shown[memory.count++] = exact_copy(memory.bytes + offset, size);
}

void memory_forget(void)
{
    while (memory.count)
        free(memory.shown[--memory.count]);
}

uint8_t *bios_area(size_t size, const uint8_t *bytes, size_t count)
{
    static uint8_t *area;
    static size_t used; /* at its end */

    if (!area) {
        area = malloc(size);
        expect(area);
        memset(area, 0, size);
    }
    memset(area + size - used, 0, used);
    memcpy(area + size - count, bytes, count);
    used = count;
    return area;
}

void seal(uint8_t *bytes, size_t size, size_t at)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[at] = (uint8_t)(bytes[at] - sum);
}
