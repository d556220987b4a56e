// SPDX-License-Identifier: MIT
/*
 * The "newc" cpio format: one entry at a time.
 */
#include "fs/root/cpio.h"

#include <stdbool.h>

#include <linux/limits.h>

#include "arch/cpu/types.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"

#define MAGIC_SIZE  6
#define FIELD_SIZE  8
#define HEADER_SIZE (MAGIC_SIZE + CPIO_FIELD_COUNT * FIELD_SIZE)
#define CPIO_ALIGN  4

static bool parse_field(const char *digits, uint32_t *value)
{
    char text[FIELD_SIZE + 1] = {0};
    uint64_t number;
    int overflow;

    memcpy(text, digits, FIELD_SIZE);
    if (parse_digits(text, 16, &number, &overflow) != FIELD_SIZE)
        return false;
    *value = (uint32_t)number;
    return true;
}

/* Why these bytes are no entry. */
static const char *explain_magic(const char *bytes, size_t size)
{
    if (size >= 2 && !memcmp(bytes, "\x1f\x8b", 2))
        return "this is gzip; the archive must not be compressed";
    if (size >= 4 && !memcmp(bytes, "\x28\xb5\x2f\xfd", 4))
        return "this is zstd; the archive must not be compressed";
    if (size >= 6 && !memcmp(bytes, "\xfd\x37zXZ\0", 6))
        return "this is xz; the archive must not be compressed";
    if (size >= MAGIC_SIZE && !memcmp(bytes, "070707", MAGIC_SIZE))
        return "this is the old portable cpio format; \"newc\" is needed";
    return "no cpio header (070701) where one must be";
}

const char *cpio_parse(const char *archive, size_t size, size_t offset, struct cpio_entry *entry)
{
    const char *header = archive + offset;
    size_t left = size - offset;
    size_t name_size, data_start, data_size;

    if (left < MAGIC_SIZE ||
        (memcmp(header, "070701", MAGIC_SIZE) && memcmp(header, "070702", MAGIC_SIZE)))
        return explain_magic(header, left);
    if (left < HEADER_SIZE)
        return "the archive ends within a header";
    for (unsigned int i = 0; i < CPIO_FIELD_COUNT; i++)
        if (!parse_field(header + MAGIC_SIZE + i * FIELD_SIZE, &entry->fields[i]))
            return "a header field is not hexadecimal";

    name_size = entry->fields[CPIO_SIZE_OF_NAME];
    data_size = entry->fields[CPIO_SIZE_OF_DATA];
    if (name_size < 2 || name_size > PATH_MAX)
        return "a name is empty or too long";
    if (name_size > left - HEADER_SIZE)
        return "the archive ends within a name";
    entry->name = header + HEADER_SIZE;
    if (strnlen(entry->name, name_size) != name_size - 1)
        return "a name does not end where its size says";
    data_start = align_up(HEADER_SIZE + name_size, CPIO_ALIGN);
    if (data_size && (data_start > left || data_size > left - data_start))
        return "the archive ends within a file";
    entry->data = header + data_start;
    entry->end = offset + align_up(data_start + data_size, CPIO_ALIGN);
    if (entry->end > size) /* the last entry need not be padded */
        entry->end = size;
    return NULL;
}
