// SPDX-License-Identifier: MIT
/*
 * Wild pointers in system calls: each pointer argument of each call, with several kinds of
 * addresses that are not the program's, is EFAULT. A test is a call with one of its pointers wild.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include <asm/prctl.h>

#define ARGUMENTS 6

/* What the table says instead of values that are known only at run time. */
enum {
    WILD = 0x7ead0001, /* the wild pointer */
    FILE_NUMBER,       /* descriptors */
    PIPE_READ,
    PIPE_WRITE,
    DIRECTORY,
    MAPPED_PAGE,
};

#define POINTER(object) ((unsigned long)(uintptr_t)(object))

static struct iovec wild_buffer; /* its base is the wild pointer */
static char *wild_strings[2];    /* the first is the wild pointer */
static char *no_strings[1];
static char path_of_file[] = "/tmp/latchkey-wild";
static char path_of_link[] = "/tmp/latchkey-wild-link";
static char path_of_this[256]; /* this program */
static char buffer[256];
static char root[] = "/";
static struct timespec no_time;
static char *page;

struct call {
    const char *name;
    long number;
    unsigned long arguments[ARGUMENTS];
};

/* clang-format off */
static struct call calls[] = {
    {"read", __NR_read, {FILE_NUMBER, WILD, 8}},
    {"read of a pipe", __NR_read, {PIPE_READ, WILD, 8}},
    {"write", __NR_write, {FILE_NUMBER, WILD, 8}},
    {"write to a pipe", __NR_write, {PIPE_WRITE, WILD, 8}},
    {"pread64", __NR_pread64, {FILE_NUMBER, WILD, 8, 0}},
    {"pwrite64", __NR_pwrite64, {FILE_NUMBER, WILD, 8, 0}},
    {"readv: vectors", __NR_readv, {FILE_NUMBER, WILD, 1}},
    {"readv: buffer", __NR_readv, {FILE_NUMBER, POINTER(&wild_buffer), 1}},
    {"writev: vectors", __NR_writev, {FILE_NUMBER, WILD, 1}},
    {"writev: buffer", __NR_writev, {FILE_NUMBER, POINTER(&wild_buffer), 1}},
    {"preadv", __NR_preadv, {FILE_NUMBER, WILD, 1, 0}},
    {"pwritev", __NR_pwritev, {FILE_NUMBER, WILD, 1, 0}},
    {"sendfile: offset", __NR_sendfile, {PIPE_WRITE, FILE_NUMBER, WILD, 1}},
    {"open", __NR_open, {WILD, O_RDONLY}},
    {"openat", __NR_openat, {(unsigned long)AT_FDCWD, WILD, O_RDONLY}},
    {"creat", __NR_creat, {WILD, 0600}},
    {"access", __NR_access, {WILD, 0}},
    {"faccessat", __NR_faccessat, {(unsigned long)AT_FDCWD, WILD, 0}},
    {"faccessat2", __NR_faccessat2, {(unsigned long)AT_FDCWD, WILD, 0, 0}},
    {"stat: path", __NR_stat, {WILD, POINTER(buffer)}},
    {"stat: result", __NR_stat, {POINTER(root), WILD}},
    {"lstat: path", __NR_lstat, {WILD, POINTER(buffer)}},
    {"lstat: result", __NR_lstat, {POINTER(root), WILD}},
    {"fstat", __NR_fstat, {FILE_NUMBER, WILD}},
    {"newfstatat: path", __NR_newfstatat, {(unsigned long)AT_FDCWD, WILD, POINTER(buffer), 0}},
    {"newfstatat: result", __NR_newfstatat, {(unsigned long)AT_FDCWD, POINTER(root), WILD, 0}},
    {"statx: path", __NR_statx, {(unsigned long)AT_FDCWD, WILD, 0, 0, POINTER(buffer)}},
    {"statx: result", __NR_statx, {(unsigned long)AT_FDCWD, POINTER(root), 0, 0, WILD}},
    {"statfs: path", __NR_statfs, {WILD, POINTER(buffer)}},
    {"statfs: result", __NR_statfs, {POINTER(root), WILD}},
    {"fstatfs", __NR_fstatfs, {FILE_NUMBER, WILD}},
    {"getdents64", __NR_getdents64, {DIRECTORY, WILD, 256}},
    {"getcwd", __NR_getcwd, {WILD, 256}},
    {"chdir", __NR_chdir, {WILD}},
    {"mkdir", __NR_mkdir, {WILD, 0700}},
    {"mkdirat", __NR_mkdirat, {(unsigned long)AT_FDCWD, WILD, 0700}},
    {"rmdir", __NR_rmdir, {WILD}},
    {"unlink", __NR_unlink, {WILD}},
    {"unlinkat", __NR_unlinkat, {(unsigned long)AT_FDCWD, WILD, 0}},
    {"rename: old path", __NR_rename, {WILD, POINTER(path_of_file)}},
    {"rename: new path", __NR_rename, {POINTER(path_of_file), WILD}},
    {"link: old path", __NR_link, {WILD, POINTER(path_of_file)}},
    {"link: new path", __NR_link, {POINTER(path_of_file), WILD}},
    {"symlink: target", __NR_symlink, {WILD, POINTER(path_of_file)}},
    {"symlink: path", __NR_symlink, {POINTER(path_of_file), WILD}},
    {"readlink: path", __NR_readlink, {WILD, POINTER(buffer), 256}},
    {"readlink: result", __NR_readlink, {POINTER(path_of_link), WILD, 256}},
    {"readlinkat", __NR_readlinkat, {(unsigned long)AT_FDCWD, POINTER(path_of_link), WILD, 256}},
    {"chmod", __NR_chmod, {WILD, 0700}},
    {"chown", __NR_chown, {WILD, 0, 0}},
    {"truncate", __NR_truncate, {WILD, 0}},
    {"mknod", __NR_mknod, {WILD, S_IFREG | 0600, 0}},
    {"utimensat: times", __NR_utimensat, {(unsigned long)AT_FDCWD, POINTER(path_of_file), WILD, 0}},
    {"pipe", __NR_pipe, {WILD}},
    {"pipe2", __NR_pipe2, {WILD, 0}},
    {"poll", __NR_poll, {WILD, 1, 0}},
    {"ppoll: files", __NR_ppoll, {WILD, 1, POINTER(&no_time), 0}},
    {"ppoll: time", __NR_ppoll, {0, 0, WILD, 0}},
    {"select: files", __NR_select, {1, WILD, 0, 0, 0}},
    {"select: time", __NR_select, {0, 0, 0, 0, WILD}},
    {"pselect6: time", __NR_pselect6, {0, 0, 0, 0, WILD}},
    {"nanosleep", __NR_nanosleep, {WILD, 0}},
    {"clock_nanosleep", __NR_clock_nanosleep, {CLOCK_MONOTONIC, 0, WILD, 0}},
    {"clock_gettime", __NR_clock_gettime, {CLOCK_MONOTONIC, WILD}},
    {"clock_getres", __NR_clock_getres, {CLOCK_MONOTONIC, WILD}},
    {"gettimeofday", __NR_gettimeofday, {WILD, 0}},
    {"time", __NR_time, {WILD}},
    {"uname", __NR_uname, {WILD}},
    {"sysinfo", __NR_sysinfo, {WILD}},
    {"times", __NR_times, {WILD}},
    {"getrusage", __NR_getrusage, {0, WILD}},
    {"getcpu", __NR_getcpu, {WILD, 0, 0}},
    {"sched_getaffinity", __NR_sched_getaffinity, {0, 128, WILD}},
    {"getrandom", __NR_getrandom, {WILD, 8, 0}},
    {"getrlimit", __NR_getrlimit, {3, WILD}},
    {"setrlimit", __NR_setrlimit, {3, WILD}},
    {"prlimit64: new", __NR_prlimit64, {0, 3, WILD, 0}},
    {"prlimit64: old", __NR_prlimit64, {0, 3, 0, WILD}},
    {"prctl: PR_SET_NAME", __NR_prctl, {PR_SET_NAME, WILD}},
    {"prctl: PR_GET_NAME", __NR_prctl, {PR_GET_NAME, WILD}},
    {"arch_prctl: ARCH_GET_FS", __NR_arch_prctl, {ARCH_GET_FS, WILD}},
    {"futex: word", __NR_futex, {WILD, FUTEX_WAIT, 0, 0}},
    {"futex: time", __NR_futex, {POINTER(buffer), FUTEX_WAIT, 0, WILD}},
    {"futex: wake", __NR_futex, {WILD, FUTEX_WAKE, 1}},
    {"futex: second word", __NR_futex, {POINTER(buffer), FUTEX_WAKE_OP, 0, 0, WILD}},
    {"futex_waitv", __NR_futex_waitv, {WILD, 1, 0, 0, 0}},
    {"get_robust_list: list", __NR_get_robust_list, {0, WILD, POINTER(buffer)}},
    {"get_robust_list: size", __NR_get_robust_list, {0, POINTER(buffer), WILD}},
    {"mincore", __NR_mincore, {MAPPED_PAGE, PAGE, WILD}},
    {"rt_sigaction: new", __NR_rt_sigaction, {SIGUSR1, WILD, 0, 8}},
    {"rt_sigaction: old", __NR_rt_sigaction, {SIGUSR1, 0, WILD, 8}},
    {"rt_sigprocmask: new", __NR_rt_sigprocmask, {SIG_BLOCK, WILD, 0, 8}},
    {"rt_sigprocmask: old", __NR_rt_sigprocmask, {SIG_BLOCK, 0, WILD, 8}},
    {"rt_sigpending", __NR_rt_sigpending, {WILD, 8}},
    {"rt_sigsuspend", __NR_rt_sigsuspend, {WILD, 8}},
    {"rt_sigtimedwait: set", __NR_rt_sigtimedwait, {WILD, 0, 0, 8}},
    {"sigaltstack: new", __NR_sigaltstack, {WILD, 0}},
    {"sigaltstack: old", __NR_sigaltstack, {0, WILD}},
    {"execve: path", __NR_execve, {WILD, POINTER(no_strings), POINTER(no_strings)}},
    {"execve: arguments", __NR_execve, {POINTER(path_of_this), WILD, POINTER(no_strings)}},
    {"execve: an argument", __NR_execve,
     {POINTER(path_of_this), POINTER(wild_strings), POINTER(no_strings)}},
    {"execve: environment", __NR_execve, {POINTER(path_of_this), POINTER(no_strings), WILD}},
};
/* clang-format on */

static int file, directory;
static int pipe_ends[2];

static unsigned long value_of(unsigned long argument, uintptr_t wild)
{
    switch (argument) {
    case WILD:
        return wild;
    case FILE_NUMBER:
        return (unsigned long)file;
    case PIPE_READ:
        return (unsigned long)pipe_ends[0];
    case PIPE_WRITE:
        return (unsigned long)pipe_ends[1];
    case DIRECTORY:
        return (unsigned long)directory;
    case MAPPED_PAGE:
        return POINTER(page);
    default:
        return argument;
    }
}

static long make_call(const struct call *call, uintptr_t wild)
{
    unsigned long values[ARGUMENTS];

    for (size_t i = 0; i < ARGUMENTS; i++)
        values[i] = value_of(call->arguments[i], wild);
    wild_buffer.iov_base = (void *)wild;
    wild_buffer.iov_len = 8;
    wild_strings[0] = (char *)wild;
    lseek(file, 0, SEEK_SET);
    errno = 0;
    return syscall(call->number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static void run_call(const struct call *call, const uintptr_t *wild, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        long result = make_call(call, wild[i]);

        if (result == -1 && errno == ENOSYS) {
            ktap_skip("this kernel has no such call");
            return;
        }
        if (result != -1 || errno != EFAULT) {
            ktap_note("with %p:", (void *)wild[i]);
            EXPECT_ERROR(result, EFAULT);
        }
    }
}

/* The result is refused after the child was waited for. */
static void run_wait(uintptr_t wild)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    EXPECT_ERROR(syscall(__NR_wait4, child, wild, 0, NULL), EFAULT);
    EXPECT_ERROR(waitpid(child, NULL, 0), ECHILD);
}

static void set_up(void)
{
    mkdir("/tmp", 0777);
    file = open(path_of_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
    directory = open(root, O_RDONLY | O_DIRECTORY);
    if (file < 0 || directory < 0 || pipe(pipe_ends) < 0 || write(file, buffer, 64) < 64 ||
        write(pipe_ends[1], buffer, 64) < 64) {
        printf("Bail out! %s: %s\n", path_of_file, strerror(errno));
        exit(1);
    }
    unlink(path_of_link);
    syscall(__NR_symlink, path_of_file, path_of_link);
    snprintf(path_of_this, sizeof(path_of_this), "%s", (const char *)getauxval(AT_EXECFN));
    page = map_pages(1, READ_WRITE);
}

int main(void)
{
    uintptr_t wild[] = {
        (uintptr_t)hole(),  /* not mapped */
        0x7ffffffff000,     /* the end of user space */
        0x8000000000000000, /* non-canonical */
        0xffff888000001000, /* the kernel's */
        0xffffffff81000000, /* the kernel's */
        UINTPTR_MAX - 7,    /* wraps */
        0,                  /* a page that nobody can write */
    };

    set_up();
    wild[COUNT(wild) - 1] = (uintptr_t)map_pages(1, PROT_NONE);
    ktap_plan(COUNT(calls) + 1);
    for (size_t i = 0; i < COUNT(calls); i++) {
        ktap_begin("%s", calls[i].name);
        run_call(&calls[i], wild, COUNT(wild));
        ktap_end();
    }
    ktap_begin("wait4: status");
    for (size_t i = 0; i < COUNT(wild); i++)
        run_wait(wild[i]);
    ktap_end();
    unlink(path_of_file);
    unlink(path_of_link);
    return ktap_status();
}
