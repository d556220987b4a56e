// SPDX-License-Identifier: MIT
/*
 * The limits of tmpfs. From the first program on what is made counts, against limits as Linux's
 * tmpfs has them by default: half of all memory for what is in files, and as many nodes and further
 * names as half of all pages, so that no user fills memory with what no process has to answer for.
 * What the machine was started with does not count, nor do memfds, which their processes answer
 * for.
 */
#include <asm/errno.h>
#include <asm/statfs.h>

#include "fs/more/node_times.h"
#include "fs/more/tmpfs_more.h"
#include "fs/tmpfs/tmpfs.h"
#include "kernel/start/events.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"

struct quota {
    uint64_t limit, used; /* used: lock: none, atomic */
};

static bool is_limited;
static struct quota block_quota = {.limit = UINT64_MAX};
static struct quota node_quota = {.limit = UINT64_MAX}; /* of nodes, and names beyond them */

/* Never more than the limit, not even for a moment: others read it meanwhile. */
static bool quota_take(struct quota *quota, uint64_t count)
{
    uint64_t used = __atomic_load_n(&quota->used, __ATOMIC_RELAXED);

    do {
        if (count > quota->limit - used)
            return false;
    } while (!__atomic_compare_exchange_n(&quota->used, &used, used + count, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

static void quota_give(struct quota *quota, uint64_t count)
{
    __atomic_fetch_sub(&quota->used, count, __ATOMIC_RELAXED);
}

/* The pages and tables of a file. */
static bool charge_blocks(int pages)
{
    if (pages > 0)
        return quota_take(&block_quota, (uint64_t)pages);
    quota_give(&block_quota, (uint64_t)-pages);
    return true;
}

uint64_t tmpfs_block_limit(void)
{
    return block_quota.limit;
}

static void start_limits(struct process *process)
{
    (void)process;
    block_quota.limit = node_quota.limit = page_count_total() / 2;
    is_limited = true;
}
ATTACH(first_program_is_made, start_limits);

void tmpfs_usage(struct statfs *status)
{
    status->f_blocks = block_quota.limit;
    status->f_bfree = block_quota.limit - __atomic_load_n(&block_quota.used, __ATOMIC_RELAXED);
    status->f_bavail = status->f_bfree;
    status->f_files = node_quota.limit;
    status->f_ffree = node_quota.limit - __atomic_load_n(&node_quota.used, __ATOMIC_RELAXED);
}

/* A symbolic link's target that is not short takes a block. */
static bool takes_block(uint32_t mode, size_t target_length)
{
    return S_ISLNK(mode) && target_length >= TMPFS_SHORT_TARGET;
}

static void give_back(uint32_t mode, size_t target_length)
{
    if (takes_block(mode, target_length))
        quota_give(&block_quota, 1);
    quota_give(&node_quota, 1);
}

/* Takes what a node will count for: 0 or -ENOSPC. */
static int reserve(const struct node_template *template)
{
    if (!is_limited)
        return 0;
    if (!quota_take(&node_quota, 1))
        return -ENOSPC;
    if (!takes_block(template->mode, template->target_length) || quota_take(&block_quota, 1))
        return 0;
    quota_give(&node_quota, 1);
    return -ENOSPC;
}

/* The node is made, and counts from now on; or it is not, by this error. */
static int settle(const struct node_template *template, struct node *node, int error)
{
    if (!is_limited)
        return error;
    if (error) {
        give_back(template->mode, template->target_length);
        return error;
    }
    if (S_ISREG(node->mode))
        tmpfs_node(node)->object->charge = charge_blocks;
    tmpfs_node(node)->is_counted = true;
    return 0;
}

int tmpfs_create_counted(struct node *directory, const struct node_name *name,
                         const struct node_template *template, struct node **child)
{
    int error = reserve(template);

    if (error)
        return error;
    error = tmpfs_create(directory, name, template, child);
    if (!error)
        node_touch(directory);
    return settle(template, error ? NULL : *child, error);
}

int tmpfs_create_nameless(const struct node_template *template, struct node **node)
{
    int error = reserve(template);

    if (error)
        return error;
    error = tmpfs_create_node(template, node);
    return settle(template, error ? NULL : *node, error);
}

void tmpfs_release_counted(struct node *node)
{
    const struct tmpfs_node *tmpfs = tmpfs_node(node);

    if (tmpfs->is_counted)
        give_back(node->mode, S_ISLNK(node->mode) ? strlen(tmpfs->target) : 0);
    if (S_ISLNK(node->mode))
        kfree(tmpfs->target);
    else if (S_ISREG(node->mode))
        tmpfs->object->owner_operations = NULL; /* it ends with its owner */
    tmpfs_release(node);
}

bool tmpfs_count_name(struct node *node, bool *is_counted)
{
    bool is_first_of_counted = !node->links && tmpfs_node(node)->is_counted;

    *is_counted = is_limited && !is_first_of_counted;
    return !*is_counted || quota_take(&node_quota, 1);
}

void tmpfs_uncount_name(void)
{
    quota_give(&node_quota, 1);
}
