// SPDX-License-Identifier: MIT
/*
 * The start of the file system, and the kernel's own way into it: what kmain() calls.
 *
 * It owns the root directory, /tmp and the files of the initramfs. Other file systems add
 * themselves to the tree when they are told of it (root_is_made).
 */
#ifndef FS_ROOT_ROOT_H
#define FS_ROOT_ROOT_H

#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

struct cpio_entry;
struct node;
struct path_end;

/*
 * The root directory is there, with /tmp alone: rooms add their directories and file systems now,
 * before the initramfs, which may put files into those directories. There is no task yet. 0 or
 * -ENOMEM, which ends the boot.
 */
EVENT(root_is_made, int, struct node *root);

/* Makes the root directory and what every tree has. 0 or -ENOMEM. */
int fs_init(void);

/* Makes a directory in another; returns it with a reference. */
int fs_make_directory(struct node *parent, const char *name, uint32_t permissions,
                      struct node **directory);

/*
 * Unpacks what the loader gave: "newc" cpio archives, not compressed, one after the other with NULs
 * between them. Their contents are copied. Names start from the directory.
 *
 * A message on the console says what is wrong and at which offset. A fault in one file (its
 * directory is missing, say) leaves that file out; one in the archive ends the unpacking. Returns 0
 * or the first error: -EINVAL for a damaged archive, -ENOSPC when memory is out, or that of the
 * file. What was unpacked before stays.
 */
int initramfs_unpack(struct node *directory, const void *archive, size_t size);

/*
 * An entry of an archive comes that is no existing directory. Asked of rooms that know all kinds of
 * files, files with several names, or how to replace what is there. 0: a directory or a regular
 * file is to be made; 1: it is *node, with a reference; or an errno, and *node may be set.
 */
EVENT(archived_file_comes, int, struct path_end *end, const struct cpio_entry *entry,
      struct node **node);

/* A file could not be made, with this error: a room that has better words for it puts them here. */
EVENT(archived_file_fails, void, int error, const char **words);

/* An archive has ended, or is damaged: inode numbers of the next one mean other files. */
EVENT(archive_ends, void, void);

#endif
