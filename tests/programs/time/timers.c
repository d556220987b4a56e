// SPDX-License-Identifier: MIT
/*
 * POSIX timers: the ways of telling, one shot and intervals, overruns, who has them and who not;
 * and the clocks of processor time that they can go by.
 */
#include "tests/programs/show.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#define MS 1000000L

static volatile sig_atomic_t count;
static siginfo_t last;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    last = *info;
    count++;
}

static void set_handler(int signal)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    sigaction(signal, &action, NULL);
}

static int arm(timer_t timer, long first, long interval)
{
    struct itimerspec value = {{interval / (1000 * MS), interval % (1000 * MS)},
                               {first / (1000 * MS), first % (1000 * MS)}};

    return timer_settime(timer, 0, &value, NULL);
}

static bool is_off(timer_t timer)
{
    struct itimerspec value;

    timer_gettime(timer, &value);
    return value.it_value.tv_sec == 0 && value.it_value.tv_nsec == 0;
}

static void wait_for(int times)
{
    for (int i = 0; i < 5000 && count < times; i++)
        usleep(1000);
}

static void errors(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    struct itimerspec value = {{0, 0}, {0, 1000000000}};
    timer_t timer;
    int id;

    SHOW(syscall(SYS_timer_create, 77, NULL, &id)); /* a clock that is not there */
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &id));
    SHOW(syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, NULL, &id));
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id)); /* signal 65 */
    event = (struct sigevent){.sigev_notify = 99, .sigev_signo = SIGUSR1};
    /* a way of telling that is not there */
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event.sigev_notify = SIGEV_THREAD_ID;
    /* thread 0 */
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &id));  /* an event at a bad address */
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8)); /* a bad address for the number */
    SHOW(syscall(SYS_timer_gettime, 1234, &value));            /* to read timer 1234 */
    SHOW(syscall(SYS_timer_delete, 1234));
    SHOW(syscall(SYS_timer_getoverrun, 1234));               /* its overruns */
    SHOW(syscall(SYS_timer_settime, 1234, 0, &value, NULL)); /* to set it to no time */
    value.it_value.tv_nsec = 1;
    SHOW(syscall(SYS_timer_settime, 1234, 0, &value, NULL)); /* to set it */
    SHOW(timer_create(CLOCK_MONOTONIC, NULL, &timer));
    SHOW(timer_settime(timer, 0, NULL, NULL)); /* set from nowhere */
    SHOW(is_off(timer));                       /* it is not armed */
    SHOW(timer_delete(timer));
}

static void once(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec value;
    timer_t timer;

    event.sigev_value.sival_int = 4711;
    set_handler(SIGUSR1);
    count = 0;
    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SHOW(arm(timer, 100000 * MS, 0)); /* armed for 100 s */
    timer_gettime(timer, &value);
    SHOW(value.it_value.tv_sec >= 98 && value.it_value.tv_sec <= 100); /* most of it is left */
    SHOW(arm(timer, 20 * MS, 0));                                      /* armed for 20 ms */
    wait_for(1);
    SHOW(count);
    SHOW(last.si_code);
    SHOW(last.si_value.sival_int);
    SHOW(last.si_overrun);
    SHOW(is_off(timer));
    value = (struct itimerspec){{0, 0}, {0, 1}};
    SHOW(timer_settime(timer, TIMER_ABSTIME, &value, NULL)); /* until a moment that has passed */
    wait_for(2);
    SHOW(count);
    SHOW(arm(timer, 300 * MS, 0) + arm(timer, 0, 20 * MS)); /* armed, and disarmed */
    usleep(350000);
    SHOW(count);
    timer_delete(timer);
}

static void standard_event(void)
{
    timer_t timer;

    set_handler(SIGALRM);
    count = 0;
    SHOW(timer_create(CLOCK_REALTIME, NULL, &timer)); /* without an event */
    arm(timer, 5 * MS, 5 * MS);
    wait_for(3);
    SHOW(count >= 3 && last.si_signo == SIGALRM); /* comes again and again */
    SHOW(timer_delete(timer));
    int before = count;
    usleep(30000);
    SHOW(count == before); /* comes no more */
}

static void overruns(int signal)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
    timer_t timer;
    siginfo_t info;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    arm(timer, 10 * MS, 10 * MS);
    usleep(105000);
    SHOW(sigwaitinfo(&set, &info) == signal);         /* blocked, it pends */
    SHOW(info.si_overrun >= 8);                       /* with overruns */
    SHOW(timer_getoverrun(timer) == info.si_overrun); /* as timer_getoverrun says */
    arm(timer, 0, 0);
    SHOW(timer_getoverrun(timer)); /* none after it is set */
    timer_delete(timer);
    sigtimedwait(&set, &info, &(struct timespec){0, 0}); /* it may have come once more */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int calls, call_value;

static void called(union sigval value)
{
    pthread_mutex_lock(&lock);
    calls++;
    call_value = value.sival_int;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void by_thread(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = called};
    timer_t timer;

    event.sigev_value.sival_int = 42;
    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SHOW(arm(timer, 10 * MS, 10 * MS));
    pthread_mutex_lock(&lock);
    while (calls < 3)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    SHOW(call_value); /* the function's value */
    SHOW(timer_delete(timer));
}

static void silent(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    timer_t timer;

    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    arm(timer, 300 * MS, 0);
    SHOW(!is_off(timer)); /* it runs */
    usleep(350000);
    SHOW(is_off(timer)); /* and ends */
    timer_delete(timer);
}

static void processor_time(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    timer_t timer;

    set_handler(SIGUSR2);
    count = 0;
    SHOW(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer)); /* a timer of processor time */
    arm(timer, 50 * MS, 0);
    usleep(120000);
    SHOW(count);
    for (clock_t end = clock() + 5 * CLOCKS_PER_SEC; !count && clock() < end;)
        ;
    SHOW(count); /* at work */
    timer_delete(timer);
}

static void inheritance(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
    timer_t timer;
    int status;

    timer_create(CLOCK_MONOTONIC, &event, &timer);
    arm(timer, 100000 * MS, 0);
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(timer_delete(timer)); /* a child's timer */
        _exit(3);
    }
    timer_delete(timer);
    waitpid(pid, &status, 0);
    SHOW(WEXITSTATUS(status)); /* the child's status */
    pid = fork();
    if (pid == 0) {
        timer_create(CLOCK_MONOTONIC, &event, &timer);
        arm(timer, 500 * MS, 500 * MS);
        execl("/proc/self/exe", "timers", "child", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    SHOW(WEXITSTATUS(status)); /* after exec there are none */
}

static void *other_thread(void *clock)
{
    struct timespec now;

    pthread_getcpuclockid(pthread_self(), clock);
    SHOW(clock_gettime(*(clockid_t *)clock, &now)); /* a thread's own clock */
    return NULL;
}

static void clocks(void)
{
    clockid_t clock;
    struct timespec first, second;
    pthread_t thread;

    SHOW(clock_getcpuclockid(0, &clock));
    SHOW(clock_gettime(clock, &first));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &second);
    SHOW(second.tv_sec - first.tv_sec <= 1);         /* as the process's */
    SHOW(clock_getcpuclockid(1234567, &clock) != 0); /* of process 1234567 */
    pthread_create(&thread, NULL, other_thread, &clock);
    pthread_join(thread, NULL);
    while (clock_gettime(clock, &first) == 0) /* join may return before the thread is quite gone */
        sched_yield();
    SHOW(clock_gettime(clock, &first)); /* of a thread that has ended */
    SHOW(clock_gettime(CLOCK_TAI, &first));
    SHOW(clock_gettime(-1, &first)); /* a number of no clock */
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        usleep(1000000);
        return 7;
    }
    errors();
    once();
    standard_event();
    overruns(SIGUSR1);
    overruns(SIGRTMIN + 1);
    by_thread();
    silent();
    processor_time();
    inheritance();
    clocks();
    return 0;
}
