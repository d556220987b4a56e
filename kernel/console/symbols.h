// SPDX-License-Identifier: MIT
#ifndef KERNEL_CONSOLE_SYMBOLS_H
#define KERNEL_CONSOLE_SYMBOLS_H

// The kernel's functions by address, for backtraces. tools/mksymbols makes the table from a first
// link of the kernel; the second link puts it at the end of .rodata, where it moves no function.

#include <stdint.h>

// Sorted by offset. offset counts from KERNEL_SYMBOL_BASE, name into kernel_symbol_names.
struct kernel_symbol {
    uint32_t offset;
    uint32_t name;
};

#define KERNEL_SYMBOL_BASE  0xffffffff80000000ul
#define KERNEL_SYMBOL_TABLE __attribute__((section(".kernel_symbols")))

extern const uint32_t kernel_symbol_count;
extern const struct kernel_symbol kernel_symbols[];
extern const char kernel_symbol_names[];

// The name of the last function that starts at or before address, with the distance from its start
// in *offset; NULL where there is none. Says nothing about where that function ends.
const char *symbol_lookup(uintptr_t address, uintptr_t *offset);

#endif
