// SPDX-License-Identifier: MIT
#include "mm/page_quota.h"

/* Never more than the limit, not even for a moment: others read it meanwhile. */
bool page_quota_take(struct page_quota *quota, uint64_t count)
{
    uint64_t used = __atomic_load_n(&quota->used, __ATOMIC_RELAXED);

    do {
        if (count > quota->limit - used)
            return false;
    } while (!__atomic_compare_exchange_n(&quota->used, &used, used + count, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

void page_quota_give(struct page_quota *quota, uint64_t count)
{
    __atomic_fetch_sub(&quota->used, count, __ATOMIC_RELAXED);
}
