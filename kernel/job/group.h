// SPDX-License-Identifier: MIT
/*
 * Process groups and sessions: who is in which, groups that nobody looks after any more, and which
 * numbers nobody has.
 *
 * A group is orphaned when no member has a parent in another group of the same session, such as a
 * shell: then nobody could let a stopped member go on (POSIX, 3.264). The first program, where
 * it got the child when its own parent ended, does not count.
 */
#ifndef KERNEL_JOB_GROUP_H
#define KERNEL_JOB_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/signal.h>

#include "arch/cpu/attach.h"

struct process;

/* kernel.pid_max: no number is so large. Small ones are given out once, and left to daemons then.
 */
#define PID_MAX_DEFAULT 32768
#define PID_MAX_LIMIT   (4ul << 20)
#define RESERVED_PIDS   300
extern uint64_t pid_max;

/* A process leads a session of its own now, by setsid(2). The kernel lock is held. */
EVENT(session_is_made, void, struct process *leader);

/* Whether the running process's group is orphaned. */
bool group_is_orphaned(void);

/* Whether a signal stops nobody: a terminal's, in a group that nobody could let go on. */
bool group_ignores_stop(int signal);

/* As signal_send_to_process(), to all of a group: it is enough if one of them gets it. */
int signal_send_to_group(int pgid, const siginfo_t *info, int signal);

#endif
