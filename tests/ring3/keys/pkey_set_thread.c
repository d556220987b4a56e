// SPDX-License-Identifier: MIT
/*
 * pkey_set_thread(): the rights of one thread, by its number, and of no other. Latchkey's own;
 * Linux says ENOSYS.
 *
 *     pkey_set_thread [CHANGES]
 */
#include "tests/ring3/keys/update.h"
#include "tests/ring3/threads.h"

#include <linux/futex.h>
#include <linux/ptrace.h>

#include "libc/include/latchkey/syscalls.h"

#define SOMEBODY        1234
#define CHANGES_DEFAULT 200
#define SETTLED         4ul /* beside the rights that a thread has for sure; else they change */

static unsigned long changes = CHANGES_DEFAULT;
static int key, other_key;

static long set_thread(int of, unsigned int rights, pid_t tid)
{
    return raw_call(__NR_pkey_set_thread, (uintptr_t)of, rights, (uintptr_t)tid, 0);
}

/* ---- what each thread must have now ---- */

/* A thread's tid, and the rights that it was promised; shared with children. */
struct target {
    volatile pid_t tid;
    volatile unsigned long promise; /* counts up in steps of 8: rights, and SETTLED */
    volatile unsigned long turns, errors;
};

static struct target *targets; /* by number; shared memory */
static volatile uint32_t *stop;

static void promise_and_set(struct target *target, unsigned int rights)
{
    unsigned long next = (target->promise & ~7ul) + 8;

    target->promise = next;
    EXPECT_EQUAL(set_thread(key, rights, target->tid), 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    target->promise = next | SETTLED | rights;
}

/* Whether a thread has what was promised before it looked and after. */
static bool is_kept(const struct target *target)
{
    unsigned long before = target->promise;
    unsigned int rights = own(key);

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return before != target->promise || !(before & SETTLED) || rights == (before & 3);
}

static void announce(struct target *target)
{
    target->promise = 0;
    target->tid = (pid_t)raw_call(__NR_gettid, 0, 0, 0, 0);
}

/* Another key's rights come and go all the while. */
static void look(struct target *target)
{
    announce(target);
    while (!*stop) {
        set_own(other_key, (unsigned int)target->turns & 3);
        target->errors += !is_kept(target) || own(other_key) != (target->turns & 3);
        target->turns++;
    }
}

static void look_as_thread(void *argument)
{
    look(&targets[((struct thread *)argument)->number]);
}

static void sleep_as_thread(void *argument)
{
    struct target *target = &targets[((struct thread *)argument)->number];

    announce(target);
    while (!*stop) {
        raw_call(__NR_futex, (uintptr_t)stop, FUTEX_WAIT, 0, 0);
        target->errors += !is_kept(target);
    }
}

static void wait_for_target(const struct target *target)
{
    while (!target->tid)
        yield();
}

static void start_targets(void (*function)(void *))
{
    *stop = 0;
    memset(targets, 0, THREADS * sizeof(*targets));
    start_threads(function);
    for (unsigned int i = 0; i < THREADS; i++)
        wait_for_target(&targets[i]);
}

static void end_targets(void)
{
    unsigned long errors = 0;

    *stop = 1;
    syscall(__NR_futex, stop, FUTEX_WAKE, THREADS);
    end_threads();
    for (unsigned int i = 0; i < THREADS; i++)
        errors += targets[i].errors;
    EXPECT_EQUAL(errors, 0);
}

static void change_one_after_another(void (*function)(void *))
{
    uint32_t before = pkru_read();

    start_targets(function);
    for (unsigned long i = 0; i < changes; i++) {
        promise_and_set(&targets[i % THREADS], (unsigned int)(i / THREADS + i) & 3);
        if (i % 32 == 0)
            yield();
    }
    EXPECT_EQUAL(pkru_read(), before);
    end_targets();
}

static void threads_that_run(void)
{
    change_one_after_another(look_as_thread);
}

static void threads_that_sleep(void)
{
    change_one_after_another(sleep_as_thread);
}

static void oneself(void)
{
    for (unsigned int rights = 0; rights < 4; rights++) {
        uint32_t before = pkru_read() & ~PKRU_ALL(key);
        EXPECT_EQUAL(set_thread(key, rights, getpid()), 0);
        EXPECT_EQUAL(pkru_read(), before | rights << (2 * key));
    }
    EXPECT_EQUAL(set_thread(key, 0, getpid()), 0);
}

/* ---- handlers ---- */

static volatile unsigned int in_handler; /* threads that are there */
static volatile bool leave_handlers;
static volatile unsigned int begun_with[2];

static unsigned int number_of_caller(void)
{
    return targets[0].tid == (pid_t)raw_call(__NR_gettid, 0, 0, 0, 0) ? 0 : 1;
}

static void stay_in_handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    begun_with[number_of_caller()] = own(key);
    __atomic_fetch_add(&in_handler, 1, __ATOMIC_SEQ_CST);
    while (!leave_handlers)
        yield();
    __atomic_fetch_sub(&in_handler, 1, __ATOMIC_SEQ_CST);
}

static void run_until_stop(void *argument)
{
    struct target *target = &targets[((struct thread *)argument)->number];

    set_own(key, 0);
    announce(target);
    while (!*stop)
        yield();
    target->turns = own(key);
}

/* Two threads are in a handler while the rights of one change. */
static void interrupt_both(unsigned int rights)
{
    leave_handlers = false;
    for (unsigned int i = 0; i < 2; i++)
        EXPECT_SUCCESS(syscall(__NR_tgkill, getpid(), targets[i].tid, SIGUSR1));
    while (in_handler < 2)
        yield();
    EXPECT_EQUAL(set_thread(key, rights, targets[0].tid), 0);
    leave_handlers = true;
    while (in_handler)
        yield();
}

static void frames(void)
{
    handle(SIGUSR1, stay_in_handler, 0);
    start_targets(run_until_stop);
    interrupt_both(PKEY_DISABLE_WRITE);
    end_targets();
    EXPECT_EQUAL(targets[0].turns, PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(targets[1].turns, 0);
}

/* The second handler begins with what the change before it has left. */
static void handlers_begin(void)
{
    handle(SIGUSR1, stay_in_handler, 0);
    start_targets(run_until_stop);
    interrupt_both(PKEY_DISABLE_WRITE);
    interrupt_both(PKEY_DISABLE_WRITE);
    end_targets();
    EXPECT_EQUAL(begun_with[0], PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(begun_with[1], PKEY_DISABLE_ACCESS);
}

/* ---- other processes ---- */

static pid_t start_child(void (*function)(struct target *))
{
    *stop = 0;
    memset(targets, 0, sizeof(*targets));
    pid_t child = fork();
    if (child == 0) {
        function(targets);
        _exit(0);
    }
    wait_for_target(targets);
    return child;
}

static void another_process(void)
{
    uint32_t before = pkru_read();
    pid_t child = start_child(look);

    EXPECT_EQUAL(targets->tid, child);
    for (unsigned long i = 0; i < changes; i++)
        promise_and_set(targets, (unsigned int)i & 3);
    EXPECT_EQUAL(pkru_read(), before);
    *stop = 1;
    waitpid(child, NULL, 0);
    EXPECT_EQUAL(targets->errors, 0);
}

/* Which keys there are, the other process's map says. */
static void free_keys_and_wait(struct target *target)
{
    pkey_free(key);
    announce(target);
    while (!*stop)
        yield();
}

static void anothers_keys(void)
{
    pid_t child = start_child(free_keys_and_wait);

    EXPECT_EQUAL(set_thread(key, 0, child), -EINVAL);
    EXPECT_EQUAL(set_thread(other_key, 0, child), 0);
    *stop = 1;
    waitpid(child, NULL, 0);
}

/* A key with policies is its own process's: nobody's PKRU elsewhere says anything of it. */
static void give_policy_and_wait(struct target *target)
{
    EXPECT_EQUAL(raw_call(__NR_pkey_policy, (uintptr_t)key, PKEY_KEPT, 0, 0), 0);
    announce(target);
    while (!*stop)
        yield();
}

static void anothers_policies(void)
{
    pid_t child = start_child(give_policy_and_wait);

    for (unsigned int rights = 0; rights < 4; rights++)
        EXPECT_EQUAL(set_thread(key, rights, child), -EACCES);
    EXPECT_EQUAL(set_thread(other_key, 0, child), 0);
    *stop = 1;
    waitpid(child, NULL, 0);
}

/* ---- A thread that is stopped in the middle ---- */

static void step_into_change(struct target *target)
{
    raw_call(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
    set_own(key, 0);
    set_own(other_key, 0);
    kill(getpid(), SIGSTOP);
    set_own(other_key, PKEY_DISABLE_ACCESS);
    target->promise = 1;
    target->turns = pkru_read();
}

/* Takes a right from a child after so many steps from its stop; false: its change is made. */
static bool take_after(unsigned int steps)
{
    int status;
    pid_t child;
    bool inside;

    memset(targets, 0, sizeof(*targets));
    child = fork();
    if (child == 0) {
        step_into_change(targets);
        _exit(0);
    }
    waitpid(child, &status, 0);
    for (unsigned int i = 0; i < steps; i++) {
        raw_call(__NR_ptrace, PTRACE_SINGLESTEP, (uintptr_t)child, 0, 0);
        waitpid(child, &status, 0);
    }
    inside = !targets->promise;
    EXPECT_EQUAL(set_thread(key, PKEY_DISABLE_WRITE, child), 0);
    raw_call(__NR_ptrace, PTRACE_DETACH, (uintptr_t)child, 0, 0);
    waitpid(child, &status, 0);
    return inside;
}

static void stopped_in_the_middle(void)
{
    unsigned int steps = 0;

    for (; take_after(steps); steps++) {
        uint32_t pkru = (uint32_t)targets->turns;
        if (!EXPECT_EQUAL(pkru >> (2 * key) & 3, PKEY_DISABLE_WRITE) ||
            !EXPECT_EQUAL(pkru >> (2 * other_key) & 3, PKEY_DISABLE_ACCESS))
            ktap_note("after %u steps", steps);
    }
    EXPECT(steps > 10);
}

static void be_somebody(void)
{
    EXPECT_SUCCESS(syscall(__NR_setuid, SOMEBODY));
    EXPECT_EQUAL(set_thread(key, 0, getppid()), -EPERM);
    EXPECT_EQUAL(set_thread(key, 0, getpid()), 0);
}

static void not_traceable(void)
{
    run_in_child(be_somebody);
}

/* ---- arguments ---- */

static void nobody(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    while (set_thread(key, 0, child) == 0)
        yield(); /* it has not ended yet */
    EXPECT_EQUAL(set_thread(key, 0, child), -ESRCH);
    waitpid(child, NULL, 0);
    EXPECT_EQUAL(set_thread(key, 0, child), -ESRCH);
}

static void arguments(void)
{
    int freed = pkey_alloc(0, 0);

    EXPECT_SUCCESS(pkey_free(freed));
    EXPECT_EQUAL(set_thread(key, 4, getpid()), -EINVAL);
    EXPECT_EQUAL(set_thread(key, 0, 0), -EINVAL);
    EXPECT_EQUAL(set_thread(key, 0, -1), -EINVAL);
    const int keys[] = {freed, 16, -1};
    for (unsigned int i = 0; i < COUNT(keys); i++)
        EXPECT_EQUAL(set_thread(keys[i], 0, getpid()), -EINVAL);
}

static void give_policy(void)
{
    start_targets(run_until_stop);
    EXPECT_EQUAL(syscall(__NR_pkey_policy, key, PKEY_GUARDED, 0), 0);
    set_own(key, PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(set_thread(key, 0, getpid()), -EACCES);
    EXPECT_EQUAL(set_thread(key, PKEY_DISABLE_WRITE, targets[0].tid), -EACCES);
    set_own(key, 0);
    EXPECT_EQUAL(set_thread(key, PKEY_DISABLE_WRITE, targets[0].tid), 0);
    end_targets();
}

static void policies(void)
{
    run_in_child(give_policy);
}

static const char *not_there(void)
{
    if (!pkru_enabled())
        return without_pku();
    return set_thread(-1, 0, 1) == -ENOSYS ? "Linux has no such call" : NULL;
}

static const struct ktap_test tests[] = {
    {"the caller's own rights", oneself},
    {"one thread of those that run", threads_that_run},
    {"one of those that sleep", threads_that_sleep},
    {"a frame does not bring old rights back, and others' frames do", frames},
    {"a handler does not begin with what was taken from its thread", handlers_begin},
    {"a thread of another process", another_process},
    {"it is that process's keys that count", anothers_keys},
    {"a key with policies there: EACCES", anothers_policies},
    {"one that is stopped inside the vDSO's pkey_set() begins it anew", stopped_in_the_middle},
    {"who may not trace it: EPERM", not_traceable},
    {"a thread that is not there, or has ended: ESRCH", nobody},
    {"bad keys, rights and numbers: EINVAL", arguments},
    {"a key with policies, without the right to it: EACCES", policies},
};

int main(int argc, char **argv)
{
    if (argc > 1)
        changes = strtoul(argv[1], NULL, 0);
    targets = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stop = (volatile uint32_t *)(void *)((char *)targets + PAGE / 2);
    probe_init();
    if (!not_there()) {
        key = pkey_alloc(0, 0);
        other_key = pkey_alloc(0, 0);
        find_pkey_set();
    }
    return ktap_run(tests, COUNT(tests), not_there());
}
