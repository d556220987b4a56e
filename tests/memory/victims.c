// SPDX-License-Identifier: MIT
/*
 * Who ends when memory is out: the largest process and not the one that asks, whatever it is large
 * with and whatever it waits for; and the first program, which this is, last of all.
 *
 *     victims
 *
 * For a machine of its own with 64 MiB. Hogs run as a user without privileges, take what they can
 * get and then wait. With that the first program must still be able to start a process, and to read
 * and to touch memory. Afterwards the kernel's counters must be what they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <ktap.h>
#include <linux/eventpoll.h>
#include <linux/ptrace.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/counters.h"

#define PAGE ((size_t)4096)
#define MIB  ((size_t)1 << 20)
#define ALL  (512 * MIB) /* more than the machine has */
#define SOME (12 * MIB)  /* more than is kept for the operator */
#define USER 1000

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define PRIVATE    (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define SHARED     (MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE)

#define TASKS 4

#define EPOLL_WATCHED 500 /* descriptors; about as many are left for epoll files */
#define EPOLL_ENTRY   96  /* bytes that the kernel needs for one */

static int ready[2]; /* a pipe: hogs write a byte when they have all that they can get */

static char *map(size_t size, int flags)
{
    void *memory = mmap(NULL, size, READ_WRITE, flags, -1, 0);

    if (memory == MAP_FAILED)
        _exit(100);
    return memory;
}

static void become_user(void)
{
    if (syscall(__NR_setresgid, USER, USER, USER) || syscall(__NR_setresuid, USER, USER, USER))
        _exit(101);
}

static void wait_for_ever(void)
{
    for (;;)
        syscall(__NR_pause);
}

/* ---- ways to be large: each returns when it has what it was asked for, or there is no more ----
 */

static void take_private(size_t size)
{
    char *memory = map(size, PRIVATE);

    for (size_t i = 0; i < size && madvise(memory + i, PAGE, MADV_POPULATE_WRITE) == 0; i += PAGE)
        ;
}

static void take_shared(size_t size)
{
    char *memory = map(size, SHARED);

    for (size_t i = 0; i < size && madvise(memory + i, PAGE, MADV_POPULATE_WRITE) == 0; i += PAGE)
        ;
}

/* A page of every 2 MiB, so a table for each. */
static void take_tables(size_t size)
{
    char *memory = map(size / 2 / PAGE * 2 * MIB, PRIVATE);

    for (size_t i = 0; i < size / 2 / PAGE; i++)
        if (madvise(memory + i * 2 * MIB, PAGE, MADV_POPULATE_WRITE) != 0)
            break;
}

static void fill_file(int fd, size_t size)
{
    static char block[16 * PAGE];

    for (size_t i = 0; i < size; i += sizeof(block))
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
            break;
}

static void take_memfd(size_t size)
{
    fill_file((int)syscall(__NR_memfd_create, "hog", 0), size);
}

/* Only the mapping has it. */
static void take_mapped_memfd(size_t size)
{
    int fd = (int)syscall(__NR_memfd_create, "hog", 0);

    fill_file(fd, size);
    if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        _exit(102);
    close(fd);
}

/* A page of every 2 MiB, which a table leads to. */
static void take_sparse_memfd(size_t size)
{
    int fd = (int)syscall(__NR_memfd_create, "hog", 0);

    for (size_t i = 0; i < size / 2 / PAGE; i++)
        if (pwrite(fd, "x", 1, (off_t)(i * 2 * MIB)) != 1)
            break;
}

/* Only the open file has what was mapped. */
static void take_zeros(size_t size)
{
    int fd = open("/dev/zero", O_RDWR);
    char *memory = mmap(NULL, size, READ_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

    if (memory == MAP_FAILED)
        _exit(106);
    for (size_t i = 0; i < size && madvise(memory + i, PAGE, MADV_POPULATE_WRITE) == 0; i += PAGE)
        ;
    munmap(memory, size);
}

/* How long a text of /proc is, which stays in memory; 0 when it cannot be read. */
static size_t read_text(const char *path)
{
    static char block[16 * PAGE];
    int fd = open(path, O_RDONLY);
    size_t size = 0;
    ssize_t count;

    while ((count = read(fd, block, sizeof(block))) > 0)
        size += (size_t)count;
    return count ? 0 : size;
}

/* It has many areas, so that few descriptors lead to much text. */
static void take_texts(size_t size)
{
    char *memory = map(1000 * PAGE, PRIVATE);
    size_t taken = 0, text = 1;

    for (size_t i = 0; i < 1000; i += 2)
        mprotect(memory + i * PAGE, PAGE, PROT_READ);
    for (; taken < size && text; taken += text)
        text = read_text("/proc/self/smaps");
}

/* Half of memory at most: the rest is private. */
static void take_unlinked_file(size_t size)
{
    int fd = open("/tmp/hog", O_CREAT | O_RDWR, 0600);

    unlink("/tmp/hog");
    fill_file(fd, size);
    take_private(size - (size_t)lseek(fd, 0, SEEK_END));
}

/* As many as there are descriptors for: the rest is private. */
static void take_pipes(size_t size)
{
    static char block[16 * PAGE];
    size_t taken = 0;
    int ends[2];

    for (; taken < size && pipe(ends) == 0; taken += sizeof(block)) {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        if (write(ends[1], block, sizeof(block)) != (ssize_t)sizeof(block))
            break;
    }
    if (taken < size)
        take_private(size - taken);
}

/* As many as a file may have that is searched quickly; whether there was memory for them. */
static bool fill_epoll(int fd, int first)
{
    struct epoll_event event = {.events = EPOLLIN};

    for (int watched = first; watched < first + EPOLL_WATCHED; watched++)
        if (syscall(__NR_epoll_ctl, fd, EPOLL_CTL_ADD, watched, &event))
            return false;
    return true;
}

/* Entries for each of many descriptors of a pipe in many epoll files: the rest is private. */
static void take_epoll(size_t size)
{
    size_t taken = 0;
    int ends[2], first;

    if (pipe(ends))
        _exit(107);
    first = fcntl(ends[0], F_DUPFD, 0);
    for (int i = 1; i < EPOLL_WATCHED; i++)
        fcntl(ends[0], F_DUPFD, 0);
    for (; taken < size; taken += EPOLL_WATCHED * EPOLL_ENTRY) {
        int fd = (int)syscall(__NR_epoll_create1, 0);

        if (fd < 0 || !fill_epoll(fd, first))
            break;
    }
    if (taken < size)
        take_private(size - taken);
}

static void *sleep_in_thread(void *argument)
{
    wait_for_ever();
    return argument;
}

/* With a thread that sleeps; it is started while there is memory for it. */
static void take_memfd_with_thread(size_t size)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, sleep_in_thread, NULL))
        _exit(104);
    sched_yield();
    take_memfd(size);
}

/* ---- ways to wait ---- */

static void read_empty_pipe(void)
{
    int ends[2];
    char byte;

    if (pipe(ends) == 0)
        read(ends[0], &byte, 1);
}

static void stop(void)
{
    raise(SIGSTOP);
}

/* Ends only when its child does, which has its memory. */
static void wait_for_vfork_child(void)
{
    if (syscall(__NR_vfork) == 0)
        for (;;)
            syscall(__NR_pause);
}

/* The process goes on without its leader. */
static void end_first_thread(void)
{
    syscall(__NR_exit, 0);
}

/* ---- hogs ---- */

struct hog {
    const char *name;
    void (*take)(size_t size);
    void (*wait)(void);
};

static pid_t start_hog(const struct hog *hog, size_t size)
{
    pid_t child;
    char byte;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        become_user();
        hog->take(size);
        if (write(ready[1], "x", 1) == 1)
            hog->wait();
        wait_for_ever();
    }
    EXPECT_EQUAL(read(ready[0], &byte, 1), 1);
    return child;
}

static bool is_alive(pid_t child)
{
    return waitpid(child, NULL, WNOHANG) == 0;
}

/* Its wait status, at its end. */
static int end_of(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int status_of_program(void)
{
    char *arguments[] = {(char *)"victims", (char *)"--exit", NULL};
    pid_t child = fork();

    if (child == 0) {
        execve("/proc/self/exe", arguments, environ);
        _exit(103);
    }
    return child < 0 ? errno : end_of(child);
}

/* Whether all of it could be touched, and is as it was written. */
static bool touch(size_t size)
{
    char *memory = map(size, PRIVATE);
    bool same = true;

    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = (char)(i / PAGE);
    for (size_t i = 0; i < size; i += PAGE)
        same &= memory[i] == (char)(i / PAGE);
    munmap(memory, size);
    return same;
}

static bool read_zeros(size_t size)
{
    int zero = open("/dev/zero", O_RDONLY);
    char *memory = map(size, PRIVATE);
    ssize_t count = read(zero, memory, size);

    close(zero);
    munmap(memory, size);
    return count == (ssize_t)size;
}

/* ---- the tests ---- */

static const struct hog hogs[] = {
    {"private memory", take_private, wait_for_ever},
    {"shared memory", take_shared, wait_for_ever},
    {"page tables", take_tables, wait_for_ever},
    {"a memfd", take_memfd, wait_for_ever},
    {"a memfd that is mapped and closed", take_mapped_memfd, wait_for_ever},
    {"a memfd's tables", take_sparse_memfd, wait_for_ever},
    {"/dev/zero, mapped and unmapped", take_zeros, wait_for_ever},
    {"texts of /proc", take_texts, wait_for_ever},
    {"a file without a name", take_unlinked_file, wait_for_ever},
    {"pipes", take_pipes, wait_for_ever},
    {"entries of epoll files", take_epoll, wait_for_ever},
    {"private memory, reading a pipe", take_private, read_empty_pipe},
    {"private memory, stopped", take_private, stop},
    {"private memory, waiting for vfork()'s child", take_private, wait_for_vfork_child},
    {"a memfd, its first thread ended", take_memfd_with_thread, end_first_thread},
};

static const struct hog *hog; /* the one that is being tested */

static void test_hog(void)
{
    pid_t child = start_hog(hog, ALL);

    EXPECT_EQUAL(status_of_program(), 0);
    EXPECT(read_zeros(MIB));
    EXPECT(is_alive(child));
    EXPECT(touch(SOME));
    EXPECT_EQUAL(end_of(child), SIGKILL);
}

static int as_user(bool (*run)(size_t size), size_t size)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        become_user();
        _exit(!run(size));
    }
    return end_of(child);
}

/* The one that asks is smaller. */
static void test_largest(void)
{
    pid_t small = start_hog(&hogs[0], 8 * MIB);
    pid_t large = start_hog(hog, 28 * MIB);

    EXPECT_EQUAL(as_user(touch, 24 * MIB), 0);
    EXPECT_EQUAL(end_of(large), SIGKILL);
    EXPECT(is_alive(small));
    kill(small, SIGKILL);
    end_of(small);
}

/* A copy of the kernel's gets its pages at once. Calls that need memory are made before it is out.
 */
static void test_copy(void)
{
    int zero = open("/dev/zero", O_RDONLY);
    char *memory = map(MIB, PRIVATE);
    pid_t child, large;
    int start[2];
    char byte;

    EXPECT_EQUAL(pipe(start), 0);
    child = fork();
    if (child == 0) {
        become_user();
        if (read(start[0], &byte, 1) != 1)
            _exit(105);
        _exit(read(zero, memory, MIB) != (ssize_t)MIB);
    }
    large = start_hog(&hogs[0], ALL);
    EXPECT_EQUAL(write(start[1], "x", 1), 1);
    EXPECT_EQUAL(end_of(child), 0);
    EXPECT_EQUAL(end_of(large), SIGKILL);
    munmap(memory, MIB);
    close(start[0]);
    close(start[1]);
    close(zero);
}

/* This program is the largest. */
static void test_first(void)
{
    char *memory = map(40 * MIB, PRIVATE);

    memset(memory, 1, 40 * MIB);
    EXPECT_EQUAL(as_user(touch, 24 * MIB), SIGKILL);
    munmap(memory, 40 * MIB);
}

/* Several wait for the same victim at once. */
static void test_several(void)
{
    char bytes[TASKS] = {0};
    pid_t children[TASKS], large;
    int start[2];

    EXPECT_EQUAL(pipe(start), 0);
    for (unsigned int i = 0; i < TASKS; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(read(start[0], bytes, 1) != 1 || !touch(8 * MIB));
    }
    large = start_hog(&hogs[0], ALL);
    EXPECT_EQUAL(write(start[1], bytes, TASKS), TASKS);
    for (unsigned int i = 0; i < TASKS; i++)
        EXPECT_EQUAL(end_of(children[i]), 0);
    EXPECT_EQUAL(end_of(large), SIGKILL);
    close(start[0]);
    close(start[1]);
}

/* A tracer that has the victim stop at its end, and lets it stay there. */
static pid_t start_holder(pid_t victim)
{
    pid_t child = fork();
    char byte;

    if (child == 0) {
        if (syscall(__NR_ptrace, PTRACE_SEIZE, victim, 0, PTRACE_O_TRACEEXIT) == 0 &&
            write(ready[1], "x", 1) == 1)
            wait_for_ever();
        _exit(108);
    }
    EXPECT_EQUAL(read(ready[0], &byte, 1), 1);
    return child;
}

/* The victim has to let go of its memory nevertheless, or the next one would have to end. */
static void test_held(void)
{
    pid_t small = start_hog(&hogs[0], 8 * MIB);
    pid_t large = start_hog(&hogs[0], 28 * MIB);
    pid_t holder = start_holder(large);

    EXPECT_EQUAL(as_user(touch, 24 * MIB), 0);
    EXPECT(is_alive(small));
    EXPECT(is_alive(holder));
    kill(holder, SIGKILL);
    end_of(holder);
    EXPECT_EQUAL(end_of(large), SIGKILL);
    kill(small, SIGKILL);
    end_of(small);
}

/* What a user gets that asks by calls while another has all: an error, and nobody ends. */
static bool is_refused(size_t size)
{
    int ends[2];

    take_private(size);
    while (pipe(ends) == 0) /* uses up what the kernel has at hand, too */
        ;
    return errno == ENOMEM && fork() < 0 && (errno == EAGAIN || errno == ENOMEM);
}

static void test_calls(void)
{
    pid_t large = start_hog(&hogs[0], 32 * MIB);

    EXPECT_EQUAL(as_user(is_refused, ALL), 0);
    EXPECT(is_alive(large));
    kill(large, SIGKILL);
    end_of(large);
}

static void with_counters(void (*test)(void))
{
    static struct counters before, after;

    test(); /* the first time fills what the kernel keeps */
    counters_read(&after);
    counters_read(&before);
    test();
    EXPECT(counters_return(&before, &after));
}

static void run(void (*test)(void), const char *format, const char *name)
{
    ktap_begin(format, name);
    with_counters(test);
    ktap_end();
}

int main(int argc, char **argv)
{
    static const unsigned int LARGE[] = {0, 3, 5, 6, 7, 9, 10}; /* of hogs */
    size_t count = sizeof(hogs) / sizeof(hogs[0]);
    size_t count_large = sizeof(LARGE) / sizeof(LARGE[0]);
    char byte;

    if (argc > 1 && strcmp(argv[1], "--exit") == 0)
        return 0;
    if (getpid() != 1 || pipe(ready)) {
        printf("victims: must be the first process, for others are ended\n");
        return 2;
    }
    if (write(ready[1], "x", 1) != 1 || read(ready[0], &byte, 1) != 1) /* so it has its page */
        return 2;
    ktap_plan(count + count_large + 5);
    for (hog = hogs; hog < hogs + count; hog++)
        run(test_hog, "a hog is ended and the first program lives: %s", hog->name);
    for (size_t i = 0; i < count_large; i++) {
        hog = &hogs[LARGE[i]];
        run(test_largest, "the largest is ended, not the one that asks: %s", hog->name);
    }
    run(test_copy, "a copy of the kernel's finds memory%s", "");
    run(test_first, "the first program is spared, though it is the largest%s", "");
    run(test_held, "a tracer that holds the victim at its end keeps nobody from memory%s", "");
    run(test_several, "several wait for one victim%s", "");
    run(test_calls, "calls that find no memory end nobody%s", "");
    return ktap_status();
}
