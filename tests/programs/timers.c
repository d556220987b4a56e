// SPDX-License-Identifier: MIT
/*
 * POSIX timers: the ways of telling, one shot and intervals, overruns, who has them and who not;
 * and the clocks of processor time that they can go by.
 */
#include "tests/programs/program.h"

#include <pthread.h>
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

    VALUE("a clock that is not there", syscall(SYS_timer_create, 77, NULL, &id));
    VALUE("CLOCK_MONOTONIC_RAW", syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &id));
    VALUE("CLOCK_REALTIME_COARSE", syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, NULL, &id));
    VALUE("signal 65", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event = (struct sigevent){.sigev_notify = 99, .sigev_signo = SIGUSR1};
    VALUE("a way of telling that is not there",
          syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event.sigev_notify = SIGEV_THREAD_ID;
    VALUE("thread 0", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    VALUE("an event at a bad address", syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &id));
    VALUE("a bad address for the number", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8));
    VALUE("to read timer 1234", syscall(SYS_timer_gettime, 1234, &value));
    VALUE("to delete it", syscall(SYS_timer_delete, 1234));
    VALUE("its overruns", syscall(SYS_timer_getoverrun, 1234));
    VALUE("to set it to no time", syscall(SYS_timer_settime, 1234, 0, &value, NULL));
    value.it_value.tv_nsec = 1;
    VALUE("to set it", syscall(SYS_timer_settime, 1234, 0, &value, NULL));
    WORKS("a timer", timer_create(CLOCK_MONOTONIC, NULL, &timer));
    VALUE("set from nowhere", timer_settime(timer, 0, NULL, NULL));
    TRUTH("it is not armed", is_off(timer));
    VALUE("deleted", timer_delete(timer));
}

static void once(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec value;
    timer_t timer;

    event.sigev_value.sival_int = 4711;
    set_handler(SIGUSR1);
    count = 0;
    WORKS("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
    VALUE("armed for 100 s", arm(timer, 100000 * MS, 0));
    timer_gettime(timer, &value);
    TRUTH("most of it is left", value.it_value.tv_sec >= 98 && value.it_value.tv_sec <= 100);
    VALUE("armed for 20 ms", arm(timer, 20 * MS, 0));
    wait_for(1);
    VALUE("signals", count);
    VALUE("si_code", last.si_code);
    VALUE("si_value", last.si_value.sival_int);
    VALUE("si_overrun", last.si_overrun);
    TRUTH("it is off", is_off(timer));
    value = (struct itimerspec){{0, 0}, {0, 1}};
    VALUE("until a moment that has passed", timer_settime(timer, TIMER_ABSTIME, &value, NULL));
    wait_for(2);
    VALUE("signals", count);
    VALUE("armed, and disarmed", arm(timer, 300 * MS, 0) + arm(timer, 0, 20 * MS));
    usleep(350000);
    VALUE("signals", count);
    timer_delete(timer);
}

static void standard_event(void)
{
    timer_t timer;

    set_handler(SIGALRM);
    count = 0;
    WORKS("without an event", timer_create(CLOCK_REALTIME, NULL, &timer));
    arm(timer, 5 * MS, 5 * MS);
    wait_for(3);
    TRUTH("SIGALRM comes again and again", count >= 3 && last.si_signo == SIGALRM);
    VALUE("deleted", timer_delete(timer));
    int before = count;
    usleep(30000);
    TRUTH("comes no more", count == before);
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
    TRUTH("blocked, it pends", sigwaitinfo(&set, &info) == signal);
    TRUTH("with overruns", info.si_overrun >= 8);
    TRUTH("as timer_getoverrun says", timer_getoverrun(timer) == info.si_overrun);
    arm(timer, 0, 0);
    VALUE("none after it is set", timer_getoverrun(timer));
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
    WORKS("SIGEV_THREAD", timer_create(CLOCK_MONOTONIC, &event, &timer));
    VALUE("armed", arm(timer, 10 * MS, 10 * MS));
    pthread_mutex_lock(&lock);
    while (calls < 3)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    VALUE("the function's value", call_value);
    VALUE("deleted", timer_delete(timer));
}

static void silent(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    timer_t timer;

    WORKS("SIGEV_NONE", timer_create(CLOCK_MONOTONIC, &event, &timer));
    arm(timer, 300 * MS, 0);
    TRUTH("it runs", !is_off(timer));
    usleep(350000);
    TRUTH("and ends", is_off(timer));
    timer_delete(timer);
}

static void processor_time(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    timer_t timer;

    set_handler(SIGUSR2);
    count = 0;
    WORKS("a timer of processor time", timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
    arm(timer, 50 * MS, 0);
    usleep(120000);
    VALUE("asleep", count);
    for (clock_t end = clock() + 5 * CLOCKS_PER_SEC; !count && clock() < end;)
        ;
    VALUE("at work", count);
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
        VALUE("a child's timer", timer_delete(timer));
        _exit(3);
    }
    timer_delete(timer);
    waitpid(pid, &status, 0);
    VALUE("the child's status", WEXITSTATUS(status));
    pid = fork();
    if (pid == 0) {
        timer_create(CLOCK_MONOTONIC, &event, &timer);
        arm(timer, 500 * MS, 500 * MS);
        execl("/proc/self/exe", "timers", "child", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    VALUE("after exec there are none", WEXITSTATUS(status));
}

static void *other_thread(void *clock)
{
    struct timespec now;

    pthread_getcpuclockid(pthread_self(), clock);
    VALUE("a thread's own clock", clock_gettime(*(clockid_t *)clock, &now));
    return NULL;
}

static void clocks(void)
{
    clockid_t clock;
    struct timespec first, second;
    pthread_t thread;

    VALUE("clock_getcpuclockid", clock_getcpuclockid(0, &clock));
    VALUE("reads", clock_gettime(clock, &first));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &second);
    TRUTH("as the process's", second.tv_sec - first.tv_sec <= 1);
    VALUE("of process 1234567", clock_getcpuclockid(1234567, &clock) != 0);
    pthread_create(&thread, NULL, other_thread, &clock);
    pthread_join(thread, NULL);
    VALUE("of a thread that has ended", clock_gettime(clock, &first));
    VALUE("CLOCK_TAI", clock_gettime(CLOCK_TAI, &first));
    VALUE("a number of no clock", clock_gettime(-1, &first));
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
