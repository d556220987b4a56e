// SPDX-License-Identifier: MIT
#include "fs/more/node_times.h"

#include "kernel/time/time.h"

file_time_t file_time_now(void)
{
    return (file_time_t)time_realtime_ns();
}

static void start_times(struct node *node)
{
    node->accessed = node->modified = node->changed = file_time_now();
}
ATTACH(node_begins, start_times);

void node_touch(struct node *node)
{
    file_time_t now = file_time_now();

    __atomic_store_n(&node->modified, now, __ATOMIC_RELAXED);
    __atomic_store_n(&node->changed, now, __ATOMIC_RELAXED);
}
