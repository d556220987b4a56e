// SPDX-License-Identifier: MIT
#include "arch/cpu/check.h"
#include "arch/mmu/pte.h"
#include "mm/table/kernel_map.h"
#include "mm/usage/usage.h"

void page_read_counters(struct page_counters *into)
{
    page_drain();
    uint64_t irq = spin_lock_irqsave(&page_lock);
    *into = page_counters;
    spin_unlock_irqrestore(&page_lock, irq);
}

uint64_t kernel_stack_pages(void)
{
    uint64_t size = kernel_stack_next - KERNEL_STACK_BASE;
    uint64_t stacks = size / (PAGE_SIZE + KERNEL_STACK_SIZE);
    uint64_t tables = align_up(size, pte_level_size(2)) / pte_level_size(2) +
                      align_up(size, pte_level_size(3)) / pte_level_size(3);

    return stacks * (KERNEL_STACK_SIZE / PAGE_SIZE) + tables + kasan_stack_pages();
}
