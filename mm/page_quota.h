// SPDX-License-Identifier: MIT
/*
 * How many pages several objects may have in all, and have. Needs no lock.
 */
#ifndef MM_PAGE_QUOTA_H
#define MM_PAGE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct page_quota {
    uint64_t limit, used;
};

/* Takes that many more; false, and none is taken, when there are not so many. Gives some back. */
bool page_quota_take(struct page_quota *quota, uint64_t count);
void page_quota_give(struct page_quota *quota, uint64_t count);

#endif
