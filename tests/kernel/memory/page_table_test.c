// SPDX-License-Identifier: MIT
/*
 * The walk over page tables: what is mapped is what a query finds, the key included, through
 * changes and splits; tables that are not needed any more are given back; and the processor
 * reads the entries as they were meant.
 */
#include "mm/table/page_table.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/oracle.h"
#include "bringup/probe.h"
#include "mm/table/kernel_map.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/tables.h"

#define USER_AREA   0x0000123440000000ul /* a multiple of 1 GiB, with 16 GiB behind it */
#define USER_SIZE   (16ul << 30)
#define KERNEL_AREA 0xffffe00000000000ul
#define LEAF_BITS   (PTE_P | PTE_U | PTE_A | PTE_NX)

static uint64_t free_pages(void)
{
    struct page_counters counters;

    page_read_counters(&counters);
    return counters.free;
}

/* Gives back the tables of a range, in which nothing is mapped any more, and the root. */
static void free_tables(paddr_t root, uintptr_t start, uint64_t size)
{
    struct pt_walk walk = {.flags = PT_FREE_TABLES, .level = 1, .floor = 0, .ceiling = UINTPTR_MAX};

    EXPECT_EQUAL(pt_walk(root, start, start + size, &walk), 0);
    page_put(page_of(root));
}

/* A place for pages of each size: a table for small ones is in the way of a large one. */
static uintptr_t vma_for(unsigned int level)
{
    return USER_AREA + (level - 1) * 4 * pte_level_size(3);
}

/* Three pages of each size, for each key; the target's address is never touched. */
KTEST(page_table_keeps_the_key)
{
    uint64_t before = free_pages();
    paddr_t root = pt_alloc_table();

    if (!EXPECT(root.value))
        return;
    for (unsigned int i = 0; i < 3 * PKEY_COUNT; i++) {
        unsigned int level = 1 + i % 3, found_level = 0;
        unsigned int key = i / 3;
        uintptr_t vma = vma_for(level);
        uint64_t size = 3 * pte_level_size(level);
        uint64_t bits = LEAF_BITS | pte_key_bits(key);
        pte_t leaf = {0};

        EXPECT_EQUAL(pt_map(root, vma, size, paddr(size), bits, level), 0);
        EXPECT(pt_query(root, vma + size - 1, &leaf, &found_level));
        EXPECT_EQUAL(found_level, level);
        EXPECT_EQUAL(pte_key(leaf), key);
        EXPECT_EQUAL((leaf.value & ENTRY_KEYS) >> ENTRY_KEY_SHIFT, key);
        EXPECT_EQUAL(pte_address(leaf).value, size + 2 * pte_level_size(level));
        EXPECT_EQUAL(leaf.value & ~PTE_ADDRESS_MASK, bits | (level > 1 ? PTE_PS : 0));
        EXPECT(!pt_query(root, vma + size, &leaf, &found_level));
        EXPECT_EQUAL(pt_map(root, vma, size / 3, paddr(0), bits, level), -EEXIST);
        pt_unmap(root, vma, size);
        EXPECT(!pt_query(root, vma, &leaf, &found_level));
    }
    free_tables(root, USER_AREA, USER_SIZE);
    EXPECT_EQUAL(free_pages(), before);
}

/* A table is in the way of a large page, with a page in it or empty. */
KTEST(page_table_is_in_the_way)
{
    uint64_t before = free_pages();
    paddr_t root = pt_alloc_table();

    if (!EXPECT(root.value))
        return;
    EXPECT_EQUAL(pt_map(root, USER_AREA + PAGE_SIZE, PAGE_SIZE, paddr(0), LEAF_BITS, 1), 0);
    for (unsigned int level = 2; level <= 3; level++) {
        uint64_t size = pte_level_size(level);
        EXPECT_EQUAL(pt_map(root, USER_AREA, size, paddr(0), LEAF_BITS, level), -EEXIST);
    }
    pt_unmap(root, USER_AREA + PAGE_SIZE, PAGE_SIZE);
    for (unsigned int level = 2; level <= 3; level++) {
        uint64_t size = pte_level_size(level);
        EXPECT_EQUAL(pt_map(root, USER_AREA, size, paddr(0), LEAF_BITS, level), -EEXIST);
    }
    free_tables(root, USER_AREA, pte_level_size(3));
    EXPECT_EQUAL(free_pages(), before);
}

/* An entry that is not present keeps its frame and its key: PROT_NONE. */
KTEST(page_table_keeps_what_is_not_present)
{
    paddr_t root = pt_alloc_table();
    unsigned int level;
    pte_t leaf;

    if (!EXPECT(root.value))
        return;
    EXPECT_EQUAL(pt_map(root, USER_AREA, PAGE_SIZE, paddr(0x5000), PTE_NX | pte_key_bits(9), 1), 0);
    EXPECT(pt_query(root, USER_AREA, &leaf, &level));
    EXPECT(!pte_is_present(leaf));
    EXPECT_EQUAL(pte_address(leaf).value, 0x5000);
    EXPECT_EQUAL(pte_key(leaf), 9);
    pt_unmap(root, USER_AREA, PAGE_SIZE);
    free_tables(root, USER_AREA, PAGE_SIZE);
}

/* ---- splits ---- */

static int add_entries(const struct pt_run *run, void *context)
{
    *(unsigned int *)context += run->count;
    return 0;
}

/* Every page of the range, however large, maps its part of one block with the same bits. */
static void expect_one_block(paddr_t root, uintptr_t start, uint64_t size, uint64_t bits)
{
    for (uint64_t offset = 0; offset < size;) {
        unsigned int level = 0;
        pte_t leaf = {0};
        if (!EXPECT(pt_query(root, start + offset, &leaf, &level)))
            return;
        EXPECT_EQUAL(pte_address(leaf).value, offset);
        EXPECT_EQUAL(leaf.value & ~PTE_ADDRESS_MASK, bits | (level > 1 ? PTE_PS : 0));
        offset += pte_level_size(level);
    }
}

/* One 4 KiB page in the middle of 1 GiB: 511 pages of 2 MiB stay, and 512 of 4 KiB. */
KTEST(page_table_splits)
{
    const uint64_t gib = pte_level_size(3);
    const uintptr_t middle = KERNEL_AREA + gib / 2;
    const uint64_t bits = (LEAF_BITS & ~PTE_U) | pte_key_bits(11);
    uint64_t before = free_pages();
    paddr_t root = pt_alloc_table();
    unsigned int entries = 0;
    struct pt_walk walk = {
        .visit = add_entries, .context = &entries, .flags = PT_SPLIT, .level = 1};

    if (!EXPECT(root.value))
        return;
    EXPECT_EQUAL(pt_map(root, KERNEL_AREA, gib, paddr(0), bits, 3), 0);
    EXPECT_EQUAL(pt_walk(root, middle, middle + PAGE_SIZE, &walk), 0);
    EXPECT_EQUAL(entries, 1);
    expect_one_block(root, KERNEL_AREA, gib, bits);

    entries = 0;
    walk.flags = 0;
    EXPECT_EQUAL(pt_walk(root, KERNEL_AREA, KERNEL_AREA + gib, &walk), 0);
    EXPECT_EQUAL(entries, 511 + 512);

    pt_unmap(root, KERNEL_AREA, gib);
    free_tables(root, KERNEL_AREA, gib);
    EXPECT_EQUAL(free_pages(), before);
}

/* A program's large page takes its block of pages apart with it. */
KTEST(page_table_splits_the_block)
{
    struct page *block = page_alloc(PAGE_ORDER_2M, PAGE_ANY);
    paddr_t root = pt_alloc_table();
    struct pt_walk walk = {.flags = PT_SPLIT_ALL, .level = 1};
    uint64_t size = pte_level_size(2);

    if (!EXPECT(block) || !EXPECT(root.value))
        return;
    EXPECT_EQUAL(pt_map(root, USER_AREA, size, page_paddr(block), LEAF_BITS, 2), 0);
    EXPECT_EQUAL(pt_walk(root, USER_AREA, USER_AREA + size, &walk), 0);
    pt_unmap(root, USER_AREA, size);
    free_tables(root, USER_AREA, size);
    for (unsigned int i = 0; i < PTE_PER_TABLE; i++) {
        EXPECT_EQUAL(block[i].order, 0);
        page_put(&block[i]);
    }
}

/* ---- what the processor makes of it ---- */

/*
 * Key by key and size by size: a write through a leaf with the key is refused when PKRU denies
 * writing for this key alone, and goes through when PKRU denies it for all keys but this and 0.
 */
static void expect_key_enforced(paddr_t root, unsigned int level, unsigned int key,
                                const struct page *target)
{
    uint64_t size = pte_level_size(level);
    uint64_t offset = page_paddr(target).value % size;
    uintptr_t vma = vma_for(level);
    uintptr_t address = vma + offset;
    paddr_t base = paddr(page_paddr(target).value - offset);
    uint64_t bits = LEAF_BITS | PTE_W | PTE_D | pte_key_bits(key);

    EXPECT_EQUAL(pt_map(root, vma, size, base, bits, level), 0);
    invlpg(address);
    write_pkru(pkru_with_rights(0, key, PKRU_WD));
    struct probe_result denied = probe(probe_write, address, key, 0);
    EXPECT(denied.faulted);
    EXPECT_EQUAL(denied.code, X86_PF_PROT | X86_PF_WRITE | X86_PF_PK);
    write_pkru(pkru_with_rights(0xaaaaaaa8, key, 0));
    struct probe_result allowed = probe(probe_write, address, key + 100, 0);
    EXPECT(!allowed.faulted);
    EXPECT_EQUAL(*(uint64_t *)page_address(target), key + 100);
    pt_unmap(root, vma, size);
    invlpg(address);
}

KTEST(page_table_keys_are_enforced)
{
    if (!cpu_state.pku) {
        ktest_skip("the CPU has no protection keys");
        return;
    }
    struct page *target = page_alloc(0, PAGE_ZERO);
    paddr_t root = pt_alloc_table();
    if (!EXPECT(target) || !EXPECT(root.value))
        return;

    uint64_t irq = irq_save();
    paddr_t live = paddr(read_cr3());
    uint32_t pkru = read_pkru();
    kernel_map_share(root);
    load_cr3(root);
    for (unsigned int level = 1; level <= (cpu_state.has_1g_pages ? 3u : 2u); level++)
        for (unsigned int key = 1; key < PKEY_COUNT; key++)
            expect_key_enforced(root, level, key, target);
    write_pkru(pkru);
    load_cr3(live);
    irq_restore(irq);
    free_tables(root, USER_AREA, USER_SIZE);
    page_put(target);
}

/* Firmware and the command line may name any address. */
KTEST(addresses_wider_than_the_cpu_are_not_mapped)
{
    uint64_t end = 1ul << cpu_physical_bits();

    EXPECT(firmware_map(paddr(end - PAGE_SIZE), PAGE_SIZE));
    EXPECT(!firmware_map(paddr(end - PAGE_SIZE), PAGE_SIZE + 1));
    EXPECT(!firmware_map(paddr(end), 1));
    EXPECT(!device_map(paddr(1ul << 63), 1));
    EXPECT(!device_map(paddr(UINT64_MAX), 1));
    EXPECT(!device_map(paddr(0), UINT64_MAX));
}
