// SPDX-License-Identifier: MIT
/*
 * The record of one event about keys: the one format for the report of a fault, for the host
 * (docs/channel.md) and for whoever draws what happened in time.
 *
 *   0      8     10    12    14    16    20    24    28    32     40    48    56    64
 *   | time | kind| call| key | prot| pid | tid |before|after|start | end | old | ip  | ...
 *   64     72    80                                                             120  128
 *   | sp   | bp  | stack: five words                                            | result |
 *
 * All records have the same size. A reader skips kinds that it does not know. What does not apply
 * to a kind is 0, but key is -1.
 */
#ifndef KERNEL_HISTORY_KEY_EVENT_H
#define KERNEL_HISTORY_KEY_EVENT_H

#include <stdint.h>

enum key_event_kind {
    KEY_EVENT_CALL = 1,    /* a system call about keys, rights or memory has succeeded */
    KEY_EVENT_OUTSIDE = 2, /* PKRU is another than after the thread's last call: by WRPKRU, or a
                            * signal's handler was entered. ip is that of the next call */
    KEY_EVENT_BEGIN = 3,   /* the thread tid was made, with its maker's PKRU; result is the maker's
                            * tid, ip where that one called */
};

#define KEY_EVENT_STACK 5 /* words */

struct key_event {
    uint64_t time;       /* ns, of CLOCK_MONOTONIC, when the event was noted */
    uint16_t kind;       /* enum key_event_kind */
    uint16_t call;       /* number of the system call, as in <asm/unistd.h> */
    int16_t key;         /* 0 to 15: of pkey_*(); -1: none, mprotect()'s too */
    uint16_t prot;       /* PROT_*, of mmap(), mprotect() and pkey_mprotect() */
    uint32_t pid;        /* of the process to which it happened */
    uint32_t tid;        /* of its thread: for pkey_set_thread() the one whose rights changed */
    uint32_t before;     /* PKRU of the thread, before and after; 0 on a CPU without keys */
    uint32_t after;      /* for pkey_set_all() and pkey_set_thread(): the rights set, two bits */
    uint64_t start, end; /* of the range that changed, [start, end), whole pages */
    uint64_t old;        /* where mremap() moved the range from */
    uint64_t ip;         /* behind the SYSCALL instruction */
    uint64_t sp, bp;     /* RSP and RBP there */
    uint64_t stack[KEY_EVENT_STACK]; /* the words at sp: the way to who called the C library */
    int64_t result;                  /* of the call */
};

_Static_assert(sizeof(struct key_event) == 128, "records lie behind one another");

#endif
