// SPDX-License-Identifier: MIT
#include "fs/device/devpts.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/magic.h>

#include "fs/device/terminal.h"
#include "fs/more/node_more.h"
#include "fs/more/node_path.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "fs/pseudo/pseudo.h"
#include "kernel/task/task.h"
#include "kernel/tty/pty.h"

static struct node *root;

/* Of pairs whose master is open, by number: the slave's name, with a reference, and the slave. */
static struct {
    struct node *node;
    struct tty *slave;
} slaves[PTY_MAX];

/* ---- nodes ---- */

/* A node may outlive its pair, whose number another pair has then. */
static int open_slave(struct node *node, struct file *file)
{
    int number = pseudo_node(node)->number;
    int error = slaves[number].node == node ? terminal_open(slaves[number].slave, file) : -EIO;

    if (!error)
        file->operations = &terminal_file_operations;
    return error;
}

static int open_master(struct node *node, struct file *file)
{
    int error = ptmx_open(file);

    (void)node;
    if (!error)
        file->operations = &ptmx_file_operations;
    return error;
}

static const struct node_operations slave_operations = {
    .open = open_slave,
    .release = pseudo_release,
};

static const struct node_operations master_operations = {
    .open = open_master,
    .release = pseudo_release,
};

static const struct pseudo_entry slave_entry = {
    .mode = S_IFCHR | 0600,
    .operations = &slave_operations,
};

/* ---- the directory ---- */

static int lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    int number, error;

    if (pseudo_parse_number(name, &number)) {
        if (number >= PTY_MAX || !slaves[number].node)
            return -ENOENT;
        *child = slaves[number].node;
        node_get(*child);
        return 0;
    }
    error = pseudo_lookup(directory, name, child);
    if (!error)
        (*child)->device = device_number(MAJOR_TERMINAL, MINOR_PTMX);
    return error;
}

static void list(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    uint64_t end = pseudo_list_end(directory);

    pseudo_list(directory, position, buffer);
    for (uint64_t number = *position - end; *position >= end && number < PTY_MAX; number++)
        if (slaves[number].node &&
            !pseudo_list_number(directory, &slave_entry, (int)number, position, buffer))
            return;
}

static const struct node_operations directory_operations = {
    .lookup = lookup,
    .more = &(const struct node_more){.list = list},
    .release = pseudo_release,
};

struct node *devpts_create(void)
{
    static const struct pseudo_entry entries[] = {
        PSEUDO_OTHER("ptmx", S_IFCHR, master_operations),
        PSEUDO_END,
    };
    static const struct pseudo_entry directory = {
        .mode = S_IFDIR | 0755,
        .operations = &directory_operations,
        .entries = entries,
    };
    static const struct file_system devpts = {.device = PSEUDO_PTS, .magic = DEVPTS_SUPER_MAGIC};

    root = pseudo_create_root(&directory, &devpts);
    return root;
}

/* ---- the master's file ---- */

static int add_name(struct tty *slave)
{
    struct node *node;
    int error = pseudo_create_numbered(root, &slave_entry, (int)slave->minor, &node);

    if (error)
        return error;
    TELL(node_is_made, node, NULL);
    node->device = device_number(slave->major, slave->minor);
    slaves[slave->minor].node = node;
    slaves[slave->minor].slave = slave;
    return 0;
}

static void remove_name(unsigned int number)
{
    struct node *node = slaves[number].node;

    slaves[number].node = NULL;
    spin_lock(&namespace_lock);
    node_detach_locked(node, node->name);
    node->links = 0;
    spin_unlock(&namespace_lock);
    node_put(node);
}

int ptmx_open(struct file *file)
{
    struct tty *master;
    int error = pty_create(&master);

    if (error)
        return error;
    error = add_name(master->link);
    if (error)
        tty_close(master);
    file->state = master;
    return error;
}

static void release_master(struct file *file)
{
    remove_name(((struct tty *)file->state)->minor);
    terminal_release(file);
}

/* Opens the slave without looking for its name. */
static long open_peer(const struct tty *master, unsigned int flags)
{
    struct file *file;
    int error = open_node(slaves[master->minor].node, flags, &file);

    return error ? error : file_table_add(current()->files, file, 0, flags & O_CLOEXEC);
}

static long control_master(struct file *file, unsigned int request, uintptr_t argument)
{
    if (request == TIOCGPTPEER)
        return open_peer(file->state, (unsigned int)argument);
    return terminal_ioctl(file, request, argument);
}

const struct file_operations ptmx_file_operations = {
    .read = terminal_read,
    .write = terminal_write,
    .ioctl = control_master,
    .poll = terminal_poll,
    .release = release_master,
};
