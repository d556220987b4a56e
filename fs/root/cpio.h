// SPDX-License-Identifier: MIT
/*
 * The "newc" format of cpio archives, as Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst has it. An entry starts at a multiple
 * of 4:
 *
 *   "070701"  13 fields of 8 hexadecimal digits  name NUL  pad to 4  data  pad to 4
 *
 * The archive ends with an entry named TRAILER!!!. A file with several names has an entry for each,
 * all with the same inode number, and one of them has the data.
 */
#ifndef FS_ROOT_CPIO_H
#define FS_ROOT_CPIO_H

#include <stddef.h>
#include <stdint.h>

#define CPIO_TRAILER   "TRAILER!!!"
#define CPIO_MODE_BITS (S_IFMT | 07777)

enum cpio_field {
    CPIO_INODE,
    CPIO_MODE,
    CPIO_UID,
    CPIO_GID,
    CPIO_LINKS,
    CPIO_MTIME, /* seconds since 1970 */
    CPIO_SIZE_OF_DATA,
    CPIO_MAJOR,
    CPIO_MINOR,
    CPIO_DEVICE_MAJOR,
    CPIO_DEVICE_MINOR,
    CPIO_SIZE_OF_NAME, /* with the NUL */
    CPIO_CHECKSUM,     /* of the other magic number's archives; not used */
    CPIO_FIELD_COUNT,
};

struct cpio_entry {
    uint32_t fields[CPIO_FIELD_COUNT];
    const char *name; /* in the archive, ends with a NUL */
    const char *data;
    size_t end; /* offset of what follows */
};

/*
 * Parses the entry at offset, which is at most size. Nothing in the archive is trusted: every
 * number is checked against the bytes that are there. Returns NULL, or what is wrong in words.
 */
const char *cpio_parse(const char *archive, size_t size, size_t offset, struct cpio_entry *entry);

#endif
