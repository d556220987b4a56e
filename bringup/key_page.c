// SPDX-License-Identifier: MIT
#include "bringup/key_page.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pte.h"
#include "arch/mmu/tlb.h"
#include "bringup/probe.h"
#include "bringup/test.h"
#include "mm/page/page.h"
#include "mm/table/kernel_map.h"
#include "mm/table/page_table.h"

#define LEAF_BITS (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX)

int key_page_open(struct key_page *page, unsigned int key)
{
    struct pt_path path;

    page->target = page_alloc(0, PAGE_ZERO);
    page->root = pt_alloc_table();
    if (!page->target || !page->root.value)
        return -ENOMEM;
    kernel_map_share(page->root);
    if (pt_map(page->root, KEY_PAGE_ADDRESS, PAGE_SIZE, page_paddr(page->target),
               LEAF_BITS | pte_key_bits(key), 1))
        return -ENOMEM;
    pt_read_path(page->root, KEY_PAGE_ADDRESS, &path);
    pte_t *table = direct_map(pte_address(path.entry[2]));
    page->leaf = &table[pte_index(KEY_PAGE_ADDRESS, 1)].value;
    return 0;
}

/* They must not be loaded any more. */
static void close(struct key_page *page)
{
    struct pt_walk walk = {.flags = PT_FREE_TABLES, .level = 1, .ceiling = UINTPTR_MAX};

    *page->leaf = 0;
    pt_walk(page->root, KEY_PAGE_ADDRESS, KEY_PAGE_ADDRESS + PAGE_SIZE, &walk);
    page_put(page_of(page->root));
    page_put(page->target);
}

bool key_page_enter(struct test_run *run, struct key_page *page, unsigned int key)
{
    if (key_page_open(page, key)) {
        fail(run, "memory for page tables", "none");
        return false;
    }
    page->live = paddr(read_cr3());
    load_cr3(page->root);
    return true;
}

void key_page_leave(struct key_page *page)
{
    load_cr3(page->live);
    close(page);
}

void key_page_set(struct key_page *page, unsigned int key)
{
    uint64_t leaf = (*page->leaf & ~PTE_KEY_MASK) | pte_key_bits(key);

    __atomic_store_n(page->leaf, leaf, __ATOMIC_SEQ_CST);
}

bool key_page_denies_write(struct test_run *run)
{
    struct probe_result result = probe(probe_write, KEY_PAGE_ADDRESS, 1, 0);

    if (result.faulted) {
        expect_equal(run, "the exception", VECTOR_PF, result.vector);
        expect_equal(run, "error code of the page fault", X86_PF_PROT | X86_PF_WRITE | X86_PF_PK,
                     result.code);
        expect_equal(run, "CR2", KEY_PAGE_ADDRESS, result.address);
    }
    return result.faulted;
}
