// SPDX-License-Identifier: MIT
#include "arch/cpu/bug.h"

#include <stddef.h>

extern const struct bug_entry bugs_start[], bugs_end[];

const struct bug_entry *bug_find(uintptr_t address)
{
    for (const struct bug_entry *entry = bugs_start; entry < bugs_end; entry++)
        if (entry->address == address)
            return entry;
    return NULL;
}

/* ---- the stack protector ---- */

/* The guard until stack_guard_set(). */
uintptr_t __stack_chk_guard = 0x5ca1ab1e0ddba100;

void __stack_chk_fail(void)
{
    bug("stack smashing: a function's guard is overwritten");
}

/* Must not be protected itself: it changes what it would compare with. */
__attribute__((no_stack_protector)) void stack_guard_set(uintptr_t value)
{
    /* The lowest byte, first in memory, is 0: a string that overruns cannot write this value. */
    __stack_chk_guard = value & ~0xfful;
}
