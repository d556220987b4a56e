// SPDX-License-Identifier: MIT
/*
 * What the C library makes of futexes: mutexes, condition variables, barriers and semaphores of
 * threads and of processes, with and without time limits, and locks whose owner has ended.
 */
#include "tests/programs/show.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <time.h>

#define THREADS 8
#define ROUNDS  2000

/* Of a function of threads, which returns the error, what a system call would return. */
static int result(int error)
{
    errno = error;
    return error ? -1 : 0;
}

static struct timespec after_ms(long milliseconds)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* Waits for the function to be over in all threads. */
static void in_threads(void *(*function)(void *))
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, function, (void *)i))
            say("no thread %ld", i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- one process ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, turn;

static void *count(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        if (i % 64 == 0)
            sched_yield();
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

/* Each in its turn, so that every round waits for a wake-up by the one before. */
static void *take_turns(void *argument)
{
    long me = (long)argument;

    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != me)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static long behind[THREADS], errors;

static void *keep_step(void *argument)
{
    long me = (long)argument;

    for (int i = 0; i < 200; i++) {
        behind[me]++;
        pthread_barrier_wait(&barrier);
        for (int other = 0; other < THREADS; other++)
            if (behind[other] != i + 1)
                __atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void threads_wait(void)
{
    section("threads");
    in_threads(count);
    say("counted to %ld", counter);
    in_threads(take_turns);
    say("%ld turns", turn);
    pthread_barrier_init(&barrier, NULL, THREADS);
    in_threads(keep_step);
    say("out of step: %ld", errors);
}

static sem_t ready;

static void *hold_mutex(void *argument)
{
    pthread_mutex_lock(&mutex);
    sem_post(&ready);
    sem_wait(argument);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void limits(void)
{
    struct timespec time = after_ms(20), past = {0, 0};
    pthread_t thread;
    sem_t leave;

    section("time limits");
    sem_init(&leave, 0, 0);
    sem_init(&ready, 0, 0);
    SHOW(sem_timedwait(&leave, &time));
    SHOW(sem_timedwait(&leave, &past));
    pthread_create(&thread, NULL, hold_mutex, &leave);
    sem_wait(&ready);
    SHOW(result(pthread_mutex_trylock(&mutex)));
    time = after_ms(20);
    SHOW(result(pthread_mutex_timedlock(&mutex, &time)));
    sem_post(&leave);
    time = after_ms(10000);
    SHOW(result(pthread_mutex_timedlock(&mutex, &time)));
    time = after_ms(20);
    SHOW(result(pthread_cond_timedwait(&condition, &mutex, &time)));
    SHOW(result(pthread_cond_timedwait(&condition, &mutex, &past)));
    SHOW(result(pthread_mutex_unlock(&mutex)));
    pthread_join(thread, NULL);
}

static void note(int number)
{
    (void)number;
}

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = note};
    struct timespec time = after_ms(10000);

    section("signals");
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SHOW(sem_timedwait(&ready, &time));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SHOW(sem_timedwait(&ready, &time));
}

/* ---- several processes ---- */

static struct {
    pthread_mutex_t mutex, robust;
    pthread_cond_t condition;
    sem_t semaphore;
    long counter;
} * common;

static void prepare(void)
{
    pthread_mutexattr_t attributes;
    pthread_condattr_t condition_attributes;

    common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&common->mutex, &attributes);
    SHOW(result(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST)));
    SHOW(result(pthread_mutex_init(&common->robust, &attributes)));
    pthread_condattr_init(&condition_attributes);
    pthread_condattr_setpshared(&condition_attributes, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&common->condition, &condition_attributes);
    sem_init(&common->semaphore, 1, 0);
}

static void count_together(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&common->mutex);
        common->counter++;
        pthread_cond_signal(&common->condition);
        pthread_mutex_unlock(&common->mutex);
    }
}

static void processes_wait(void)
{
    section("processes");
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            count_together();
            _exit(0);
        }
    pthread_mutex_lock(&common->mutex);
    while (common->counter < 4 * ROUNDS)
        pthread_cond_wait(&common->condition, &common->mutex);
    pthread_mutex_unlock(&common->mutex);
    while (wait(NULL) > 0)
        ;
    say("counted to %ld", common->counter);
}

/* ---- owners that end ---- */

static void own(void)
{
    pthread_mutex_lock(&common->robust);
    sem_post(&common->semaphore);
}

static void own_and_exit(void)
{
    own();
    usleep(20000);
}

static void own_and_die(void)
{
    own();
    usleep(20000);
    raise(SIGKILL);
}

static void own_and_exec(void)
{
    own();
    usleep(20000);
    execl("/proc/self/exe", "futexes", "sleep", (char *)NULL);
    _exit(1);
}

static void *own_in_thread(void *argument)
{
    own();
    return argument;
}

static void show_owner_ends(const char *what, void (*function)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        function();
        _exit(0);
    }
    while (sem_wait(&common->semaphore))
        ;
    say("%s", what);
    SHOW(result(pthread_mutex_lock(&common->robust)));
    SHOW(result(pthread_mutex_consistent(&common->robust)));
    SHOW(result(pthread_mutex_unlock(&common->robust)));
    show_end(what, pid);
}

static void owners_end(void)
{
    pthread_t thread;

    section("owners that end");
    show_owner_ends("exit", own_and_exit);
    show_owner_ends("SIGKILL", own_and_die);
    show_owner_ends("exec", own_and_exec);
    pthread_create(&thread, NULL, own_in_thread, NULL);
    pthread_join(thread, NULL);
    sem_wait(&common->semaphore);
    SHOW(result(pthread_mutex_lock(&common->robust)));
    SHOW(result(pthread_mutex_unlock(&common->robust)));
    SHOW(result(pthread_mutex_lock(&common->robust))); /* it was not made consistent */
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) { /* the program that own_and_exec() runs */
        usleep(50000);
        return 7;
    }
    threads_wait();
    limits();
    interrupted();
    prepare();
    processes_wait();
    owners_end();
    return 0;
}
