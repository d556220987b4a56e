// SPDX-License-Identifier: MIT
/*
 * pkey_set_all(): one thread sets the rights of all. Latchkey's own; Linux says ENOSYS.
 *
 *     pkey_set_all [THREADS [CHANGES]]
 *
 * The threads run no library code, as they share one thread's storage of it; they are made by
 * clone() and counted out at their end. Their own rights change by the vDSO.
 */
#include "tests/ring3/keys/update.h"
#include "tests/ring3/tasks.h"

#include <limits.h>
#include <linux/futex.h>

#include "libc/include/latchkey/syscalls.h"

#define THREADS_MAX     64
#define STACK_SIZE      (4 * PAGE)
#define THREADS_DEFAULT 6
#define CHANGES_DEFAULT 100

static unsigned int thread_count = THREADS_DEFAULT;
static unsigned long changes = CHANGES_DEFAULT;
static int key, other_key;

/* ---- rights ---- */

static long set_all(int of, unsigned int rights)
{
    return raw_call(__NR_pkey_set_all, (uintptr_t)of, rights, 0, 0);
}

/* ---- threads ---- */

struct thread {
    char *stack;
    volatile uint32_t alive; /* not 0 until its end */
    volatile unsigned long turns, errors;
};

static struct thread threads[THREADS_MAX];
static volatile bool stop;

static void start(struct thread *thread, void (*function)(void *))
{
    thread->turns = 0;
    thread->alive = 1;
    EXPECT(start_task(THREAD_TASK, thread->stack + STACK_SIZE, function, thread,
                      (uint32_t *)&thread->alive) > 0);
}

static void start_all(void (*function)(void *))
{
    stop = false;
    for (unsigned int i = 0; i < thread_count; i++) {
        threads[i].errors = 0;
        start(&threads[i], function);
    }
}

static void wait_for_end(struct thread *thread)
{
    while (thread->alive)
        sched_yield();
}

/* The errors of all. */
static unsigned long end_all(void)
{
    unsigned long errors = 0;

    stop = true;
    for (unsigned int i = 0; i < thread_count; i++) {
        wait_for_end(&threads[i]);
        errors += threads[i].errors;
    }
    return errors;
}

/* Until each has begun a turn and ended it since now. */
static void let_all_turn(void)
{
    for (unsigned int i = 0; i < thread_count; i++) {
        unsigned long before = threads[i].turns;
        while (threads[i].turns < before + 2)
            sched_yield();
    }
}

/* ---- what all threads must have now ---- */

/* Even: all have these rights, in the two lowest bits; odd: they are changing. */
static volatile unsigned long promise;

static void promise_and_set(unsigned int rights)
{
    unsigned long next = (promise & ~7ul) + 16;

    promise = next | 4;
    EXPECT_EQUAL(set_all(key, rights), 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    promise = next | rights;
}

/* Whether a thread has what was promised before it looked and after. */
static bool is_kept(void)
{
    unsigned long before = promise;
    unsigned int rights = own(key);

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return before != promise || (before & 4) || rights == (before & 3);
}

static void look(void *argument)
{
    struct thread *thread = argument;

    while (!stop) {
        thread->errors += !is_kept();
        thread->turns++;
    }
}

static void look_and_yield(void *argument)
{
    struct thread *thread = argument;

    while (!stop) {
        thread->errors += !is_kept();
        thread->turns++;
        raw_call(__NR_sched_yield, 0, 0, 0, 0);
    }
}

/* Another key's rights come and go all the while. */
static void set_others(void *argument)
{
    struct thread *thread = argument;

    while (!stop) {
        set_own(other_key, (unsigned int)thread->turns & 3);
        thread->errors += !is_kept() || own(other_key) != (thread->turns & 3);
        thread->turns++;
    }
}

static void change_with(void (*function)(void *))
{
    promise_and_set(0);
    start_all(function);
    for (unsigned long i = 0; i < changes; i++) {
        promise_and_set((unsigned int)i & 3);
        if (i % 16 == 0)
            let_all_turn();
    }
    EXPECT_EQUAL(end_all(), 0);
}

static void busy_threads(void)
{
    change_with(look);
}

static void threads_that_come_and_go(void)
{
    change_with(look_and_yield);
}

static void threads_that_set_keys(void)
{
    change_with(set_others);
}

/* ---- threads that are being made ---- */

static void look_once(void *argument)
{
    struct thread *thread = argument;

    thread->errors += !is_kept();
}

static void make_threads(void *argument)
{
    struct thread *maker = argument;
    struct thread *made = maker + thread_count / 2;

    while (!stop) {
        while (made->alive)
            raw_call(__NR_sched_yield, 0, 0, 0, 0);
        start(made, look_once);
        maker->turns++;
    }
}

static void new_threads(void)
{
    unsigned long errors = 0;

    promise_and_set(0);
    stop = false;
    for (unsigned int i = 0; i < thread_count; i++)
        threads[i].errors = 0;
    for (unsigned int i = 0; i < thread_count / 2; i++)
        start(&threads[i], make_threads);
    for (unsigned long i = 0; i < changes; i++) {
        promise_and_set((unsigned int)i & 3);
        sched_yield();
    }
    stop = true;
    for (unsigned int i = 0; i < thread_count; i++) {
        wait_for_end(&threads[i]);
        errors += threads[i].errors;
    }
    EXPECT_EQUAL(errors, 0);
}

/* ---- threads asleep ---- */

static uint32_t asleep;

static void sleep_and_look(void *argument)
{
    struct thread *thread = argument;

    thread->turns = 1;
    raw_call(__NR_futex, (uintptr_t)&asleep, FUTEX_WAIT, 1, 0);
    thread->errors += own(key) != PKEY_DISABLE_WRITE;
}

static void sleeping_threads(void)
{
    asleep = 1;
    EXPECT_EQUAL(set_all(key, 0), 0);
    start_all(sleep_and_look);
    for (unsigned int i = 0; i < thread_count; i++)
        while (!threads[i].turns)
            sched_yield();
    usleep(20000);
    EXPECT_EQUAL(set_all(key, PKEY_DISABLE_WRITE), 0);
    EXPECT_EQUAL(raw_call(__NR_futex, (uintptr_t)&asleep, FUTEX_WAKE, INT_MAX, 0), thread_count);
    EXPECT_EQUAL(end_all(), 0);
}

/* ---- two calls at once ---- */

static void set_again_and_again(void *argument)
{
    struct thread *thread = argument;
    unsigned int rights = thread == &threads[0] ? PKEY_DISABLE_WRITE : PKEY_DISABLE_ACCESS;

    for (unsigned long i = 0; i < changes; i++)
        thread->errors += set_all(key, rights) != 0;
    thread->turns = 1;
    while (!stop)
        raw_call(__NR_sched_yield, 0, 0, 0, 0);
    thread->turns = own(key);
}

static void two_at_once(void)
{
    stop = false;
    for (unsigned int i = 0; i < 2; i++) {
        threads[i].errors = 0;
        start(&threads[i], set_again_and_again);
    }
    while (!threads[0].turns || !threads[1].turns)
        sched_yield();
    EXPECT_EQUAL(end_all(), 0);
    EXPECT_EQUAL(threads[0].turns, threads[1].turns);
    EXPECT_EQUAL(own(key), threads[0].turns);
}

/* ---- handlers ---- */

static unsigned int in_handler;

static void set_in_handler(int signal)
{
    (void)signal;
    in_handler = own(key);
    set_all(key, PKEY_DISABLE_WRITE);
}

static void handler_frames(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))(uintptr_t)set_in_handler, 0);
    EXPECT_EQUAL(set_all(key, 0), 0);
    set_own(other_key, PKEY_DISABLE_WRITE);
    EXPECT_SUCCESS(raise(SIGUSR1));
    EXPECT_EQUAL(own(key), PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(own(other_key), PKEY_DISABLE_WRITE); /* which the frame has */
    set_own(key, 0);
    set_own(other_key, 0);
}

static void write_own_rights(int signal)
{
    (void)signal;
    set_own(key, 0);
}

/* What a thread gives itself after the call is the frame's to bring back. */
static void own_rights_outlive_handlers(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))(uintptr_t)write_own_rights, 0);
    EXPECT_EQUAL(set_all(key, 0), 0);
    set_own(key, PKEY_DISABLE_ACCESS);
    EXPECT_SUCCESS(raise(SIGUSR1));
    EXPECT_EQUAL(own(key), PKEY_DISABLE_ACCESS);
}

static void look_in_handler(int signal)
{
    (void)signal;
    in_handler = own(key);
}

static void handlers_begin(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))(uintptr_t)look_in_handler, 0);
    EXPECT_EQUAL(set_all(key, PKEY_DISABLE_WRITE), 0);
    EXPECT_SUCCESS(raise(SIGUSR1));
    EXPECT(in_handler & PKEY_DISABLE_WRITE);
}

/* ---- A signal at each instruction of a change ---- */

#define TRAP_FLAG 0x100ul

static unsigned int steps, set_at;

static void set_at_one_step(int signal)
{
    (void)signal;
    steps++;
    if (steps == set_at)
        set_all(key, PKEY_DISABLE_WRITE);
}

/* Steps through a change of one's own until a handler has called set_all() at each instruction. */
static void step_through(void (*change)(int of, unsigned int rights))
{
    handle(SIGTRAP, (void (*)(int, siginfo_t *, void *))(uintptr_t)set_at_one_step, 0);
    for (set_at = 1; set_at <= steps || set_at == 1; set_at++) {
        EXPECT_EQUAL(set_all(key, 0), 0);
        change(other_key, 0);
        steps = 0;
        __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
        change(other_key, PKEY_DISABLE_ACCESS);
        __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
        EXPECT_EQUAL(own(key), PKEY_DISABLE_WRITE);
        EXPECT_EQUAL(own(other_key), PKEY_DISABLE_ACCESS);
    }
    handle(SIGTRAP, probe_handler, 0);
    change(other_key, 0);
}

static void signals_in_a_change(void)
{
    step_through(set_own);
}

/* ---- arguments ---- */

static void own_rights(void)
{
    for (unsigned int rights = 0; rights < 4; rights++) {
        EXPECT_EQUAL(set_all(key, rights), 0);
        EXPECT_EQUAL(own(key), rights);
    }
}

static void arguments(void)
{
    int freed = pkey_alloc(0, 0);

    EXPECT_EQUAL(set_all(key, 4), -EINVAL);
    EXPECT_EQUAL(set_all(-1, 0), -EINVAL);
    EXPECT_EQUAL(set_all(16, 0), -EINVAL);
    EXPECT_SUCCESS(pkey_free(freed));
    EXPECT_EQUAL(set_all(freed, 0), -EINVAL);
}

static const char *not_there(void)
{
    if (!pkru_enabled())
        return without_pku();
    return set_all(-1, 0) == -ENOSYS ? "Linux has no such call" : NULL;
}

static const struct ktap_test tests[] = {
    {"the caller has the rights itself", own_rights},
    {"bad keys and rights: EINVAL", arguments},
    {"threads that run", busy_threads},
    {"threads that come and go", threads_that_come_and_go},
    {"threads that set the rights to another key meanwhile", threads_that_set_keys},
    {"threads that are being made", new_threads},
    {"threads that sleep in a system call", sleeping_threads},
    {"two calls at once: all have what one of them set", two_at_once},
    {"a frame from before does not bring old rights back", handler_frames},
    {"a frame from after brings its rights back", own_rights_outlive_handlers},
    {"a handler that makes the call between two instructions of a change", signals_in_a_change},
    {"a handler does not begin with what was taken from all", handlers_begin},
};

int main(int argc, char **argv)
{
    if (argc > 1)
        thread_count = (unsigned int)strtoul(argv[1], NULL, 0);
    if (argc > 2)
        changes = strtoul(argv[2], NULL, 0);
    if (thread_count < 2 || thread_count > THREADS_MAX) {
        fprintf(stderr, "pkey_set_all: 2 to %d threads, not %s\n", THREADS_MAX, argv[1]);
        return 2;
    }
    if (!not_there()) {
        key = pkey_alloc(0, 0);
        other_key = pkey_alloc(0, 0);
        find_pkey_set();
    }
    for (unsigned int i = 0; i < thread_count; i++)
        threads[i].stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);
    return ktap_run(tests, COUNT(tests), not_there());
}
