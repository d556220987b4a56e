// SPDX-License-Identifier: MIT
/*
 * futex(2): who is woken, in which order, by whom and by whom not; times, signals, errors; and
 * what becomes of a lock whose owner ends (robust lists).
 *
 * Those who wait are children; the words are in memory that they share with the test. A futex that
 * is moved to itself wakes nobody and says how many wait for it: so the test knows that they do.
 */
#include "tests/ring3/tasks.h"

#include <limits.h>
#include <linux/futex.h>
#include <time.h>

#define MILLISECOND 1000000l
#define LONG_TIME   10 /* seconds: nothing that works waits for so long */

/* In a page that parent and children share. */
static struct shared {
    uint32_t word, second;
    uint32_t woken; /* how many waiters have gone on */
    uint32_t order[8];
    uint32_t lock, counter;
    struct robust_list_head head;
    struct lock {
        struct robust_list link;
        uint32_t word;
    } locks[4];
} * shared;

static long futex(uint32_t *word, int operation, uint32_t value, const void *timeout,
                  uint32_t *second, uint32_t value3)
{
    return syscall(__NR_futex, word, operation, value, timeout, second, value3);
}

/* With a number in the place of the time. */
static long futex_two(uint32_t *word, int operation, int count, long more, uint32_t *second,
                      uint32_t value3)
{
    return syscall(__NR_futex, word, operation, count, more, second, value3);
}

static long wake(uint32_t *word, int count)
{
    return futex(word, FUTEX_WAKE, (uint32_t)count, NULL, NULL, 0);
}

static long waiters_of(uint32_t *word, int flags)
{
    return futex_two(word, FUTEX_REQUEUE | flags, 0, INT_MAX, word, 0);
}

static void pause_shortly(void)
{
    struct timespec time = {0, MILLISECOND};

    nanosleep(&time, NULL);
}

/* Until so many wait for a word; false if they never do. */
static bool await_waiters(uint32_t *word, int flags, long count)
{
    for (int i = 0; i < LONG_TIME * 1000 && waiters_of(word, flags) != count; i++)
        pause_shortly();
    return waiters_of(word, flags) == count;
}

static bool await_value(const uint32_t *word, uint32_t value)
{
    for (int i = 0; i < LONG_TIME * 1000 && __atomic_load_n(word, __ATOMIC_SEQ_CST) != value; i++)
        pause_shortly();
    return __atomic_load_n(word, __ATOMIC_SEQ_CST) == value;
}

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static struct timespec after(clockid_t clock, long ns)
{
    uint64_t then = now(clock) + (uint64_t)ns;

    return (struct timespec){(long)(then / 1000000000), (long)(then % 1000000000)};
}

/* ---- children that wait ---- */

/*
 * Waits for a word to be no longer 0, notes that it goes on, and ends with the call's errno; or by
 * the alarm, if nobody wakes it.
 */
static void wait_and_note(uint32_t *word, int flags, uint32_t bits, uint32_t number)
{
    syscall(__NR_alarm, LONG_TIME);
    long result = futex(word, FUTEX_WAIT_BITSET | flags, 0, NULL, NULL, bits);
    int error = result ? errno : 0;

    shared->order[__atomic_fetch_add(&shared->woken, 1, __ATOMIC_SEQ_CST)] = number;
    _exit(error);
}

static pid_t start_waiter(uint32_t *word, int flags, uint32_t bits, uint32_t number)
{
    long before = waiters_of(word, flags);
    pid_t child = fork();

    if (child == 0)
        wait_and_note(word, flags, bits, number);
    EXPECT(await_waiters(word, flags, before + 1));
    return child;
}

static int status_of_child(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void reset(void)
{
    memset(shared, 0, sizeof(*shared));
}

#define WAITERS 4

static void start_waiters(pid_t *children)
{
    reset();
    for (uint32_t i = 0; i < WAITERS; i++)
        children[i] = start_waiter(&shared->word, 0, FUTEX_BITSET_MATCH_ANY, i);
}

static void end_waiters(const pid_t *children)
{
    for (int i = 0; i < WAITERS; i++)
        EXPECT_EQUAL(status_of_child(children[i]), 0);
}

/* ---- waking ---- */

static void first_come_first_served(void)
{
    pid_t children[WAITERS];

    start_waiters(children);
    for (uint32_t i = 0; i < WAITERS; i++) {
        EXPECT_EQUAL(wake(&shared->word, 1), 1);
        EXPECT(await_value(&shared->woken, i + 1));
        EXPECT_EQUAL(shared->order[i], i);
    }
    EXPECT_EQUAL(wake(&shared->word, 1), 0);
    end_waiters(children);
}

static void numbers_of_wake(void)
{
    pid_t children[WAITERS];

    start_waiters(children);
    EXPECT_EQUAL(wake(&shared->word, 0), 1); /* as Linux does it */
    EXPECT_EQUAL(wake(&shared->word, -1), 1);
    EXPECT_EQUAL(wake(&shared->word, INT_MAX), 2);
    end_waiters(children);
}

static void bits_of_wake(void)
{
    pid_t one, two;

    reset();
    one = start_waiter(&shared->word, 0, 1, 1);
    two = start_waiter(&shared->word, 0, 2, 2);
    EXPECT_EQUAL(futex(&shared->word, FUTEX_WAKE_BITSET, 2, NULL, NULL, 4), 0);
    EXPECT_EQUAL(futex(&shared->word, FUTEX_WAKE_BITSET, 2, NULL, NULL, 6), 1);
    EXPECT_EQUAL(status_of_child(two), 0);
    EXPECT_EQUAL(wake(&shared->word, 2), 1);
    EXPECT_EQUAL(status_of_child(one), 0);
    EXPECT_EQUAL(shared->order[0], 2);
}

static void requeue(void)
{
    pid_t children[WAITERS];

    start_waiters(children);
    EXPECT_ERROR(futex_two(&shared->word, FUTEX_CMP_REQUEUE, 1, 1, &shared->second, 1), EAGAIN);
    EXPECT_EQUAL(futex_two(&shared->word, FUTEX_CMP_REQUEUE, 1, 2, &shared->second, 0), 3);
    EXPECT(await_value(&shared->woken, 1));
    EXPECT_EQUAL(waiters_of(&shared->word, 0), 1);
    EXPECT_EQUAL(waiters_of(&shared->second, 0), 2);
    EXPECT_EQUAL(wake(&shared->second, 1), 1);
    EXPECT(await_value(&shared->woken, 2));
    EXPECT_EQUAL(futex_two(&shared->word, FUTEX_REQUEUE, 0, INT_MAX, &shared->second, 0), 1);
    EXPECT_EQUAL(wake(&shared->second, 1), 1);
    EXPECT(await_value(&shared->woken, 3));
    EXPECT_EQUAL(wake(&shared->second, INT_MAX), 1);
    end_waiters(children);
    for (uint32_t i = 0; i < WAITERS; i++)
        EXPECT_EQUAL(shared->order[i], i);
}

/* ---- FUTEX_WAKE_OP ---- */

#define SHIFTED(...) (FUTEX_OP(__VA_ARGS__) | (uint32_t)FUTEX_OP_OPARG_SHIFT << 28)

struct operation_case {
    uint32_t encoded;
    uint32_t before, after;
    bool holds; /* then the waiter of the second word is woken, too */
};

static void wake_op(void)
{
    static const struct operation_case cases[] = {
        {FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 3), 3, 7, true},
        {FUTEX_OP(FUTEX_OP_SET, -7, FUTEX_OP_CMP_NE, 3), 3, (uint32_t)-7, false},
        {FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_LT, -1), (uint32_t)-2, 3, true},
        {FUTEX_OP(FUTEX_OP_OR, 5, FUTEX_OP_CMP_LE, -2), 2, 7, false},
        {FUTEX_OP(FUTEX_OP_ANDN, 5, FUTEX_OP_CMP_GT, 6), 7, 2, true},
        {FUTEX_OP(FUTEX_OP_XOR, 5, FUTEX_OP_CMP_GE, 8), 7, 2, false},
        {SHIFTED(FUTEX_OP_OR, 31, FUTEX_OP_CMP_EQ, 1), 1, 0x80000001, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        reset();
        pid_t one = start_waiter(&shared->word, 0, 1, 1);
        pid_t two = start_waiter(&shared->second, 0, 1, 2);
        shared->second = cases[i].before;
        EXPECT_EQUAL(
            futex_two(&shared->word, FUTEX_WAKE_OP, 1, 1, &shared->second, cases[i].encoded),
            cases[i].holds ? 2 : 1);
        EXPECT_EQUAL(shared->second, cases[i].after);
        EXPECT_EQUAL(wake(&shared->second, 1), cases[i].holds ? 0 : 1);
        EXPECT_EQUAL(status_of_child(one), 0);
        EXPECT_EQUAL(status_of_child(two), 0);
    }
    EXPECT_ERROR(futex_two(&shared->word, FUTEX_WAKE_OP, 1, 1, &shared->second, 5u << 28), ENOSYS);
    EXPECT_ERROR(futex_two(&shared->word, FUTEX_WAKE_OP, 1, 1, &shared->second, 6u << 24), ENOSYS);
    EXPECT_EQUAL(shared->second, 0); /* which the last one has set */
}

/* ---- which futex a word is ---- */

static void object_at_two_places(void)
{
    uint32_t *elsewhere;
    int file = (int)syscall(__NR_memfd_create, "futex", 0);
    pid_t child;

    reset();
    EXPECT_SUCCESS(ftruncate(file, 2 * PAGE));
    uint32_t *words = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    elsewhere = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, PAGE);
    child = start_waiter(words + PAGE / 4 + 1, 0, 1, 0);
    EXPECT_EQUAL(wake(elsewhere, 1), 0);
    EXPECT_EQUAL(futex(elsewhere + 1, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    EXPECT_EQUAL(wake(elsewhere + 1, 1), 1);
    EXPECT_EQUAL(status_of_child(child), 0);
    munmap(words, 2 * PAGE);
    munmap(elsewhere, PAGE);
    close(file);
}

/* The same address of a forked copy is another futex. */
static void private_memory_of_two(void)
{
    uint32_t *word = (uint32_t *)(void *)map_pages(1, READ_WRITE);
    const struct timespec time = {0, 50 * MILLISECOND};
    pid_t child = fork();

    if (child == 0)
        _exit(futex(word, FUTEX_WAIT, 0, &time, NULL, 0) ? errno : 0);
    for (int i = 0; i < 20; i++) {
        EXPECT_EQUAL(wake(word, 1), 0);
        pause_shortly();
    }
    EXPECT_EQUAL(status_of_child(child), ETIMEDOUT << 8);
    munmap(word, PAGE);
}

static volatile int raw_operation;
static volatile long raw_result;

static void wait_raw(void *word)
{
    raw_result = raw_call(__NR_futex, (uintptr_t)word, (uintptr_t)raw_operation, 0, 0);
}

/* A futex in private memory stays the same when its page is copied away. */
static void copied_page(void)
{
    static const int operations[] = {FUTEX_WAIT, FUTEX_WAIT_PRIVATE};
    char *stack = map_pages(4, READ_WRITE);
    uint32_t *word = (uint32_t *)(void *)map_pages(1, READ_WRITE);

    for (size_t i = 0; i < COUNT(operations); i++) {
        int flags = operations[i] & FUTEX_PRIVATE_FLAG;
        raw_operation = operations[i];
        *word = 0;
        raw_result = -1;
        pid_t task = (pid_t)start_task(CHILD_TASK, stack + 4 * PAGE, wait_raw, word, NULL);
        EXPECT(await_waiters(word, flags, 1));
        EXPECT_EQUAL(waiters_of(word, flags ^ FUTEX_PRIVATE_FLAG), 0);
        pid_t copy = fork();
        if (copy == 0)
            syscall(__NR_pause);
        word[1] = 1; /* on a page of its own now: the child has the old one */
        EXPECT_EQUAL(futex(word, FUTEX_WAKE | flags, 1, NULL, NULL, 0), 1);
        EXPECT_EQUAL(status_of_child(task), 0);
        EXPECT_EQUAL(raw_result, 0);
        kill(copy, SIGKILL);
        status_of_child(copy);
    }
    munmap(word, PAGE);
    munmap(stack, 4 * PAGE);
}

/* The word that CLONE_CHILD_CLEARTID names is a shared futex. */
static void end_of_thread(void)
{
    static uint32_t tid;
    struct timespec time = {LONG_TIME, 0};
    char *stack = map_pages(4, READ_WRITE);
    uint32_t *word = (uint32_t *)(void *)map_pages(1, READ_WRITE);

    raw_operation = FUTEX_WAIT_PRIVATE;
    raw_result = -1;
    tid = 1;
    EXPECT(start_task(THREAD_TASK, stack + 4 * PAGE, wait_raw, word, &tid) > 0);
    EXPECT(await_waiters(word, FUTEX_PRIVATE_FLAG, 1));
    EXPECT_EQUAL(futex(word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    while (__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
        if (futex(&tid, FUTEX_WAIT, 1, &time, NULL, 0))
            EXPECT_EQUAL(errno, EAGAIN);
    EXPECT_EQUAL(raw_result, 0);
    munmap(word, PAGE);
    munmap(stack, 4 * PAGE);
}

static void untouched_page(void)
{
    struct timespec time = {0, MILLISECOND};
    uint32_t *word = (uint32_t *)(void *)map_pages(2, READ_WRITE);

    EXPECT_ERROR(futex(word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0), ETIMEDOUT);
    EXPECT_EQUAL(futex_two(word, FUTEX_WAKE_OP_PRIVATE, 1, 1, word + PAGE / 4,
                           FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0)),
                 0);
    EXPECT_EQUAL(word[PAGE / 4], 3);
    munmap(word, 2 * PAGE);
}

/* ---- time ---- */

static void time_limits(void)
{
    struct timespec time = {0, 20 * MILLISECOND};
    uint64_t start = now(CLOCK_MONOTONIC);

    reset();
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT, 0, &time, NULL, 0), ETIMEDOUT);
    EXPECT(now(CLOCK_MONOTONIC) - start >= 20 * MILLISECOND);
    start = now(CLOCK_MONOTONIC);
    time = after(CLOCK_MONOTONIC, 20 * MILLISECOND);
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT_BITSET, 0, &time, NULL, 1), ETIMEDOUT);
    EXPECT(now(CLOCK_MONOTONIC) - start >= 20 * MILLISECOND);
    start = now(CLOCK_MONOTONIC);
    time = after(CLOCK_REALTIME, 20 * MILLISECOND);
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &time, NULL, 1),
                 ETIMEDOUT);
    EXPECT(now(CLOCK_MONOTONIC) - start >= 19 * MILLISECOND);
    EXPECT(now(CLOCK_MONOTONIC) - start < LONG_TIME * 1000 * MILLISECOND);
    time = (struct timespec){0, 0}; /* long ago */
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT_BITSET, 0, &time, NULL, 1), ETIMEDOUT);
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT_BITSET, 1, &time, NULL, 1), EAGAIN);
}

/* ---- signals ---- */

static volatile sig_atomic_t signals;

static void count_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    signals++;
}

static void interrupted(void)
{
    struct timespec time = {LONG_TIME, 0};

    handle(SIGALRM, count_signal, 0);
    EXPECT_EQUAL(syscall(__NR_alarm, 1), 0);
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT, 0, NULL, NULL, 0), EINTR);
    handle(SIGALRM, count_signal, SA_RESTART);
    EXPECT_EQUAL(syscall(__NR_alarm, 1), 0);
    EXPECT_ERROR(futex(&shared->word, FUTEX_WAIT, 0, &time, NULL, 0), EINTR);
    EXPECT_EQUAL(signals, 2);
}

/* With SA_RESTART a wait without a limit goes on; it waits behind the others then. */
static void restarted(void)
{
    reset();
    handle(SIGUSR1, count_signal, SA_RESTART);
    pid_t child = start_waiter(&shared->word, 0, 1, 0);
    kill(child, SIGUSR1);
    pause_shortly();
    EXPECT(await_waiters(&shared->word, 0, 1));
    EXPECT_EQUAL(wake(&shared->word, 1), 1);
    EXPECT_EQUAL(status_of_child(child), 0);
    /* And finds that the word has changed. */
    child = start_waiter(&shared->word, 0, 1, 0);
    shared->word = 1;
    kill(child, SIGUSR1);
    EXPECT_EQUAL(status_of_child(child), EAGAIN << 8);
}

/* A stop does not count as a signal, and does not make the time longer. */
static void stopped_meanwhile(void)
{
    struct timespec time = {2, 0}; /* the stops have their time in it on a busy computer, too */
    int status;

    reset();
    pid_t child = fork();
    if (child == 0) {
        uint64_t start = now(CLOCK_MONOTONIC);
        long result = futex(&shared->word, FUTEX_WAIT, 0, &time, NULL, 0);
        uint64_t spent = now(CLOCK_MONOTONIC) - start;
        if (result != -1 || errno != ETIMEDOUT)
            _exit(1);
        _exit(spent < 2000 * (uint64_t)MILLISECOND ? 2 : 0);
    }
    EXPECT(await_waiters(&shared->word, 0, 1));
    for (int i = 0; i < 3; i++) {
        kill(child, SIGSTOP);
        EXPECT_EQUAL(waitpid(child, &status, WUNTRACED), child);
        EXPECT(WIFSTOPPED(status));
        kill(child, SIGCONT);
        pause_shortly();
    }
    EXPECT_EQUAL(status_of_child(child), 0);
}

static void killed_waiter(void)
{
    reset();
    pid_t one = start_waiter(&shared->word, 0, 1, 1);
    pid_t two = start_waiter(&shared->word, 0, 1, 2);
    kill(one, SIGKILL);
    EXPECT_EQUAL(status_of_child(one), SIGKILL);
    EXPECT_EQUAL(wake(&shared->word, 1), 1);
    EXPECT_EQUAL(status_of_child(two), 0);
}

/* Threads that wait do not keep their process. */
static void end_with_waiting_threads(void)
{
    static uint32_t tids[2];
    char *stacks = map_pages(8, READ_WRITE);

    raw_operation = FUTEX_WAIT;
    for (size_t i = 0; i < COUNT(tids); i++)
        start_task(THREAD_TASK, stacks + 4 * PAGE * (i + 1), wait_raw, &shared->word, &tids[i]);
    EXPECT(await_waiters(&shared->word, 0, COUNT(tids)));
    if (shared->second)
        raise(SIGKILL);
}

static void end_of_process(void)
{
    reset();
    EXPECT_EXITED(end_with_waiting_threads, 0);
    EXPECT_EQUAL(waiters_of(&shared->word, 0), 0);
    shared->second = 1;
    EXPECT_KILLED(end_with_waiting_threads, SIGKILL);
    EXPECT_EQUAL(waiters_of(&shared->word, 0), 0);
}

/* ---- errors ---- */

static uint32_t *misplaced(void *word)
{
    return (uint32_t *)((uintptr_t)word + 2);
}

static void errors(void)
{
    static const struct timespec bad = {0, 1000000000}, negative = {-1, 0}, past = {0, 0};
    uint32_t *word = &shared->word, *nowhere = (uint32_t *)(void *)hole();
    uint32_t *kernel = (uint32_t *)0xffff800000000000;
    const void *bad_place = hole();
    long (*const f)(uint32_t *, int, uint32_t, const void *, uint32_t *, uint32_t) = futex;

    reset();
    EXPECT_ERROR(f(word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
    EXPECT_ERROR(f(misplaced(word), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
    EXPECT_ERROR(f(misplaced(nowhere), FUTEX_WAKE, 0, NULL, NULL, 0), EINVAL);
    EXPECT_ERROR(f(nowhere, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERROR(f(nowhere, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
    EXPECT_EQUAL(f(nowhere, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    EXPECT_ERROR(f(kernel, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EFAULT);
    EXPECT_ERROR(f(misplaced(word), FUTEX_WAIT, 0, bad_place, NULL, 0), EFAULT);
    EXPECT_ERROR(f(misplaced(nowhere), FUTEX_WAIT, 1, &bad, NULL, 0), EINVAL);
    EXPECT_ERROR(f(nowhere, FUTEX_WAIT, 1, &negative, NULL, 0), EINVAL);
    EXPECT_ERROR(f(nowhere, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
    EXPECT_ERROR(f(nowhere, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
    EXPECT_ERROR(f(nowhere, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 0), ENOSYS);
    EXPECT_ERROR(f(nowhere, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ENOSYS);
    EXPECT_ERROR(f(word, FUTEX_FD, 0, NULL, NULL, 0), ENOSYS);
    EXPECT_ERROR(f(word, 77, 0, bad_place, NULL, 0), ENOSYS);
    EXPECT_ERROR(futex_two(nowhere, FUTEX_REQUEUE, -1, 0, nowhere, 0), EINVAL);
    EXPECT_ERROR(futex_two(nowhere, FUTEX_REQUEUE, 0, -1, nowhere, 0), EINVAL);
    EXPECT_ERROR(futex_two(word, FUTEX_REQUEUE, 1, 1, misplaced(word), 0), EINVAL);
    EXPECT_ERROR(futex_two(word, FUTEX_CMP_REQUEUE, 1, 1, nowhere, 1), EFAULT);
    EXPECT_ERROR(futex_two(nowhere, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, word, 1), EFAULT);
    EXPECT_EQUAL(futex_two(nowhere, FUTEX_REQUEUE_PRIVATE, 1, 1, nowhere, 1), 0);
    EXPECT_ERROR(futex_two(word, FUTEX_WAKE_OP_PRIVATE, 1, 1, nowhere, 0), EFAULT);
}

/* What can only be read: nobody could change it, unless it is a file's. */
static void read_only_words(void)
{
    uint32_t *word = (uint32_t *)(void *)map_pages(1, READ_WRITE);

    *word = 1;
    mprotect(word, PAGE, PROT_READ);
    EXPECT_ERROR(futex(word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EAGAIN);
    EXPECT_ERROR(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERROR(wake(word, 1), EFAULT);
    EXPECT_ERROR(futex_two(word, FUTEX_WAKE_OP_PRIVATE, 1, 1, word, 0), EFAULT);
    munmap(word, PAGE);
    word = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_ERROR(futex(word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
    EXPECT_EQUAL(wake(word, 1), 0);
    EXPECT_ERROR(futex_two(word, FUTEX_WAKE_OP, 1, 1, word, 0), EFAULT);
    munmap(word, PAGE);
}

/* The kernel reads and writes words by the caller's rights. */
static void words_under_keys(void)
{
    if (skipped_without_pku())
        return;
    int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    uint32_t *word = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    *word = 1;
    EXPECT_SUCCESS(pkey_mprotect(word, PAGE, READ_WRITE, key));
    EXPECT_ERROR(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERROR(futex(word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERROR(wake(word, 1), EFAULT);
    EXPECT_EQUAL(futex(word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    pkey_set(key, PKEY_DISABLE_WRITE);
    EXPECT_ERROR(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0), EAGAIN);
    EXPECT_EQUAL(wake(word, 1), 0);
    EXPECT_ERROR(futex_two(word, FUTEX_WAKE_OP, 1, 1, word, 0), EFAULT);
    EXPECT_ERROR(futex_two(word, FUTEX_WAKE_OP_PRIVATE, 1, 1, word, 0), EFAULT);
    pkey_set(key, 0);
    EXPECT_EQUAL(futex_two(word, FUTEX_WAKE_OP, 1, 1, word, 0), 0);
    EXPECT_SUCCESS(pkey_mprotect(word, PAGE, PROT_EXEC, key));
    EXPECT_EQUAL(wake(word, 1), 0); /* the page is there, and its key allows reading */
    munmap(word, PAGE);
    word = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_SUCCESS(pkey_mprotect(word, PAGE, PROT_EXEC, key));
    EXPECT_ERROR(wake(word, 1), EFAULT);
    munmap(word, PAGE);
    pkey_free(key);
}

/* ---- many at once ---- */

#define ROUNDS 3000

/* A lock: 0 free, 1 taken, 2 taken and perhaps waited for. */
static void take_lock(void)
{
    uint32_t value = 0;

    if (__atomic_compare_exchange_n(&shared->lock, &value, 1, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST))
        return;
    while (__atomic_exchange_n(&shared->lock, 2, __ATOMIC_SEQ_CST))
        futex(&shared->lock, FUTEX_WAIT, 2, NULL, NULL, 0);
}

static void drop_lock(void)
{
    if (__atomic_exchange_n(&shared->lock, 0, __ATOMIC_SEQ_CST) == 2)
        wake(&shared->lock, 1);
}

static void count_with_lock(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        take_lock();
        uint32_t value = *(volatile uint32_t *)&shared->counter;
        if (i % 8 == 0)
            sched_yield();
        *(volatile uint32_t *)&shared->counter = value + 1;
        drop_lock();
    }
}

/* A wake-up that is lost would leave a child asleep for ever: the alarm ends it then. */
static pid_t start_worker(void (*work)(void))
{
    pid_t child = fork();

    if (child == 0) {
        syscall(__NR_alarm, LONG_TIME * 2);
        work();
        _exit(0);
    }
    return child;
}

static void lock_of_many(void)
{
    pid_t children[WAITERS];

    reset();
    for (int i = 0; i < WAITERS; i++)
        children[i] = start_worker(count_with_lock);
    end_waiters(children);
    EXPECT_EQUAL(shared->counter, WAITERS * ROUNDS);
}

#define TURNS  8000
#define DELAYS 2048
#define SPINS  1000

/* Lets some time pass, more with each turn, so that the two meet at every point of their ways. */
static void delay(uint32_t turn)
{
    for (volatile uint32_t i = 0; i < turn % DELAYS; i++)
        ;
}

/* Waits for even values without sleeping, and makes them odd. */
static void make_odd(void)
{
    for (uint32_t turn = 0; turn < TURNS; turn += 2) {
        for (uint32_t i = 1; __atomic_load_n(&shared->word, __ATOMIC_SEQ_CST) != turn; i++)
            if (i % SPINS == 0)
                sched_yield();
        delay(turn / 2);
        __atomic_store_n(&shared->word, turn + 1, __ATOMIC_SEQ_CST);
        wake(&shared->word, 1);
    }
}

/* Sleeps until the value is odd. A single wake-up that is lost leaves it asleep. */
static void make_even(void)
{
    for (uint32_t turn = 0; turn < TURNS; turn += 2) {
        while (__atomic_load_n(&shared->word, __ATOMIC_SEQ_CST) == turn)
            futex(&shared->word, FUTEX_WAIT, turn, NULL, NULL, 0);
        __atomic_store_n(&shared->word, turn + 2, __ATOMIC_SEQ_CST);
    }
}

static void turns_of_two(void)
{
    pid_t one, two;

    reset();
    one = start_worker(make_odd);
    two = start_worker(make_even);
    EXPECT_EQUAL(status_of_child(one), 0);
    EXPECT_EQUAL(status_of_child(two), 0);
    EXPECT_EQUAL(shared->word, TURNS);
}

/* Each waits on one word and is sent to another one, to be woken there. */
static void wait_for_rounds(void)
{
    uint32_t round;

    while ((round = __atomic_load_n(&shared->word, __ATOMIC_SEQ_CST)) < ROUNDS)
        if (futex(&shared->word, FUTEX_WAIT, round, NULL, NULL, 0) == 0)
            __atomic_fetch_add(&shared->woken, 1, __ATOMIC_SEQ_CST);
}

static void requeue_of_many(void)
{
    pid_t children[WAITERS];
    long woken = 0;

    reset();
    for (int i = 0; i < WAITERS; i++)
        children[i] = start_worker(wait_for_rounds);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        __atomic_store_n(&shared->word, round, __ATOMIC_SEQ_CST);
        futex_two(&shared->word, FUTEX_REQUEUE, 1, INT_MAX, &shared->second, 0);
        sched_yield();
        wake(&shared->second, INT_MAX);
    }
    end_waiters(children);
    woken = (long)shared->woken;
    EXPECT_EQUAL(wake(&shared->word, 1) + wake(&shared->second, 1), 0);
    EXPECT(woken <= (long)ROUNDS * WAITERS);
}

/* ---- robust lists ---- */

static void set_list(void)
{
    syscall(__NR_set_robust_list, &shared->head, sizeof(shared->head));
}

/* Puts locks on the list, whose words say that the caller has them. */
static void own_locks(int count)
{
    struct robust_list *last = &shared->head.list;

    shared->head.futex_offset = offsetof(struct lock, word) - offsetof(struct lock, link);
    for (int i = 0; i < count; i++) {
        shared->locks[i].word = (uint32_t)getpid() | (shared->locks[i].word & FUTEX_WAITERS);
        last->next = &shared->locks[i].link;
        last = last->next;
    }
    last->next = &shared->head.list;
    set_list();
}

static void end_with_locks(void)
{
    own_locks(3);
    shared->locks[1].word = 1; /* another's */
}

static void end_killed(void)
{
    own_locks(2);
    raise(SIGKILL);
}

static void end_with_circle(void)
{
    own_locks(2);
    shared->locks[1].link.next = &shared->locks[0].link;
}

static void end_with_broken_list(void)
{
    own_locks(1);
    shared->locks[0].link.next = (struct robust_list *)(void *)hole();
}

static void end_with_pending(void)
{
    own_locks(0);
    shared->head.list_op_pending = &shared->locks[3].link;
    shared->locks[3].word = (uint32_t)getpid();
}

static void end_with_free_pending(void)
{
    own_locks(0);
    shared->head.list_op_pending = &shared->locks[3].link;
}

static void end_without_list(void)
{
    syscall(__NR_set_robust_list, hole(), sizeof(struct robust_list_head));
}

static void list_of_locks(void)
{
    reset();
    EXPECT_EXITED(end_with_locks, 0);
    EXPECT_EQUAL(shared->locks[0].word, FUTEX_OWNER_DIED);
    EXPECT_EQUAL(shared->locks[1].word, 1);
    EXPECT_EQUAL(shared->locks[2].word, FUTEX_OWNER_DIED);
    reset();
    EXPECT_KILLED(end_killed, SIGKILL);
    EXPECT_EQUAL(shared->locks[0].word, FUTEX_OWNER_DIED);
    EXPECT_EQUAL(shared->locks[1].word, FUTEX_OWNER_DIED);
}

static void lists_that_are_none(void)
{
    reset();
    EXPECT_EXITED(end_with_circle, 0);
    EXPECT_EQUAL(shared->locks[0].word, FUTEX_OWNER_DIED);
    EXPECT_EQUAL(shared->locks[1].word, FUTEX_OWNER_DIED);
    reset();
    EXPECT_EXITED(end_with_broken_list, 0);
    EXPECT_EQUAL(shared->locks[0].word, FUTEX_OWNER_DIED);
    EXPECT_EXITED(end_without_list, 0);
}

static void pending_lock(void)
{
    reset();
    EXPECT_EXITED(end_with_pending, 0);
    EXPECT_EQUAL(shared->locks[3].word, FUTEX_OWNER_DIED);
    /* Let go already, but perhaps nobody was woken. */
    reset();
    pid_t child = start_waiter(&shared->locks[3].word, 0, 1, 0);
    EXPECT_EXITED(end_with_free_pending, 0);
    EXPECT_EQUAL(shared->locks[3].word, 0);
    EXPECT_EQUAL(status_of_child(child), 0);
}

/* A waiter says so in the word, and is woken when the owner ends. */
static void waiter_of_lock(void)
{
    uint32_t *word = &shared->locks[0].word;
    pid_t child;

    reset();
    child = start_waiter(word, 0, 1, 0);
    *word = FUTEX_WAITERS;
    EXPECT_EXITED(end_with_locks, 0);
    EXPECT_EQUAL(*word, FUTEX_WAITERS | FUTEX_OWNER_DIED);
    EXPECT_EQUAL(status_of_child(child), 0);
}

static void ask_for_list(void)
{
    struct robust_list_head *head = NULL;
    size_t size = 0;
    pid_t child;

    EXPECT_ERROR(syscall(__NR_set_robust_list, &shared->head, sizeof(shared->head) - 1), EINVAL);
    reset();
    child = fork();
    if (child == 0) {
        set_list();
        shared->woken = 1;
        syscall(__NR_pause);
    }
    EXPECT(await_value(&shared->woken, 1));
    EXPECT_SUCCESS(syscall(__NR_get_robust_list, child, &head, &size));
    EXPECT(head == &shared->head);
    EXPECT_EQUAL(size, sizeof(*head));
    EXPECT_ERROR(syscall(__NR_get_robust_list, child, hole(), &size), EFAULT);
    EXPECT_ERROR(syscall(__NR_get_robust_list, child, &head, hole()), EFAULT);
    kill(child, SIGKILL);
    status_of_child(child);
    EXPECT_ERROR(syscall(__NR_get_robust_list, child, &head, &size), ESRCH);
}

/* ---- futex_waitv ---- */

#define SIZE_U32 2 /* FUTEX2_SIZE_U32, which older headers do not have */

static long waitv(const struct futex_waitv *words, unsigned int count, const struct timespec *time)
{
    return syscall(__NR_futex_waitv, words, count, 0, time, CLOCK_MONOTONIC);
}

static void wait_for_several(void)
{
    struct futex_waitv words[2] = {
        {.uaddr = (uintptr_t)&shared->word, .flags = SIZE_U32},
        {.uaddr = (uintptr_t)&shared->second, .flags = SIZE_U32},
    };
    struct timespec time = after(CLOCK_MONOTONIC, 10 * MILLISECOND);

    reset();
    EXPECT_ERROR(waitv(words, 2, &time), ETIMEDOUT);
    pid_t child = fork();
    if (child == 0)
        _exit((int)waitv(words, 2, NULL));
    EXPECT(await_waiters(&shared->second, 0, 1));
    EXPECT_EQUAL(waiters_of(&shared->word, 0), 1);
    EXPECT_EQUAL(wake(&shared->second, 1), 1);
    EXPECT_EQUAL(status_of_child(child), 1 << 8);
    EXPECT_EQUAL(wake(&shared->word, 1), 0);
    words[1].val = 1;
    EXPECT_ERROR(waitv(words, 2, NULL), EAGAIN);
    EXPECT_ERROR(waitv(words, 0, NULL), EINVAL);
    EXPECT_ERROR(waitv(words, 129, NULL), EINVAL);
    EXPECT_ERROR(waitv((void *)hole(), 1, NULL), EFAULT);
    words[1].__reserved = 1;
    EXPECT_ERROR(waitv(words, 2, NULL), EINVAL);
    words[1] = (struct futex_waitv){.uaddr = (uintptr_t)hole(), .flags = SIZE_U32};
    EXPECT_ERROR(waitv(words, 2, NULL), EFAULT);
    words[1].flags = 1;
    EXPECT_ERROR(waitv(words, 2, NULL), EINVAL);
    EXPECT_EQUAL(waiters_of(&shared->word, 0), 0);
}

static const struct ktap_test tests[] = {
    {"who waits first is woken first", first_come_first_served},
    {"how many a wake wakes", numbers_of_wake},
    {"bits choose who is woken", bits_of_wake},
    {"requeue: some are woken, some wait elsewhere, in their order", requeue},
    {"FUTEX_WAKE_OP: operations and comparisons", wake_op},
    {"a shared futex is its place in the file, wherever that is mapped", object_at_two_places},
    {"of private memory, a forked copy is another futex", private_memory_of_two},
    {"a futex stays the same when its page is copied", copied_page},
    {"the end of a thread wakes", end_of_thread},
    {"words on pages that were never touched", untouched_page},
    {"time limits: from now, of both clocks, in the past", time_limits},
    {"a handler ends the wait: EINTR", interrupted},
    {"SA_RESTART: it goes on, and looks again", restarted},
    {"a stop does not end it, nor make it longer", stopped_meanwhile},
    {"a waiter that is killed takes no wake-up with it", killed_waiter},
    {"a process that ends takes its waiting threads along", end_of_process},
    {"errors, in their order", errors},
    {"words that are only for reading", read_only_words},
    {"words under keys", words_under_keys},
    {"a lock of many processes", lock_of_many},
    {"two that take turns", turns_of_two},
    {"requeues while many wait", requeue_of_many},
    {"robust list: locks of one that ends are marked", list_of_locks},
    {"robust list: circles and broken lists do no harm", lists_that_are_none},
    {"robust list: the lock whose operation is pending", pending_lock},
    {"robust list: a waiter is woken", waiter_of_lock},
    {"robust list: asked for", ask_for_list},
    {"futex_waitv: the first of several", wait_for_several},
};

int main(void)
{
    probe_init();
    shared = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return ktap_run(tests, COUNT(tests), NULL);
}
