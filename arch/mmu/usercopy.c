// SPDX-License-Identifier: MIT
/* User memory: range checks, strings, and the exception table; arch/mmu/copy_user.asm copies. */
#include "arch/mmu/usercopy.h"

#include <asm/errno.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/trap.h"
#include "libc/include/string.h"

struct exception_entry {
    uint64_t address;
    uint64_t fixup;
    uint64_t at_once;
};

struct smap_patch {
    uint8_t *place;
    uint64_t last_byte;
};

extern const struct exception_entry extable_start[], extable_end[];
extern const struct smap_patch smap_start[], smap_end[];

/* arch/mmu/copy_user.asm: neither checks the range. */
size_t usercopy_copy(uintptr_t destination, uintptr_t source, size_t size);
size_t usercopy_clear(uintptr_t destination, size_t size);

size_t copy_to_user(uintptr_t destination, const void *source, size_t size)
{
    if (!user_range_ok(destination, size))
        return size;
    kasan_check_read(source, size);
    return usercopy_copy(destination, (uintptr_t)source, size);
}

size_t copy_from_user(void *destination, uintptr_t source, size_t size)
{
    if (!user_range_ok(source, size))
        return size;
    kasan_check_write(destination, size);
    return usercopy_copy((uintptr_t)destination, source, size);
}

size_t clear_user(uintptr_t destination, size_t size)
{
    if (!user_range_ok(destination, size))
        return size;
    return usercopy_clear(destination, size);
}

long strncpy_from_user(char *destination, uintptr_t source, size_t size)
{
    size_t done = 0;

    while (done < size) {
        /* In pieces within a page each, so that no byte past the NUL's page is read. */
        size_t piece = PAGE_SIZE - (source + done) % PAGE_SIZE;
        if (piece > size - done)
            piece = size - done;
        size_t left = copy_from_user(destination + done, source + done, piece);
        const char *end = memchr(destination + done, '\0', piece - left);
        if (end)
            return end - destination;
        if (left)
            return -EFAULT;
        done += piece;
    }
    return (long)size;
}

int user_word_try_load(uintptr_t address, uint32_t *value)
{
    int error = -EFAULT; /* which it stays after a fault */
    uint32_t found;

    if (!user_range_ok(address, sizeof(*value)))
        return -EFAULT;
    __asm__ volatile(STAC_IF_SMAP "1: movl (%[address]), %[found]\n\txorl %k0, %k0\n"
                                  "2:" CLAC_IF_SMAP EXCEPTION_TABLE_AT_ONCE("1b", "2b")
                     : "+r"(error), [found] "=&r"(found)
                     : [address] "r"(address)
                     : "memory", "cc");
    if (!error)
        *value = found;
    return error;
}

void usercopy_enable_smap(void)
{
    for (const struct smap_patch *patch = smap_start; patch < smap_end; patch++) {
        patch->place[1] = 0x01;
        patch->place[2] = (uint8_t)patch->last_byte;
    }
}

static const struct exception_entry *find_exception(uintptr_t address)
{
    for (const struct exception_entry *entry = extable_start; entry < extable_end; entry++)
        if (entry->address == address)
            return entry;
    return NULL;
}

uintptr_t exception_fixup(uintptr_t address)
{
    const struct exception_entry *entry = find_exception(address);

    return entry ? entry->fixup : 0;
}

bool exception_is_at_once(uintptr_t address)
{
    const struct exception_entry *entry = find_exception(address);

    return entry && entry->at_once;
}

bool access_is_implicit(uint32_t error_code)
{
    return cpu_state.smap && !(error_code & X86_PF_USER);
}
