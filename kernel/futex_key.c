// SPDX-License-Identifier: MIT
#include "kernel/futex_key.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/user_word.h"
#include "arch/usercopy.h"
#include "kernel/task.h"
#include "mm/address_space.h"
#include "mm/object.h"

static int key_in_area(const struct area *area, uintptr_t address, bool read_only,
                       struct futex_key *key)
{
    if (area->object && ((area->flags & AREA_SHARED) || read_only)) {
        uint64_t start = area->object_page << PAGE_SHIFT;
        *key = (struct futex_key){FUTEX_OF_OBJECT, area->object->number,
                                  start + (address - area->start)};
        return 0;
    }
    key->scope = FUTEX_SHARED;
    return read_only ? -EFAULT : 0;
}

/*
 * As on Linux, a word that cannot be written is read: from a page that is there as its key allows,
 * from one that is not there only if the area, too, may be read and is not execute-only.
 */
static int make_shared(uintptr_t address, bool write, struct futex_key *key)
{
    struct address_space *space = current()->space;
    uint32_t value;
    bool is_there = user_word_try_load(address, &value) == 0;
    bool read_only = user_word_prepare(address) != 0;

    if (read_only && (write || user_word_load(address, &value)))
        return -EFAULT;
    space_lock_read(space);
    const struct area *area = area_find(&space->areas, address);
    int error = area_holds(area, address) && (is_there || area->prot & PROT_READ)
                    ? key_in_area(area, address, read_only, key)
                    : -EFAULT;
    space_unlock_read(space);
    return error;
}

int futex_key_make(uintptr_t address, bool is_private, bool write, struct futex_key *key)
{
    if (address % sizeof(uint32_t))
        return -EINVAL;
    if (!user_range_ok(address, sizeof(uint32_t)))
        return -EFAULT;
    *key = (struct futex_key){FUTEX_PRIVATE, (uintptr_t)current()->space, address};
    return is_private ? 0 : make_shared(address, write, key);
}
