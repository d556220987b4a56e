// SPDX-License-Identifier: MIT
/* getrandom(2). */
#include "arch/mmu/usercopy.h"
#include "kernel/call/random.h"
#include "kernel/call/syscall.h"

#define GETRANDOM_FLAGS 7u /* GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE */

SYSCALL3(getrandom, uintptr_t, buffer, size_t, size, unsigned int, flags)
{
    char piece[256];
    size_t done = 0;

    if (flags & ~GETRANDOM_FLAGS)
        return -EINVAL;
    while (done < size) {
        size_t count = size - done < sizeof(piece) ? size - done : sizeof(piece);
        random_bytes(piece, count);
        if (copy_to_user(buffer + done, piece, count))
            return done ? (long)done : -EFAULT;
        done += count;
    }
    return (long)done;
}
