// SPDX-License-Identifier: MIT
/*
 * With trace=keys on the command line: who put memory under keys, and who changed rights to them,
 * as far as system calls tell (WRPKRU is none). The report of a fault then says since when a page
 * has its key and the thread its right.
 *
 * The room owns these records, a ring for each process that fork copies, exec empties and the
 * process's end frees. It leaves the form of a record to kernel/history/key_event.h, and who called
 * the C library to tools/run, which gets the records of a report (kernel/dump/).
 *
 * Without the word nothing is kept: the calls of a task are told only if task->told_of_calls says
 * so, and this room sets that nowhere then.
 */
#ifndef KERNEL_HISTORY_HISTORY_H
#define KERNEL_HISTORY_HISTORY_H

#include <stdint.h>

#include "arch/lock/spinlock.h"
#include "kernel/history/key_event.h"
#include "kernel/task/state.h"

#define HISTORY_EVENTS 240 /* that a process has at most; the oldest go first. 32 KiB with all */

struct history {
    struct spinlock lock;
    /* lock: history, none to read; ever noted, the last HISTORY_EVENTS are there */
    uint64_t count;
    struct key_event events[HISTORY_EVENTS]; /* lock: history, none to read */
};

/* lock: none, its own until another thread is made; NULL: nothing was noted yet, or no memory */
extern PROCESS_STATE(struct history *, process_history);

/* The nth event from the newest on, which is 0; NULL: there is none, or it is not kept any more. */
const struct key_event *history_event(const struct history *history, uint64_t age);

#endif
