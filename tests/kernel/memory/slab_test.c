// SPDX-License-Identifier: MIT
/* Kernel objects: aligned, apart from each other, and all given back. */
#include "mm/page/slab.h"

#include "arch/cpu/types.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"

#define OBJECTS 100

static bool is_filled(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* Caches stay in the list for good, so a test's own are made once. */
static struct slab_cache *test_cache(unsigned int number)
{
    static struct slab_cache caches[3];
    static const struct {
        size_t size, align;
    } shapes[array_size(caches)] = {{1, 1}, {200, 64}, {4096, 4096}};

    if (!caches[number].name)
        slab_cache_init(&caches[number], "test", shapes[number].size, shapes[number].align);
    return &caches[number];
}

static void exercise(struct slab_cache *cache, size_t align)
{
    static unsigned char *objects[OBJECTS];

    for (unsigned int i = 0; i < OBJECTS; i++) {
        objects[i] = slab_alloc(cache);
        if (!EXPECT(objects[i]))
            return;
        EXPECT_EQUAL((uintptr_t)objects[i] % align, 0);
        memset(objects[i], (int)i, cache->object_size);
    }
    EXPECT_EQUAL(cache->used, OBJECTS);
    /* 37 and 100 have no common divisor: every object once, in another order. */
    for (unsigned int i = 0; i < OBJECTS; i++) {
        unsigned int which = i * 37 % OBJECTS;
        EXPECT(is_filled(objects[which], cache->object_size, (unsigned char)which));
        slab_free(cache, objects[which]);
    }
    EXPECT_EQUAL(cache->used, 0);
    /* The address checker keeps freed objects for a while. */
    EXPECT(cache->slabs <= 1 || KASAN_RED_ZONE);
    slab_release_empty();
    EXPECT_EQUAL(cache->slabs, 0);
}

KTEST(slab_objects_return)
{
    uint64_t before = slab_objects_in_use();

    exercise(test_cache(0), 8);
    exercise(test_cache(1), 64);
    exercise(test_cache(2), 4096);
    EXPECT_EQUAL(slab_objects_in_use(), before);
}

KTEST(slab_zeroed_is_zero)
{
    struct slab_cache *cache = test_cache(1);
    unsigned char *object = slab_alloc(cache);

    if (!EXPECT(object))
        return;
    memset(object, 0xff, cache->object_size);
    slab_free(cache, object);
    object = slab_alloc_zeroed(cache);
    if (!EXPECT(object))
        return;
    EXPECT(is_filled(object, cache->object_size, 0));
    slab_free(cache, object);
}

/* Sizes on both sides of every class's end; then blocks of pages. */
KTEST(kmalloc_sizes)
{
    static const size_t sizes[] = {0,    1,    15,   16,   17,   48,      49,      64,     65,
                                   191,  192,  193,  1024, 1025, 2047,    2048,    2049,   4095,
                                   4096, 4097, 8192, 8193, 9999, 1 << 16, 1 << 20, 4 << 20};
    unsigned char *objects[array_size(sizes)];
    struct page_counters pages_before, pages_after;
    uint64_t before = slab_objects_in_use();

    page_read_counters(&pages_before);
    for (size_t i = 0; i < array_size(sizes); i++) {
        objects[i] = kmalloc(sizes[i]);
        if (!EXPECT(objects[i]))
            continue;
        EXPECT_EQUAL((uintptr_t)objects[i] % 16, 0);
        memset(objects[i], (int)i + 1, sizes[i]);
    }
    EXPECT_EQUAL(slab_objects_in_use(), before + array_size(sizes));
    for (size_t i = 0; i < array_size(sizes); i++) {
        EXPECT(!objects[i] || is_filled(objects[i], sizes[i], (unsigned char)(i + 1)));
        kfree(objects[i]);
    }
    EXPECT_EQUAL(slab_objects_in_use(), before);
    EXPECT_EQUAL(kmalloc((4 << 20) + 1), NULL);
    EXPECT_EQUAL(kmalloc(SIZE_MAX), NULL);
    kfree(NULL);

    /* At most one empty slab of up to 8 pages stays with each of the caches used. */
    page_read_counters(&pages_after);
    EXPECT(pages_before.free - pages_after.free <= 14 * 8);
}
