// SPDX-License-Identifier: MIT
// Descriptors, processes and the program break.
#ifndef LIBC_UNISTD_H
#define LIBC_UNISTD_H

#include <stddef.h>

#include <sys/types.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#define _SC_PAGESIZE 30

extern char **environ;

/* Any system call: its result, or -1 and errno. Takes up to six arguments. */
long syscall(long number, ...);

ssize_t read(int descriptor, void *buffer, size_t count);
ssize_t write(int descriptor, const void *buffer, size_t count);
ssize_t pread(int descriptor, void *buffer, size_t count, off_t offset);
ssize_t pwrite(int descriptor, const void *buffer, size_t count, off_t offset);
off_t lseek(int descriptor, off_t offset, int whence);
int close(int descriptor);
int dup2(int descriptor, int wanted);
int pipe(int ends[2]);
int ftruncate(int descriptor, off_t size);
int isatty(int descriptor);

int access(const char *path, int mode);
int unlink(const char *path);

pid_t getpid(void);
pid_t getppid(void);
pid_t fork(void);
int execve(const char *path, char *const arguments[], char *const environment[]);
_Noreturn void _exit(int status);

int usleep(unsigned int microseconds);

int brk(void *end);
void *sbrk(intptr_t change);
int getpagesize(void);

/* Knows _SC_PAGESIZE only; anything else is EINVAL. */
long sysconf(int name);

#endif
