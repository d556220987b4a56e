// SPDX-License-Identifier: MIT
/*
 * The format of a paging-structure entry (SDM vol. 3A, 4.5, tables 4-15 to 4-20), and the
 * protection key in it.
 *
 *  63 62   59 58   52 51                        12 11  9 8 7  6 5 4   3   2 1 0
 * +--+-------+-------+----------------------------+-----+-+--+-+-+---+---+-+-+-+
 * |NX|  key  |ignored|      physical address      |soft |G|PS|D|A|PCD|PWT|U|W|P|
 * +--+-------+-------+----------------------------+-----+-+--+-+-+---+---+-+-+-+
 *
 * Only a leaf has a key: a PTE (4 KiB), a PDE with PS (2 MiB), a PDPTE with PS (1 GiB). Elsewhere,
 * and when CR4.PKE is 0, bits 62:59 are ignored. In the large leaves bit 12 is PAT and the bits
 * from there up to the page's size are reserved; Latchkey leaves them 0.
 *
 * The CPU ignores the other bits of an entry with P=0, so the kernel defines them: 0 is "nothing
 * here"; anything else is a page of a PROT_NONE VMA, which keeps its frame, flags and key.
 */
#ifndef ARCH_MMU_PTE_H
#define ARCH_MMU_PTE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/types.h"

#define PTE_P   (1ul << 0)
#define PTE_W   (1ul << 1)
#define PTE_U   (1ul << 2)
#define PTE_PWT (1ul << 3)
#define PTE_PCD (1ul << 4)
#define PTE_A   (1ul << 5)
#define PTE_D   (1ul << 6)
#define PTE_PS  (1ul << 7) /* in a PDE or PDPTE: this is a leaf */
#define PTE_G   (1ul << 8)
#define PTE_NX  (1ul << 63)

#define PTE_ADDRESS_MASK 0x000ffffffffff000ul
#define PTE_KEY_SHIFT    59
#define PTE_KEY_MASK     (0xful << PTE_KEY_SHIFT)

/* Levels are numbered from the leaf up: 1 is the PTE, 4 the PML4E. */
#define PTE_LEVELS    4
#define PTE_PER_TABLE 512

static inline unsigned int pte_level_shift(unsigned int level)
{
    return PAGE_SHIFT + 9 * (level - 1);
}

/* Bytes that one entry of this level spans: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static inline uint64_t pte_level_size(unsigned int level)
{
    return 1ul << pte_level_shift(level);
}

static inline unsigned int pte_index(uintptr_t address, unsigned int level)
{
    return (address >> pte_level_shift(level)) % PTE_PER_TABLE;
}

static inline pte_t pte_make(paddr_t address, uint64_t bits)
{
    return (pte_t){(address.value & PTE_ADDRESS_MASK) | bits};
}

static inline bool pte_is_present(pte_t pte)
{
    return pte.value & PTE_P;
}

static inline bool pte_is_empty(pte_t pte)
{
    return pte.value == 0;
}

/* Whether an entry of this level maps a page (present or not) rather than pointing to a table. */
static inline bool pte_is_leaf(pte_t pte, unsigned int level)
{
    return level == 1 || (pte.value & PTE_PS);
}

static inline paddr_t pte_address(pte_t pte)
{
    return paddr(pte.value & PTE_ADDRESS_MASK);
}

static inline unsigned int pte_key(pte_t pte)
{
    return (pte.value & PTE_KEY_MASK) >> PTE_KEY_SHIFT;
}

static inline uint64_t pte_key_bits(unsigned int key)
{
    return (uint64_t)key << PTE_KEY_SHIFT;
}

#endif
