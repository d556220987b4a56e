// SPDX-License-Identifier: MIT
/*
 * A thread's own rights by the vDSO, whose pkey_set() the kernel can restart, for tests of what
 * changes rights from outside. In the core, which has no vDSO, by the call.
 */
#ifndef TESTS_RING3_KEYS_UPDATE_H
#define TESTS_RING3_KEYS_UPDATE_H

#include <stdint.h>

#include "libc/include/latchkey/syscalls.h"
#include "libc/include/latchkey/vdso.h"
#include "libc/include/pkru.h"
#include "tests/ring3/tasks.h"

static int (*vdso_pkey_set)(int of, unsigned int rights); /* NULL where there is none */

/* Must come before the others. */
static inline void find_pkey_set(void)
{
    vdso_pkey_set =
        (int (*)(int, unsigned int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_set");
}

static inline void set_own(int of, unsigned int rights)
{
    if (vdso_pkey_set)
        vdso_pkey_set(of, rights);
    else
        raw_call(__NR_pkey_set, (uintptr_t)of, rights, 0, 0);
}

static inline unsigned int own(int of)
{
    return pkru_read() >> (2 * of) & 3;
}

#endif
