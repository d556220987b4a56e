// SPDX-License-Identifier: MIT
/*
 * Threads that allocate and free keys at once: nobody gets a key that another has, none is lost,
 * and no lock is taken for it.
 *
 *     keys_threads [ROUNDS]
 *
 * ROUNDS is how often each thread allocates, and frees again.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/threads.h"

#define ROUNDS_DEFAULT 40000
#define KEYS           15 /* that a process can allocate */
#define YIELD_EVERY    64

static unsigned long rounds = ROUNDS_DEFAULT;
static volatile int owner[KEYS + 1]; /* of each key: a thread's number and 1 */

static long raw_pkey_alloc(void)
{
    return raw_call(__NR_pkey_alloc, 0, 0, 0, 0);
}

static long raw_pkey_free(long key)
{
    return raw_call(__NR_pkey_free, (uintptr_t)key, 0, 0, 0);
}

/* A key that is the caller's alone; 0 if there is none left. */
static long take(struct thread *thread)
{
    long key = raw_pkey_alloc();

    if (key == -ENOSPC)
        return 0;
    if (key < 1 || key > KEYS) {
        thread->errors++;
        return 0;
    }
    thread->errors +=
        __atomic_exchange_n(&owner[key], (int)thread->number + 1, __ATOMIC_SEQ_CST) != 0;
    return key;
}

static void give_back(struct thread *thread, long key)
{
    if (key == 0)
        return;
    int had = __atomic_exchange_n(&owner[key], 0, __ATOMIC_SEQ_CST);
    thread->errors += had != (int)thread->number + 1;
    thread->errors += raw_pkey_free(key) != 0;
}

/* Two at a time: for a moment eight threads want sixteen. */
static void take_and_give_back(void *argument)
{
    struct thread *thread = argument;

    while (thread->turns++ < rounds / 2) {
        long first = take(thread);
        if (thread->turns % YIELD_EVERY == 0)
            yield();
        long second = take(thread);
        give_back(thread, first);
        give_back(thread, second);
    }
}

static void had_once(void)
{
    start_threads(take_and_give_back);
    EXPECT_EQUAL(end_threads(), 0);
}

static void none_is_lost(void)
{
    for (long key = 1; key <= KEYS; key++)
        EXPECT_EQUAL(raw_pkey_alloc(), key);
    EXPECT_EQUAL(raw_pkey_alloc(), -ENOSPC);
    for (long key = 1; key <= KEYS; key++)
        EXPECT_EQUAL(raw_pkey_free(key), 0);
}

#define LOCKS_PATH "/sys/kernel/debug/latchkey/locks"

/* How often the lock was taken that was taken most often; -1 if this kernel does not say. */
static long most_taken(void)
{
    long most = -1;

    read_file(LOCKS_PATH);
    for (char *line = proc_text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        long taken = strtol(strrchr(line, ' '), NULL, 10);
        if (taken > most)
            most = taken;
    }
    return most;
}

/* The count is the whole machine's. Without other processes only ticks and such take some, too. */
static void no_lock(void)
{
    long before;

    if (skipped_without_room("fs/proc"))
        return;
    before = most_taken();
    if (getpid() != 1) {
        ktap_skip("it is not the first process, and others take locks meanwhile");
        return;
    }
    if (before < 0) {
        ktap_skip("the kernel does not count locks");
        return;
    }
    start_threads(take_and_give_back);
    EXPECT_EQUAL(end_threads(), 0);
    EXPECT(most_taken() - before < (long)(rounds * THREADS / 4));
}

static const struct ktap_test tests[] = {
    {"nobody gets a key that another has", had_once},
    {"none is lost", none_is_lost},
    {"pkey_alloc and pkey_free take no lock", no_lock},
};

int main(int argc, char **argv)
{
    probe_init();
    if (argc > 1)
        rounds = strtoul(argv[1], NULL, 0);
    return ktap_run(tests, COUNT(tests), without_pku());
}
