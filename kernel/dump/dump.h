// SPDX-License-Identifier: MIT
/*
 * What the host is told of a program that a fault ends, beside the report on the console: where its
 * code is mapped from, and the end of its stack. With that and the program's own files tools/run
 * finds lines of source and the calls that led to the fault (tools/lib/fault_source.py).
 *
 * The room owns these frames of the channel (docs/channel.md). It leaves the report, which has the
 * registers, to kernel/report/.
 *
 * Like the bytes of the instruction, the stack is read whatever PKRU says, but for memory under a
 * key that the program has declared closed: the report is for the console's owner
 * (docs/reports.md, "Who sees it").
 */
#ifndef KERNEL_DUMP_DUMP_H
#define KERNEL_DUMP_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/channel/frame.h"

enum dump_kind {
    DUMP_BEGIN = 'b',   /* nothing more: a new report, of the thread tid; the others follow */
    DUMP_MAPPING = 'm', /* struct dump_mapping: of code, lowest address first */
    DUMP_STACK = 's',   /* struct dump_stack: pieces, lowest address first */
    DUMP_EVENT = 'e',   /* struct key_event, of kernel/history/, which says when */
};

/* What a frame of type FRAME_DUMP begins with. Numbers are little-endian. */
struct dump_header {
    uint32_t tid;
    uint8_t kind; /* enum dump_kind */
    uint8_t unused[3];
};

#define DUMP_CONTENT_MAX (FRAME_PAYLOAD_MAX - sizeof(struct dump_header))

struct dump_mapping {
    uint64_t start, end;
    uint64_t offset;                                    /* of start in the file, bytes */
    char path[DUMP_CONTENT_MAX - 3 * sizeof(uint64_t)]; /* no NUL follows; or "[vdso]" */
};

struct dump_stack {
    uint64_t address; /* of the first byte */
    uint8_t bytes[DUMP_CONTENT_MAX - sizeof(uint64_t)];
};

/* The most that is sent of each. */
#define DUMP_MAPPINGS_MAX 64
#define DUMP_STACK_MAX    (32u << 10)

/*
 * Sends one part; nothing happens without a host. Called while a report is being written, so by one
 * task at a time, and with no lock held: it may wait for the host. Returns 0 or a negative errno,
 * with which the rest is to be left out.
 */
int dump_send(enum dump_kind kind, const void *content, size_t size);

#endif
