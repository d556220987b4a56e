// SPDX-License-Identifier: MIT
/*
 * The initramfs: cpio archives in memory, unpacked into the root file system at boot.
 */
#ifndef FS_INITRAMFS_H
#define FS_INITRAMFS_H

#include <stddef.h>

struct node;

/*
 * Unpacks what the loader gave: "newc" cpio archives, not compressed, one behind the other with
 * NULs between them. The archive is copied, so its memory can be released afterwards.
 *
 * A message on the console says what is wrong and at which offset. What is wrong with one file
 * (its folder is missing, say) leaves that one out; what is wrong with the archive ends the work.
 * Returns 0 or the first error: -EINVAL for a damaged archive, -ENOSPC when memory is out, or
 * that of the file. What was unpacked before stays.
 */
int initramfs_unpack(const void *archive, size_t size);

/* The same, into another directory, whose links may not be absolute. */
int initramfs_unpack_into(struct node *directory, const void *archive, size_t size);

#endif
