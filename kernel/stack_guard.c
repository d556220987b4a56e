// SPDX-License-Identifier: MIT
/* The stack protector's guard, and what happens when it was overwritten. */
#include "kernel/stack_guard.h"

#include "kernel/panic.h"
#include "kernel/random.h"

/* What functions compare with before stack_guard_init(). */
uintptr_t __stack_chk_guard = 0x5ca1ab1e0ddba100;

void __stack_chk_fail(void)
{
    panic("stack smashing: a function found the guard above its arrays overwritten");
}

/* Must not be protected itself: it changes what it would compare with. */
__attribute__((no_stack_protector)) void stack_guard_init(void)
{
    uintptr_t value;

    random_bytes(&value, sizeof(value));
    /* The lowest byte, first in memory, is 0: a string that runs over ends before the guard. */
    __stack_chk_guard = value & ~0xfful;
}
