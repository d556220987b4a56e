// SPDX-License-Identifier: MIT
/*
 * Inside the address checker: where the shadow is and what its bytes say.
 *
 * The shadow of an address is at address / 8 + KASAN_SHADOW_OFFSET, which the Makefile tells the
 * compiler too. That of the upper half begins at ffffec0000000000, where nothing else is.
 */
#ifndef SANITIZERS_KASAN_SHADOW_H
#define SANITIZERS_KASAN_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/types.h"
#include "mm/page/page.h"

#define KASAN_GRANULE 8

/* Why 8 bytes may not be accessed. Those below 0xf8 are the compiler's own. */
enum kasan_shadow {
    KASAN_STACK_LEFT = 0xf1,
    KASAN_STACK_MIDDLE = 0xf2,
    KASAN_STACK_RIGHT = 0xf3,
    KASAN_GLOBAL = 0xf9,      /* the red zone of a global variable */
    KASAN_SLAB_FREE = 0xfb,   /* an object that was freed */
    KASAN_SLAB_ZONE = 0xfc,   /* of a slab: a red zone, or an object that was never given out */
    KASAN_PAGE_ZONE = 0xfd,   /* what a block of kmalloc()'s has behind what was asked for */
    KASAN_FREED_STACK = 0xfe, /* a kernel stack that no task has */
    KASAN_PAGE_FREE = 0xff,
};

static inline uint8_t *kasan_shadow_of(uintptr_t address)
{
    return (uint8_t *)((address >> 3) + KASAN_SHADOW_OFFSET);
}

/* Both from a multiple of 8 on; what is poisoned ends at one too. Nothing before the start. */
void kasan_poison(uintptr_t start, size_t size, enum kasan_shadow why);
void kasan_unpoison(uintptr_t start, size_t size);

/* The first byte of a range that may not be accessed, or 0. */
uintptr_t kasan_first_bad(uintptr_t start, size_t size);

extern bool kasan_is_on;

/* libc/core's own, which checks nothing: the linker gives all others kasan_memory.c's. */
void *__real_memset(void *memory, int byte, size_t count);

/* ---- stacks of calls, each kept once ---- */

/* Gets memory for them. */
void kasan_traces_init(void);

/* The calls from a frame pointer on, as a number; 0 when there is no room for more. */
uint32_t kasan_trace_keep(uintptr_t rbp);

/* Prints a row for each. */
void kasan_trace_print(const char *label, uint32_t trace);

/* Who had a page last: page.history. */
struct page_traces {
    uint32_t allocated_at, freed_at;
};

static inline struct page_traces *kasan_page_traces(const struct page *page)
{
    return (struct page_traces *)&page->history;
}

/* ---- what is known of an object, behind it ---- */

enum kasan_object_state {
    KASAN_NEVER_USED = 0,
    KASAN_IN_USE,
    KASAN_FREED,
};

struct kasan_object {
    void *next; /* in quarantine */
    uint32_t allocated_at, freed_at;
    uint32_t size;  /* as asked for */
    uint32_t state; /* enum kasan_object_state */
};

struct slab_cache;

struct kasan_object *kasan_object_of(const struct slab_cache *cache, const void *object);

/* ---- reports ---- */

enum kasan_kind {
    KASAN_READ,
    KASAN_WRITE,
    KASAN_FREE, /* of what is free, or no object */
};

struct kasan_bug {
    enum kasan_kind kind;
    uintptr_t address; /* of the access */
    size_t size;
    uintptr_t bad;    /* the first byte that was not to be accessed */
    uintptr_t rip;    /* after the call that has checked */
    const char *what; /* such as "use after free" */
};

/* Says all about it and panics, or hands it to kasan_catch. */
void kasan_report(enum kasan_kind kind, uintptr_t address, size_t size, uintptr_t rip);

/* For tests: gets what is found instead of a panic. */
extern void (*kasan_catch)(const struct kasan_bug *bug);

/* What the address belongs to, for a report. */
void kasan_describe(const struct kasan_bug *bug);

/* The global variable whose red zone has an address; false when none is known. */
bool kasan_describe_global(uintptr_t address);

/* Global variables get red zones: the compiler's constructors call it for each file. */
void kasan_register_globals(void);

#endif
