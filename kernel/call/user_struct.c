// SPDX-License-Identifier: MIT
#include "kernel/call/user_struct.h"

#include <asm/errno.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "libc/include/string.h"

int user_struct_read(void *structure, size_t known, size_t least, uintptr_t address, size_t size)
{
    uint8_t byte;

    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < least)
        return -EINVAL;
    for (size_t i = known; i < size; i++) {
        if (copy_from_user(&byte, address + i, 1))
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    memset(structure, 0, known);
    return copy_from_user(structure, address, size < known ? size : known) ? -EFAULT : 0;
}
