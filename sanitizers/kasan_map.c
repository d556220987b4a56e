// SPDX-License-Identifier: MIT
/*
 * Where the shadow's memory comes from.
 *
 *   early tables   one page, over and over, for the shadow of the whole upper half
 *   final tables   RAM and the image have their own, by pages as large as can be; that of device
 *                  registers is one page of zeros, for nobody poisons any; kernel stacks get
 *                  theirs as they are made
 */
#include <asm/errno.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/mmu/pte.h"
#include "mm/page/page.h"
#include "mm/table/page_table.h"
#include "sanitizers/kasan_shadow.h"

#define LEAF      (PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX)
#define ZERO_LEAF (PTE_P | PTE_A | PTE_G | PTE_NX)
#define TABLE     (PTE_P | PTE_W | PTE_A)

extern const char data_end[];

static pte_t early_tables[3][PTE_PER_TABLE] __attribute__((aligned(4096))); /* level 1, 2, 3 */
static uint8_t early_page[4096] __attribute__((aligned(4096)));
static uint64_t stack_shadow_pages;

static void fill_table(pte_t *table, const void *target, uint64_t bits)
{
    for (unsigned int i = 0; i < PTE_PER_TABLE; i++)
        table[i].value = image_paddr(target).value | bits;
}

void kasan_map_early(void)
{
    pte_t *root = direct_map(paddr(read_cr3() & PTE_ADDRESS_MASK));
    uintptr_t shadow = (uintptr_t)kasan_shadow_of(UPPER_HALF);
    uintptr_t end = (uintptr_t)kasan_shadow_of(UINTPTR_MAX);

    fill_table(early_tables[0], early_page, LEAF & ~PTE_G);
    fill_table(early_tables[1], early_tables[0], TABLE);
    fill_table(early_tables[2], early_tables[1], TABLE);
    for (; shadow <= end; shadow += pte_level_size(4))
        root[shadow >> pte_level_shift(4) & (PTE_PER_TABLE - 1)].value =
            image_paddr(early_tables[2]).value | TABLE;
}

static bool is_mapped(paddr_t root, uintptr_t address)
{
    unsigned int level;
    pte_t leaf;

    return pt_query(root, address, &leaf, &level);
}

/* The shadow's page or pages at a place: the size of what was mapped there, or 0. */
static size_t map_piece(paddr_t root, uintptr_t at, size_t wanted)
{
    bool large = at % pte_level_size(2) == 0 && wanted >= pte_level_size(2);
    struct page *block = large ? page_alloc(PAGE_ORDER_2M, PAGE_ANY) : NULL;
    size_t size = block ? pte_level_size(2) : PAGE_SIZE;

    if (!block)
        block = page_alloc(0, PAGE_ANY);
    if (!block)
        return 0;
    __real_memset(page_address(block), 0, size);
    if (pt_map(root, at, size, page_paddr(block), LEAF, size == PAGE_SIZE ? 1 : 2))
        return 0;
    return size;
}

/* Ranges come in ascending order, so only the first page may be another's already. */
static int map_shadow(paddr_t root, uintptr_t start, uintptr_t end, uint64_t *pages)
{
    uintptr_t at = align_down((uintptr_t)kasan_shadow_of(start), PAGE_SIZE);
    uintptr_t shadow_end = align_up((uintptr_t)kasan_shadow_of(end - 1) + 1, PAGE_SIZE);

    if (is_mapped(root, at))
        at += PAGE_SIZE;
    while (at < shadow_end) {
        size_t size = map_piece(root, at, shadow_end - at);
        if (!size)
            return -ENOMEM;
        *pages += size / PAGE_SIZE;
        at += size;
    }
    return 0;
}

static int map_ram(paddr_t root)
{
    uint64_t pages = 0;
    int error = 0;

    for (size_t i = 0; !error && i < ram.count; i++)
        error = map_shadow(root, (uintptr_t)direct_map(ram.range[i].start),
                           (uintptr_t)direct_map(ram.range[i].end), &pages);
    return error;
}

static int map_zeros(paddr_t root, uintptr_t start, uintptr_t end)
{
    uintptr_t at = align_down((uintptr_t)kasan_shadow_of(start), pte_level_size(2));
    unsigned int level;

    for (; at < (uintptr_t)kasan_shadow_of(end - 1); at += pte_level_size(2)) {
        pte_t *entry = pt_entry(root, at, 2, PT_CREATE, &level);
        if (!entry)
            return -ENOMEM;
        entry->value = image_paddr(early_tables[0]).value | TABLE;
    }
    return 0;
}

/* The top-level entry of the shadow of kernel stacks never changes afterwards. */
static int prepare_stacks(paddr_t root)
{
    unsigned int level;
    uintptr_t at = align_down((uintptr_t)kasan_shadow_of(KERNEL_STACK_BASE), PAGE_SIZE);

    return pt_entry(root, at, 1, PT_CREATE, &level) ? 0 : -ENOMEM;
}

int kasan_map(paddr_t root)
{
    uint64_t pages = 0;
    int error = map_ram(root);

    if (!error)
        error = prepare_stacks(root);
    if (!error)
        error = map_zeros(root, DEVICE_BASE, DEVICE_BASE + DEVICE_SIZE);
    return error ? error : map_shadow(root, KERNEL_BASE, (uintptr_t)data_end, &pages);
}

/* From here on the early page is the one of zeros. */
static void clear_early_page(void)
{
    __real_memset(early_page, 0, sizeof(early_page));
    fill_table(early_tables[0], early_page, ZERO_LEAF);
    write_cr4(read_cr4() & ~CR4_PGE);
    write_cr4(read_cr4() | CR4_PGE);
}

static void poison_free_pages(void)
{
    struct page *page;

    page_drain();
    uint64_t irq = spin_lock_irqsave(&page_lock);
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        TAILQ_FOREACH (page, &free_blocks[order], link)
            kasan_pages_freed(page, order);
    spin_unlock_irqrestore(&page_lock, irq);
}

void kasan_start(void)
{
    clear_early_page();
    kasan_traces_init();
    kasan_register_globals();
    kasan_is_on = true;
    poison_free_pages();
}

int kasan_stack_map(paddr_t root, uintptr_t stack, size_t size)
{
    return map_shadow(root, stack, stack + size, &stack_shadow_pages);
}

uint64_t kasan_stack_pages(void)
{
    uint64_t bytes = stack_shadow_pages * PAGE_SIZE;

    return stack_shadow_pages + align_up(bytes, pte_level_size(2)) / pte_level_size(2);
}
