// SPDX-License-Identifier: MIT
/* Archives and scratch directories for tests of fs/. */
#include "tests/kernel/scratch.h"

#include "arch/cpu/types.h"
#include "fs/more/directory.h"
#include "fs/more/node_more.h"
#include "fs/node/path.h"
#include "fs/tmpfs/tmpfs.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define CPIO_ALIGN    4
#define ARCHIVE_ALIGN 512
#define FIRST_INODE   1000 /* of files that are given none */
#define DIRENT_NAME   19   /* where d_name starts: getdents64(2) */

static void pad(struct archive *archive, size_t align)
{
    while (archive->size % align)
        archive->bytes[archive->size++] = '\0';
}

static void put(struct archive *archive, const void *bytes, size_t size)
{
    memcpy(archive->bytes + archive->size, bytes, size);
    archive->size += size;
}

void archive_add(struct archive *archive, const struct archive_file *file)
{
    size_t data_size = file->data ? strlen(file->data) : 0;
    size_t name_size = strlen(file->name) + 1;
    uint32_t inode = file->inode ? file->inode : FIRST_INODE + archive->entries++;
    char header[128];

    /* uid, gid; mtime; device and rdevice, major and minor each; checksum. */
    snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
             inode, file->mode, 0, 0, file->links, 1, data_size, 0, 0, 0, 0, name_size, 0);
    put(archive, header, strlen(header));
    put(archive, file->name, name_size);
    pad(archive, CPIO_ALIGN);
    put(archive, file->data, data_size);
    pad(archive, CPIO_ALIGN);
}

void archive_end(struct archive *archive)
{
    archive_add(archive, &(struct archive_file){.name = "TRAILER!!!"});
    pad(archive, ARCHIVE_ALIGN);
}

struct node *scratch_create(void)
{
    return tmpfs_create_root(0755);
}

/* Copies the name of the first entry after "." and ".."; false when there is none. */
static bool first_name(struct node *directory, char text[NAME_MAX + 1])
{
    char bytes[NAME_MAX + 32] __attribute__((aligned(DIRECTORY_ALIGN)));
    struct directory_buffer buffer = {.bytes = bytes, .size = sizeof(bytes)};
    uint64_t position = 2;

    node_more(directory)->list(directory, &position, &buffer);
    if (buffer.used)
        strlcpy(text, bytes + DIRENT_NAME, NAME_MAX + 1);
    return buffer.used;
}

static void remove_content(struct node *directory)
{
    char text[NAME_MAX + 1];

    while (first_name(directory, text)) {
        struct node_name name = {text, strlen(text)};
        struct node *child;

        if (directory->operations->lookup(directory, &name, &child))
            return;
        if (node_is_directory(child))
            remove_content(child);
        node_more(directory)->unlink(directory, &name, child);
        node_put(child);
    }
}

void scratch_free(struct node *root)
{
    remove_content(root);
    node_put(root);
}

const char *scratch_read(struct node *root, const char *path)
{
    static char content[ARCHIVE_SIZE];
    struct iovec segment = {content, sizeof(content) - 1};
    uint64_t offset = 0;
    struct io_iter to;
    struct node *node;
    long count = -1;

    if (path_lookup(root, path, PATH_FOLLOW, &node))
        return NULL;
    io_iter_kernel(&to, &segment);
    if (S_ISREG(node->mode))
        count = object_read(tmpfs_node(node)->object, &to, &offset);
    node_put(node);
    if (count < 0)
        return NULL;
    content[count] = '\0';
    return content;
}
