// SPDX-License-Identifier: MIT
#include "tests/fuzz/sharer.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/worker.h"

#define STACK_SIZE 65536
#define SHARERS    3
#define STEPS      96 /* every second one a call of its own */
#define PAGES_MAX  64
#define GETRANDOM  128 /* bytes that the kernel writes at a time */
#define KEYS       16
#define WAIT_NS    500000

#define MEMORY (CLONE_VM | SIGCHLD)
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* A call; all are chosen by the worker, since both would change the generator's state. */
struct step {
    long number;
    uint64_t argument[ARGUMENTS];
};

static struct sharer {
    long tid; /* of a thread of this process; else 0 */
    struct step steps[STEPS];
    _Alignas(16) char stack[STACK_SIZE];
} sharers[SHARERS];

/* ---- what they do ---- */

#define STEP(name, ...) \
    (struct step)       \
    {                   \
        __NR_##name,    \
        {               \
            __VA_ARGS__ \
        }               \
    }

static struct step choose_change(void)
{
    static const uint64_t protections[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
                                           PROT_READ, PROT_NONE, PROT_EXEC};
    uint64_t size = PAGE * (1 + random_small(PAGES_MAX));
    uint64_t start = play_room(size), target = play_room(size);
    uint64_t protection = PICK(protections);
    uint64_t sharing = one_in(3) ? MAP_SHARED : MAP_PRIVATE;

    switch (random_below(8)) {
    case 0:
        return STEP(mmap, start, size, protection, MAP_FIXED | MAP_ANONYMOUS | sharing, UINT64_MAX);
    case 1:
        return STEP(munmap, start, size);
    case 2:
        return STEP(mprotect, start, size, protection);
    case 3:
        return STEP(pkey_mprotect, start, size, protection, random_below(KEYS));
    case 4:
        return STEP(mremap, start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    case 5:
        return STEP(madvise, start, size, MADV_DONTNEED);
    case 6:
        return STEP(madvise, start, size, MADV_POPULATE_WRITE);
    default:
        return STEP(getrandom, start, GETRANDOM);
    }
}

/*
 * They would take the alarm away from who sleeps, or a handler that it needs: if only because there
 * is another mask or handler in scratch by now.
 */
static bool is_about_signals(const struct call *call)
{
    static const int numbers[] = {__NR_setitimer,     __NR_alarm,       __NR_rt_sigaction,
                                  __NR_rt_sigsuspend, __NR_ppoll,       __NR_pselect6,
                                  __NR_epoll_pwait,   __NR_epoll_pwait2};

    for (unsigned int i = 0; i < COUNT(numbers); i++)
        if (call->number == numbers[i])
            return true;
    return false;
}

/*
 * Calls that are no more than the call itself. None by path: the worker uses scratch again
 * meanwhile, and another path there might be the system's. And none that sleeps in a child, where
 * nobody sends an alarm.
 */
static bool is_for_sharers(const struct call *call)
{
    if (is_about_signals(call) || calls_is_by_path(call))
        return false;
    if ((call->flags & CALL_BLOCKS) && depth > 0)
        return false;
    return !(call->flags & CALL_IN_CHILD) && !call->run && !call->after;
}

static struct step choose_call(void)
{
    struct use use = {.wild = one_in(4)};
    struct step step;

    do
        use.call = calls_get((unsigned int)random_below(calls_count()));
    while (!is_for_sharers(use.call));
    worker_generate(&use);
    step.number = use.call->number;
    for (unsigned int i = 0; i < ARGUMENTS; i++)
        step.argument[i] = use.argument[i];
    return step;
}

static void choose_steps(struct sharer *sharer)
{
    static const uint64_t alarm_bit = UINT64_C(1) << (SIGALRM - 1);
    bool changes = one_in(3);

    for (unsigned int i = 0; i < STEPS; i += 2) {
        sharer->steps[i] =
            STEP(rt_sigprocmask, SIG_UNBLOCK, (uint64_t)&alarm_bit, 0, sizeof(alarm_bit));
        sharer->steps[i + 1] = changes || one_in(4) ? choose_change() : choose_call();
    }
}

static _Noreturn void live(const struct sharer *sharer)
{
    for (const struct step *step = sharer->steps; step < sharer->steps + STEPS; step++)
        kernel(step->number, step->argument[0], step->argument[1], step->argument[2],
               step->argument[3], step->argument[4], step->argument[5]);
    for (;;)
        KERNEL(exit, 0);
}

/* ---- beginning and end ---- */

/* clone() with a stack of the task's own, on which nothing leads back. */
static long start(struct sharer *sharer, uint64_t flags)
{
    register uint64_t none_10 __asm__("r10") = 0;
    register uint64_t none_8 __asm__("r8") = 0;
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[sharer], %%rdi\n\t"
                     "call *%[live]\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)__NR_clone), "D"(flags), "S"(sharer->stack + STACK_SIZE), "d"(0ul),
                       "r"(none_10), "r"(none_8), [live] "b"(live), [sharer] "r"(sharer)
                     : "rcx", "r11", "memory");
    return result;
}

void sharers_start(void)
{
    bool threads = one_in(2);

    for (uint64_t i = 1 + random_below(SHARERS); i > 0; i--) {
        struct sharer *sharer = &sharers[i - 1];

        if (sharer->tid != 0)
            return;
        choose_steps(sharer);
        long tid = start(sharer, threads ? THREAD : MEMORY);
        if (tid > 0 && threads)
            sharer->tid = tid;
        else if (tid > 0)
            children_add((int)tid);
    }
}

void sharers_end(void)
{
    static const struct fuzz_time moment = {0, WAIT_NS};

    for (struct sharer *sharer = sharers; sharer < sharers + SHARERS; sharer++) {
        while (sharer->tid != 0 && !is_error(KERNEL(tgkill, own_pid(), sharer->tid, SIGALRM)))
            KERNEL(nanosleep, &moment, 0);
        sharer->tid = 0;
    }
}

void sharers_forget(void)
{
    for (struct sharer *sharer = sharers; sharer < sharers + SHARERS; sharer++)
        sharer->tid = 0;
}
