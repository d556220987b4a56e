// SPDX-License-Identifier: MIT
/*
 * The pool of 2 MiB pages for MAP_HUGETLB: set aside by /proc/sys/vm/nr_hugepages, so that such
 * a mapping, once made, has its pages.
 *
 * The pool holds a reference to each of its pages all the time; one that nobody maps has no other.
 */
#ifndef MM_HUGE_PAGES_H
#define MM_HUGE_PAGES_H

#include <stdbool.h>

#include "mm/page.h"

#define HUGE_PAGE_SIZE ((uintptr_t)1 << (PAGE_SHIFT + PAGE_ORDER_2M))

struct huge_page_counters {
    unsigned int total;
    unsigned int free;     /* of them, mapped by nobody */
    unsigned int reserved; /* promised to mappings, in use or not */
};

/* Grows or shrinks the pool towards count pages; gives the number it then has. */
unsigned int huge_pages_resize(unsigned int count);

/* Promises pages to a mapping: -ENOMEM when the pool has not got them. And takes that back. */
int huge_pages_reserve(unsigned int count);
void huge_pages_unreserve(unsigned int count);

/* A free page filled with zeros, with a reference for the caller; NULL when there is none. */
struct page *huge_page_take(void);

/* Whether nobody but the caller maps the page. */
bool huge_page_is_exclusive(const struct page *page);

void huge_pages_read_counters(struct huge_page_counters *counters);

/* Pages promised and not yet in use, if those in use are those promised first. */
static inline unsigned int huge_pages_outstanding(const struct huge_page_counters *counters)
{
    unsigned int used = counters->total - counters->free;

    return counters->reserved > used ? counters->reserved - used : 0;
}

#endif
