// SPDX-License-Identifier: MIT
/*
 * What it costs to give memory another key or protection, to be caught by them, and to map memory
 * and unmap it. After each change of keys some pages are looked at: is the new key enforced, and is
 * the data there? If not, the program ends.
 */
#include "user/pkbench/measure.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libc/include/pkru.h"

#define LOOKS        3   /* pages looked at after each change */
#define UNALIGNED_BY 100 /* pages */

/* ---- faults: the handler opens all keys and notes which one it was ---- */

static uint32_t pkru_offset;
static volatile sig_atomic_t fault_key;
static volatile char *open_page; /* what the handler makes accessible where no key forbade it */

static void be_caught(int number, siginfo_t *info, void *context)
{
    (void)number;
    if (info->si_code == SEGV_PKUERR) {
        uint32_t open = 0;
        char *image = (char *)((ucontext_t *)context)->uc_mcontext.fpregs;
        fault_key = (sig_atomic_t)info->si_pkey;
        memcpy(image + pkru_offset, &open, sizeof(open));
    } else {
        fault_key = -1;
        require(open_page && mprotect((void *)open_page, PAGE, READ_WRITE) == 0, "mprotect");
    }
}

static void watch_for_faults(void)
{
    struct sigaction action = {.sa_sigaction = be_caught, .sa_flags = SA_SIGINFO};

    require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

/* ---- memory whose key or protection changes, by turns to keys[0] and keys[1] ---- */

static struct {
    char *start;
    size_t size;
    size_t step; /* bytes from one page that is present to the next */
} range;

static uint32_t random_state = 1;

static size_t random_below(size_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % limit;
}

static unsigned char mark_of(size_t page)
{
    return (unsigned char)(page * 7 + 1);
}

/* Pages of that size, each present one with a mark. */
static void map_range(size_t pages, size_t page_size, size_t step)
{
    bool large = page_size == LARGE_PAGE;
    size_t size = pages * page_size;
    char *memory = mmap(NULL, size + LARGE_PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    require(memory != MAP_FAILED, "mmap");
    range.start = (char *)(((uintptr_t)memory + LARGE_PAGE - 1) & -LARGE_PAGE);
    range.size = size;
    range.step = step * page_size;
    if (range.start > memory)
        munmap(memory, (size_t)(range.start - memory));
    munmap(range.start + size, (size_t)(memory + LARGE_PAGE - range.start));
    madvise(range.start, size, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += range.step)
        *(unsigned char *)(range.start + at) = mark_of(at / page_size);
}

static volatile unsigned char *random_page(unsigned char *mark)
{
    size_t page_size = range.size % LARGE_PAGE || range.step % LARGE_PAGE ? PAGE : LARGE_PAGE;
    size_t at = random_below((range.size + range.step - 1) / range.step) * range.step;

    *mark = mark_of(at / page_size);
    return (unsigned char *)range.start + at;
}

static void rekey(int turn)
{
    require(pkey_mprotect(range.start, range.size, READ_WRITE, keys[turn % 2]) == 0, "rekeying");
}

static void look_at_keys(int turn)
{
    int key = keys[turn % 2];
    unsigned char mark;

    for (int i = 0; i < LOOKS; i++) {
        volatile unsigned char *page = random_page(&mark);
        pkey_set(key, PKEY_DISABLE_ACCESS);
        fault_key = 0;
        unsigned char found = *page;
        require(fault_key == key, "the new key is not enforced");
        require(found == mark, "the data is not there");
    }
}

static void change_protection(int turn)
{
    int protection = turn % 2 ? READ_WRITE : PROT_READ;

    require(mprotect(range.start, range.size, protection) == 0, "mprotect");
}

static void look_at_data(int turn)
{
    unsigned char mark;

    (void)turn;
    for (int i = 0; i < LOOKS; i++)
        require(*random_page(&mark) == mark, "the data is not there");
}

static void measure_range(size_t pages, size_t page_size, size_t step)
{
    const char *text = step > 1 ? ", 1 in 7 present" : "";
    const char *unit = page_size == LARGE_PAGE ? " of 2 MiB" : text;
    char name[80];
    struct operation operation = {.name = name};

    map_range(pages, page_size, step);
    snprintf(name, sizeof(name), "mprotect, %zu page%s%s", pages, pages > 1 ? "s" : "", unit);
    operation.run = change_protection;
    operation.check = look_at_data;
    measure(&operation);
    if (pkru_enabled()) {
        snprintf(name, sizeof(name), "pkey_mprotect, %zu page%s%s", pages, pages > 1 ? "s" : "",
                 unit);
        operation.run = rekey;
        operation.check = look_at_keys;
        measure(&operation);
    }
    munmap(range.start, range.size);
}

/* The range begins in the middle of a page table, so that it is in two. */
static void measure_unaligned(size_t pages)
{
    char name[80];
    struct operation operation = {.name = name, .run = rekey, .check = look_at_keys};

    if (!pkru_enabled())
        return;
    map_range(pages + UNALIGNED_BY, PAGE, 1);
    munmap(range.start, UNALIGNED_BY * PAGE);
    range.start += UNALIGNED_BY * PAGE;
    range.size -= UNALIGNED_BY * PAGE;
    for (size_t page = 0; page < pages; page++)
        range.start[page * PAGE] = (char)mark_of(page);
    snprintf(name, sizeof(name), "pkey_mprotect, %zu pages over a table's end", pages);
    measure(&operation);
    munmap(range.start, range.size);
}

static void measure_ranges(void)
{
    static const size_t counts[] = {1, 4, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        measure_range(counts[i], PAGE, 1);
    measure_unaligned(512);
    measure_range(1024, PAGE, 7);
    for (size_t pages = 1; pages <= 32; pages *= 2)
        measure_range(pages, LARGE_PAGE, 1);
}

/* ---- A fault, its handler, and the way back ---- */

static void map_open_page(int key)
{
    open_page = mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(open_page != MAP_FAILED, "mmap");
    open_page[0] = 1;
    if (key)
        require(pkey_mprotect((void *)open_page, PAGE, READ_WRITE, key) == 0, "pkey_mprotect");
}

static void close_by_key(int turn)
{
    (void)turn;
    pkey_set(keys[0], PKEY_DISABLE_ACCESS);
}

static void close_by_protection(int turn)
{
    (void)turn;
    mprotect((void *)open_page, PAGE, PROT_NONE);
}

static void touch_open_page(int turn)
{
    (void)turn;
    (void)open_page[0];
}

static void measure_faults(void)
{
    struct operation operation = {"mprotect fault, handler, return", close_by_protection,
                                  touch_open_page, NULL};

    map_open_page(0);
    measure(&operation);
    if (!pkru_enabled())
        return;
    map_open_page(keys[0]);
    operation.name = "pkey fault, handler, return";
    operation.prepare = close_by_key;
    measure(&operation);
}

/* ---- mapping ---- */

static void map_touch_unmap(int turn)
{
    char *page = mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)turn;
    *(volatile char *)page = 1;
    munmap(page, PAGE);
}

void measure_memory(void)
{
    static const struct operation map = {.name = "mmap, touch, munmap one page",
                                         .run = map_touch_unmap};

    if (pkru_enabled())
        pkru_offset = pkru_xsave_offset();
    watch_for_faults();
    measure_faults();
    measure(&map);
    measure_ranges();
}
