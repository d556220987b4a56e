// SPDX-License-Identifier: MIT
/*
 * The start of the file system.
 */
#include "fs/root.h"

#include <asm/errno.h>
#include <asm/fcntl.h>

#include "fs/devices.h"
#include "fs/devpts.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/proc.h"
#include "fs/sysfs.h"
#include "fs/tmpfs.h"
#include "kernel/channel.h"
#include "kernel/process.h"
#include "kernel/tty.h"
#include "libc/include/string.h"

/* Makes a directory in another; gives it with a reference. */
static int make_directory(struct node *parent, const char *text, uint32_t permissions,
                          struct node **directory)
{
    struct node_name name = {text, strlen(text)};
    struct node_template template = {.mode = S_IFDIR | permissions};

    return parent->operations->create(parent, &name, &template, directory);
}

/* Shows another file system's root in a new directory. */
static int mount(struct node *parent, const char *name, struct node *root)
{
    struct node *directory;
    int error;

    if (!root)
        return -ENOMEM;
    error = make_directory(parent, name, 0555, &directory);
    if (error) {
        node_put(root);
        return error;
    }
    node_mount(directory, root);
    node_put(directory);
    return 0;
}

int fs_init(void)
{
    struct node *directory;
    int error;

    path_root = tmpfs_create_root(0755);
    if (!path_root)
        return -ENOMEM;
    error = make_directory(path_root, "tmp", 01777, &directory);
    if (error)
        return error;
    node_put(directory);
    error = make_directory(path_root, "dev", 0755, &directory);
    if (error)
        return error;
    error = devices_create(directory);
    if (!error)
        error = mount(directory, "pts", devpts_create());
    node_put(directory);
    if (!error)
        error = mount(path_root, "proc", proc_create());
    return error ? error : mount(path_root, "sys", sysfs_create());
}

int fs_open_kernel(const char *path, struct file **file)
{
    const struct open_how how = {.flags = O_RDONLY};

    return open_path(path_root, path, &how, file);
}

int fs_open_standard(struct file_table *files, int leader)
{
    channel_set_process_group(leader);
    if (console_tty.backend)
        tty_start_session(&console_tty, process_find(leader));
    for (unsigned int descriptor = 0; descriptor < 3; descriptor++) {
        struct file *file;
        int error = standard_file(descriptor, &file);

        if (error)
            return error;
        error = file_table_set(files, descriptor, file, false);
        if (error < 0) {
            file_put(file);
            return error;
        }
    }
    return 0;
}
