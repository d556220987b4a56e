// SPDX-License-Identifier: MIT
/*
 * Four threads and one page under a key: one may write, the others may only read; then all of them
 * lose the page by one call, pkey_set_all().
 *
 * That call is Latchkey's own: on Linux each thread closes the key by itself. All else is the same
 * there. On a CPU without protection keys it shows what page permissions do instead: they are the
 * same for all threads.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/story.h"

#define THREADS    4
#define WRITER     0
#define READ_WRITE (PROT_READ | PROT_WRITE)

/* Of <latchkey/pkey.h>; other C libraries have no such function. */
extern int pkey_set_all(int pkey, unsigned int rights) __attribute__((weak));

static size_t page_size;
static volatile int *page;
static int key;

/* ---- threads, which do what the first one says, all at once ---- */

struct thread {
    pthread_t id;
    unsigned int number;
    int read;         /* what it found in the page */
    int code;         /* si_code of the fault that it met, or 0 */
    unsigned int key; /* and si_pkey */
    uint32_t pkru;
};

static struct thread threads[THREADS];
static void (*work)(struct thread *); /* NULL: to end */
static pthread_barrier_t begin, end;

static __thread struct thread *self;
static __thread sigjmp_buf after_fault;

static void *live(void *thread)
{
    self = thread;
    for (;;) {
        pthread_barrier_wait(&begin);
        if (work == NULL)
            return NULL;
        work(self);
        pthread_barrier_wait(&end);
    }
}

static void let_all(void (*function)(struct thread *))
{
    work = function;
    pthread_barrier_wait(&begin);
    if (function != NULL)
        pthread_barrier_wait(&end);
}

static void start_threads(void)
{
    pthread_barrier_init(&begin, NULL, THREADS + 1);
    pthread_barrier_init(&end, NULL, THREADS + 1);
    for (unsigned int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        story_require(pthread_create(&threads[i].id, NULL, live, &threads[i]) == 0,
                      "pthread_create");
    }
}

static void end_threads(void)
{
    let_all(NULL);
    for (unsigned int i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
}

/* ---- accesses that may be refused ---- */

static void be_caught(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    self->code = info->si_code;
    if (info->si_code == SEGV_PKUERR)
        self->key = (unsigned int)info->si_pkey;
    siglongjmp(after_fault, 1);
}

static void watch_for_faults(void)
{
    struct sigaction action = {.sa_sigaction = be_caught, .sa_flags = SA_SIGINFO};

    story_require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

/* Leaving a handler by siglongjmp() keeps its PKRU, every program's initial one: put it back. */
static void try_it(struct thread *thread, void (*function)(struct thread *))
{
    thread->pkru = pkru_enabled() ? pkru_read() : 0;
    thread->code = 0;
    if (sigsetjmp(after_fault, 1) == 0)
        function(thread);
    else if (pkru_enabled())
        pkru_write(thread->pkru);
}

static void read_page(struct thread *thread)
{
    thread->read = page[0];
}

static void write_page(struct thread *thread)
{
    page[0] = (int)thread->number + 42;
}

/* ---- what all threads do ---- */

static void look_at_rights(struct thread *thread)
{
    thread->pkru = pkru_read();
}

static void open_if_writer(struct thread *thread)
{
    if (thread->number == WRITER)
        pkey_set(key, 0);
    look_at_rights(thread);
}

static void close_own(struct thread *thread)
{
    (void)thread;
    pkey_set(key, PKEY_DISABLE_ACCESS);
}

static void try_reading(struct thread *thread)
{
    try_it(thread, read_page);
}

static void try_writing(struct thread *thread)
{
    try_it(thread, write_page);
}

/* The writer last, so that what it wrote is there in the end. */
static void write_if_reader(struct thread *thread)
{
    if (thread->number != WRITER)
        try_writing(thread);
}

static void write_if_writer(struct thread *thread)
{
    if (thread->number == WRITER)
        try_writing(thread);
}

/* ---- the story ---- */

static const char *word_of(const struct thread *thread)
{
    return thread->number == WRITER ? "writer" : "reader";
}

/* What the writer and what the readers have to have. */
static void show_rights(unsigned int writers, unsigned int readers)
{
    for (unsigned int i = 0; i < THREADS; i++) {
        unsigned int expected = i == WRITER ? writers : readers;

        story_line("  thread %u, %s: key %d %s", i, word_of(&threads[i]), key,
                   story_rights(threads[i].pkru, key));
        story_expect((threads[i].pkru >> (2 * key) & PKRU_ALL(0)) == expected,
                     "expected the rights %u of thread %u, its PKRU is %#010x", expected, i,
                     threads[i].pkru);
    }
}

/* What became of an access; value: to be shown if it was allowed, or NULL. */
static void show_result(const struct thread *thread, const int *value)
{
    if (thread->code == SEGV_PKUERR)
        story_line("  thread %u, %s: SIGSEGV, SEGV_PKUERR, key %u", thread->number, word_of(thread),
                   thread->key);
    else if (thread->code != 0)
        story_line("  thread %u, %s: SIGSEGV, SEGV_ACCERR", thread->number, word_of(thread));
    else if (value != NULL)
        story_line("  thread %u, %s: %d", thread->number, word_of(thread), *value);
    else
        story_line("  thread %u, %s: done", thread->number, word_of(thread));
}

/* The si_code that the thread's access has to end with; 0 if it is to be allowed. */
static void expect_result(const struct thread *thread, int of_writer, int of_readers)
{
    story_expect_fault(thread->code, thread->number == WRITER ? of_writer : of_readers);
    if (thread->code == SEGV_PKUERR)
        story_expect(thread->key == (unsigned int)key, "expected key %d in si_pkey", key);
}

static void ask_for_refused(const char *what)
{
    ask_what("all|readers|nobody", "%s: who will be refused?", what);
}

static void compare_refused(void)
{
    unsigned int refused = 0;

    for (unsigned int i = 0; i < THREADS; i++)
        refused += threads[i].code != 0;
    ask_came(refused == THREADS ? "all" : refused > 0 ? "readers" : "nobody");
}

static void show_reading(int of_writer, int of_readers)
{
    let_all(try_reading);
    for (unsigned int i = 0; i < THREADS; i++) {
        show_result(&threads[i], &threads[i].read);
        expect_result(&threads[i], of_writer, of_readers);
        story_expect(threads[i].code || threads[i].read == WRITER + 42,
                     "expected what the writer wrote, %d", WRITER + 42);
    }
    compare_refused();
}

static void show_writing(int of_writer, int of_readers)
{
    let_all(write_if_reader);
    let_all(write_if_writer);
    for (unsigned int i = 0; i < THREADS; i++) {
        show_result(&threads[i], NULL);
        expect_result(&threads[i], of_writer, of_readers);
    }
    compare_refused();
}

static void map_page(int under)
{
    void *memory = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(memory != MAP_FAILED, "mmap");
    story_require(pkey_mprotect(memory, page_size, READ_WRITE, under) == 0, "pkey_mprotect");
    page = memory;
}

/* For all threads at once, if the kernel has that. */
static void close_for_all(void)
{
    int result = pkey_set_all ? pkey_set_all(key, PKEY_DISABLE_ACCESS) : -1;

    story_expect(result == 0 || !pkey_set_all || errno == ENOSYS, "expected ENOSYS at most");
    if (result == 0) {
        story_step("pkey_set_all(%d, PKEY_DISABLE_ACCESS): done", key);
        story_line("From one thread, for all: those that run are interrupted, those that sleep");
        story_line("find it when they wake. When the call returns nobody has the old rights.");
    } else {
        let_all(close_own);
        story_step("pkey_set_all(%d, PKEY_DISABLE_ACCESS): ENOSYS", key);
        story_line("Linux cannot do that. So each thread was asked, and closed the key itself by");
        story_line("pkey_set(): one that does not listen would have kept its rights.");
    }
    let_all(look_at_rights);
    show_rights(PKEY_DISABLE_ACCESS, PKEY_DISABLE_ACCESS);
}

static void tell_with_keys(void)
{
    map_page(key);
    story_expect_rights(key, PKEY_DISABLE_WRITE);
    story_line("A page is under the key now. This thread may read it and not write to it.");

    ask_what("nothing|read|write", "What may new threads do with the page at most?");
    start_threads();
    let_all(look_at_rights);
    story_step("pthread_create(), %d times: what may the new threads do?", THREADS);
    show_rights(PKEY_DISABLE_WRITE, PKEY_DISABLE_WRITE);
    const char *rights = story_rights(threads[WRITER].pkru, key);
    ask_came(rights[0] == '-' ? "nothing" : rights[1] == '-' ? "read" : "write");
    story_line("A thread begins with its creator's PKRU. From then on the register is its own:");
    story_line("the kernel keeps it while the thread has no CPU.");

    let_all(open_if_writer);
    story_step("pkey_set(%d, 0), in thread %d", key, WRITER);
    show_rights(0, PKEY_DISABLE_WRITE);
    story_line("One page table for all, and yet only one may write: what mprotect() cannot do.");

    ask_for_refused("All try to write");
    story_step("All try to write 42 and their number");
    show_writing(0, SEGV_PKUERR);
    story_line("The signal comes to the thread that it is about.");

    story_step("All read");
    show_reading(0, 0);

    close_for_all();

    ask_for_refused("All read");
    story_step("All read");
    show_reading(SEGV_PKUERR, SEGV_PKUERR);

    ask_for_refused("The writer opens the key again for itself, and all read");
    let_all(open_if_writer);
    story_step("pkey_set(%d, 0), in thread %d again; all read", key, WRITER);
    show_reading(0, SEGV_PKUERR);
    story_line("Rights that were taken from all can be had again by those who run WRPKRU: keys");
    story_line("are against mistakes. What a thread must never do, no instruction of its does.");
}

static void tell_without_keys(void)
{
    story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
    story_line("This CPU has no protection keys, or they are switched off.");
    map_page(-1);
    start_threads();

    story_step("All try to write 42 and their number");
    show_writing(0, 0);

    ask_for_refused("mprotect(page, PROT_READ) by one of them, and all write");
    story_step("mprotect(page, PROT_READ); all try to write");
    story_require(mprotect((void *)page, page_size, PROT_READ) == 0, "mprotect");
    show_writing(SEGV_ACCERR, SEGV_ACCERR);
    story_line("What the page table denies it denies to all threads, the writer too.");

    story_step("All read");
    show_reading(0, 0);
}

int main(void)
{
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    story_title("pkey-threads: one writes, the others may only read");
    watch_for_faults();
    key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    if (key > 0) {
        story_step("pkey_alloc(0, PKEY_DISABLE_WRITE): key %d", key);
        tell_with_keys();
    } else {
        story_step("pkey_alloc(0, PKEY_DISABLE_WRITE): %s", story_error(errno));
        tell_without_keys();
    }
    end_threads();
    return EXIT_SUCCESS;
}
