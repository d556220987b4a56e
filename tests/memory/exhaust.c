// SPDX-License-Identifier: MIT
/*
 * Memory to its end: each test uses up all memory in a way of its own, many times over, in a child
 * that then ends or is ended. Afterwards the kernel's counters must be what they were.
 *
 *     exhaust [ROUNDS]
 *
 * For a machine of its own with little memory (64 MiB): whoever else runs there may be ended too.
 * A call that needs memory says ENOMEM, or ENOSPC where files are concerned; touching memory that
 * cannot be had ends the largest process with SIGKILL, which is the one that touches it
 * (tests/memory/victims.c is about others).
 */
#include <errno.h>
#include <fcntl.h>
#include <ktap.h>
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
#include "tests/fuzz/tree.h"

#define PAGE           ((size_t)4096)
#define MIB            ((size_t)1 << 20)
#define HUGE           (2 * MIB)
#define TOO_MUCH       (512 * MIB) /* more than the machine has */
#define ROUNDS_DEFAULT 20
#define READ_WRITE     (PROT_READ | PROT_WRITE)
#define UNRESERVED     (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define FOLDER         "/tmp/exhaust"
#define POOL           "/proc/sys/vm/nr_hugepages"

/* The child's status: that it met what it should have met, or not at all. Or an errno instead. */
#define GOOD 0
#define BAD  255

#define GOOD_OR_KILLED (-1)

static unsigned int rounds = ROUNDS_DEFAULT;

static char *map(size_t size, int flags)
{
    void *memory = mmap(NULL, size, READ_WRITE, flags, -1, 0);

    if (memory == MAP_FAILED)
        _exit(BAD);
    return memory;
}

static int expect_errno(int expected)
{
    return errno == expected ? GOOD : errno;
}

/* For what takes its time: fills memory but for so much. */
static void leave(size_t size)
{
    char *memory = map(TOO_MUCH, UNRESERVED);
    size_t end = 0;

    while (end < TOO_MUCH && madvise(memory + end, PAGE, MADV_POPULATE_WRITE) == 0)
        end += PAGE;
    munmap(memory + end - size, size);
}

/* ---- ways to use up memory: each runs in a child and returns its status, if it returns ---- */

static int populate(void)
{
    char *memory = map(TOO_MUCH, UNRESERVED);

    if (madvise(memory, TOO_MUCH, MADV_POPULATE_WRITE) == 0)
        return BAD;
    return expect_errno(ENOMEM);
}

static int touch(void)
{
    char *memory = map(TOO_MUCH, UNRESERVED);

    for (size_t i = 0; i < TOO_MUCH; i += PAGE)
        memory[i] = 1;
    return BAD;
}

static int touch_shared(void)
{
    char *memory = map(TOO_MUCH, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);

    for (size_t i = 0; i < TOO_MUCH; i += PAGE)
        memory[i] = 1;
    return BAD;
}

static int touch_huge(void)
{
    char *memory = map(TOO_MUCH, UNRESERVED);

    madvise(memory, TOO_MUCH, MADV_HUGEPAGE);
    for (size_t i = 0; i < TOO_MUCH; i += PAGE)
        memory[i] = 1;
    return BAD;
}

static int resize_pool(unsigned long pages)
{
    char text[32];
    int file = open(POOL, O_RDWR);
    ssize_t length = snprintf(text, sizeof(text), "%lu", pages);

    if (write(file, text, (size_t)length) != length)
        return -1;
    length = pread(file, text, sizeof(text) - 1, 0);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return atoi(text);
}

/* All that the pool can get; whoever touches other memory then has none. */
static int map_pool(void)
{
    int pages = resize_pool(TOO_MUCH / HUGE);
    size_t size = (size_t)pages * HUGE;
    char *memory = map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);

    for (size_t i = 0; i < size; i += HUGE)
        memory[i] = 1;
    mmap(NULL, HUGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (errno != ENOMEM)
        return BAD;
    return touch();
}

/* A page for each page table, which needs a page too. */
static int touch_sparsely(void)
{
    size_t size = HUGE * 64 * 1024;
    char *memory = map(size, UNRESERVED);

    for (size_t i = 0; i < size; i += HUGE)
        memory[i] = 1;
    return BAD;
}

/* The kernel touches it on behalf of the process. */
static int read_into(void)
{
    char *memory = map(TOO_MUCH, UNRESERVED);
    int zero = open("/dev/zero", O_RDONLY);

    for (size_t i = 0; i < TOO_MUCH; i += MIB)
        if (read(zero, memory + i, MIB) < 0)
            return BAD;
    return BAD;
}

/* An area for every second page. */
static int make_areas(void)
{
    size_t size = (size_t)1 << 36;
    char *memory = mmap(NULL, size, PROT_NONE, UNRESERVED, -1, 0);

    leave(4 * MIB);
    for (size_t i = 0; i < size; i += 2 * PAGE)
        if (mprotect(memory + i, PAGE, PROT_READ) < 0)
            return expect_errno(ENOMEM);
    return BAD;
}

static int move_break(void)
{
    for (;;) {
        char *memory = sbrk(64 * 1024);

        if (memory == (void *)-1)
            return expect_errno(ENOMEM);
        if (mprotect(memory, 64 * 1024, READ_WRITE) < 0 ||
            madvise(memory, 64 * 1024, MADV_POPULATE_WRITE) < 0)
            return expect_errno(ENOMEM);
    }
}

static int write_file(void)
{
    static char block[64 * 1024];
    int file = open(FOLDER "/file", O_CREAT | O_WRONLY, 0600);

    unlink(FOLDER "/file");
    for (;;)
        if (write(file, block, sizeof(block)) < 0)
            return expect_errno(ENOSPC);
}

static int make_links(void)
{
    char target[4000], name[64];

    leave(16 * MIB);
    memset(target, 'x', sizeof(target));
    target[sizeof(target) - 1] = '\0';
    for (unsigned int i = 0;; i++) {
        snprintf(name, sizeof(name), FOLDER "/%u", i);
        if (syscall(__NR_symlink, target, name) < 0)
            return errno == ENOSPC || errno == ENOMEM ? GOOD : BAD;
    }
}

/* Pipes whose buffers are full; there is memory for fewer than a process may have. */
static int fill_pipes(void)
{
    static char block[64 * 1024];
    int ends[2];

    leave(16 * MIB);
    while (pipe(ends) == 0) {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        while (write(ends[1], block, sizeof(block)) > 0)
            ;
        if (errno != EAGAIN)
            break;
    }
    return expect_errno(ENOMEM);
}

static int open_files(void)
{
    leave(PAGE);
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    return expect_errno(ENOMEM);
}

/*
 * Children that have a few pages each, until there is no room for another; or for the parent's own
 * copy of a page that it shared with the last one. They end before it does, so that nobody has to
 * live without memory for long.
 */
static int fork_many(void)
{
    for (;;) {
        pid_t child = fork();

        if (child < 0) {
            int found = errno;

            kill(-1, SIGKILL);
            while (waitpid(-1, NULL, 0) >= 0)
                ;
            return found == EAGAIN || found == ENOMEM ? GOOD : BAD;
        }
        if (child == 0) {
            volatile char page[4 * PAGE];

            memset((char *)page, 1, sizeof(page));
            for (;;)
                usleep(1000000);
        }
    }
}

/* Half of memory with a table for each page: the copy of the tables alone does not fit. */
static int fork_large(void)
{
    size_t size = HUGE * 64 * 1024;
    char *memory = map(size, UNRESERVED);
    size_t i = 0;

    while (i < size && madvise(memory + i, PAGE, MADV_POPULATE_WRITE) == 0)
        i += HUGE;
    for (size_t back = 0; back < 64; back++)
        munmap(memory + i - (back + 1) * HUGE, HUGE);
    if (fork() == 0)
        _exit(BAD);
    return errno == ENOMEM || errno == EAGAIN ? GOOD : BAD;
}

static int queue_signals(void)
{
    siginfo_t info = {.si_code = SI_QUEUE};
    sigset_t set;

    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (;;)
        if (syscall(__NR_rt_sigqueueinfo, getpid(), SIGRTMIN + 3, &info) < 0)
            return expect_errno(EAGAIN);
}

/* No page is left when the new program is loaded. */
static int exec_without_memory(void)
{
    char *arguments[] = {(char *)"exhaust", (char *)"--exit", NULL};
    char *memory = map(TOO_MUCH, UNRESERVED);

    if (madvise(memory, TOO_MUCH, MADV_POPULATE_WRITE) == 0)
        return BAD;
    execve("/proc/self/exe", arguments, environ);
    return expect_errno(ENOMEM);
}

/* ---- the tests ---- */

struct way {
    const char *name;
    int (*use_up)(void);
    int status; /* as wait(2) has it, or GOOD_OR_KILLED */
};

static const struct way ways[] = {
    {"MADV_POPULATE_WRITE says ENOMEM", populate, GOOD},
    {"touching private memory ends in SIGKILL", touch, SIGKILL},
    {"touching shared memory ends in SIGKILL", touch_shared, SIGKILL},
    {"touching memory of large pages ends in SIGKILL", touch_huge, SIGKILL},
    {"MAP_HUGETLB says ENOMEM, and what the pool left ends in SIGKILL", map_pool, SIGKILL},
    {"touching a page for each page table ends in SIGKILL", touch_sparsely, SIGKILL},
    {"read() into untouched memory ends in SIGKILL", read_into, SIGKILL},
    {"mprotect() that splits areas says ENOMEM", make_areas, GOOD},
    {"memory behind the break ends with ENOMEM", move_break, GOOD},
    {"write() to a file says ENOSPC", write_file, GOOD},
    {"symlink() says ENOSPC or ENOMEM", make_links, GOOD},
    {"write() to a pipe says ENOMEM", fill_pipes, GOOD},
    {"open() says ENOMEM", open_files, GOOD},
    {"fork() of small processes says EAGAIN or ENOMEM, or ends in SIGKILL", fork_many,
     GOOD_OR_KILLED},
    {"fork() of a process with many page tables says ENOMEM", fork_large, GOOD},
    {"sigqueue() says EAGAIN", queue_signals, GOOD},
    {"execve() without memory says ENOMEM", exec_without_memory, GOOD},
};

static const struct way *way; /* the one that is being tested */

/*
 * All processes but this one end, and what they made is gone with them. Whether the first of them
 * ended as it should have.
 */
static bool run_once(void)
{
    int status = -1;
    pid_t child;

    fflush(stdout);
    mkdir(FOLDER, 0700);
    child = fork();
    if (child == 0) {
        errno = 0; /* has its page while there is one */
        _exit(way->use_up());
    }
    waitpid(child, &status, 0);
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) >= 0 || errno != ECHILD)
        ;
    tree_remove(AT_FDCWD, FOLDER);
    resize_pool(0);
    if (status == way->status ||
        (way->status == GOOD_OR_KILLED && (status == GOOD || status == SIGKILL)))
        return true;
    ktap_note("the child's status is %#x", (unsigned int)status);
    return false;
}

static void test_way(void)
{
    static struct counters before, after;

    EXPECT(run_once()); /* the first time fills what the kernel keeps */
    counters_read(&after);
    counters_read(&before);
    for (unsigned int i = 0; i < rounds && ktap_passing(); i++) {
        EXPECT(run_once());
        EXPECT(counters_return(&before, &after));
    }
    ktap_note("%u times; pages free: %lu before, %lu after", rounds,
              (unsigned long)counters_get(&before, "pages free"),
              (unsigned long)counters_get(&after, "pages free"));
}

int main(int argc, char **argv)
{
    struct ktap_test test = {NULL, test_way};

    if (argc > 1 && strcmp(argv[1], "--exit") == 0)
        return GOOD;
    if (getpid() != 1) {
        printf("exhaust: must be the first process, for it ends all others\n");
        return 2;
    }
    if (argc > 1)
        rounds = (unsigned int)atoi(argv[1]);
    ktap_plan(sizeof(ways) / sizeof(ways[0]));
    for (way = ways; way < ways + sizeof(ways) / sizeof(ways[0]); way++) {
        test.name = way->name;
        ktap_run_one(&test);
    }
    return ktap_status();
}
