// SPDX-License-Identifier: MIT
/*
 * The three standard files, buffered as on Linux: standard output by lines on a terminal and by
 * the buffer's size elsewhere, standard error not at all. Files by name are open() and read().
 */
#include <stdio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libc/core/format.h"
#include "libc/internal.h"

#define MODE_UNKNOWN (-1) /* until the first output, which asks whether it goes to a terminal */

struct libc_file {
    int descriptor;
    int mode;     /* _IOFBF, _IOLBF or _IONBF */
    size_t start; /* input: the bytes from start to end have been read but not taken */
    size_t end;   /* output: the bytes from 0 to end have not been written yet */
    int at_end;
    int failed;
    char buffer[BUFSIZ];
};

static FILE input = {.descriptor = STDIN_FILENO, .mode = _IOFBF};
static FILE output = {.descriptor = STDOUT_FILENO, .mode = MODE_UNKNOWN};
static FILE errors = {.descriptor = STDERR_FILENO, .mode = _IONBF};

FILE *const stdin = &input;
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

int fflush(FILE *file)
{
    if (file == NULL) {
        libc_flush_all();
        return 0;
    }
    if (file->mode != _IONBF && file != stdin) {
        write_out(file, file->buffer, file->end);
        file->end = 0;
    }
    return file->failed ? EOF : 0;
}

void libc_flush_all(void)
{
    fflush(stdout);
}

static void put_buffered(FILE *file, const char *bytes, size_t count)
{
    while (count > 0) {
        size_t room = sizeof(file->buffer) - file->end;
        size_t part = count < room ? count : room;

        memcpy(file->buffer + file->end, bytes, part);
        file->end += part;
        bytes += part;
        count -= part;
        if (file->end == sizeof(file->buffer))
            fflush(file);
    }
}

static void put(FILE *file, const char *bytes, size_t count)
{
    int saved = errno;

    if (file->mode == MODE_UNKNOWN)
        file->mode = isatty(file->descriptor) ? _IOLBF : _IOFBF;
    errno = saved; // a file that is no terminal is no error
    if (file->mode == _IONBF) {
        write_out(file, bytes, count);
        return;
    }
    put_buffered(file, bytes, count);
    if (file->mode == _IOLBF && memchr(bytes, '\n', count) != NULL)
        fflush(file);
}

size_t fwrite(const void *items, size_t size, size_t count, FILE *file)
{
    put(file, items, size * count);
    return file->failed ? 0 : count;
}

int fputs(const char *string, FILE *file)
{
    put(file, string, strlen(string));
    return file->failed ? EOF : 0;
}

int puts(const char *string)
{
    return fputs(string, stdout) == EOF || putchar('\n') == EOF ? EOF : 0;
}

int fputc(int character, FILE *file)
{
    char byte = (char)character;

    put(file, &byte, 1);
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
int vfprintf(FILE *file, const char *format, va_list arguments)
{
    FILE whole;
    int count;

    if (file->mode != _IONBF)
        return format_output(put_formatted, file, format, arguments);
    whole = (FILE){.descriptor = file->descriptor, .mode = _IOFBF};
    count = format_output(put_formatted, &whole, format, arguments);
    fflush(&whole);
    file->failed |= whole.failed;
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

/* Returns whether there is a byte in the buffer. */
static int fill(FILE *file)
{
    ssize_t count;

    if (file->start < file->end)
        return 1;
    if (output.mode == _IOLBF)
        fflush(stdout); // a prompt
    count = read(file->descriptor, file->buffer, sizeof(file->buffer));
    file->start = 0;
    file->end = count > 0 ? (size_t)count : 0;
    file->at_end |= count == 0;
    file->failed |= count < 0;
    return count > 0;
}

int fgetc(FILE *file)
{
    return fill(file) ? (unsigned char)file->buffer[file->start++] : EOF;
}

char *fgets(char *line, int size, FILE *file)
{
    int used = 0;

    while (used < size - 1) {
        int character = fgetc(file);

        if (character == EOF)
            break;
        line[used++] = (char)character;
        if (character == '\n')
            break;
    }
    if (used == 0)
        return NULL;
    line[used] = '\0';
    return line;
}

int feof(FILE *file)
{
    return file->at_end;
}

int ferror(FILE *file)
{
    return file->failed;
}

void clearerr(FILE *file)
{
    file->at_end = 0;
    file->failed = 0;
}

int setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
    (void)size;
    if (buffer != NULL)
        return -1;
    file->mode = mode;
    return 0;
}

int fileno(FILE *file)
{
    return file->descriptor;
}

void perror(const char *prefix)
{
    fprintf(stderr, "%s: %s\n", prefix, strerror(errno));
}
