// SPDX-License-Identifier: MIT
/*
 * The debug registers: four addresses that the CPU compares with each access (SDM vol. 3B, 18.2).
 *
 *     DR0-DR3  linear addresses
 *     DR6      which of them were met, since it was last written
 *     DR7      which of them count, and for what:
 *
 *       31 30  29 28 ... 17 16   15-8   7  6   5  4   3  2   1  0
 *       LEN3    RW3  ...  RW0      0   G3 L3  G2 L2  G1 L1  G0 L0
 */
#ifndef ARCH_BOARD_DEBUG_REGISTERS_H
#define ARCH_BOARD_DEBUG_REGISTERS_H

#include <stdint.h>

#define DEBUG_ADDRESSES 4

#define DR6_INITIAL 0xffff0ff0ul /* what it holds when nothing was met: some bits are inverted */
#define DR6_MET     0xful        /* bit n: the address of DRn */
#define DR6_STEP    (1ul << 14)

#define DR7_INITIAL                (1ul << 10)
#define DR7_ENABLED(number)        (3ul << 2 * (number))
#define DR7_GLOBAL(number)         (2ul << 2 * (number))
#define DR7_CONTROL(dr7, number)   ((dr7) >> (16 + 4 * (number)) & 0xf)
#define DR7_PLACE(control, number) ((uint64_t)(control) << (16 + 4 * (number)))

/* RW, the lower half of a control; LEN, the upper one: 0 to 3 for 1, 2, 8 and 4 bytes. */
#define DEBUG_EXECUTE 0u
#define DEBUG_WRITE   1u
#define DEBUG_PORT    2u /* an I/O port, with CR4.DE; otherwise undefined */

/* clang-format off */
#define WRITE_DR(number, value) \
    __asm__ volatile("movq %0, %%db" #number : : "r"((uint64_t)(value)) : "memory")
/* clang-format on */

static inline uint64_t read_dr6(void)
{
    uint64_t value;
    __asm__ volatile("movq %%db6, %0" : "=r"(value) : : "memory");
    return value;
}

static inline void write_debug_addresses(const uintptr_t addresses[DEBUG_ADDRESSES])
{
    WRITE_DR(0, addresses[0]);
    WRITE_DR(1, addresses[1]);
    WRITE_DR(2, addresses[2]);
    WRITE_DR(3, addresses[3]);
}

#endif
