// SPDX-License-Identifier: MIT
// Finds the function an address belongs to. Takes no lock and allocates nothing, so a panic may
// call it.

#include "kernel/console/symbols.h"

#include <stddef.h>

const char *symbol_lookup(uintptr_t address, uintptr_t *offset)
{
    uint32_t low = 0;
    uint32_t high = kernel_symbol_count;

    // Invariant: entries below low start at or before address, entries from high on start after it.
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (KERNEL_SYMBOL_BASE + kernel_symbols[middle].offset <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;

    *offset = address - (KERNEL_SYMBOL_BASE + kernel_symbols[low - 1].offset);
    return kernel_symbol_names + kernel_symbols[low - 1].name;
}
