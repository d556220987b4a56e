// SPDX-License-Identifier: MIT
/*
 * Several tasks in one address space, on as many CPUs as there are: what one takes away, no other
 * can use once the call has returned; what they touch for the first time, each finds once; what
 * one writes, all others see, but not a child that was forked before.
 *
 *     shared_space [WORKERS]    1 to 7 of them, 3 without an argument
 *
 * The tasks are children that share nothing but memory (CLONE_VM). They run no library code, as
 * they share its thread-local storage too.
 */
#include "tests/ring3/tasks.h"
#include "tests/ring3/tries.h"

#define WORKERS_DEFAULT 3
#define WORKERS_MAX     7
#define STACK_SIZE      (16 * PAGE)
#define ROUNDS          16
#define TOUCH_PAGES     512

/* ---- tasks ---- */

struct worker {
    pid_t pid;
    unsigned int number;
    char *stack;
    volatile unsigned long turns;  /* how often it went round its loop */
    volatile unsigned long errors; /* what it saw and should not have */
};

static struct worker workers[WORKERS_MAX];
static unsigned int worker_count = WORKERS_DEFAULT;
static volatile bool stop;

static void yield(void)
{
    raw_call(__NR_sched_yield, 0, 0, 0, 0);
}

static void start_workers(void (*function)(void *))
{
    stop = false;
    for (unsigned int i = 0; i < worker_count; i++) {
        workers[i].number = i;
        workers[i].turns = 0;
        workers[i].errors = 0;
        workers[i].stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);
        workers[i].pid = (pid_t)start_task(CHILD_TASK, workers[i].stack + STACK_SIZE, function,
                                           &workers[i], NULL);
    }
}

/* Gives the errors of all. */
static unsigned long end_workers(void)
{
    unsigned long errors = 0;

    stop = true;
    for (unsigned int i = 0; i < worker_count; i++) {
        int status = -1;
        EXPECT_EQUAL(waitpid(workers[i].pid, &status, 0), workers[i].pid);
        EXPECT_EQUAL(status, 0);
        errors += workers[i].errors;
        munmap(workers[i].stack, STACK_SIZE);
    }
    return errors;
}

/* Waits until each worker has gone round its loop from start to end since now. */
static void let_workers_turn(void)
{
    for (unsigned int i = 0; i < worker_count; i++) {
        unsigned long before = workers[i].turns;
        while (workers[i].turns < before + 2)
            yield();
    }
}

static void step_over(int signal, siginfo_t *info, void *context)
{
    (void)info;
    end_try(signal, context, -1);
}

/* ---- what one takes away, nobody has ---- */

enum phase {
    CHANGING, /* both answers are right */
    ALLOWED,
    REFUSED,
};

static volatile enum phase phase;
static volatile bool by_write;
static char *target;
static int key;

/* The answer counts if the phase was the same before and after. */
static void try_again_and_again(void *argument)
{
    struct worker *worker = argument;
    while (!stop) {
        enum phase before = phase;
        int result = by_write ? try_write(target, (char)worker->number) : try_read(target);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (before == phase && before != CHANGING && (result < 0) != (before == REFUSED))
            worker->errors++;
        worker->turns++;
        yield();
    }
}

/* What refuses, and what allows again. */
struct change {
    bool write;
    void (*refuse)(void);
    void (*allow)(void);
};

static void refuse_by_key(void)
{
    EXPECT_SUCCESS(pkey_mprotect(target, PAGE, READ_WRITE, key));
}

static void allow_by_key(void)
{
    EXPECT_SUCCESS(pkey_mprotect(target, PAGE, READ_WRITE, 0));
}

static void refuse_writing(void)
{
    EXPECT_SUCCESS(mprotect(target, PAGE, PROT_READ));
}

static void refuse_all(void)
{
    EXPECT_SUCCESS(mprotect(target, PAGE, PROT_NONE));
}

static void allow_all(void)
{
    EXPECT_SUCCESS(mprotect(target, PAGE, READ_WRITE));
}

static void unmap(void)
{
    EXPECT_SUCCESS(munmap(target, PAGE));
}

static void map_again(void)
{
    EXPECT(mmap(target, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == target);
}

static void move_away(void)
{
    char *elsewhere = target + 4 * PAGE;

    EXPECT(mremap(target, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == elsewhere);
}

static void move_back(void)
{
    char *elsewhere = target + 4 * PAGE;

    EXPECT(mremap(elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
}

/* The page is in use on all sides whenever it is taken away. */
static void change_under_workers(const struct change *change)
{
    target = map_lonely_pages(8, READ_WRITE);
    munmap(target + PAGE, 7 * PAGE);
    target[0] = 1;
    by_write = change->write;
    phase = ALLOWED;
    start_workers(try_again_and_again);
    for (int i = 0; i < ROUNDS; i++) {
        let_workers_turn();
        phase = CHANGING;
        change->refuse();
        phase = REFUSED;
        let_workers_turn();
        phase = CHANGING;
        change->allow();
        phase = ALLOWED;
    }
    EXPECT_EQUAL(end_workers(), 0);
    munmap(target, PAGE);
}

static void change_of_key(void)
{
    if (skipped_without_pku())
        return;
    change_under_workers(&(struct change){false, refuse_by_key, allow_by_key});
    change_under_workers(&(struct change){true, refuse_by_key, allow_by_key});
}

static void change_of_protection(void)
{
    change_under_workers(&(struct change){true, refuse_writing, allow_all});
    change_under_workers(&(struct change){false, refuse_all, allow_all});
}

static void change_of_mapping(void)
{
    change_under_workers(&(struct change){false, unmap, map_again});
    change_under_workers(&(struct change){true, unmap, map_again});
}

static void change_of_place(void)
{
    if (skipped_without_room("mm/range"))
        return;
    change_under_workers(&(struct change){false, move_away, move_back});
}

/* ---- what was thrown away is not seen again ---- */

static volatile char expected;
static volatile bool settled;

static void read_expected(void *argument)
{
    struct worker *worker = argument;
    while (!stop) {
        bool before = settled;
        char wanted = expected;
        char found = *(volatile char *)target;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (before && settled && wanted == expected && found != wanted)
            worker->errors++;
        worker->turns++;
        yield();
    }
}

static void expect_from_now(char value)
{
    expected = value;
    settled = true;
    let_workers_turn();
    settled = false;
}

static void discarded_pages(void)
{
    if (skipped_without_room("mm/range"))
        return;
    target = map_lonely_pages(1, READ_WRITE);
    settled = false;
    start_workers(read_expected);
    for (int i = 0; i < ROUNDS; i++) {
        expect_from_now(0);
        *target = 1; /* in place of the page of zeros, which all have read */
        expect_from_now(1);
        EXPECT_SUCCESS(madvise(target, PAGE, MADV_DONTNEED));
    }
    EXPECT_EQUAL(end_workers(), 0);
    munmap(target, PAGE);
}

/* ---- the first touch ---- */

static char *touched;
static volatile bool touch_now;

/* Each page from all workers at about the same time, first of all a byte of its own. */
static void touch_all(void *argument)
{
    struct worker *worker = argument;
    while (!touch_now)
        yield();
    for (unsigned int i = 0; i < TOUCH_PAGES; i++)
        touched[i * PAGE + worker->number] = (char)(worker->number + i);
    for (unsigned int i = 0; i < TOUCH_PAGES; i++)
        if (touched[i * PAGE + worker->number] != (char)(worker->number + i))
            worker->errors++;
}

static void touch_together(char *pages)
{
    touched = pages;
    touch_now = false;
    start_workers(touch_all);
    touch_now = true;
    EXPECT_EQUAL(end_workers(), 0);
    unsigned int lost = 0;
    for (unsigned int i = 0; i < TOUCH_PAGES; i++)
        for (unsigned int n = 0; n < worker_count; n++)
            lost += pages[i * PAGE + n] != (char)(n + i);
    EXPECT_EQUAL(lost, 0);
}

static void first_touch(void)
{
    char *pages = map_pages(TOUCH_PAGES, READ_WRITE);

    touch_together(pages);
    munmap(pages, TOUCH_PAGES * PAGE);
    pages = map_pages(TOUCH_PAGES, READ_WRITE);
    for (unsigned int i = 0; i < TOUCH_PAGES; i++)
        EXPECT_EQUAL(pages[i * PAGE], 0); /* the page of zeros is there, to be replaced */
    touch_together(pages);
    munmap(pages, TOUCH_PAGES * PAGE);
}

static void first_touch_of_shared(void)
{
    char *pages = mmap(NULL, TOUCH_PAGES * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    touch_together(pages);
    munmap(pages, TOUCH_PAGES * PAGE);
}

/* ---- fork() while others write ---- */

static void count_up(void *argument)
{
    struct worker *worker = argument;
    volatile unsigned long *mine = (volatile unsigned long *)target + worker->number;

    while (!stop) {
        ++*mine;
        worker->turns++;
        if (worker->turns % 64 == 0)
            yield();
    }
}

/* In the child: whether its copy stands still. */
static int check_copy(void)
{
    unsigned long first[WORKERS_MAX];
    const volatile unsigned long *copy = (const volatile unsigned long *)target;

    for (unsigned int i = 0; i < worker_count; i++)
        first[i] = copy[i];
    for (int turn = 0; turn < 3; turn++) {
        yield();
        for (unsigned int i = 0; i < worker_count; i++)
            if (copy[i] != first[i])
                return 1;
    }
    return 0;
}

static void fork_while_others_write(void)
{
    target = map_lonely_pages(1, READ_WRITE);
    start_workers(count_up);
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork();
        int status = -1;
        if (child == 0)
            _exit(check_copy());
        waitpid(child, &status, 0);
        EXPECT_EQUAL(status, 0);
        let_workers_turn();
    }
    EXPECT_EQUAL(end_workers(), 0);
    munmap(target, PAGE);
}

static const struct ktap_test tests[] = {
    {"a change of key counts for all when the call returns", change_of_key},
    {"so does a change of protection", change_of_protection},
    {"so does unmapping, and mapping again", change_of_mapping},
    {"so does moving", change_of_place},
    {"a page that was discarded, or was all zeros, is not seen any more", discarded_pages},
    {"many touch the same new pages: nothing is lost", first_touch},
    {"the same of shared memory", first_touch_of_shared},
    {"fork while others write: the copy stands still", fork_while_others_write},
};

int main(int argc, char **argv)
{
    probe_init();
    if (argc > 1 && atoi(argv[1]) > 0 && atoi(argv[1]) <= WORKERS_MAX)
        worker_count = (unsigned int)atoi(argv[1]);
    if (pkru_enabled())
        key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    handle(SIGSEGV, step_over, 0);
    return ktap_run(tests, COUNT(tests), NULL);
}
