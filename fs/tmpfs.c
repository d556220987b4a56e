// SPDX-License-Identifier: MIT
/*
 * tmpfs: its nodes, and all that symbolic links and special files need.
 */
#include "fs/tmpfs.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "fs/directory.h"
#include "fs/seals.h"
#include "kernel/kernel_lock.h"
#include "libc/include/string.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/slab.h"

#define SHORT_TARGET \
    128 /* bytes with the NUL; a longer one takes a page on Linux, and blocks here */

static bool is_limited;
static struct page_quota block_quota = {.limit = UINT64_MAX};
static struct page_quota node_quota = {.limit = UINT64_MAX}; /* of nodes, and names beyond them */

/* ---- The limits ---- */

void tmpfs_start_limits(void)
{
    block_quota.limit = node_quota.limit = page_count_total() / 2;
    is_limited = true;
}

void tmpfs_read_usage(struct tmpfs_usage *usage)
{
    *usage = (struct tmpfs_usage){
        .blocks = block_quota.limit,
        .blocks_used = __atomic_load_n(&block_quota.used, __ATOMIC_RELAXED),
        .nodes = node_quota.limit,
        .nodes_used = __atomic_load_n(&node_quota.used, __ATOMIC_RELAXED),
    };
}

bool tmpfs_count_name(bool *is_counted)
{
    *is_counted = is_limited;
    return !is_limited || page_quota_take(&node_quota, 1);
}

void tmpfs_uncount_name(void)
{
    page_quota_give(&node_quota, 1);
}

/* ---- Symbolic links and special files ---- */

static long read_link(struct node *node, char *buffer, size_t size)
{
    const char *target = tmpfs_node(node)->target;
    size_t length = strlen(target);

    if (length > size)
        length = size;
    memcpy(buffer, target, length);
    return length;
}

static void link_status(struct node *node, struct stat *status)
{
    status->st_size = strlen(tmpfs_node(node)->target);
    if (status->st_size >= SHORT_TARGET)
        status->st_blocks = PAGE_SIZE / 512;
}

static const struct node_operations link_operations = {
    .read_link = read_link,
    .status = link_status,
    .release = tmpfs_release,
};

static const struct node_operations special_operations = {
    .release = tmpfs_release,
};

static const struct node_operations *operations_for(uint32_t mode)
{
    if (S_ISDIR(mode))
        return &tmpfs_directory_operations;
    if (S_ISREG(mode))
        return &tmpfs_file_operations;
    return S_ISLNK(mode) ? &link_operations : &special_operations;
}

/* A file's object belongs to its node: what maps the file keeps the node, and so its name. */
static void get_owner(struct memory_object *object)
{
    node_get(object->owner);
}

/*
 * Mappings end without the kernel lock, and areas are merged with their space's lock held, where it
 * must not be taken. An area that is merged away never has the last reference.
 */
static void put_owner(struct memory_object *object)
{
    if (node_put_unless_last(object->owner))
        return;
    kernel_lock();
    node_put(object->owner);
    kernel_unlock();
}

/* Others read the times meanwhile, with a lock that does not keep this out. */
static void note_write(struct memory_object *object)
{
    struct node *node = object->owner;
    file_time_t now = file_time_now();

    __atomic_store_n(&node->modified, now, __ATOMIC_RELAXED);
    __atomic_store_n(&node->changed, now, __ATOMIC_RELAXED);
}

static bool is_nameless(struct memory_object *object)
{
    const struct node *node = object->owner;

    return __atomic_load_n(&node->links, __ATOMIC_RELAXED) == 0;
}

static int create_object(struct tmpfs_node *node)
{
    static const struct object_owner_operations operations = {get_owner, put_owner, note_write,
                                                              is_nameless};

    node->object = object_create();
    if (!node->object)
        return -ENOMEM;
    if (node->is_counted)
        node->object->quota = &block_quota;
    node->node.seals = F_SEAL_SEAL; /* all but some of memfd_create() take none */
    node->object->owner_operations = &operations;
    node->object->owner = &node->node;
    return 0;
}

/* A target that is not short takes a block. */
static bool takes_block(const struct tmpfs_node *node, size_t length)
{
    return node->is_counted && length >= SHORT_TARGET;
}

static int create_target(struct tmpfs_node *node, const struct node_template *template)
{
    size_t length = template->target_length;

    if (takes_block(node, length) && !page_quota_take(&block_quota, 1))
        return -ENOSPC;
    node->target = kmalloc(length + 1);
    if (!node->target) {
        if (takes_block(node, length))
            page_quota_give(&block_quota, 1);
        return -ENOMEM;
    }
    memcpy(node->target, template->target, length);
    node->target[length] = '\0';
    return 0;
}

static void free_target(struct tmpfs_node *node)
{
    if (takes_block(node, strlen(node->target)))
        page_quota_give(&block_quota, 1);
    kfree(node->target);
}

/* Makes what the kind of node needs besides the node. */
static int init_content(struct tmpfs_node *node, const struct node_template *template)
{
    if (S_ISDIR(node->node.mode)) {
        RB_INIT(&node->directory.names);
        TAILQ_INIT(&node->directory.order);
        node->directory.next_position = DIRECTORY_FIRST;
    } else if (S_ISREG(node->node.mode)) {
        return create_object(node);
    } else if (S_ISLNK(node->node.mode)) {
        return create_target(node, template);
    }
    return 0;
}

static int create_node(const struct node_template *template, bool is_counted, struct node **result)
{
    struct tmpfs_node *node = kzalloc(sizeof(*node));
    int error;

    if (!node)
        return -ENOMEM;
    node_init(&node->node, operations_for(template->mode), template->mode, TMPFS_DEVICE);
    node->node.device = template->device;
    node->is_counted = is_counted;
    error = !is_counted || page_quota_take(&node_quota, 1) ? 0 : -ENOSPC;
    if (!error) {
        error = init_content(node, template);
        if (error && is_counted)
            page_quota_give(&node_quota, 1);
    }
    if (error)
        kfree(node);
    else
        *result = &node->node;
    return error;
}

int tmpfs_create_node(const struct node_template *template, struct node **result)
{
    return create_node(template, is_limited, result);
}

void tmpfs_release(struct node *node)
{
    struct tmpfs_node *tmpfs = tmpfs_node(node);

    if (S_ISDIR(node->mode))
        assert(RB_EMPTY(&tmpfs->directory.names));
    else if (S_ISREG(node->mode))
        object_destroy(tmpfs->object);
    else if (S_ISLNK(node->mode))
        free_target(tmpfs);
    if (tmpfs->is_counted)
        page_quota_give(&node_quota, 1);
    kfree(tmpfs);
}

struct node *tmpfs_create_root(uint32_t permissions)
{
    struct node_template template = {.mode = S_IFDIR | permissions};
    struct node *root;

    if (tmpfs_create_node(&template, &root))
        return NULL;
    root->links = 2;
    root->parent = root;
    return root;
}

int tmpfs_create_unlinked(struct node **node)
{
    struct node_template template = {.mode = S_IFREG | 0777};

    return create_node(&template, false, node);
}
