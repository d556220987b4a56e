// SPDX-License-Identifier: MIT
/* Pages, and the kernel stacks that are made of them. */
#include "arch/cpu/check.h"
#include "mm/page/page.h"
#include "sanitizers/kasan_shadow.h"

static uint32_t trace_here(void)
{
    return kasan_is_on ? kasan_trace_keep((uintptr_t)__builtin_frame_address(0)) : 0;
}

/* Each page of a block knows it, for a block may be freed in another size than it was given out. */
void kasan_pages_allocated(struct page *page, unsigned int order)
{
    uint32_t trace = trace_here();

    kasan_unpoison((uintptr_t)page_address(page), PAGE_SIZE << order);
    for (size_t i = 0; i < 1ul << order; i++)
        *kasan_page_traces(&page[i]) = (struct page_traces){.allocated_at = trace};
}

void kasan_pages_freed(struct page *page, unsigned int order)
{
    uint32_t trace = trace_here();

    kasan_poison((uintptr_t)page_address(page), PAGE_SIZE << order, KASAN_PAGE_FREE);
    for (size_t i = 0; i < 1ul << order; i++)
        kasan_page_traces(&page[i])->freed_at = trace;
}

void kasan_pages_limit(struct page *page, size_t size)
{
    uintptr_t start = (uintptr_t)page_address(page);
    size_t accessible = align_up(size, KASAN_GRANULE);

    kasan_unpoison(start, size);
    kasan_poison(start + accessible, (PAGE_SIZE << page->order) - accessible, KASAN_PAGE_ZONE);
}

void kasan_stack_allocated(uintptr_t stack, size_t size)
{
    kasan_unpoison(stack, size);
}

/* What the last task left there, in frames that it never returned from, goes with it. */
void kasan_stack_freed(uintptr_t stack, size_t size)
{
    kasan_unpoison(stack, sizeof(uintptr_t));
    kasan_poison(stack + sizeof(uintptr_t), size - sizeof(uintptr_t), KASAN_FREED_STACK);
}
