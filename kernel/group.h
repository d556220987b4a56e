// SPDX-License-Identifier: MIT
/*
 * Process groups and sessions: who is in which, and groups that nobody looks after any more.
 *
 * A group is orphaned when no member has a parent in another group of the same session, such as a
 * shell: then nobody could let a stopped member go on (POSIX, 3.264). The first program, where
 * it got the child when its own parent ended, does not count.
 */
#ifndef KERNEL_GROUP_H
#define KERNEL_GROUP_H

#include <stdbool.h>

struct process;

/* Whether the running process's group is orphaned. */
bool group_is_orphaned(void);

/*
 * A process ends, or ceases to be a child of this parent. If that orphans its group and a member is
 * stopped, all members get SIGHUP and SIGCONT.
 */
void group_lost_parent(const struct process *process, const struct process *parent);

#endif
