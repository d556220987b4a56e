// SPDX-License-Identifier: MIT
#include "tests/fuzz/children.h"

#include <linux/ptrace.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/deaths.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/sharer.h"
#include "tests/fuzz/worker.h"

#define CHILDREN_MAX 12
#define CALLS_OF_ONE 12
#define NOT_RETURNED INT64_MIN
#define NOBODYS_PID  2000000000L /* larger than any kernel gives */

static int children[CHILDREN_MAX]; /* pids, or 0 */
static unsigned int children_next;

/* Where a child writes what its call returned. */
static volatile long *child_result;
static unsigned int child_result_depth;

/* ---- the pool ---- */

/* The calls may have waited for it already, and its number may be another's now. */
static bool is_own_child(int pid)
{
    return KERNEL(waitid, P_PID, pid, 0, WEXITED | WNOHANG | WNOWAIT | __WALL, 0) == 0;
}

/* A tracee may ask its tracer before it ends, and wait for the answer (PTRACE_O_TRACEEXIT). */
static bool kill_child(int pid)
{
    bool killed = !is_error(KERNEL(kill, pid, SIGKILL));

    KERNEL(ptrace, PTRACE_CONT, pid, 0, 0);
    return killed;
}

static void end_child(int pid)
{
    if (!is_own_child(pid))
        return;
    if (kill_child(pid)) /* who became another user may not, and would wait for ever */
        children_wait(pid);
}

void children_add(int pid)
{
    int *oldest = &children[children_next++ % CHILDREN_MAX];

    if (*oldest != 0)
        end_child(*oldest);
    *oldest = pid;
}

void children_remove(int pid)
{
    for (unsigned int i = 0; i < CHILDREN_MAX; i++)
        if (children[i] == pid)
            children[i] = 0;
}

void children_end(void)
{
    for (unsigned int i = 0; i < CHILDREN_MAX; i++) {
        if (children[i] != 0)
            end_child(children[i]);
        children[i] = 0;
    }
    while (KERNEL(wait4, -1, 0, WNOHANG | __WALL, 0) > 0)
        ;
}

static long wait_with(int pid, int options)
{
    int status;
    long result;

    do {
        result = KERNEL(wait4, pid, &status, options | __WALL, 0);
        if (result == pid && WIFSTOPPED(status))
            kill_child(pid);
    } while (result == -EINTR || (result == pid && WIFSTOPPED(status)));
    return is_error(result) ? result : status;
}

long children_wait(int pid)
{
    return wait_with(pid, WUNTRACED);
}

long children_wait_through_stops(int pid)
{
    return wait_with(pid, 0);
}

/* ---- starting ---- */

void children_start(void)
{
    long page =
        KERNEL(mmap, 0, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (is_error(page))
        KERNEL(exit_group, 1);
    child_result = (volatile long *)page;
    child_result_depth = depth;
}

void children_begin_as_child(uint64_t stream)
{
    for (unsigned int i = 0; i < CHILDREN_MAX; i++)
        children[i] = 0;
    sharers_forget();
    depth++;
    __atomic_fetch_add(&worker->children, 1, __ATOMIC_RELAXED);
    random_start(stream, depth);
}

/* Sleeps for a while only, since it may outlive those who know of it. */
long children_start_sleeper(void)
{
    static const struct fuzz_time nap = {0, 40000000};
    uint64_t stream = random_bits();
    long pid = KERNEL(fork);

    if (pid > 0)
        children_add((int)pid);
    if (pid != 0)
        return pid;
    children_begin_as_child(stream);
    if (one_in(2))
        worker_default_signals();
    for (;;) {
        KERNEL(nanosleep, &nap, 0);
        KERNEL(exit_group, 0);
    }
}

long children_start_short(void)
{
    uint64_t status = random_bits();
    long pid = KERNEL(fork);

    if (pid > 0)
        children_add((int)pid);
    if (pid == 0)
        KERNEL(exit_group, status);
    return pid;
}

void children_live(void)
{
    if (one_in(3))
        worker_default_signals();
    if (depth < DEPTH_MAX)
        for (uint64_t left = random_below(CALLS_OF_ONE); left > 0; left--)
            worker_use_any();
    children_end();
    if (one_in(4))
        sharers_start();
    die_somehow();
}

/* ---- calls in a child ---- */

/* A page at the place that the worker found for it, shared by this process and its children. */
static bool share_result(void)
{
    long page;

    if (child_result_depth != depth) {
        page = KERNEL(mmap, child_result, sizeof(long), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (is_error(page))
            return false;
        child_result_depth = depth;
    }
    *child_result = NOT_RETURNED;
    return true;
}

/* For a call that should end the process: 0 if it did, with status 0. */
static long ended(const struct use *use, long status)
{
    if (is_error(status))
        return status;
    return (use->call->flags & CALL_ENDS) && status == 0 ? 0 : -EFAULT;
}

long call_in_child(struct use *use)
{
    uint64_t stream = random_bits();
    long pid, status;

    if (!share_result())
        return -ENOMEM;
    pid = KERNEL(fork);
    if (pid == 0) {
        children_begin_as_child(stream);
        if (one_in(8))
            sharers_start();
        *child_result = worker_run(use);
        children_live();
    }
    if (pid < 0)
        return pid;
    children_add((int)pid);
    status = children_wait((int)pid);
    children_remove((int)pid);
    return *child_result == NOT_RETURNED ? ended(use, status) : *child_result;
}

/* ---- generators ---- */

uint64_t child_pid(const struct use *use)
{
    int pid = PICK(children);

    if (use->wild && one_in(3))
        return one_in(2) ? NOBODYS_PID : (uint64_t)-NOBODYS_PID;
    if (pid == 0 || !is_own_child(pid)) {
        children_remove(pid);
        pid = (int)children_start_sleeper();
    }
    return (uint64_t)pid;
}

uint64_t child_pid_or_self(const struct use *use)
{
    if (one_in(3))
        return 0;
    return one_in(3) ? (uint64_t)own_pid() : child_pid(use);
}
