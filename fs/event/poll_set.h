// SPDX-License-Identifier: MIT
/*
 * Waiting for any of several files: what poll and select have in common.
 *
 * The room owns the calls that wait for files (poll, select, epoll), and the files by which a
 * program waits for something else (eventfd, signalfd, timerfd). It leaves to each file whether it
 * is ready and to kernel/file/ the wake; signals are kernel/signal/'s and alarms kernel/timer/'s.
 *
 * Whoever makes a file ready wakes file_events; everyone who waits there then looks at his files
 * again. That costs more than a queue for each file would and needs no bookkeeping.
 */
#ifndef FS_EVENT_POLL_SET_H
#define FS_EVENT_POLL_SET_H

#include <stddef.h>
#include <stdint.h>

#include <asm/poll.h>

struct file;

struct poll_item {
    struct file *file; /* with a reference; NULL: no such descriptor, or one to be left out */
    unsigned int events;
    unsigned int found;
};

struct poll_set {
    struct poll_item *items;
    unsigned int count;
    unsigned int ready; /* items that have found something */
};

/* A set of so many items, all left out; 0 or -ENOMEM. The end of it drops the references. */
int poll_set_init(struct poll_set *set, unsigned int count);
void poll_set_free(struct poll_set *set);

#define POLL_FOREVER UINT64_MAX

/* Waits until a file is ready, or for so many nanoseconds. 0, or -ERESTARTNOHAND for a signal. */
int poll_wait(struct poll_set *set, uint64_t limit);

/*
 * Blocks other signals for the time of a call: 0, -EINVAL, -EFAULT; a mask at NULL leaves them. The
 * second function ends that, but for a call that was interrupted: there the signal's delivery does.
 */
int poll_change_mask(uintptr_t user_mask, size_t size);
void poll_change_mask_back(long result);

/*
 * Time limits in user space as nanoseconds: 0, -EINVAL, -EFAULT; NULL is for ever. And what is left
 * of a limit since start: the calls tell it, and nobody is told of a bad address.
 */
int limit_from_timespec(uintptr_t user, uint64_t *limit);
int limit_from_timeval(uintptr_t user, uint64_t *limit);
uint64_t limit_left(uint64_t limit, uint64_t start);
void limit_to_timespec(uintptr_t user, uint64_t left);
void limit_to_timeval(uintptr_t user, uint64_t left);

#endif
