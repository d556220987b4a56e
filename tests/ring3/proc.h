// SPDX-License-Identifier: MIT
/*
 * What the tests of /proc and /sys share: reading whole files, and finding lines and fields.
 */
#ifndef TESTS_RING3_PROC_H
#define TESTS_RING3_PROC_H

#include "tests/ring3/ring3.h"

#include <fcntl.h>

#define TEXT_SIZE ((size_t)256 << 10)

/* Where the last file read is; its end is a NUL. */
static char proc_text[TEXT_SIZE];

/* Reads a file by pieces of that size; its length, or -1 and errno. */
static inline long read_file_by(const char *path, size_t piece)
{
    int file = open(path, O_RDONLY);
    size_t length = 0;
    long got;

    proc_text[0] = '\0';
    if (file < 0)
        return -1;
    do {
        size_t room = TEXT_SIZE - 1 - length;

        got = read(file, proc_text + length, piece < room ? piece : room);
        if (got > 0)
            length += (size_t)got;
    } while (got > 0);
    proc_text[length] = '\0';
    close(file);
    return got < 0 ? -1 : (long)length;
}

static inline long read_file(const char *path)
{
    return read_file_by(path, TEXT_SIZE);
}

/* Writes a text to a file that exists: 0, or -1 and errno. */
static inline int write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_TRUNC);
    ssize_t written;

    if (file < 0)
        return -1;
    written = write(file, text, strlen(text));
    close(file);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* The length of a link's target, which gets a NUL; or -1 and errno. */
static inline long read_target(const char *path, char *target, size_t size)
{
    long length = syscall(__NR_readlink, path, target, size - 1);

    target[length < 0 ? 0 : length] = '\0';
    return length;
}

/* Behind the label at the start of one of the lines from text on, up to end; NULL: none has it. */
static inline const char *behind_label(const char *text, const char *label)
{
    size_t length = strlen(label);

    for (; text != NULL; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
        if (strncmp(text, label, length) == 0)
            return text + length;
    return NULL;
}

/* The decimal number behind a label in the last file read; -1 when the label is not there. */
static inline long number_behind(const char *label)
{
    const char *at = behind_label(proc_text, label);

    return at != NULL ? strtol(at, NULL, 10) : -1;
}

/* Whether two texts agree up to the ends of their first lines. */
static inline bool same_line(const char *one, const char *other)
{
    size_t length = strcspn(one, "\n");

    return length == strcspn(other, "\n") && strncmp(one, other, length) == 0;
}

#endif
