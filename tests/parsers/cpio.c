// SPDX-License-Identifier: MIT
/* Entries of a cpio archive, one after the other, as fs/root/root.c goes through them. */
#include "fs/root/cpio.h"

#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

static const char *archive;
static size_t archive_size;

static void expect_inside(const char *start, size_t size)
{
    expect(start >= archive && start <= archive + archive_size);
    expect(size <= (size_t)(archive + archive_size - start));
}

static void check(const struct cpio_entry *entry, size_t offset)
{
    size_t name_size = entry->fields[CPIO_SIZE_OF_NAME];
    size_t data_size = entry->fields[CPIO_SIZE_OF_DATA];

    expect_inside(entry->name, name_size);
    expect(strlen(entry->name) == name_size - 1);
    if (data_size)
        expect_inside(entry->data, data_size);
    expect(entry->end > offset && entry->end <= archive_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *copy = exact_copy(bytes, size);
    const char *problem = NULL;
    struct cpio_entry entry;

    archive = copy;
    archive_size = size;
    for (size_t offset = 0; !problem && offset <= size; offset = entry.end) {
        problem = cpio_parse(archive, size, offset, &entry);
        if (problem)
            expect(strlen(problem));
        else
            check(&entry, offset);
        if (!problem && entry.end == size)
            break;
    }
    free(copy);
    return 0;
}
