// SPDX-License-Identifier: MIT
/*
 * The pool of 2 MiB pages for MAP_HUGETLB, set aside by /proc/sys/vm/nr_hugepages.
 *
 * The room owns the pool, its size and its promises, and the faults where large pages are wanted.
 * It leaves VMAs to mm/space/, which asks for both by mm/space/VMA.h.
 */
#ifndef MM_HUGE_HUGE_PAGES_H
#define MM_HUGE_HUGE_PAGES_H

#include "mm/page/page.h"

struct address_space;
struct fault;

struct huge_page_counters {
    unsigned int total;
    unsigned int free;     /* of them, mapped by nobody */
    unsigned int reserved; /* promised to mappings, in use or not */
};

/* Grows or shrinks the pool towards count pages; gives the number it then has. */
unsigned int huge_pages_resize(unsigned int count);

/* A free page filled with zeros, with a reference for the caller; NULL when there is none. */
struct page *huge_page_take(void);

/* A fault in a VMA of large pages, and splitting one: mm/space/VMA.h. */
int large_page_resolve(struct fault *fault);
int large_page_split_locked(struct address_space *space, uintptr_t at);

void huge_pages_read_counters(struct huge_page_counters *counters);

/* Pages promised and not yet in use, if those in use are those promised first. */
static inline unsigned int huge_pages_outstanding(const struct huge_page_counters *counters)
{
    unsigned int used = counters->total - counters->free;

    return counters->reserved > used ? counters->reserved - used : 0;
}

#endif
