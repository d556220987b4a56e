// SPDX-License-Identifier: MIT
#include "kernel/requeue/user_word.h"

#include <asm/errno.h>

#include "arch/mmu/usercopy.h"

/* One access between STAC and CLAC. A fault skips the XOR, so error stays as it was. */
#define ACCESS(instruction, table)                       \
    STAC_IF_SMAP "1: " instruction "\n\txorl %k0, %k0\n" \
                 "2:" CLAC_IF_SMAP table("1b", "2b")

#define REPLACE(table)                                                    \
    __asm__ volatile(ACCESS("lock cmpxchgl %[next], (%[address])", table) \
                     : "+r"(error), "+a"(found)                           \
                     : [address] "r"(address), [next] "r"(next)           \
                     : "memory", "cc")

int user_word_load(uintptr_t address, uint32_t *value)
{
    uint32_t found;

    if (!user_range_ok(address, sizeof(*value)))
        return -EFAULT;
    user_access_begin();
    user_get(&found, (const uint32_t *)address, failed);
    user_access_end();
    *value = found;
    return 0;
failed:
    user_access_end();
    return -EFAULT;
}

/* What CMPXCHG left in EAX says whether it has written. */
static int replaced(int error, uint32_t *value, uint32_t found)
{
    if (error || found == *value)
        return error;
    *value = found;
    return -EAGAIN;
}

int user_word_replace(uintptr_t address, uint32_t *value, uint32_t next)
{
    int error = -EFAULT;
    uint32_t found = *value;

    if (!user_range_ok(address, sizeof(*value)))
        return -EFAULT;
    REPLACE(EXCEPTION_TABLE);
    return replaced(error, value, found);
}

int user_word_try_replace(uintptr_t address, uint32_t *value, uint32_t next)
{
    int error = -EFAULT;
    uint32_t found = *value;

    if (!user_range_ok(address, sizeof(*value)))
        return -EFAULT;
    REPLACE(EXCEPTION_TABLE_AT_ONCE);
    return replaced(error, value, found);
}

int user_word_prepare(uintptr_t address)
{
    uint32_t value = 0;

    return user_word_replace(address, &value, 0) == -EFAULT ? -EFAULT : 0;
}
