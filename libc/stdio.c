// SPDX-License-Identifier: MIT
/*
 * Standard output and standard error, buffered as on Linux: the one by lines on a terminal and by
 * the buffer's size elsewhere, the other not at all. Input, and files by name, are read() and
 * open().
 */
#include <stdio.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "libc/core/format.h"

enum mode {
    BY_SIZE,
    BY_LINES,
    UNBUFFERED,
    UNKNOWN, /* until the first output, which asks whether it goes to a terminal */
};

struct libc_file {
    int descriptor;
    enum mode mode;
    int failed;
    size_t used; /* bytes of the buffer that have not been written yet */
    char buffer[BUFSIZ];
};

static FILE output = {.descriptor = STDOUT_FILENO, .mode = UNKNOWN};
static FILE errors = {.descriptor = STDERR_FILENO, .mode = UNBUFFERED};

/* For both, for as long as one call has something to write. */
static pthread_mutex_t lock;

FILE *const stdout = &output;
FILE *const stderr = &errors;

static void write_out(FILE *file, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(file->descriptor, bytes, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            file->failed = 1;
            return;
        }
        bytes += written;
        count -= (size_t)written;
    }
}

static void flush(FILE *file)
{
    write_out(file, file->buffer, file->used);
    file->used = 0;
}

int fflush(FILE *file)
{
    if (file == NULL)
        file = stdout; // the only one that is buffered
    pthread_mutex_lock(&lock);
    flush(file);
    pthread_mutex_unlock(&lock);
    return file->failed ? EOF : 0;
}

static void put_buffered(FILE *file, const char *bytes, size_t count)
{
    while (count > 0) {
        size_t room = sizeof(file->buffer) - file->used;
        size_t part = count < room ? count : room;

        memcpy(file->buffer + file->used, bytes, part);
        file->used += part;
        bytes += part;
        count -= part;
        if (file->used == sizeof(file->buffer))
            flush(file);
    }
}

static void put(FILE *file, const char *bytes, size_t count)
{
    int saved = errno;

    if (file->mode == UNKNOWN)
        file->mode = isatty(file->descriptor) ? BY_LINES : BY_SIZE;
    errno = saved; // a file that is no terminal is no error
    if (file->mode == UNBUFFERED) {
        write_out(file, bytes, count);
        return;
    }
    put_buffered(file, bytes, count);
    if (file->mode == BY_LINES && memchr(bytes, '\n', count) != NULL)
        flush(file);
}

static void put_alone(FILE *file, const char *bytes, size_t count)
{
    pthread_mutex_lock(&lock);
    put(file, bytes, count);
    pthread_mutex_unlock(&lock);
}

size_t fwrite(const void *items, size_t size, size_t count, FILE *file)
{
    put_alone(file, items, size * count);
    return file->failed ? 0 : count;
}

int fputs(const char *string, FILE *file)
{
    put_alone(file, string, strlen(string));
    return file->failed ? EOF : 0;
}

int puts(const char *string)
{
    return fputs(string, stdout) == EOF || putchar('\n') == EOF ? EOF : 0;
}

int fputc(int character, FILE *file)
{
    char byte = (char)character;

    put_alone(file, &byte, 1);
    return file->failed ? EOF : (unsigned char)byte;
}

int putc(int character, FILE *file)
{
    return fputc(character, file);
}

int putchar(int character)
{
    return fputc(character, stdout);
}

static void put_formatted(void *context, const char *bytes, size_t count)
{
    put(context, bytes, count);
}

/* An unbuffered file gets the whole text in as few writes as if it were buffered. */
static int format_to(FILE *file, const char *format, va_list arguments)
{
    FILE whole;
    int count;

    if (file->mode != UNBUFFERED)
        return format_output(put_formatted, file, format, arguments);
    whole = (FILE){.descriptor = file->descriptor, .mode = BY_SIZE};
    count = format_output(put_formatted, &whole, format, arguments);
    flush(&whole);
    file->failed |= whole.failed;
    return count;
}

int vfprintf(FILE *file, const char *format, va_list arguments)
{
    int count;

    pthread_mutex_lock(&lock);
    count = format_to(file, format, arguments);
    pthread_mutex_unlock(&lock);
    return count;
}

int vprintf(const char *format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

int printf(const char *format, ...)
{
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = vprintf(format, arguments);
    va_end(arguments);
    return count;
}

int fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = vfprintf(file, format, arguments);
    va_end(arguments);
    return count;
}

void perror(const char *prefix)
{
    fprintf(stderr, "%s: %s\n", prefix, strerror(errno));
}
