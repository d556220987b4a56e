// SPDX-License-Identifier: MIT
#include "tests/soak/jobs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/call.h"
#include "tests/fuzz/random.h"
#include "tests/soak/actors.h"

#define HANG_MS    120000 /* several times what the slowest takes among others */
#define DYING_MS   30000
#define LOOK_US    10000
#define EVENT_MS   1500 /* the first of what happens to a job comes within so long */
#define STOP_MS    200
#define TAIL_BYTES 2000

/* What happens to a job from outside. */
enum fate {
    FATE_NONE,
    FATE_KILL,
    FATE_STOP, /* and go on */
    FATE_CONTINUE,
};

struct job {
    const struct actor *actor;
    pid_t pid; /* 0: the place is free */
    uint64_t seed, started;
    enum fate fate;
    uint64_t fate_at;
    bool disturbed; /* it may end as it likes */
};

static struct job jobs[JOBS_MAX];
struct job_counts job_counts;

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- start ---- */

static void output_path(char *path, size_t size, const struct job *job)
{
    snprintf(path, size, SOAK_FOLDER "/output-%ld", (long)(job - jobs));
}

/* A session of its own, so that signals to its group are its own matter. */
static _Noreturn void live(const struct job *job)
{
    char path[64];

    KERNEL(setsid);
    output_path(path, sizeof(path), job);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    open("/dev/null", O_RDONLY);
    open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    actor_live(job->actor, job->seed);
}

static enum fate choose_fate(void)
{
    static const enum fate fates[] = {FATE_NONE, FATE_NONE, FATE_NONE, FATE_KILL, FATE_STOP};

    return PICK(fates);
}

static bool runs(const struct actor *actor)
{
    for (unsigned int i = 0; i < JOBS_MAX; i++)
        if (jobs[i].pid != 0 && jobs[i].actor == actor)
            return true;
    return false;
}

/* One that does not run already, for the names of files that tests make are always the same. */
static const struct actor *choose_actor(void)
{
    const struct actor *actor;

    do
        actor = actors_pick();
    while (runs(actor));
    return actor;
}

static void start(struct job *job)
{
    *job = (struct job){
        .actor = choose_actor(),
        .seed = random_bits() >> 32,
        .started = now_ms(),
        .fate = choose_fate(),
    };
    job->fate_at = job->started + random_small(EVENT_MS);
    fflush(stdout);
    job->pid = fork();
    if (job->pid == 0)
        live(job);
    if (job->pid < 0) {
        perror("soak: fork");
        exit(1);
    }
}

/* ---- end ---- */

static void print_tail(const struct job *job)
{
    char path[64], text[TAIL_BYTES];
    ssize_t size;
    int file;

    output_path(path, sizeof(path), job);
    file = open(path, O_RDONLY);
    if (lseek(file, -TAIL_BYTES, SEEK_END) < 0)
        lseek(file, 0, SEEK_SET);
    size = read(file, text, sizeof(text));
    close(file);
    if (size > 0)
        fwrite(text, 1, (size_t)size, stdout);
}

static void fail(const struct job *job, const char *what, int value)
{
    printf("\nsoak: FAILED: %s (seed %lu) %s %#x; the end of its output:\n", job->actor->name,
           (unsigned long)job->seed, what, (unsigned int)value);
    print_tail(job);
    fflush(stdout);
    job_counts.failed++;
}

static void ended(struct job *job, int status)
{
    job_counts.runs++;
    if (job->disturbed)
        job_counts.killed++;
    else if (status != 0)
        fail(job, "ended with status", status);
    job->pid = 0;
}

static struct job *job_of(long pid)
{
    for (unsigned int i = 0; i < JOBS_MAX; i++)
        if (jobs[i].pid == pid)
            return &jobs[i];
    return NULL;
}

/* One of ours, or an orphan that has come to the first process. */
static void changed(long pid, int status)
{
    struct job *job = job_of(pid);

    if (WIFSTOPPED(status)) {
        if (!job)
            KERNEL(kill, pid, SIGKILL);
        else if (job->fate != FATE_CONTINUE)
            KERNEL(kill, pid, SIGCONT);
    } else if (job) {
        ended(job, status);
    }
}

/* ---- meanwhile ---- */

static void meet_fate(struct job *job)
{
    static const int signals[] = {
        [FATE_KILL] = SIGKILL, [FATE_STOP] = SIGSTOP, [FATE_CONTINUE] = SIGCONT};

    if (job->fate == FATE_NONE || now_ms() < job->fate_at)
        return;
    KERNEL(kill, job->pid, signals[job->fate]);
    job->disturbed = true;
    job->fate = job->fate == FATE_STOP ? FATE_CONTINUE : FATE_NONE;
    job->fate_at = now_ms() + random_below(STOP_MS);
}

static void watch(struct job *job)
{
    meet_fate(job);
    if (now_ms() - job->started < HANG_MS)
        return;
    fail(job, "hangs; milliseconds:", (int)(now_ms() - job->started));
    job->started = now_ms();
    job->fate = FATE_KILL;
    job->fate_at = 0;
}

void jobs_turn(unsigned int places)
{
    int status;
    long pid;

    while ((pid = KERNEL(wait4, -1, &status, WNOHANG | WUNTRACED | __WALL, 0)) > 0)
        changed(pid, status);
    for (unsigned int i = 0; i < places; i++) {
        if (jobs[i].pid == 0)
            start(&jobs[i]);
        else
            watch(&jobs[i]);
    }
    usleep(LOOK_US);
}

void jobs_end(void)
{
    uint64_t limit = now_ms() + DYING_MS;
    int status;
    long pid;

    for (unsigned int i = 0; i < JOBS_MAX; i++)
        jobs[i].disturbed = true;
    do {
        KERNEL(kill, -1, SIGKILL);
        pid = KERNEL(wait4, -1, &status, WNOHANG | __WALL, 0);
        if (pid > 0)
            changed(pid, status);
        else
            usleep(LOOK_US);
        if (now_ms() > limit) {
            printf("\nsoak: FAILED: processes that were killed %d s ago do not end\n",
                   DYING_MS / 1000);
            exit(1);
        }
    } while (pid != -ECHILD);
}
