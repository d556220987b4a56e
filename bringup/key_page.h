// SPDX-License-Identifier: MIT
/*
 * A user page under a key, in tables of its own, for tests of what a key does in ring 0.
 */
#ifndef BRINGUP_KEY_PAGE_H
#define BRINGUP_KEY_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/types.h"

struct page;
struct test_run;

#define KEY_PAGE_ADDRESS 0x0000200000000000ul

struct key_page {
    paddr_t root, live; /* live: before key_page_enter() */
    struct page *target;
    uint64_t *leaf;
};

/* Opens one and loads its tables, in place of live ones; or fails the test, and returns false. */
bool key_page_enter(struct test_run *run, struct key_page *page, unsigned int key);

/* Loads the tables that were live, and closes it. */
void key_page_leave(struct key_page *page);

/* 0 or -ENOMEM; the tables are not loaded. */
int key_page_open(struct key_page *page, unsigned int key);

/* Changes the entry; invalidating is the caller's. */
void key_page_set(struct key_page *page, unsigned int key);

/*
 * Writes to the page, whose tables are loaded: whether it is denied. A fault that is not the key's
 * fails the test.
 */
bool key_page_denies_write(struct test_run *run);

#endif
