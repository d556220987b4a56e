// SPDX-License-Identifier: MIT
/*
 * Generated text: what a file of /proc or /sys says is written into one of these as a whole, and
 * then read from at any offset.
 *
 * Its pages are those of a memory object, so it may grow to any size and be written under a
 * spinlock; what is missing for want of memory shows as an error at the end.
 */
#ifndef FS_PSEUDO_TEXT_H
#define FS_PSEUDO_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/call/io_iter.h"

struct memory_object;

struct text {
    struct memory_object *object;
    int error; /* the first one: what was written since is lost */
};

void text_init(struct text *text);
void text_free(struct text *text);

void text_put(struct text *text, const char *bytes, size_t count);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes so far; and spaces, until the line that began at such a size is so wide. */
uint64_t text_size(const struct text *text);
void text_pad(struct text *text, uint64_t line_start, unsigned int width);

/* Bytes read from *offset on, which moves on; 0 at the end; -EFAULT. */
long text_read(const struct text *text, struct io_iter *to, uint64_t *offset);

#endif
