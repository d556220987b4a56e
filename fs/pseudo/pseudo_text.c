// SPDX-License-Identifier: MIT
/*
 * Pseudo file systems: files whose text is made when they are read.
 */
#include <asm/errno.h>

#include "fs/pseudo/pseudo.h"
#include "kernel/file/file.h"
#include "kernel/task/wait_queue.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"
#include "mm/object/footprint.h"
#include "mm/page/slab.h"

#define STORE_MAX PAGE_SIZE /* bytes of one write, with a NUL */

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
