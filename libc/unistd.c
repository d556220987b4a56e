// SPDX-License-Identifier: MIT
// Files by descriptor and by path: each function is one system call.

#include <unistd.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include <asm/termbits.h>

ssize_t read(int descriptor, void *buffer, size_t count)
{
    return syscall(__NR_read, descriptor, buffer, count);
}

ssize_t write(int descriptor, const void *buffer, size_t count)
{
    return syscall(__NR_write, descriptor, buffer, count);
}

ssize_t pread(int descriptor, void *buffer, size_t count, off_t offset)
{
    return syscall(__NR_pread64, descriptor, buffer, count, offset);
}

ssize_t pwrite(int descriptor, const void *buffer, size_t count, off_t offset)
{
    return syscall(__NR_pwrite64, descriptor, buffer, count, offset);
}

ssize_t readv(int descriptor, const struct iovec *vectors, int count)
{
    return syscall(__NR_readv, descriptor, vectors, count);
}

ssize_t writev(int descriptor, const struct iovec *vectors, int count)
{
    return syscall(__NR_writev, descriptor, vectors, count);
}

off_t lseek(int descriptor, off_t offset, int whence)
{
    return syscall(__NR_lseek, descriptor, offset, whence);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return (int)syscall(__NR_openat, directory, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return openat(AT_FDCWD, path, flags, mode);
}

int fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    long argument;

    va_start(arguments, command);
    argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)syscall(__NR_fcntl, descriptor, command, argument);
}

int ioctl(int descriptor, unsigned long request, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return (int)syscall(__NR_ioctl, descriptor, request, argument);
}

int close(int descriptor)
{
    return (int)syscall(__NR_close, descriptor);
}

int dup2(int descriptor, int wanted)
{
    return (int)syscall(__NR_dup2, descriptor, wanted);
}

int pipe(int ends[2])
{
    return (int)syscall(__NR_pipe, ends);
}

int ftruncate(int descriptor, off_t size)
{
    return (int)syscall(__NR_ftruncate, descriptor, size);
}

int isatty(int descriptor)
{
    struct termios settings;

    return ioctl(descriptor, TCGETS, &settings) == 0;
}

int access(const char *path, int mode)
{
    return (int)syscall(__NR_access, path, mode);
}

int unlink(const char *path)
{
    return (int)syscall(__NR_unlink, path);
}

int mkdir(const char *path, mode_t mode)
{
    return (int)syscall(__NR_mkdir, path, mode);
}

int chmod(const char *path, mode_t mode)
{
    return (int)syscall(__NR_chmod, path, mode);
}

int stat(const char *restrict path, struct stat *restrict result)
{
    return (int)syscall(__NR_stat, path, result);
}

int fstat(int descriptor, struct stat *result)
{
    return (int)syscall(__NR_fstat, descriptor, result);
}

int uname(struct utsname *name)
{
    return (int)syscall(__NR_uname, name);
}
