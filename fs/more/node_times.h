// SPDX-License-Identifier: MIT
/*
 * The times of nodes (fs/node/node.h), which as their numbers are told to programs and which
 * nothing else goes by.
 */
#ifndef FS_MORE_NODE_TIMES_H
#define FS_MORE_NODE_TIMES_H

#include "fs/node/node.h"

file_time_t file_time_now(void);

/* It is changed now. Others read the times meanwhile, with a lock that does not keep this out. */
void node_touch(struct node *node);

#endif
