// SPDX-License-Identifier: MIT
/*
 * Settings: the files of /proc/sys. A number is written as Linux takes it, in decimal, octal or
 * hexadecimal, with spaces around it; what is written behind the start of the file is passed over.
 * A name ends at a newline or a NUL. Their modes count as they are: whoever acts as root may do
 * what the owner may, and capabilities change nothing. The kernel lock is held by those who write.
 */
#ifndef FS_PSEUDO_SETTING_H
#define FS_PSEUDO_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/pseudo/pseudo.h"

struct number_setting {
    uint64_t *value;
    uint64_t min, max; /* others are -EINVAL */
    /* Before anything is looked at; false: -EPERM. NULL: true. */
    bool (*may_change)(void);
    /* May put another number in place of one within the bounds, or refuse it. NULL: it counts. */
    int (*change)(uint64_t *number);
};

struct name_setting {
    char *name;
    size_t size; /* with a NUL */
};

extern const struct node_operations setting_operations;

int setting_show_number(const struct pseudo_node *node, struct text *text);
long setting_write_number(const struct pseudo_node *node, const char *bytes, size_t size,
                          uint64_t offset);
int setting_show_name(const struct pseudo_node *node, struct text *text);
long setting_write_name(const struct pseudo_node *node, const char *bytes, size_t size,
                        uint64_t offset);

/* Entries; those with a description point to it. */
#define SETTING_NUMBER(entry_name, entry_mode, description)                                      \
    {                                                                                            \
        .name = (entry_name), .mode = S_IFREG | (entry_mode), .operations = &setting_operations, \
        .setting = (description), .show = setting_show_number, .write = setting_write_number     \
    }
#define SETTING_NAME(entry_name, description)                                            \
    {                                                                                    \
        .name = (entry_name), .mode = S_IFREG | 0644, .operations = &setting_operations, \
        .setting = (description), .show = setting_show_name, .write = setting_write_name \
    }
#define SETTING_TEXT(entry_name, entry_show)                                             \
    {                                                                                    \
        .name = (entry_name), .mode = S_IFREG | 0444, .operations = &setting_operations, \
        .show = (entry_show)                                                             \
    }
#define SETTING_CONSTANT(entry_name, entry_text)                                         \
    {                                                                                    \
        .name = (entry_name), .mode = S_IFREG | 0444, .operations = &setting_operations, \
        .show = pseudo_show_constant, .constant = (entry_text)                           \
    }

#endif
