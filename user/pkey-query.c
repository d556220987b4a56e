// SPDX-License-Identifier: MIT
/*
 * What a process can find out about its keys, and one thread do about another's rights: tables of
 * the memory under each key and of each thread's rights, by pkey_query(), while pkey_set_thread()
 * and pkey_set_all() change them. Linux has none of the three.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/include/latchkey/syscalls.h"
#include "user/attempt.h"
#include "user/story.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define SMALL_PAGE ((size_t)4 << 10)
#define LARGE_PAGE ((size_t)2 << 20)
#define MAIN       0
#define READER     1
#define WRITER     2
#define THREADS    3

static const char *const names[THREADS] = {"main", "reader", "writer"};
static pid_t tids[THREADS];
static pthread_barrier_t ready;
static int end_pipe[2]; /* the threads sleep on it until its writing end is closed */
static int small_key, large_key;

static long query(int key, struct pkey_usage *usage, struct pkey_thread *threads, size_t count)
{
    return syscall(__NR_pkey_query, key, usage, usage ? sizeof(*usage) : 0, threads, count);
}

static pid_t own_tid(void)
{
    return (pid_t)syscall(__NR_gettid);
}

/* ---- tables ---- */

/* What has to be under a key, in pages of 4 KiB. */
struct expected {
    unsigned long mapped, areas, present_4k, present_2m;
    bool execute_only;
};

static void expect_usage(int key, const struct expected *expected, const struct pkey_usage *usage)
{
    story_expect(usage->mapped == expected->mapped * SMALL_PAGE &&
                     usage->areas == expected->areas &&
                     usage->present_4k == expected->present_4k * SMALL_PAGE &&
                     usage->present_2m == expected->present_2m * SMALL_PAGE &&
                     !(usage->flags & PKEY_EXECUTE_ONLY) == !expected->execute_only,
                 "expected %lu KiB in %lu areas under key %d, %lu in 4 KiB pages, %lu in 2 MiB%s",
                 expected->mapped * 4, expected->areas, key, expected->present_4k * 4,
                 expected->present_2m * 4, expected->execute_only ? ", execute-only" : "");
}

/*
 * Key 0 has the program itself, which is not the same everywhere. The others have to be allocated
 * from key 1 on, count of them, and to be used as expected. Returns the bytes in large pages.
 */
static unsigned long show_memory(const struct expected *expected, int count)
{
    unsigned long large = 0;
    struct pkey_usage usage;

    story_line("  key    mapped  areas   in 4 KiB pages   in 2 MiB pages");
    for (int key = 1; key < PKRU_KEYS; key++) {
        bool told = query(key, &usage, NULL, 0) >= 0;

        story_expect(told == (key <= count), "expected %d keys to be allocated", count);
        if (!told)
            continue;
        story_line("  %3d  %4lu KiB  %5lu         %4lu KiB         %4lu KiB%s", key,
                   (unsigned long)usage.mapped >> 10, (unsigned long)usage.areas,
                   (unsigned long)usage.present_4k >> 10, (unsigned long)usage.present_2m >> 10,
                   usage.flags & PKEY_EXECUTE_ONLY ? "   execute-only" : "");
        expect_usage(key, &expected[key - 1], &usage);
        large += usage.present_2m;
    }
    return large;
}

/* The rights that one thread has to a key, "rw", "r-" or "--". */
static const char *rights_of(pid_t tid, int key)
{
    struct pkey_thread told[THREADS];

    story_require(query(key, NULL, told, THREADS) == THREADS, "pkey_query");
    for (unsigned int i = 0; i < THREADS; i++)
        if (told[i].tid == tid)
            return story_rights(told[i].rights, 0);
    return "??";
}

/* expected: of each thread, the rights to the two keys. */
static void show_threads(const char *const expected[THREADS][2])
{
    story_line("  thread   key %d   key %d", small_key, large_key);
    for (unsigned int i = 0; i < THREADS; i++) {
        const char *small = rights_of(tids[i], small_key);
        const char *large = rights_of(tids[i], large_key);

        story_line("  %-6s      %s      %s", names[i], small, large);
        story_expect(!strcmp(small, expected[i][0]) && !strcmp(large, expected[i][1]),
                     "expected %s and %s", expected[i][0], expected[i][1]);
    }
}

/* ---- memory ---- */

static char *map(size_t size)
{
    void *memory = mmap(NULL, size, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(memory != MAP_FAILED, "mmap");
    return memory;
}

/* Eight pages, two of them touched, one without any access. */
static void use_small_pages(void)
{
    char *pages = map(8 * SMALL_PAGE);

    story_require(pkey_mprotect(pages, 8 * SMALL_PAGE, READ_WRITE, small_key) == 0,
                  "pkey_mprotect");
    pages[0] = pages[SMALL_PAGE] = 1;
    story_require(mprotect(pages + 4 * SMALL_PAGE, SMALL_PAGE, PROT_NONE) == 0, "mprotect");
}

static char *large_pages; /* two, aligned */

static void use_large_pages(void)
{
    char *room = map(3 * LARGE_PAGE);

    large_pages = room + (-(uintptr_t)room & (LARGE_PAGE - 1));
    madvise(large_pages, 2 * LARGE_PAGE, MADV_HUGEPAGE);
    story_require(pkey_mprotect(large_pages, 2 * LARGE_PAGE, READ_WRITE, large_key) == 0,
                  "pkey_mprotect");
    large_pages[0] = 1;
}

static void make_code_execute_only(void)
{
    story_require(mprotect(map(SMALL_PAGE), SMALL_PAGE, PROT_EXEC) == 0, "mprotect");
}

/* The page is under a key that is free, and who opens or closes that key does so for the page. */
static void show_freed(int freed)
{
    story_require(syscall(__NR_pkey_release, freed, PKEY_RELEASE_REFUSE, 0) < 0 && errno == EBUSY,
                  "pkey_release");
    story_step("pkey_free(%d): it is said to be free, and so nothing is told of it", freed);
    story_require(pkey_free(freed) == 0, "pkey_free");
    int error = query(freed, NULL, NULL, 0) < 0 ? errno : 0;
    story_line("  pkey_query(%d)  %s", freed, error ? story_error(error) : "done");
    story_expect(error == EBADF, "expected EBADF");
    pkey_set(freed, PKEY_DISABLE_ACCESS);
    attempt_read(large_pages + SMALL_PAGE);
    attempt_expect(SEGV_PKUERR, freed);
    story_line("The page is still under it (pkey_release() would have refused).");
}

static void tell_of_memory(void)
{
    static const struct expected before[] = {
        {8, 3, 2, 0, false}, {1024, 1, 0, 512, false}, {0, 0, 0, 0, false}, {1, 1, 0, 0, true}};
    static const struct expected after[] = {
        {8, 3, 2, 0, false}, {1023, 2, 511, 0, false}, {1, 1, 1, 0, false}, {1, 1, 0, 0, true}};

    story_step("Two keys with memory under them, one without, and code that cannot be read");
    int unused = pkey_alloc(0, 0);
    use_small_pages();
    use_large_pages();
    make_code_execute_only();
    show_memory(before, 4);
    ask_what("stays large|becomes small pages", "A page in the middle of a large one gets another "
                                                "key: what becomes of the large one?");
    story_step("One page in the middle of a large one goes to key %d: the rest is small pages",
               unused);
    story_require(pkey_mprotect(large_pages + SMALL_PAGE, SMALL_PAGE, READ_WRITE, unused) == 0,
                  "pkey_mprotect");
    ask_came(show_memory(after, 4) ? "stays large" : "becomes small pages");
    show_freed(unused);
}

/* ---- threads ---- */

static void *be_thread(void *argument)
{
    unsigned int number = *(const unsigned int *)argument;
    char byte;

    tids[number] = own_tid();
    pkey_set(small_key, number == WRITER ? 0 : PKEY_DISABLE_WRITE);
    pkey_set(large_key, number == WRITER ? PKEY_DISABLE_WRITE : PKEY_DISABLE_ACCESS);
    pthread_barrier_wait(&ready);
    story_require(read(end_pipe[0], &byte, 1) == 0, "read");
    return NULL;
}

static void change_threads(void)
{
    story_step("Three threads, each with rights of its own; two of them sleep");
    show_threads((const char *const[][2]){{"rw", "rw"}, {"r-", "--"}, {"rw", "r-"}});
    ask_what("when it wakes|at once", "The writer sleeps. When does it lose a right by a call?");
    story_step("pkey_set_thread(%d, PKEY_DISABLE_WRITE, writer): without its help", small_key);
    story_require(syscall(__NR_pkey_set_thread, small_key, PKEY_DISABLE_WRITE, tids[WRITER]) == 0,
                  "pkey_set_thread");
    show_threads((const char *const[][2]){{"rw", "rw"}, {"r-", "--"}, {"r-", "r-"}});
    bool has_it_still = rights_of(tids[WRITER], small_key)[1] == 'w';
    ask_came(has_it_still ? "when it wakes" : "at once");
    story_step("pkey_set_all(%d, PKEY_DISABLE_ACCESS): all of them at once", large_key);
    story_require(syscall(__NR_pkey_set_all, large_key, PKEY_DISABLE_ACCESS) == 0, "pkey_set_all");
    show_threads((const char *const[][2]){{"rw", "--"}, {"r-", "--"}, {"r-", "--"}});
}

static void tell_of_threads(void)
{
    static unsigned int numbers[THREADS] = {MAIN, READER, WRITER};
    pthread_t threads[THREADS];

    tids[MAIN] = own_tid();
    story_require(pipe(end_pipe) == 0, "pipe");
    pthread_barrier_init(&ready, NULL, THREADS);
    for (unsigned int i = READER; i < THREADS; i++)
        story_require(pthread_create(&threads[i], NULL, be_thread, &numbers[i]) == 0,
                      "pthread_create");
    pthread_barrier_wait(&ready);
    change_threads();
    close(end_pipe[1]);
    for (unsigned int i = READER; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    story_title("pkey-query: what is under each key, and which thread may do what");
    small_key = pkey_alloc(0, 0);
    if (small_key < 0) {
        story_step("pkey_alloc(0, 0): %s, there are no keys", story_error(errno));
        story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
        return EXIT_SUCCESS;
    }
    if (query(small_key, NULL, NULL, 0) < 0) {
        story_expect(errno == ENOSYS, "expected ENOSYS at most");
        story_step("pkey_query(): %s, this kernel does not know it", story_error(ENOSYS));
        return EXIT_SUCCESS;
    }
    attempt_watch();
    large_key = pkey_alloc(0, 0);
    tell_of_memory();
    tell_of_threads();
    return EXIT_SUCCESS;
}
