// SPDX-License-Identifier: MIT
// The string functions that only ring 3 has, and the words for errors and signals.

#include <string.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>

struct text {
    int number;
    const char *words;
};

static const struct text errors[] = {
    {0, "Success"},
    {EPERM, "Operation not permitted"},
    {ENOENT, "No such file or directory"},
    {ESRCH, "No such process"},
    {EINTR, "Interrupted system call"},
    {EIO, "Input/output error"},
    {E2BIG, "Argument list too long"},
    {ENOEXEC, "Exec format error"},
    {EBADF, "Bad file descriptor"},
    {ECHILD, "No child processes"},
    {EAGAIN, "Resource temporarily unavailable"},
    {ENOMEM, "Cannot allocate memory"},
    {EACCES, "Permission denied"},
    {EFAULT, "Bad address"},
    {EBUSY, "Device or resource busy"},
    {EEXIST, "File exists"},
    {ENODEV, "No such device"},
    {ENOTDIR, "Not a directory"},
    {EISDIR, "Is a directory"},
    {EINVAL, "Invalid argument"},
    {EMFILE, "Too many open files"},
    {ENOTTY, "Inappropriate ioctl for device"},
    {ETXTBSY, "Text file busy"},
    {EFBIG, "File too large"},
    {ENOSPC, "No space left on device"},
    {ESPIPE, "Illegal seek"},
    {EROFS, "Read-only file system"},
    {EPIPE, "Broken pipe"},
    {ERANGE, "Numerical result out of range"},
    {ENAMETOOLONG, "File name too long"},
    {ENOSYS, "Function not implemented"},
    {EOPNOTSUPP, "Operation not supported"},
    {ETIMEDOUT, "Connection timed out"},
};

static const struct text signals[] = {
    {SIGHUP, "Hangup"},
    {SIGINT, "Interrupt"},
    {SIGQUIT, "Quit"},
    {SIGILL, "Illegal instruction"},
    {SIGTRAP, "Trace/breakpoint trap"},
    {SIGABRT, "Aborted"},
    {SIGBUS, "Bus error"},
    {SIGFPE, "Floating point exception"},
    {SIGKILL, "Killed"},
    {SIGUSR1, "User defined signal 1"},
    {SIGSEGV, "Segmentation fault"},
    {SIGUSR2, "User defined signal 2"},
    {SIGPIPE, "Broken pipe"},
    {SIGALRM, "Alarm clock"},
    {SIGTERM, "Terminated"},
    {SIGCHLD, "Child exited"},
    {SIGSTOP, "Stopped (signal)"},
    {SIGTSTP, "Stopped"},
    {SIGSYS, "Bad system call"},
};

static char *find_words(const struct text *texts, size_t count, int number, const char *otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i].number == number)
            return (char *)texts[i].words;
    }
    return (char *)otherwise;
}

char *strerror(int error)
{
    return find_words(errors, sizeof(errors) / sizeof(errors[0]), error, "Unknown error");
}

char *strsignal(int signal_number)
{
    return find_words(signals, sizeof(signals) / sizeof(signals[0]), signal_number,
                      "Unknown signal");
}

int bcmp(const void *left, const void *right, size_t count)
{
    return memcmp(left, right, count);
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t count)
{
    size_t length = strnlen(from, count);

    memcpy(to, from, length);
    memset(to + length, '\0', count - length);
    return to;
}

char *strdup(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);

    return copy == NULL ? NULL : memcpy(copy, string, size);
}

char *strtok_r(char *restrict string, const char *restrict separators, char **restrict rest)
{
    char *word = string != NULL ? string : *rest;
    char *end;

    word += strspn(word, separators);
    end = word + strcspn(word, separators);
    *rest = *end == '\0' ? end : end + 1;
    if (word == end)
        return NULL;
    *end = '\0';
    return word;
}
