// SPDX-License-Identifier: MIT
/*
 * The start of the file system, and the kernel's own way into it: what kmain() calls.
 *
 * It owns the root directory, /tmp and what the initramfs has. Other file
 * systems hang themselves into the tree when they are told that there is one.
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
 * The root directory is there, with /tmp and nothing else: who has directories or file systems of
 * its own puts them there, before the initramfs comes, which may put files into the former. There
 * is no task yet. 0 or -ENOMEM, which ends the start.
 */
EVENT(root_is_made, int, struct node *root);

/* Makes the root directory and what belongs into every tree. 0 or -ENOMEM. */
int fs_init(void);

/* Makes a directory in another; gives it with a reference. */
int fs_make_directory(struct node *parent, const char *name, uint32_t permissions,
                      struct node **directory);

/*
 * Unpacks what the loader gave: "newc" cpio archives, not compressed, one behind the other with
 * NULs between them. Their contents are copied. Names start from the directory.
 *
 * A message on the console says what is wrong and at which offset. What is wrong with one file
 * (its folder is missing, say) leaves that one out; what is wrong with the archive ends the work.
 * Returns 0 or the first error: -EINVAL for a damaged archive, -ENOSPC when memory is out, or
 * that of the file. What was unpacked before stays.
 */
int initramfs_unpack(struct node *directory, const void *archive, size_t size);

/*
 * An entry of an archive comes, but none of a directory that is there. Who knows of all kinds of
 * files, of those with several names, or how to replace what is there, has its turn.
 * 0: a directory or a regular file is to be made; 1: it is *node, with a reference; or an errno,
 * and *node may be set.
 */
EVENT(archived_file_comes, int, struct path_end *end, const struct cpio_entry *entry,
      struct node **node);

/* A file was not made, by this error: who has better words for it puts them in place of these. */
EVENT(archived_file_fails, void, int error, const char **words);

/* An archive is at its end, or cannot be read on: the next one has other files. */
EVENT(archive_ends, void, void);

#endif
