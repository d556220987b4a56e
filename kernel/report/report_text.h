// SPDX-License-Identifier: MIT
/*
 * The form of the reports: rows of a label and its content, aligned, at most 80 columns wide.
 *
 *     area     7ffff77fe000-7ffff77ff000 rw- key 1, private, 4 KiB
 *     why      The page is present and the area allows writing, but ...
 */
#ifndef KERNEL_REPORT_REPORT_TEXT_H
#define KERNEL_REPORT_REPORT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* For printf: the label's column, which a row without a label leaves empty. */
#define REPORT_LABEL "%-9s"

#define REPORT_TEXT_SIZE 512

/* Text put together piece by piece. Set used to 0 first; what does not fit is cut off. */
struct report_text {
    size_t used;
    char bytes[REPORT_TEXT_SIZE];
};

void text_add(struct report_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number of bytes in words: exactly, or about as much when that would be long. */
void text_add_size(struct report_text *text, uint64_t bytes);

/* Prints the text as one line, the content of a row. */
void report_line(const char *label, const struct report_text *text);

/* The same over as many lines as it needs. */
void report_sentence(const char *label, const struct report_text *text);

#endif
