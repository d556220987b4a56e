// SPDX-License-Identifier: MIT
/*
 * The pattern in free memory. What is freed is filled with it, and it must still be there when the
 * memory is given out again: who wrote to it in between wrote to memory that was not his. With
 * KASAN=1 there is no need of it: such a write is seen as it is made.
 *
 *   object   | next free object | who freed it | pattern ...                    |
 *   page     | pattern ...                                                      |
 *
 * Who freed a page stands in its struct page. Pages that were never given out have no pattern, and
 * nothing there that could be a place in the kernel's text.
 */
#include "arch/cpu/check.h"

#include <stdarg.h>
#include <stdint.h>

#include "kernel/console/symbols.h"
#include "kernel/report/panic.h"
#include "libc/core/format.h"
#include "mm/page/page.h"

extern const char text_start[], text_end[];

#define PATTERN 0xa5

/* Ends in a panic about memory that was freed, at freed_by unless that is NULL, which is named. */
static void __attribute__((noreturn, format(printf, 2, 3)))
fail_freed_by(const void *freed_by, const char *format, ...)
{
    uintptr_t offset = 0;
    const char *name = freed_by ? symbol_lookup((uintptr_t)freed_by - 1, &offset) : NULL;
    char text[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (name)
        panic("%s; freed by %s+0x%lx", text, name, offset + 1);
    panic("%s", text);
}

static bool is_text(const void *address)
{
    return (const char *)address >= text_start && (const char *)address < text_end;
}

/* The first byte from offset on that is another, or size. */
static size_t first_other(const void *memory, size_t offset, size_t size, unsigned char byte)
{
    const unsigned char *bytes = memory;

    while (offset < size && bytes[offset] == byte)
        offset++;
    return offset;
}

static unsigned int byte_at(const void *memory, size_t offset)
{
    return ((const unsigned char *)memory)[offset];
}

/* ---- objects ---- */

struct free_object {
    void *next;
    const void *freed_by; /* where there is room for it */
};

void poison_object_freed(void *object, size_t size, const void *freed_by)
{
    poison(object, size);
    if (size >= sizeof(struct free_object))
        ((struct free_object *)object)->freed_by = freed_by;
}

static void check_object(const char *cache, const void *object, size_t size, bool was_freed)
{
    const struct free_object *free = object;
    const void *freed_by = was_freed && size >= sizeof(*free) ? free->freed_by : NULL;
    size_t start = freed_by ? sizeof(*free) : was_freed ? sizeof(free->next) : 0;
    size_t found = first_other(object, start, size, PATTERN);

    if (freed_by && !is_text(freed_by))
        check_failed("poison: %s at %p was written to while it was free: who freed it is %p", cache,
                     object, freed_by);
    if (found < size)
        fail_freed_by(freed_by,
                      "poison: %s at %p was written to while it was free: byte %zu is "
                      "%02x",
                      cache, object, found, byte_at(object, found));
}

void poison_object_taken(const char *cache, void *object, size_t size, bool was_freed)
{
    check_object(cache, object, size, was_freed);
    poison(object, size);
}

/* ---- pages ---- */

/* Who freed a page, or NULL where that is not known. */
static const void *freed_by_of(const struct page *page)
{
    const void *freed_by = (const void *)page->history;

    return is_text(freed_by) ? freed_by : NULL;
}

void poison_pages_freed(struct page *page, const void *freed_by)
{
    bool keeps = page->is_zero;

    if (!keeps)
        poison(page_address(page), PAGE_SIZE << page->order);
    for (size_t i = 0; i < 1ul << page->order; i++)
        page[i].history = keeps ? 0 : (uintptr_t)freed_by;
    if (keeps && first_other(page_address(page), 0, PAGE_SIZE, 0) < PAGE_SIZE)
        fail_freed_by(freed_by, "a page was freed as one of zeros, and is none");
}

static void check_page(const struct page *page, unsigned char byte)
{
    const void *memory = page_address(page);
    size_t found = first_other(memory, 0, PAGE_SIZE, byte);

    if (found < PAGE_SIZE)
        fail_freed_by(freed_by_of(page),
                      "poison: the page at %p was written to while it was free: byte %zu is %02x",
                      memory, found, byte_at(memory, found));
}

void poison_pages_taken(struct page *page, unsigned int order, bool filled)
{
    for (size_t i = 0; i < 1ul << order; i++) {
        if (filled)
            check_page(&page[i], 0);
        else if (freed_by_of(&page[i]))
            check_page(&page[i], PATTERN);
        page[i].history = 0;
    }
    if (!filled)
        poison(page_address(page), PAGE_SIZE << order);
}
