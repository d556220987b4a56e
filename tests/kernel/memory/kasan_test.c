// SPDX-License-Identifier: MIT
/*
 * The checker of addresses finds what it is to find, and nothing else: its reports are caught.
 * Accesses are made where they do no harm: in red zones, or reading.
 */
#include "arch/cpu/check.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/usage/usage.h"
#include "sanitizers/kasan_shadow.h"
#include "tests/kernel/ktest.h"

static struct kasan_bug last;
static unsigned int found;

static void catch (const struct kasan_bug *bug)
{
    last = *bug;
    found++;
}

/* What the compiler must not know more of. */
static char *hidden(void *pointer)
{
    __asm__("" : "+r"(pointer));
    return pointer;
}

static void begin(void)
{
    found = 0;
    kasan_catch = catch;
}

/* Whether one report was made since, of a byte, with these words. */
static bool was_found(const char *what, const void *bad)
{
    kasan_catch = NULL;
    return EXPECT_EQUAL(found, 1) && EXPECT(!strcmp(last.what, what)) &&
           EXPECT_EQUAL(last.bad, (uintptr_t)bad);
}

static bool nothing_was_found(void)
{
    kasan_catch = NULL;
    return EXPECT_EQUAL(found, 0);
}

static char read_byte(const volatile char *at)
{
    return *at;
}

KTEST(kasan_ends_of_an_object)
{
    char *object = hidden(kmalloc(13));

    begin();
    memset(object, 1, 13);
    nothing_was_found();
    begin();
    read_byte(object + 13);
    was_found("outside an object", object + 13);
    begin();
    read_byte(object - 1);
    was_found("outside an object", object - 1);
    /* Eight bytes of which the last three are outside. */
    begin();
    (void)*(volatile uint64_t *)(object + 8);
    was_found("outside an object", object + 13);
    kfree(object);
}

KTEST(kasan_end_of_a_block)
{
    char *block = hidden(kmalloc(5000));

    begin();
    block[4999] = 1;
    nothing_was_found();
    begin();
    read_byte(block + 5000);
    was_found("outside an object", block + 5000);
    kfree(block);
}

KTEST(kasan_ranges)
{
    char *object = hidden(kmalloc(100));
    char *other = hidden(kmalloc(200));

    begin();
    memset(object, 1, 101);
    was_found("outside an object", object + 100);
    begin();
    memcpy(other, object, 101);
    was_found("outside an object", object + 100);
    begin();
    EXPECT(!memchr(object, 2, 100));
    EXPECT(memchr(object, 1, 1000) == object);
    nothing_was_found();
    begin();
    kasan_check_write(object, 101);
    was_found("outside an object", object + 100);
    kfree(object);
    kfree(other);
}

KTEST(kasan_use_after_free)
{
    char *object = hidden(kmalloc(64));

    kfree(object);
    begin();
    read_byte(object + 8);
    was_found("use after free", object + 8);
    /* Memory that was just freed is nobody's for a while. */
    for (unsigned int i = 0; i < 100; i++) {
        char *next = kmalloc(64);
        EXPECT(next != object);
        kfree(next);
    }
}

KTEST(kasan_double_free)
{
    uint64_t used = slab_objects_in_use();
    char *object = hidden(kmalloc(64));

    kfree(object);
    begin();
    kfree(object);
    was_found("double free", object);
    EXPECT_EQUAL(slab_objects_in_use(), used);
}

KTEST(kasan_freed_page)
{
    struct page *page = page_alloc(1, PAGE_ANY);
    char *memory = hidden(page_address(page));

    memset(memory, 1, 2 * PAGE_SIZE);
    page_put(page);
    begin();
    read_byte(memory + PAGE_SIZE + 5);
    was_found("use of a freed page", memory + PAGE_SIZE + 5);
}

static char small_global[5];

KTEST(kasan_past_a_global)
{
    char *global = hidden(small_global);

    begin();
    read_byte(global + 4);
    nothing_was_found();
    begin();
    read_byte(global + 5);
    was_found("outside a global variable", global + 5);
}

static __attribute__((noinline)) void read_past(size_t size)
{
    char array[24];
    char *start = hidden(array);

    memset(start, 0, sizeof(array));
    begin();
    read_byte(start + size - 1);
    nothing_was_found();
    begin();
    read_byte(start + size);
    was_found("outside a variable on the stack", start + size);
}

KTEST(kasan_past_a_stack_array)
{
    read_past(24);
}

KTEST(kasan_no_kernel_address)
{
    begin();
    kasan_check_read((const void *)0x1000, 8);
    was_found("no kernel address", (const void *)0x1000);
}
