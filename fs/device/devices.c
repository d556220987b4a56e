// SPDX-License-Identifier: MIT
/*
 * Devices: what is behind the character-special files in /dev, by Linux's numbers
 * (Documentation/admin-guide/devices.txt). Here are null, zero, full, random and urandom, and the
 * table of all.
 *
 * The room owns what special files lead to, and the names of pseudo-terminals (devpts.h). It leaves
 * the terminals themselves to kernel/tty/, nodes to fs/node/, and FIFOs to fs/pipe/.
 */
#include <asm/errno.h>
#include <linux/fs.h>

#include "arch/cpu/types.h"
#include "fs/device/devpts.h"
#include "fs/device/terminal.h"
#include "fs/more/mount.h"
#include "fs/more/node_more.h"
#include "fs/open/open.h"
#include "fs/root/root.h"
#include "kernel/call/random.h"
#include "kernel/task/task.h"
#include "kernel/tty/tty.h"
#include "libc/include/string.h"
#include "mm/object/footprint.h"
#include "mm/object/object.h"

#define MAJOR_MEMORY 1

static void release(struct file *file)
{
    node_put(file->node);
}

/* Positions mean nothing to these devices. */
static long seek(struct file *file, long offset, int whence)
{
    (void)file, (void)offset, (void)whence;
    return 0;
}

static long read_nothing(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)file, (void)to, (void)offset;
    return 0;
}

/* The bytes are not even looked at, as on Linux. */
static long write_nowhere(struct file *file, struct io_iter *from, uint64_t *offset)
{
    long count = from->remaining;

    (void)file, (void)offset;
    from->remaining = 0;
    return count;
}

static long write_to_full(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)file, (void)from, (void)offset;
    return -ENOSPC;
}

static long read_zeros(struct file *file, struct io_iter *to, uint64_t *offset)
{
    size_t wanted = to->remaining;
    size_t put = io_iter_put_zeros(to, wanted);

    (void)file, (void)offset;
    return put || !wanted ? (long)put : -EFAULT;
}

static long read_random(struct file *file, struct io_iter *to, uint64_t *offset)
{
    char piece[256];
    long total = 0;

    (void)file, (void)offset;
    while (to->remaining) {
        size_t size = to->remaining < sizeof(piece) ? to->remaining : sizeof(piece);
        size_t put;

        random_bytes(piece, size);
        put = io_iter_put(to, piece, size);
        total += put;
        if (put < size)
            return total ? total : -EFAULT;
    }
    return total;
}

/* A private mapping of /dev/zero is a way to get memory: each open file has its own object. */
static struct memory_object *object_of_zeros(struct file *file)
{
    return file->state;
}

static void add_footprint_of_zeros(struct file *file, struct footprint *footprint)
{
    footprint_add_object(footprint, file->state);
}

static void release_zero(struct file *file)
{
    if (file->state)
        object_put(file->state);
    node_put(file->node);
}

static const struct file_operations null_operations = {
    .read = read_nothing,
    .write = write_nowhere,
    .seek = seek,
    .release = release,
};

static const struct file_operations zero_operations = {
    .read = read_zeros,
    .write = write_nowhere,
    .seek = seek,
    .object = object_of_zeros,
    .footprint = add_footprint_of_zeros,
    .release = release_zero,
};

static const struct file_operations full_operations = {
    .read = read_zeros,
    .write = write_to_full,
    .seek = seek,
    .release = release,
};

static const struct file_operations random_operations = {
    .read = read_random,
    .write = write_nowhere,
    .seek = seek,
    .release = release,
};

static int open_zero(struct file *file)
{
    struct memory_object *object = object_create();

    if (!object)
        return -ENOMEM;
    object_extend(object, OBJECT_SIZE_MAX);
    file->state = object;
    return 0;
}

/* /dev/tty is the caller's controlling terminal, whichever that is. */
static int open_tty(struct file *file)
{
    struct tty *tty = terminal_of(current_process())->tty;

    return tty ? terminal_open(tty, file) : -ENXIO;
}

static int open_console(struct file *file)
{
    return console_tty.backend ? terminal_open(&console_tty, file) : -ENXIO;
}

struct device {
    const char *name;
    uint32_t major, minor;
    uint32_t permissions;
    bool is_seekable;
    const struct file_operations *operations;
    int (*open)(struct file *file); /* NULL: always possible */
};

static const struct device devices[] = {
    {"null", MAJOR_MEMORY, 3, 0666, true, &null_operations, NULL},
    {"zero", MAJOR_MEMORY, 5, 0666, true, &zero_operations, open_zero},
    {"full", MAJOR_MEMORY, 7, 0666, true, &full_operations, NULL},
    {"random", MAJOR_MEMORY, 8, 0666, true, &random_operations, NULL},
    {"urandom", MAJOR_MEMORY, 9, 0666, true, &random_operations, NULL},
    {"tty", MAJOR_TERMINAL, 0, 0666, false, &terminal_file_operations, open_tty},
    {"console", MAJOR_TERMINAL, MINOR_CONSOLE, 0600, false, &terminal_file_operations,
     open_console},
    {"ptmx", MAJOR_TERMINAL, MINOR_PTMX, 0666, false, &ptmx_file_operations, ptmx_open},
};

static int open_device(struct node *node, struct file *file)
{
    if (!S_ISCHR(node->mode))
        return 0;
    for (unsigned int i = 0; i < array_size(devices); i++) {
        const struct device *device = &devices[i];
        int error = 0;

        if (node->device != device_number(device->major, device->minor))
            continue;
        if (device->open)
            error = device->open(file);
        if (error)
            return error;
        file->operations = device->operations;
        file->seekable = device->is_seekable;
        return 1;
    }
    return 0;
}
ATTACH(special_file_opens, open_device);

/* Names of what the caller has open already. */
static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

static int create(struct node *directory, const char *text, const struct node_template *template)
{
    struct node_name name = {text, strlen(text)};
    struct node *node;
    int error = directory->operations->create(directory, &name, template, &node);

    if (!error)
        node_put(node);
    return error;
}

static int create_nodes(struct node *directory)
{
    /* A directory for shm_open(). */
    static const struct node_template shared_memory = {.mode = S_IFDIR | 01777};
    int error = 0;

    for (unsigned int i = 0; i < array_size(devices) && !error; i++) {
        struct node_template template = {
            .mode = S_IFCHR | devices[i].permissions,
            .device = device_number(devices[i].major, devices[i].minor),
        };

        error = create(directory, devices[i].name, &template);
    }
    for (unsigned int i = 0; i < array_size(links) && !error; i++) {
        struct node_template template = {
            .mode = S_IFLNK | 0777,
            .target = links[i].target,
            .target_length = strlen(links[i].target),
        };

        error = create(directory, links[i].name, &template);
    }
    return error ? error : create(directory, "shm", &shared_memory);
}

static int make_devices(struct node *root)
{
    struct node *directory;
    int error = fs_make_directory(root, "dev", 0755, &directory);

    if (error)
        return error;
    error = create_nodes(directory);
    if (!error)
        error = fs_mount(directory, "pts", devpts_create());
    node_put(directory);
    return error;
}
ATTACH(root_is_made, make_devices);
