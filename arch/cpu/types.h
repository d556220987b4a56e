// SPDX-License-Identifier: MIT
/*
 * The address types of an x86-64, which the compiler tells apart.
 *
 * A physical address and a page-table entry are structures of one field, so that neither is
 * taken for the other, for a pointer or for a number. A kernel virtual address is a pointer; a
 * user virtual address, which the kernel never follows, is a uintptr_t.
 */
#ifndef ARCH_CPU_TYPES_H
#define ARCH_CPU_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((uintptr_t)1 << PAGE_SHIFT)

/* A physical address, in bytes. */
typedef struct {
    uint64_t value;
} paddr_t;

/* An entry of a paging structure at any of the four levels; arch/mmu/pte.h has the format. */
typedef struct {
    uint64_t value;
} pte_t;

static inline paddr_t paddr(uint64_t value)
{
    return (paddr_t){value};
}

static inline paddr_t paddr_add(paddr_t base, uint64_t bytes)
{
    return paddr(base.value + bytes);
}

/* Round to a multiple of size, a power of two. */
static inline uint64_t align_down(uint64_t value, uint64_t size)
{
    return value & ~(size - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t size)
{
    return (value + size - 1) & ~(size - 1);
}

#define array_size(array) (sizeof(array) / sizeof((array)[0]))

/* The structure of the given type whose member is at pointer. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
