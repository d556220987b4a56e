// SPDX-License-Identifier: MIT
/*
 * Pseudo file systems: what /proc, /sys and /dev/pts have in common.
 *
 * The room owns nodes that are made for a lookup, text that is generated, and settings that are
 * written. It leaves what there is to read to fs/proc/, fs/device/devpts.c and whoever else offers
 * entries, and places in the tree to fs/node/.
 *
 * Their directories are tables of entries. A node is made when a name is looked up and lives as
 * long as somebody uses it; two lookups give two nodes, with one inode number. A file's text is
 * generated when it is read from its beginning, so a reader of several pieces sees one state.
 */
#ifndef FS_PSEUDO_PSEUDO_H
#define FS_PSEUDO_PSEUDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/cpu/types.h"
#include "fs/more/directory.h"
#include "fs/node/node.h"
#include "fs/pseudo/text.h"

#define PSEUDO_PROC 2 /* st_dev */
#define PSEUDO_SYS  3
#define PSEUDO_PTS  4

#define PSEUDO_NUMBER_SIZE 12 /* a decimal int with its NUL */

struct pseudo_node {
    struct node node;
    const struct pseudo_entry *entry;
    int pid;             /* the process, or the thread, that it tells of; 0: none */
    bool is_of_thread;   /* under /proc/PID/task: what is counted is the thread's alone */
    uint64_t started_ns; /* of that process, since numbers come again */
    int number;          /* its name, where that is a number: a process's or a descriptor's */
    char number_name[PSEUDO_NUMBER_SIZE];
};

struct pseudo_entry {
    const char *name; /* NULL: a number, or the end of a table */
    uint32_t mode;
    const struct node_operations *operations;
    const struct pseudo_entry *entries; /* of a directory */
    bool (*is_there)(void);             /* NULL: always */
    const char *constant;               /* what pseudo_show_constant() shows */
    /* Writes the text; -ESRCH and the like instead. */
    int (*show)(const struct pseudo_node *node, struct text *text);
    /* Takes what was written, without its last newline; 0 or an error. NULL: -EIO. */
    int (*store)(const struct pseudo_node *node, const char *value);
    /* Takes what was written at an offset as it is, at least a byte: bytes, or an error. */
    long (*write)(const struct pseudo_node *node, const char *bytes, size_t size, uint64_t offset);
    const void *setting;  /* what a file of /proc/sys sets (fs/pseudo/setting.h) */
    bool writes_in_place; /* a write does not move the offset: who reads next reads all of it */
};

extern const struct node_operations pseudo_directory_operations, pseudo_text_operations;

/* node_operations.open of text files. */
int pseudo_open_text(struct node *node, struct file *file);

#define PSEUDO_DIRECTORY(entry_name, table)                                                       \
    {                                                                                             \
        .name = (entry_name), .mode = S_IFDIR | 0555, .operations = &pseudo_directory_operations, \
        .entries = (table)                                                                        \
    }
#define PSEUDO_TEXT(entry_name, entry_show)                                                  \
    {                                                                                        \
        .name = (entry_name), .mode = S_IFREG | 0444, .operations = &pseudo_text_operations, \
        .show = (entry_show)                                                                 \
    }
#define PSEUDO_CONSTANT(entry_name, entry_text)                                              \
    {                                                                                        \
        .name = (entry_name), .mode = S_IFREG | 0444, .operations = &pseudo_text_operations, \
        .show = pseudo_show_constant, .constant = (entry_text)                               \
    }
#define PSEUDO_SETTING(entry_name, entry_show, entry_store)                                  \
    {                                                                                        \
        .name = (entry_name), .mode = S_IFREG | 0644, .operations = &pseudo_text_operations, \
        .show = (entry_show), .store = (entry_store)                                         \
    }
#define PSEUDO_OTHER(entry_name, entry_mode, entry_operations)                         \
    {                                                                                  \
        .name = (entry_name), .mode = (entry_mode), .operations = &(entry_operations), \
    }
#define PSEUDO_LINK(entry_name, entry_operations) \
    PSEUDO_OTHER(entry_name, S_IFLNK | 0777, entry_operations)
#define PSEUDO_END   \
    {                \
        .name = NULL \
    }

/*
 * An entry that a room above adds to a table of a file system that does not know it:
 *
 *     PSEUDO_OFFER(sysfs_debug_entries, kcov_entry);
 *
 * The linker collects them (linker.ld), one right behind the other, so their alignment is said; in
 * the directory they stand behind those of the table.
 */
struct pseudo_offer {
    const struct pseudo_entry *table, *entry;
};

extern const struct pseudo_offer attached_pseudo_entry_start[], attached_pseudo_entry_end[];

/* clang-format off */
#define PSEUDO_OFFER(to_table, the_entry)                                                          \
    static const struct pseudo_offer attached_pseudo_entry_##to_table##_##the_entry                \
        __attribute__((used, section(".attached.pseudo_entry"), aligned(8))) =                     \
            {.table = (to_table), .entry = &(the_entry)}
/* clang-format on */

static inline struct pseudo_node *pseudo_node(struct node *node)
{
    return container_of(node, struct pseudo_node, node);
}

int pseudo_show_constant(const struct pseudo_node *node, struct text *text);

/* A number that was written to a setting: -EINVAL when it is none. */
int pseudo_parse_setting(const char *value, uint64_t *number);

/* The root of a pseudo file system, in no place yet; NULL when memory is out. */
struct node *pseudo_create_root(const struct pseudo_entry *entry,
                                const struct file_system *file_system);

/* A child under a number, about the process that the directory is. */
int pseudo_create_numbered(struct node *directory, const struct pseudo_entry *entry, int number,
                           struct node **child);

/* ---- for operations on directories whose entries are not, or not all, in a table ---- */

/* node_operations.lookup and list, by the table alone. */
int pseudo_lookup(struct node *directory, const struct node_name *name, struct node **child);
void pseudo_list(struct node *directory, uint64_t *position, struct directory_buffer *buffer);

/* Reads a name that is a decimal number as Linux writes them; false if it is none. */
bool pseudo_parse_number(const struct node_name *name, int *number);

/* The position after those of pseudo_list(); further entries stand at it + their number. */
uint64_t pseudo_list_end(const struct node *directory);
bool pseudo_list_number(const struct node *directory, const struct pseudo_entry *entry, int number,
                        uint64_t *position, struct directory_buffer *buffer);

/* node_operations.release of every node. */
void pseudo_release(struct node *node);

#endif
