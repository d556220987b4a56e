// SPDX-License-Identifier: MIT
/*
 * Which CPU may have which stale translation, in a table for all address spaces; part of a build
 * with DEBUG=1.
 *
 * No emulator shows a missing INVLPG reliably, and none shows it on another CPU. So code that makes
 * an entry weaker says so, and the page counts as stale on every CPU that has the space loaded,
 * until that CPU executes INVLPG for it or loads CR3. What is still stale
 *
 *   - when tlb_flush() has its answers,
 *   - when a page is given back that was taken out of the tables, or
 *   - when the CPU that changed the entry goes back to ring 3
 *
 * has been forgotten, and ends in a panic that names the page, the CPU and the piece of code.
 *
 * An entry is one page of a space, or all its pages: if there are many, only a reload of CR3 is
 * expected, so they are kept as one. The table is short, because an operation's pages are out of it
 * before the operation ends.
 *
 * A CPU is taken out just before its INVLPG or load of CR3. So a change that comes between the two
 * counts as stale until the next one, which its own flush causes: a page is never called clean too
 * early.
 */
#include "arch/mmu/tlb.h"

#include <stdbool.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"

#define STALE_MAX 1024
#define ALL_PAGES UINTPTR_MAX

struct stale {
    const struct cpu_set *space;
    uintptr_t page; /* address, or ALL_PAGES */
    struct cpu_set cpus;
    unsigned int changed_by; /* CPU */
    const void *site;
};

static struct stale table[STALE_MAX];
static unsigned int count;
static uint32_t busy;

static uint64_t enter(void)
{
    uint64_t flags = irq_save();

    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
    return flags;
}

static void leave(uint64_t flags)
{
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    irq_restore(flags);
}

/* The last entry moves to the place of one that no CPU has any more. */
static void drop(unsigned int i)
{
    table[i] = table[--count];
}

/* Whether an entry is of a change that this CPU has made to the space. */
static bool is_mine(const struct stale *stale, const struct cpu_set *space)
{
    return stale->space == space && stale->changed_by == this_cpu_number();
}

static void drop_mine(const struct cpu_set *space)
{
    for (unsigned int i = count; i-- > 0;)
        if (is_mine(&table[i], space))
            drop(i);
}

/* The entry that a page goes to: its own, the one for all, or a new one. */
static struct stale *place(const struct cpu_set *space, uintptr_t page)
{
    unsigned int pages = 0;

    for (unsigned int i = 0; i < count; i++) {
        if (!is_mine(&table[i], space))
            continue;
        if (table[i].page == page || table[i].page == ALL_PAGES)
            return &table[i];
        pages++;
    }
    if (pages == TLB_FLUSH_ALL_PAGES) {
        drop_mine(space);
        page = ALL_PAGES;
    }
    if (count == STALE_MAX)
        check_failed("more than %u stale translations", STALE_MAX);
    table[count] = (struct stale){.space = space, .page = page, .changed_by = this_cpu_number()};
    return &table[count++];
}

static bool is_weaker(pte_t old, pte_t new)
{
    if (!pte_is_present(old))
        return false;
    if (!pte_is_present(new) || pte_address(old).value != pte_address(new).value)
        return true;
    return pte_key(old) != pte_key(new) || (old.value & ~new.value &PTE_W) ||
           (~old.value & new.value &PTE_NX);
}

void tlb_check_change(const struct cpu_set *space, uintptr_t address, pte_t old, pte_t new)
{
    if (!is_weaker(old, new))
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the entry first: CPUs that join now see it */
    uint64_t flags = enter();
    if (!cpu_set_is_empty(space)) {
        struct stale *stale = place(space, address);
        for (unsigned int i = 0; i < CPU_SET_WORDS; i++)
            stale->cpus.words[i] |= __atomic_load_n(&space->words[i], __ATOMIC_RELAXED);
        stale->site = __builtin_return_address(0);
    }
    leave(flags);
}

/* This CPU drops all of the space's translations, or that of one page. */
static void forget(const struct cpu_set *space, uintptr_t page)
{
    uint64_t flags = enter();

    for (unsigned int i = count; i-- > 0;) {
        if (table[i].space != space || (page != ALL_PAGES && table[i].page != page))
            continue;
        cpu_set_remove(&table[i].cpus, this_cpu_number());
        if (cpu_set_is_empty(&table[i].cpus))
            drop(i);
    }
    leave(flags);
}

void tlb_check_invlpg(const struct cpu_set *space, uintptr_t address)
{
    forget(space, address);
}

void tlb_check_reload(const struct cpu_set *space)
{
    forget(space, ALL_PAGES);
}

void tlb_check_unload(const struct cpu_set *space)
{
    forget(space, ALL_PAGES);
}

static void __attribute__((noreturn)) report(const struct stale *stale, const char *when)
{
    struct stale copy = *stale;

    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    if (copy.page == ALL_PAGES)
        check_failed("TLB: %s: many pages, changed by CPU %u at %p, are stale on CPU %u", when,
                     copy.changed_by, copy.site, cpu_set_next(&copy.cpus, 0));
    check_failed("TLB: %s: page %lx, changed by CPU %u at %p, is stale on CPU %u", when, copy.page,
                 copy.changed_by, copy.site, cpu_set_next(&copy.cpus, 0));
}

static void expect_none(const struct cpu_set *space, const char *when)
{
    uint64_t flags = enter();

    for (unsigned int i = 0; i < count; i++)
        if ((!space || table[i].space == space) && table[i].changed_by == this_cpu_number())
            report(&table[i], when);
    leave(flags);
}

void tlb_check_flushed(const struct cpu_set *space)
{
    expect_none(space, "after the flush");
}

void tlb_check_return(void)
{
    if (__atomic_load_n(&count, __ATOMIC_RELAXED))
        expect_none(NULL, "before ring 3");
}
