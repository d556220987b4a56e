// SPDX-License-Identifier: MIT
/*
 * What a build with DEBUG=1 knows of translations: which CPU may have which stale one.
 *
 * No emulator shows a missing INVLPG for sure, and none shows it on another CPU. So whoever makes
 * an entry weaker says so, and the page counts as stale on every CPU that has the space loaded,
 * until that CPU executes INVLPG for it or loads CR3. What is stale still
 *
 *   - when tlb_flush() has its answers,
 *   - when a page is given back that was taken out of the tables, or
 *   - when the CPU that changed the entry goes back to ring 3
 *
 * has been forgotten, and ends in a panic that says which page, CPU and piece of code.
 */
#ifndef ARCH_TLB_CHECK_H
#define ARCH_TLB_CHECK_H

#include <stdint.h>

#include "arch/cpu_set.h"
#include "arch/pte.h"

#ifdef LATCHKEY_DEBUG

/* The leaf at an address was old and is now new; the tables may be loaded. */
void tlb_check_change(const struct cpu_set *space, uintptr_t address, pte_t old, pte_t new);

/* This CPU is about to drop one translation, or all; or has left the space. */
void tlb_check_invlpg(const struct cpu_set *space, uintptr_t address);
void tlb_check_reload(const struct cpu_set *space);
void tlb_check_unload(const struct cpu_set *space);

/* Nothing of the space may be stale, but what other CPUs have changed and not flushed yet. */
void tlb_check_flushed(const struct cpu_set *space);

/* Nothing that this CPU changed may be stale. */
void tlb_check_return(void);

#else

static inline void tlb_check_change(const struct cpu_set *space, uintptr_t address, pte_t old,
                                    pte_t new)
{
    (void)space;
    (void)address;
    (void)old;
    (void)new;
}

static inline void tlb_check_invlpg(const struct cpu_set *space, uintptr_t address)
{
    (void)space;
    (void)address;
}

static inline void tlb_check_reload(const struct cpu_set *space)
{
    (void)space;
}

static inline void tlb_check_unload(const struct cpu_set *space)
{
    (void)space;
}

static inline void tlb_check_flushed(const struct cpu_set *space)
{
    (void)space;
}

static inline void tlb_check_return(void)
{
}

#endif

#endif
