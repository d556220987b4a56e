// SPDX-License-Identifier: MIT
#include "tests/fuzz/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libc/include/pkru.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/random.h"

#define HUGE         (UINT64_C(2) << 20)
#define PLAY_SIZE    (2 * HUGE)
#define PLAY_PAGES   (PLAY_SIZE / PAGE)
#define SCRATCH_SIZE (UINT64_C(64) << 10)
#define GUARD_SIZE   (UINT64_C(1) << 30)
#define READ_WRITE   (PROT_READ | PROT_WRITE)
#define PRIVATE      (MAP_PRIVATE | MAP_ANONYMOUS)

#define MAPPINGS_MAX 24
#define VECTOR_MAX   6
#define MILLISECOND  1000000

static uint64_t play, scratch, guard;
static size_t scratch_used;

static struct mapping {
    uint64_t start, size;
} mappings[MAPPINGS_MAX];
static unsigned int mappings_next;

/* ---- making ---- */

static uint64_t map_at(uint64_t address, uint64_t size, int protection, int flags)
{
    long result = KERNEL(mmap, address, size, protection, flags, -1, 0);

    if (is_error(result)) {
        printf("fuzz: no memory for the arena: %s\n", strerror((int)-result));
        exit(1);
    }
    return (uint64_t)result;
}

void arena_create(void)
{
    uint64_t size = PLAY_SIZE + SCRATCH_SIZE + GUARD_SIZE;
    uint64_t room = map_at(0, size + HUGE, PROT_NONE, PRIVATE | MAP_NORESERVE);

    play = (room + HUGE - 1) & ~(HUGE - 1);
    scratch = play + PLAY_SIZE;
    guard = scratch + SCRATCH_SIZE;
    map_at(scratch, SCRATCH_SIZE, READ_WRITE, PRIVATE | MAP_FIXED);
}

/*
 * Some pages of the patchwork: private or shared, of a file or not, with pages or without, of some
 * protection. The file may be one that cannot be mapped so: then there are pages without it.
 */
static void map_patch(uint64_t start, uint64_t size)
{
    static const int protections[] = {READ_WRITE, READ_WRITE, READ_WRITE, PROT_READ, PROT_NONE};
    int protection = PICK(protections);
    int flags = MAP_FIXED | (one_in(3) ? MAP_SHARED : MAP_PRIVATE);

    if (one_in(3) && size <= 16 * PAGE)
        flags |= MAP_POPULATE;
    if (!one_in(4) || is_error(KERNEL(mmap, start, size, protection, flags, FD_FILE, 0)))
        map_at(start, size, protection, flags | MAP_ANONYMOUS);
}

/* The rights to unmap what is under guarded keys. */
static uint32_t take_all_rights(void)
{
    uint32_t before = pkru_enabled() ? pkru_read() : 0;

    if (pkru_enabled())
        pkru_write(0);
    return before;
}

/* Frees all keys and allocates some. */
static void reset_keys(void)
{
    for (int key = 1; key < 16; key++)
        KERNEL(pkey_free, key);
    for (uint64_t left = 2 + random_below(8); left > 0; left--)
        KERNEL(pkey_alloc, 0, random_below(4));
}

void arena_reset(void)
{
    for (unsigned int i = 0; i < MAPPINGS_MAX; i++)
        remember_mapping(0, 0);
    take_all_rights();
    reset_keys();
    /* One large area now and then, so that huge pages have room. */
    if (one_in(4)) {
        map_at(play, PLAY_SIZE, READ_WRITE, PRIVATE | MAP_FIXED);
        return;
    }
    for (uint64_t at = play; at < scratch;) {
        uint64_t size = PAGE * (1 + random_small(PLAY_PAGES / 4));

        if (size > scratch - at)
            size = scratch - at;
        map_patch(at, size);
        at += size;
    }
}

/* ---- scratch and remembered mappings ---- */

void scratch_reset(void)
{
    scratch_used = 0;
}

void *scratch_take(size_t size)
{
    char *memory;

    size = (size + 15) & ~(size_t)15;
    if (scratch_used + size > SCRATCH_SIZE / 2)
        scratch_used = 0;
    memory = (char *)scratch + scratch_used;
    scratch_used += size;
    memset(memory, 0, size);
    return memory;
}

bool is_scratch(uint64_t address)
{
    return address >= scratch && address < guard;
}

void remember_mapping(uint64_t start, uint64_t size)
{
    struct mapping *oldest = &mappings[mappings_next++ % MAPPINGS_MAX];

    if (oldest->size != 0) {
        uint32_t pkru = take_all_rights();

        KERNEL(munmap, oldest->start, oldest->size);
        if (pkru_enabled())
            pkru_write(pkru);
    }
    *oldest = (struct mapping){start, size};
}

/* ---- edge cases ---- */

uint64_t wild_address(void)
{
    static const uint64_t addresses[] = {
        0,
        1,
        8,
        0xfff,
        0x10000,
        UINT64_C(0x7ffffffff000), /* the end of ring 3's half, less a page */
        UINT64_C(0x7ffffffffff8),
        UINT64_C(0x800000000000), /* not canonical */
        UINT64_C(0xdeadbeefdeadbeef),
        UINT64_C(0xffff800000000000),
        UINT64_C(0xffff888000100000),
        UINT64_C(0xffffffff80100000),
        UINT64_C(0xfffffffffffff000),
        UINT64_MAX - 7,
        UINT64_MAX,
    };

    return one_in(8) ? guard : PICK(addresses);
}

uint64_t wild_value(void)
{
    switch (random_below(5)) {
    case 0:
        return wild_address();
    case 1:
        return random_bits() | UINT64_C(1) << 63;
    case 2:
        return UINT64_C(1) << random_below(64);
    case 3:
        return (UINT64_C(1) << random_below(32)) - 1;
    default:
        return (uint64_t) - (int64_t)random_small(1 << 16);
    }
}

/* ---- generators of ranges ---- */

uint64_t play_address(const struct use *use)
{
    if (use->wild && one_in(3))
        return one_in(2) ? wild_address() : play + random_below(PLAY_SIZE);
    return play + PAGE * random_below(PLAY_PAGES);
}

uint64_t play_room(uint64_t size)
{
    uint64_t pages = size < PLAY_SIZE ? (PLAY_SIZE - size) / PAGE : 0;

    return play + PAGE * random_below(pages + 1);
}

uint64_t play_huge_address(const struct use *use)
{
    return one_in(4) ? play + HUGE * random_below(2) : play_address(use);
}

/*
 * What ends before it begins. A range that merely is too long would not do: mprotect and madvise
 * change what they find of it.
 */
static uint64_t wrapping_length(uint64_t address)
{
    return address < 64 * PAGE ? 0 : UINT64_MAX - random_small(64 * PAGE);
}

/* Up to what is left behind an address; a few pages where the address is not one of ours. */
static uint64_t length_behind(uint64_t address, bool wild)
{
    uint64_t left = 16 * PAGE;
    uint64_t size;

    if (address >= play && address < scratch)
        left = scratch - address;
    if (wild && one_in(3))
        return one_in(2) ? wrapping_length(address) : random_below(left);
    size = one_in(8) ? left : PAGE * (1 + random_small(left / PAGE + 1));
    return size < left ? size : left;
}

uint64_t play_length(const struct use *use)
{
    return length_behind(use->argument[use->index - 1], use->wild);
}

uint64_t mapping_address(const struct use *use)
{
    const struct mapping *mapping = &PICK(mappings);

    return mapping->size != 0 && one_in(2) ? mapping->start : play_address(use);
}

uint64_t mapping_length(const struct use *use)
{
    uint64_t address = use->argument[use->index - 1];

    for (unsigned int i = 0; i < MAPPINGS_MAX; i++)
        if (mappings[i].size != 0 && mappings[i].start == address)
            return one_in(2) ? mappings[i].size : PAGE;
    return length_behind(address, use->wild);
}

/* ---- generators of what lies in memory ---- */

uint64_t buffer(const struct use *use)
{
    (void)use;
    if (one_in(4))
        return play + random_below(PLAY_SIZE);
    return one_in(16) ? guard - random_small(64) : (uint64_t)scratch_take(4096);
}

uint64_t buffer_or_null(const struct use *use)
{
    return one_in(4) ? 0 : buffer(use);
}

uint64_t buffer_size(const struct use *use)
{
    static const uint64_t absurd[] = {
        UINT64_C(1) << 47, UINT64_C(1) << 52, UINT64_C(1) << 63, UINT64_MAX - 4095, UINT64_MAX,
    };

    if (use->wild && one_in(3))
        return one_in(2) ? PICK(absurd) : random_small(UINT64_C(1) << 33);
    return one_in(8) ? random_small(1 << 18) : random_small(4097);
}

uint64_t word(const struct use *use)
{
    uint64_t *memory = scratch_take(sizeof(*memory));

    (void)use;
    *memory = random_small(1 << 20);
    return (uint64_t)memory;
}

struct segment {
    uint64_t base, size;
};

uint64_t io_vector(const struct use *use)
{
    struct segment *segments = scratch_take(VECTOR_MAX * sizeof(*segments));

    for (unsigned int i = 0; i < VECTOR_MAX; i++) {
        segments[i].base = one_in(2) ? (uint64_t)scratch_take(1024) : buffer(use);
        segments[i].size = random_small(1024);
        if (use->wild && one_in(8))
            segments[i].size = wild_value();
    }
    return (uint64_t)segments;
}

uint64_t io_vector_count(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : random_below(VECTOR_MAX + 1);
}

uint64_t remote_vector(const struct use *use)
{
    struct segment *segments = scratch_take(VECTOR_MAX * sizeof(*segments));

    for (unsigned int i = 0; i < VECTOR_MAX; i++) {
        segments[i].base = play_address(use);
        segments[i].size = random_small(2 * PAGE);
        if (segments[i].base >= play && segments[i].base < scratch)
            segments[i].size %= scratch - segments[i].base;
    }
    return (uint64_t)segments;
}

uint64_t short_time(const struct use *use)
{
    struct fuzz_time *time = scratch_take(sizeof(*time));

    time->fraction = (long)random_small(3 * MILLISECOND);
    if (use->wild && one_in(3)) {
        time->seconds = one_in(2) ? (long)wild_value() : 1000;
        time->fraction = (long)wild_value();
    }
    return (uint64_t)time;
}

uint64_t short_time_or_null(const struct use *use)
{
    return one_in(4) ? 0 : short_time(use);
}
