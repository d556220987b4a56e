// SPDX-License-Identifier: MIT
#include "tests/fuzz/tree.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "tests/fuzz/call.h"

/* A record of getdents64, which has no uapi header. */
struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* One buffer's worth of entries; how many of them are gone now. */
static int remove_some(int folder)
{
    _Alignas(struct entry) char records[2048];
    long size = KERNEL(getdents64, folder, records, sizeof(records));
    int removed = 0;

    for (long at = 0; at < size;) {
        const struct entry *entry = (const struct entry *)(records + at);

        removed += !is_dots(entry->name) && tree_remove(folder, entry->name);
        at += entry->size;
    }
    return removed;
}

bool tree_remove(int directory, const char *name)
{
    long folder;

    if (KERNEL(unlinkat, directory, name, 0) == 0)
        return true;
    folder = KERNEL(openat, directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (is_error(folder))
        return false;
    while (remove_some((int)folder) > 0)
        KERNEL(lseek, folder, 0, 0);
    KERNEL(close, folder);
    return KERNEL(unlinkat, directory, name, AT_REMOVEDIR) == 0;
}
