// SPDX-License-Identifier: MIT
/*
 * The plain ways of mm/table/ and mm/space/ and the fast ones that mm/fast/ provides in their place
 * do the same: both run on twin tables, which then are equal, as is what was visited.
 */
#include "arch/mmu/pkru.h"
#include "libc/include/string.h"
#include "mm/space/address_space.h"
#include "mm/space/mmap.h"
#include "mm/table/page_table.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/tables.h"

#define USER_AREA   0x0000123440000000ul /* multiples of 1 GiB */
#define KERNEL_AREA 0xffffe00000000000ul
#define SPAN        (8 * HUGE_PAGE_SIZE) /* where pages are mapped */
#define TARGET      paddr(1ul << 40)     /* of all leaves: no memory, so nobody may touch it */
#define VISITS      8192                 /* that are compared */
#define ROUNDS      60

static uint64_t random_state;

static uint64_t random_below(uint64_t bound)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (random_state >> 33) % bound;
}

/* ---- tables and what is visited ---- */

struct visit {
    uintptr_t address;
    unsigned int level;
    uint64_t entry;
};

struct visits {
    unsigned int count;
    struct visit of[VISITS];
};

static struct visits plain_visits, fast_visits;

/* Notes each entry of a run as if it came alone. */
static int note(const struct pt_run *run, void *context)
{
    struct visits *visits = context;

    for (unsigned int i = 0; i < run->count && visits->count < VISITS; i++)
        visits->of[visits->count++] = (struct visit){run->address + i * pte_level_size(run->level),
                                                     run->level, run->entries[i].value};
    return 0;
}

static void expect_equal_visits(void)
{
    EXPECT_EQUAL(plain_visits.count, fast_visits.count);
    EXPECT(memcmp(plain_visits.of, fast_visits.of, plain_visits.count * sizeof(struct visit)) == 0);
}

/* Walks twin tables in the two ways. */
static void walk_both(paddr_t plain, paddr_t fast, uintptr_t start, uintptr_t end,
                      struct pt_walk walk)
{
    plain_visits.count = fast_visits.count = 0;
    walk.visit = note;
    walk.context = &plain_visits;
    EXPECT_EQUAL(pt_walk_plain(plain, start, end, &walk), 0);
    walk.context = &fast_visits;
    EXPECT_EQUAL(pt_walk(fast, start, end, &walk), 0);
    expect_equal_visits();
}

/* All leaves of a VMA, and the tables there, which are walked through. */
static void expect_equal_tables(paddr_t plain, paddr_t fast, uintptr_t vma)
{
    walk_both(plain, fast, vma - HUGE_PAGE_SIZE, vma + SPAN + HUGE_PAGE_SIZE,
              (struct pt_walk){.level = 1});
}

/* Each 2 MiB of the VMA has small pages, or in turn a large one, so that nothing is split. */
static void map_both(paddr_t plain, paddr_t fast, uintptr_t vma, uint64_t bits)
{
    uint64_t slot = random_below(SPAN / HUGE_PAGE_SIZE);
    unsigned int level = 1 + slot % 2;
    uintptr_t at = vma + slot * HUGE_PAGE_SIZE;
    uint64_t size = HUGE_PAGE_SIZE;

    if (level == 1) {
        at += random_below(PTE_PER_TABLE - 40) * PAGE_SIZE;
        size = random_below(40) * PAGE_SIZE;
    }
    EXPECT_EQUAL(pt_map(plain, at, size, TARGET, bits, level),
                 pt_map(fast, at, size, TARGET, bits, level));
}

static void walk_anywhere(paddr_t plain, paddr_t fast)
{
    static const unsigned int flags[] = {0, PT_CREATE, PT_SPLIT, PT_SPLIT_ALL};
    struct pt_walk walk = {.flags = flags[random_below(4)], .level = 1};
    uintptr_t start = KERNEL_AREA + random_below(SPAN / PAGE_SIZE) * PAGE_SIZE;

    walk_both(plain, fast, start, start + random_below(1500) * PAGE_SIZE, walk);
}

/* Of the part of a range whose tables nobody else may need. */
static void free_tables(paddr_t plain, paddr_t fast, uintptr_t start, uintptr_t end)
{
    struct pt_walk walk = {.flags = PT_FREE_TABLES, .level = 1, .floor = start, .ceiling = end};

    pt_unmap(plain, start, end - start);
    pt_unmap(fast, start, end - start);
    walk_both(plain, fast, start, end, walk);
}

static uint64_t free_pages(void)
{
    struct page_counters counters;

    page_read_counters(&counters);
    return counters.free;
}

/* Both have the same tables too: as many pages are given back with each. */
KTEST(fast_walk_is_the_plain_walk)
{
    uint64_t before = free_pages();
    paddr_t plain = pt_alloc_table(), fast = pt_alloc_table();

    if (!EXPECT(plain.value && fast.value))
        return;
    random_state = 1;
    for (unsigned int round = 0; round < ROUNDS; round++) {
        uint64_t key = random_below(PKEY_COUNT);
        uintptr_t start = KERNEL_AREA + random_below(SPAN / PAGE_SIZE) * PAGE_SIZE;
        map_both(plain, fast, KERNEL_AREA, PTE_P | PTE_NX | pte_key_bits(key));
        walk_anywhere(plain, fast);
        if (round % 8 == 7)
            free_tables(plain, fast, start, start + random_below(1500) * PAGE_SIZE);
        expect_equal_tables(plain, fast, KERNEL_AREA);
    }
    free_tables(plain, fast, KERNEL_AREA, KERNEL_AREA + pte_level_size(4));
    page_put(page_of(plain));
    page_put(page_of(fast));
    EXPECT_EQUAL(free_pages(), before);
}

/* ---- changes of rights and keys ---- */

static void expect_equal_batches(struct address_space *plain, struct address_space *fast)
{
    const struct tlb_batch *one = &plain->gather.batch, *other = &fast->gather.batch;

    EXPECT_EQUAL(tlb_batch_is_all(one), tlb_batch_is_all(other));
    if (!tlb_batch_is_all(one))
        EXPECT_EQUAL(one->pages, other->pages);
    space_flush_locked(plain);
    space_flush_locked(fast);
}

static struct vma random_vma(uintptr_t start, uintptr_t end)
{
    return (struct vma){.start = start,
                        .end = end,
                        .prot = (uint8_t)random_below(8),
                        .key = (uint8_t)random_below(PKEY_COUNT)};
}

/* Leaves that are the space's own and leaves that wait for a copy, and then other rights. */
static void change_both(struct address_space *plain, struct address_space *fast)
{
    uintptr_t start = USER_AREA + random_below(4) * 2 * HUGE_PAGE_SIZE;
    struct vma before = random_vma(start, start + (1 + random_below(8)) * HUGE_PAGE_SIZE);
    struct vma after = random_vma(before.start, before.end);
    bool is_weaker = before.prot && (before.key != after.key || (before.prot & ~after.prot) != 0);

    for (unsigned int i = 0; i < 8; i++)
        map_both(plain->root, fast->root, start, space_leaf_bits(&before, i % 2));
    space_change_leaves_plain(plain, &after, before.prot, before.key, is_weaker);
    space_change_leaves(fast, &after, before.prot, before.key, is_weaker);
    expect_equal_tables(plain->root, fast->root, start);
    expect_equal_batches(plain, fast);
    pt_unmap(plain->root, start, SPAN);
    pt_unmap(fast->root, start, SPAN);
}

KTEST(fast_change_is_the_plain_change)
{
    struct address_space *plain = space_create(), *fast = space_create();

    if (!EXPECT(plain && fast))
        return;
    random_state = 2;
    for (unsigned int round = 0; round < ROUNDS; round++)
        change_both(plain, fast);
    free_tables(plain->root, fast->root, USER_AREA, USER_AREA + pte_level_size(3));
    space_put(plain);
    space_put(fast);
}
