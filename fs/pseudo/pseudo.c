// SPDX-License-Identifier: MIT
/*
 * Pseudo file systems: nodes and directories.
 */
#include "fs/pseudo/pseudo.h"

#include <asm/errno.h>

#include "fs/more/node_more.h"
#include "libc/core/format.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* ---- nodes ---- */

/* The same for the same name in the same directory: FNV-1a, from the directory's number on. */
static uint64_t inode_number(const struct node *directory, const char *name)
{
    uint64_t hash = directory->inode;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3ul;
    return hash >> 16;
}

static struct pseudo_node *create_node(const struct pseudo_entry *entry,
                                       const struct file_system *file_system)
{
    struct pseudo_node *node = kzalloc(sizeof(*node));

    if (!node)
        return NULL;
    node_init(&node->node, entry->operations, entry->mode, file_system);
    node->node.links = S_ISDIR(entry->mode) ? 2 : 1;
    node->entry = entry;
    return node;
}

struct node *pseudo_create_root(const struct pseudo_entry *entry,
                                const struct file_system *file_system)
{
    struct pseudo_node *node = create_node(entry, file_system);

    return node ? &node->node : NULL;
}

void pseudo_release(struct node *node)
{
    kfree(pseudo_node(node));
}

static void place(struct pseudo_node *node, struct node *directory, const char *name)
{
    node->pid = pseudo_node(directory)->pid;
    node->is_of_thread = pseudo_node(directory)->is_of_thread;
    node->started_ns = pseudo_node(directory)->started_ns;
    node->node.user = directory->user;
    node->node.group = directory->group;
    node->node.inode = inode_number(directory, name);
    spin_lock(&namespace_lock);
    node_attach_locked(&node->node, directory, name);
    spin_unlock(&namespace_lock);
}

static int create_named(struct node *directory, const struct pseudo_entry *entry,
                        struct node **child)
{
    struct pseudo_node *node = create_node(entry, directory->file_system);

    if (!node)
        return -ENOMEM;
    place(node, directory, entry->name);
    *child = &node->node;
    return 0;
}

int pseudo_create_numbered(struct node *directory, const struct pseudo_entry *entry, int number,
                           struct node **child)
{
    struct pseudo_node *node = create_node(entry, directory->file_system);

    if (!node)
        return -ENOMEM;
    node->number = number;
    snprintf(node->number_name, sizeof(node->number_name), "%d", number);
    place(node, directory, node->number_name);
    *child = &node->node;
    return 0;
}

/* ---- directories ---- */

static bool is_there(const struct pseudo_entry *entry)
{
    return !entry->is_there || entry->is_there();
}

static uint64_t table_size(const struct pseudo_entry *table)
{
    uint64_t size = 0;

    while (table && table[size].name)
        size++;
    return size;
}

/* The offer to this table after so many others; NULL when there is none. */
static const struct pseudo_entry *offered(const struct pseudo_entry *table, uint64_t index)
{
    for (const struct pseudo_offer *offer = attached_pseudo_entry_start;
         offer < attached_pseudo_entry_end; offer++)
        if (offer->table == table && !index--)
            return offer->entry;
    return NULL;
}

/* By its place in a directory's table, whose size is given, and behind it; or NULL. */
static const struct pseudo_entry *entry_at(const struct pseudo_entry *table, uint64_t size,
                                           uint64_t index)
{
    return index < size ? &table[index] : offered(table, index - size);
}

int pseudo_lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    const struct pseudo_entry *table = pseudo_node(directory)->entry->entries;
    const struct pseudo_entry *entry;
    uint64_t size = table_size(table);

    for (uint64_t i = 0; (entry = entry_at(table, size, i)); i++)
        if (is_there(entry) && !strcmp(entry->name, name->text))
            return create_named(directory, entry, child);
    return -ENOENT;
}

bool pseudo_parse_number(const struct node_name *name, int *number)
{
    uint64_t value;
    int overflow;

    if (name->length > 1 && name->text[0] == '0')
        return false;
    if (parse_digits(name->text, 10, &value, &overflow) != name->length || value > INT32_MAX)
        return false;
    *number = (int)value;
    return true;
}

static bool list_name(const struct node *directory, const struct pseudo_entry *entry,
                      const char *name, uint64_t *position, struct directory_buffer *buffer)
{
    struct directory_entry record = {
        .inode = inode_number(directory, name),
        .mode = entry->mode,
        .offset = *position + 1,
        .name = name,
        .length = strlen(name),
    };

    if (!directory_add(buffer, &record))
        return false;
    *position = record.offset;
    return true;
}

void pseudo_list(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    const struct pseudo_entry *table = pseudo_node(directory)->entry->entries;
    const struct pseudo_entry *entry;
    uint64_t size = table_size(table);

    if (!directory_add_dots(directory, position, buffer))
        return;
    while ((entry = entry_at(table, size, *position - DIRECTORY_FIRST))) {
        if (!is_there(entry))
            ++*position;
        else if (!list_name(directory, entry, entry->name, position, buffer))
            return;
    }
}

uint64_t pseudo_list_end(const struct node *directory)
{
    const struct pseudo_entry *table =
        container_of(directory, const struct pseudo_node, node)->entry->entries;
    uint64_t end = table_size(table);

    while (offered(table, end - table_size(table)))
        end++;
    return DIRECTORY_FIRST + end;
}

bool pseudo_list_number(const struct node *directory, const struct pseudo_entry *entry, int number,
                        uint64_t *position, struct directory_buffer *buffer)
{
    char name[PSEUDO_NUMBER_SIZE];

    snprintf(name, sizeof(name), "%d", number);
    *position = pseudo_list_end(directory) + (unsigned int)number;
    return list_name(directory, entry, name, position, buffer);
}

const struct node_operations pseudo_directory_operations = {
    .lookup = pseudo_lookup,
    .more = &(const struct node_more){.list = pseudo_list},
    .release = pseudo_release,
};
