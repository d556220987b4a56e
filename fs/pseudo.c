// SPDX-License-Identifier: MIT
/*
 * Pseudo file systems: nodes, directories and text files.
 */
#include "fs/pseudo.h"

#include <asm/errno.h>

#include "kernel/file.h"
#include "kernel/mutex.h"
#include "libc/core/parse.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"
#include "mm/footprint.h"
#include "mm/slab.h"

#define STORE_MAX PAGE_SIZE /* bytes of one write, with a NUL */

/* ---- Nodes ---- */

/* The same for the same name in the same directory: FNV-1a, from the directory's number on. */
static uint64_t inode_number(const struct node *directory, const char *name)
{
    uint64_t hash = directory->inode;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3ul;
    return hash >> 16;
}

static struct pseudo_node *create_node(const struct pseudo_entry *entry, uint32_t file_system)
{
    struct pseudo_node *node = kzalloc(sizeof(*node));

    if (!node)
        return NULL;
    node_init(&node->node, entry->operations, entry->mode, file_system);
    node->node.links = S_ISDIR(entry->mode) ? 2 : 1;
    node->entry = entry;
    return node;
}

struct node *pseudo_create_root(const struct pseudo_entry *entry, uint32_t file_system)
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

int pseudo_create_named(struct node *directory, const struct pseudo_entry *entry,
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

/* ---- Directories ---- */

static bool is_there(const struct pseudo_entry *entry)
{
    return !entry->is_there || entry->is_there();
}

int pseudo_lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    const struct pseudo_entry *entry = pseudo_node(directory)->entry->entries;

    for (; entry->name; entry++)
        if (is_there(entry) && !strcmp(entry->name, name->text))
            return pseudo_create_named(directory, entry, child);
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
    const struct pseudo_entry *entries = pseudo_node(directory)->entry->entries;
    uint64_t end = pseudo_list_end(directory);

    if (!directory_add_dots(directory, position, buffer))
        return;
    while (*position < end) {
        const struct pseudo_entry *entry = &entries[*position - DIRECTORY_FIRST];

        if (!is_there(entry))
            ++*position;
        else if (!list_name(directory, entry, entry->name, position, buffer))
            return;
    }
}

uint64_t pseudo_list_end(const struct node *directory)
{
    const struct pseudo_entry *entries =
        container_of(directory, const struct pseudo_node, node)->entry->entries;
    uint64_t end = DIRECTORY_FIRST;

    for (; entries && entries->name; entries++)
        end++;
    return end;
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
    .list = pseudo_list,
    .release = pseudo_release,
};

/* ---- Text files ---- */

/* Of an open file: its text, once it was read. */
struct pseudo_file {
    struct mutex lock;
    bool is_generated;
    struct text text;
};

static int generate(struct pseudo_file *open, struct node *node)
{
    int error;

    if (open->is_generated)
        text_free(&open->text);
    open->is_generated = true;
    text_init(&open->text);
    error = pseudo_node(node)->entry->show(pseudo_node(node), &open->text);
    return error ? error : open->text.error;
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    struct pseudo_file *open = file->state;
    long result = 0;

    mutex_lock(&open->lock);
    if (!*offset || !open->is_generated)
        result = generate(open, file->node);
    if (!result)
        result = text_read(&open->text, to, offset);
    mutex_unlock(&open->lock);
    return result;
}

int pseudo_show_constant(const struct pseudo_node *node, struct text *text)
{
    text_print(text, "%s", node->entry->constant);
    return 0;
}

int pseudo_parse_setting(const char *value, uint64_t *number)
{
    return parse_u64(value + strspn(value, " \t"), number) ? -EINVAL : 0;
}

/* What user space wrote, with a NUL behind it; the caller frees it. */
static int take_bytes(struct io_iter *from, char **bytes, size_t *size)
{
    *size = from->remaining < STORE_MAX - 1 ? from->remaining : STORE_MAX - 1;
    *bytes = kmalloc(*size + 1);
    if (!*bytes)
        return -ENOMEM;
    if (io_iter_take(from, *bytes, *size) < *size) {
        kfree(*bytes);
        return -EFAULT;
    }
    (*bytes)[*size] = '\0';
    return 0;
}

/* The whole of one write is one value: a string without the newline that echo puts behind it. */
static int store(const struct pseudo_node *node, char *value)
{
    size_t size = strlen(value); /* a program may write a NUL behind its number, and its array */

    if (size && value[size - 1] == '\n')
        value[size - 1] = '\0';
    return node->entry->store(node, value);
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    const struct pseudo_node *node = pseudo_node(file->node);
    long result = from->remaining;
    size_t size;
    char *bytes;
    int error;

    if (!node->entry->store && !node->entry->write)
        return -EIO;
    if (node->entry->write && !from->remaining)
        return 0;
    error = take_bytes(from, &bytes, &size);
    if (error)
        return error;
    if (node->entry->write)
        result = node->entry->write(node, bytes, size, *offset);
    else
        error = store(node, bytes);
    kfree(bytes);
    if (error || result < 0)
        return error ? error : result;
    if (!node->entry->writes_in_place)
        *offset += result;
    return result;
}

/* With the kernel lock, without which no text comes or goes. */
static void add_footprint(struct file *file, struct footprint *footprint)
{
    const struct pseudo_file *open = file->state;

    if (open->text.object)
        footprint_add_object(footprint, open->text.object);
}

static void release(struct file *file)
{
    struct pseudo_file *open = file->state;

    if (open && open->is_generated)
        text_free(&open->text);
    kfree(open);
    node_put(file->node);
}

static const struct file_operations text_file_operations = {
    .read = read,
    .write = write,
    .seek = file_seek_without_end,
    .footprint = add_footprint,
    .release = release,
};

int pseudo_open_text(struct node *node, struct file *file)
{
    struct pseudo_file *open = kzalloc(sizeof(*open));

    (void)node;
    if (!open)
        return -ENOMEM;
    mutex_init(&open->lock);
    file->state = open;
    file->operations = &text_file_operations;
    file->seekable = true;
    return 0;
}

const struct node_operations pseudo_text_operations = {
    .open = pseudo_open_text,
    .release = pseudo_release,
};
