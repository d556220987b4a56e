// SPDX-License-Identifier: MIT
#include "mm/huge/huge_pages.h"

#include <asm/errno.h>

#include "arch/lock/spinlock.h"
#include "libc/include/string.h"
#include "mm/space/vma.h"

#define POOL_MAX 4096 /* 8 GiB */

static struct spinlock pool_lock = SPINLOCK_INIT("huge pages");
static struct page *pool[POOL_MAX];
static unsigned int total, promised;

#define REFERENCES_FREE 1 /* the pool's */

static bool is_free(const struct page *page)
{
    return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == REFERENCES_FREE;
}

static bool grow_locked(void)
{
    struct page *page = page_alloc(PAGE_ORDER_2M, PAGE_ANY);

    if (page)
        pool[total++] = page;
    return page != NULL;
}

/* Gives one free page back; false when all are in use or promised. */
static bool shrink_locked(void)
{
    for (unsigned int i = 0; i < total && total > promised; i++) {
        if (!is_free(pool[i]))
            continue;
        page_put(pool[i]);
        pool[i] = pool[--total];
        return true;
    }
    return false;
}

unsigned int huge_pages_resize(unsigned int count)
{
    if (count > POOL_MAX)
        count = POOL_MAX;
    spin_lock(&pool_lock);
    while (total < count && grow_locked())
        ;
    while (total > count && shrink_locked())
        ;
    unsigned int result = total;
    spin_unlock(&pool_lock);
    return result;
}

static int reserve(unsigned int count)
{
    spin_lock(&pool_lock);
    int error = count > total - promised ? -ENOMEM : 0;
    if (!error)
        promised += count;
    spin_unlock(&pool_lock);
    return error;
}

static void unreserve(unsigned int count)
{
    spin_lock(&pool_lock);
    promised -= count;
    spin_unlock(&pool_lock);
}

struct page *huge_page_take(void)
{
    struct page *page = NULL;

    spin_lock(&pool_lock);
    for (unsigned int i = 0; i < total && !page; i++)
        if (is_free(pool[i]))
            page = pool[i];
    if (page)
        page_get(page);
    spin_unlock(&pool_lock);
    if (page)
        memset(page_address(page), 0, HUGE_PAGE_SIZE);
    return page;
}

void huge_pages_read_counters(struct huge_page_counters *counters)
{
    spin_lock(&pool_lock);
    *counters = (struct huge_page_counters){.total = total, .reserved = promised};
    for (unsigned int i = 0; i < total; i++)
        counters->free += is_free(pool[i]);
    spin_unlock(&pool_lock);
}

/* Pages of 2 MiB are the only ones that there are; those of 1 GiB the machine might have had. */
static int check_size(unsigned int size_bits)
{
    if (size_bits == 0 || size_bits == PAGE_SHIFT + PAGE_ORDER_2M)
        return 0;
    return size_bits == 30 ? -ENOMEM : -EINVAL;
}

const struct page_pool *page_pool(void)
{
    static const struct page_pool provided = {check_size, reserve, unreserve, large_page_resolve,
                                              large_page_split_locked};

    return &provided;
}
