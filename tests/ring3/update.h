// SPDX-License-Identifier: MIT
/*
 * A pkey_set() that the kernel can be told of, for tests of what changes rights from outside.
 */
#ifndef TESTS_RING3_UPDATE_H
#define TESTS_RING3_UPDATE_H

#include <stdint.h>

#include "libc/include/pkru.h"

/*
 * PKRU = (PKRU & keep) | set, restartable from its start. The end of a page between reading and
 * writing is where an emulator that translates code by pages lets interrupts in.
 */
void update(uint32_t keep, uint32_t set);
extern const char update_end[];

__asm__(".globl update, update_end\n"
        ".balign 4096\n"
        ".skip 4096 - 5\n"
        "update:\n"
        "xor %ecx, %ecx\n"
        "rdpkru\n"
        "and %edi, %eax\n"
        "or %esi, %eax\n"
        "wrpkru\n"
        "update_end:\n"
        "ret\n");

/* What the system calls take of it. */
static inline uintptr_t update_start(void)
{
    return (uintptr_t)update;
}

static inline uintptr_t update_size(void)
{
    return (uintptr_t)update_end - update_start();
}

static inline void set_own(int of, unsigned int rights)
{
    update(~(3u << (2 * of)), rights << (2 * of));
}

static inline unsigned int own(int of)
{
    return pkru_read() >> (2 * of) & 3;
}

#endif
