// SPDX-License-Identifier: MIT
#include "fs/more/node_times.h"

#include "kernel/time/time.h"

file_time_t file_time_now(void)
{
    return (file_time_t)time_realtime_ns();
}

static void begin(struct node *node)
{
    static uint64_t last_inode;

    node->inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED);
    node->accessed = node->modified = node->changed = file_time_now();
}
ATTACH(node_begins, begin);

void node_touch(struct node *node)
{
    file_time_t now = file_time_now();

    __atomic_store_n(&node->modified, now, __ATOMIC_RELAXED);
    __atomic_store_n(&node->changed, now, __ATOMIC_RELAXED);
}
