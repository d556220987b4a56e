// SPDX-License-Identifier: MIT
/*
 * epoll: a list of files to wait for, as a file.
 *
 * An entry refers to its file without a reference and goes away with it. Each
 * wait asks the files anew, as poll() does. What EPOLLET needs to know, whether something has
 * happened since an event was told, is known of all files together only: so an edge may be told
 * again although it was another file's, but never missed.
 *
 * An epoll file may be in another one's list, and no deeper: then nobody walks in circles.
 */
#ifndef FS_EVENT_EPOLL_H
#define FS_EVENT_EPOLL_H

#include <bsd/sys/queue.h>
#include <linux/eventpoll.h>

#include "kernel/file/file.h"

struct epoll_entry {
    struct file *file;
    LIST_ENTRY(epoll_entry) of_file; /* in the list of all that refer to it */
    TAILQ_ENTRY(epoll_entry) link;
    struct epoll *epoll;
    int fd;
    struct epoll_event event;
    unsigned int told;     /* EPOLLET: what was ready when it was asked last and told */
    uint64_t told_at_wake; /* file_wakes then */
};

struct epoll {
    TAILQ_HEAD(epoll_entries, epoll_entry) entries;
    uint64_t count;
    unsigned int nested; /* entries that are epoll files */
    uint64_t counted_by; /* the footprint that has counted it */
};

extern const struct file_operations epoll_operations;

/* Takes an entry out of its list and frees it. */
void epoll_remove(struct epoll_entry *entry);

/* What epoll_ctl asks of the list that an epoll file is; fd is the number of the other file. */
long epoll_change(struct file *epoll_file, int operation, struct file *file, int fd,
                  const struct epoll_event *event);

#endif
