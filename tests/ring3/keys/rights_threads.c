// SPDX-License-Identifier: MIT
/*
 * Rights are a thread's own: one thread writes a region that seven others may only read, and eight
 * threads have a pattern each over the rights to 15 keys, which no switch, signal or fork mixes up.
 *
 *     rights_threads [ROUNDS [SWITCHES]]
 *
 * ROUNDS is how often each reader tries to write; SWITCHES how often CPUs go from task to task
 * while threads keep their patterns.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/threads.h"
#include "tests/ring3/tries.h"

#define READERS          (THREADS - 1)
#define ROUNDS_DEFAULT   2000
#define SWITCHES_DEFAULT 16000

/* A thread signals its neighbour, forks, moves, or changes its pattern once in so many turns. */
#define SIGNAL_EVERY  16
#define FORK_EVERY    400
#define MOVE_EVERY    32
#define PATTERN_EVERY 5

/* So many turns each thread makes at least, whatever else there is to switch to. */
#define TURNS_LEAST (FORK_EVERY + 1)

/* The threads are on this many CPUs, so that each has company however many CPUs there are. */
#define SHARED_CPUS 4

static unsigned long rounds = ROUNDS_DEFAULT;
static long switches_wanted = SWITCHES_DEFAULT;

/* ---- one writes, seven read ---- */

static char *region;
static int key;
static volatile bool readers_done;

/* What a try gives that faults. */
static int fault_result(int code, int of_key)
{
    return code << 8 | of_key;
}

static void step_over(int signal, siginfo_t *info, void *context)
{
    end_try(signal, context,
            fault_result(info->si_code, info->si_code == SEGV_PKUERR ? (int)info->si_pkey : 0));
}

/* Writes what no reader tries to write, until the readers are through. */
static void write_region(struct thread *writer)
{
    pkru_write(PKRU_INIT & ~(3u << (2 * key)));
    while (!readers_done) {
        for (unsigned int i = 0; i < READERS; i++)
            writer->errors += try_write(region + i, (char)(writer->turns & 0x7f)) != 0;
        writer->turns++;
    }
}

static void read_region(struct thread *reader)
{
    volatile char *mine = region + reader->number - 1;

    pkru_write((PKRU_INIT & ~(3u << (2 * key))) | (uint32_t)PKEY_DISABLE_WRITE << (2 * key));
    while (reader->turns < rounds) {
        reader->errors += try_write(mine, -1) != fault_result(SEGV_PKUERR, key);
        reader->errors += *mine == -1;
        reader->turns++;
    }
}

static void read_or_write(void *argument)
{
    struct thread *thread = argument;

    if (thread->number == 0)
        write_region(thread);
    else
        read_region(thread);
}

static void readers_never_write(void)
{
    region = map_pages(1, READ_WRITE);
    key = pkey_alloc(0, 0);
    EXPECT_SUCCESS(pkey_mprotect(region, PAGE, READ_WRITE, key));
    handle(SIGSEGV, step_over, 0);
    readers_done = false;
    start_threads(read_or_write);
    for (unsigned int i = 1; i < THREADS; i++)
        wait_for_thread(&threads[i]);
    readers_done = true;
    EXPECT_EQUAL(end_threads(), 0);
    EXPECT(threads[0].turns > 0);
    probe_init();
    EXPECT_SUCCESS(pkey_free(key));
    munmap(region, PAGE);
}

/* ---- A pattern each ---- */

/* The threads' maker has this one, and a thread begins with its maker's. */
static const uint32_t makers_pattern = 0x9c63a5f0;

struct keeper {
    volatile pid_t tid;        /* 0 until it has its pattern */
    volatile uint32_t pattern; /* what its PKRU is to be */
    volatile unsigned long signals;
};

static struct keeper keepers[THREADS];

/* The number of the calling thread; -1 if it has no pattern yet, or is the main one. */
static int self(void)
{
    pid_t tid = (pid_t)raw_call(__NR_gettid, 0, 0, 0, 0);

    for (int i = 0; i < THREADS; i++)
        if (keepers[i].tid == tid)
            return i;
    return -1;
}

/* The interrupted thread's pattern is in the frame, and not in the handler. */
static void look_in_handler(int signal, siginfo_t *info, void *context)
{
    uint32_t in_handler = pkru_read();
    uint32_t in_frame = pkru_get_in_image(((ucontext_t *)context)->uc_mcontext.fpregs);
    int number = self();

    (void)signal;
    (void)info;
    if (number >= 0) {
        threads[number].errors += in_handler != first_pkru || in_frame != keepers[number].pattern;
        keepers[number].signals++;
    }
}

/* In the child of a fork there is the thread alone; it has its pattern still, and over switches. */
static void fork_and_look(struct thread *thread)
{
    uint32_t pattern = keepers[thread->number].pattern;
    int status = -1;
    long child = raw_call(__NR_fork, 0, 0, 0, 0);

    if (child == 0) {
        bool kept = pkru_read() == pattern;
        yield();
        raw_call(__NR_exit_group, !kept || pkru_read() != pattern, 0, 0, 0);
    }
    thread->errors += child < 0;
    thread->errors += raw_call(__NR_wait4, (uintptr_t)child, (uintptr_t)&status, 0, 0) != child;
    thread->errors += status != 0;
}

static void signal_neighbour(const struct thread *thread)
{
    unsigned int neighbour = (thread->number + 1) % THREADS;

    if (keepers[neighbour].tid && threads[neighbour].alive)
        raw_call(__NR_tgkill, (uintptr_t)getpid(), (uintptr_t)keepers[neighbour].tid, SIGUSR1, 0);
}

/* Another value for 15 keys; key 0, under which the stacks are, stays open. */
static uint32_t next_pattern(const struct thread *thread)
{
    uint32_t mixed = ((uint32_t)thread->turns * THREADS + thread->number + 1) * 2654435761u;

    return (mixed ^ mixed >> 15) & ~3u;
}

static void set_signals_blocked(bool blocked)
{
    uint64_t set = (uint64_t)1 << (SIGUSR1 - 1);

    raw_call(__NR_rt_sigprocmask, blocked ? SIG_BLOCK : SIG_UNBLOCK, (uintptr_t)&set, 0,
             sizeof(set));
}

/* No signal comes between the note of the pattern and the register's having it. */
static void change_pattern(struct thread *thread)
{
    set_signals_blocked(true);
    keepers[thread->number].pattern = next_pattern(thread);
    pkru_write(keepers[thread->number].pattern);
    set_signals_blocked(false);
}

/* To the next of the shared CPUs; stays where it is if there is no such CPU. */
static void move(const struct thread *thread)
{
    uint64_t cpus = (uint64_t)1 << (thread->turns / MOVE_EVERY + thread->number) % SHARED_CPUS;

    raw_call(__NR_sched_setaffinity, 0, sizeof(cpus), (uintptr_t)&cpus, 0);
}

static volatile bool enough;

static void keep_pattern(void *argument)
{
    struct thread *thread = argument;
    struct keeper *keeper = &keepers[thread->number];

    thread->errors += pkru_read() != makers_pattern;
    change_pattern(thread);
    keeper->tid = (pid_t)raw_call(__NR_gettid, 0, 0, 0, 0);
    while (!enough || thread->turns < TURNS_LEAST) {
        thread->turns++;
        thread->errors += pkru_read() != keeper->pattern;
        yield();
        thread->errors += pkru_read() != keeper->pattern;
        if (thread->turns % SIGNAL_EVERY == 0)
            signal_neighbour(thread);
        if (thread->turns % FORK_EVERY == 0)
            fork_and_look(thread);
        if (thread->turns % MOVE_EVERY == 0)
            move(thread);
        if (thread->turns % PATTERN_EVERY == 0)
            change_pattern(thread);
    }
}

/* Of all CPUs, since the start. */
static long switches(void)
{
    EXPECT(read_file("/proc/stat") > 0);
    return number_behind("ctxt ");
}

static void patterns_stay(void)
{
    unsigned long signals = 0;
    long before;

    if (skipped_without_room("fs/proc"))
        return;
    before = switches();
    handle(SIGUSR1, look_in_handler, SA_RESTART);
    pkru_write(makers_pattern);
    enough = false;
    start_threads(keep_pattern);
    while (switches() - before < switches_wanted)
        usleep(1000);
    enough = true;
    EXPECT_EQUAL(end_threads(), 0);
    EXPECT_EQUAL(pkru_read(), makers_pattern);
    pkru_write(PKRU_INIT);
    for (unsigned int i = 0; i < THREADS; i++)
        signals += keepers[i].signals;
    EXPECT(signals > 0);
}

static const struct ktap_test tests[] = {
    {"seven readers' writes fault, the writer's never", readers_never_write},
    {"each thread's 15 keys keep its pattern", patterns_stay},
};

int main(int argc, char **argv)
{
    probe_init();
    if (argc > 1)
        rounds = strtoul(argv[1], NULL, 0);
    if (argc > 2)
        switches_wanted = strtol(argv[2], NULL, 0);
    return ktap_run(tests, COUNT(tests), without_pku());
}
