// SPDX-License-Identifier: MIT
/*
 * The layout of the virtual address space.
 *
 *   ffff_ffff_8000_0000  kernel image, linked here (-2 GiB), loaded at physical 1 MiB
 *   ffff_ffff_0000_0000  device registers, uncached, and the framebuffer, mapped on request
 *   ffff_c900_0000_0000  kernel stacks, each above an unmapped guard page
 *   ffff_8880_0000_0000  direct map: all RAM (never device or reserved ranges) once, NX,
 *                        by the largest pages that fit
 *   ffff_8000_0000_0000  first kernel address
 *        ... non-canonical ...
 *   0000_7fff_ffff_f000  USER_END, one page below 2^47: no SYSCALL instruction can lie so that
 *                        its return address is non-canonical (SDM vol. 2B, SYSRET)
 *
 * The upper half is the same in every address space: its 256 top-level entries are made at boot
 * and never change.
 */
#ifndef ARCH_CPU_LAYOUT_H
#define ARCH_CPU_LAYOUT_H

#include <stdint.h>

#include "arch/cpu/types.h"

#define USER_END   0x00007ffffffff000ul
#define UPPER_HALF 0xffff800000000000ul

/* Physical: from here to 1 MiB lie video memory and the BIOS. */
#define LOW_MEMORY_END 0xa0000ul

#define DIRECT_MAP_BASE   0xffff888000000000ul
#define DIRECT_MAP_SIZE   0x0000400000000000ul /* 64 TiB */
#define KERNEL_STACK_BASE 0xffffc90000000000ul
#define DEVICE_BASE       0xffffffff00000000ul
#define DEVICE_SIZE       0x0000000040000000ul /* 1 GiB */
#define KERNEL_BASE       0xffffffff80000000ul
#define KERNEL_LOAD       0x0000000000100000ul /* physical */

/* How much boot/entry.asm's direct map shows, devices too. The final one has RAM alone. */
#define EARLY_DIRECT_MAP_SIZE 0x100000000ul

/* Where the direct map shows the byte at a physical address, which must be RAM. */
static inline void *direct_map(paddr_t address)
{
    return (void *)(DIRECT_MAP_BASE + address.value);
}

/* The physical address of a pointer into the direct map. */
static inline paddr_t direct_map_paddr(const void *pointer)
{
    return paddr((uintptr_t)pointer - DIRECT_MAP_BASE);
}

/* The physical address of a pointer into the kernel image. */
static inline paddr_t image_paddr(const void *pointer)
{
    return paddr((uintptr_t)pointer - KERNEL_BASE);
}

#endif
