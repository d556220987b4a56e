// SPDX-License-Identifier: MIT
/*
 * Clocks, sleeping and interval timers.
 */
#include "tests/programs/show.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

static volatile sig_atomic_t count;

static void note(int number)
{
    (void)number;
    count++;
}

static long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- clocks ---- */

/* The number that a process's or thread's clock of CPU time has, and what is measured. */
static clockid_t cpu_clock(pid_t pid, unsigned int bits)
{
    return (clockid_t)(~(unsigned int)pid << 3 | bits);
}

static void cpu_clocks(void)
{
    struct timespec time, none = {0, 0}, bad = {0, -1};

    for (unsigned int bits = 0; bits < 8; bits++) {
        say("measured %u", bits);
        SHOW(clock_gettime(cpu_clock(0, bits), &time));          /* one's own */
        SHOW(clock_gettime(cpu_clock(getpid(), bits), &time));   /* by its number */
        SHOW(clock_gettime(cpu_clock(4194304, bits), &time));    /* of nobody */
        SHOW(clock_getres(cpu_clock(0, bits), &time));           /* its resolution */
        SHOW(syscall(SYS_clock_gettime, cpu_clock(0, bits), 8)); /* to a bad address */
    }
    for (int clock = 0; clock < 12; clock++) {
        if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
            continue; /* these depend on the board */
        say("clock %d", clock);
        SHOW(syscall(SYS_clock_nanosleep, clock, 0, &none, NULL));
        SHOW(syscall(SYS_clock_nanosleep, clock, 0, &bad, NULL)); /* a bad time */
    }
    SHOW(syscall(SYS_clock_nanosleep, cpu_clock(0, 6), 0, &none, NULL)); /* sleep by the thread's */
}

static void clocks(void)
{
    static const struct {
        const char *name;
        clockid_t clock;
    } all[] = {{"CLOCK_REALTIME", CLOCK_REALTIME},
               {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
               {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
               {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
               {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW},
               {"CLOCK_REALTIME_COARSE", CLOCK_REALTIME_COARSE},
               {"CLOCK_MONOTONIC_COARSE", CLOCK_MONOTONIC_COARSE},
               {"CLOCK_BOOTTIME", CLOCK_BOOTTIME}};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct timespec first, second, resolution = {9, 9};
        int error = clock_gettime(all[i].clock, &first);
        clock_gettime(all[i].clock, &second);
        clock_getres(all[i].clock, &resolution);
        bool sound = first.tv_nsec >= 0 && first.tv_nsec < 1000000000 &&
                     (second.tv_sec > first.tv_sec ||
                      (second.tv_sec == first.tv_sec && second.tv_nsec >= first.tv_nsec));
        say("%s: %d, %s, a resolution of %s", all[i].name, error, sound ? "goes on" : "goes back",
            resolution.tv_sec == 0 && resolution.tv_nsec > 0 && resolution.tv_nsec <= 10000000
                ? "10 ms or better"
                : "more than 10 ms");
    }
    SHOW(clock_gettime(77, &(struct timespec){0, 0}));    /* a clock that is not there */
    SHOW(clock_getres(77, NULL));                         /* its resolution */
    SHOW(clock_getres(CLOCK_MONOTONIC, NULL));            /* the resolution, to nowhere */
    SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8)); /* a bad address */
    SHOW(syscall(SYS_gettimeofday, 8, NULL));             /* to a bad address */
    SHOW(syscall(SYS_gettimeofday, NULL, NULL));          /* to nowhere */
    SHOW(syscall(SYS_time, 8));                           /* to a bad address */
    SHOW(syscall(SYS_times, 8));                          /* to a bad address */
    /* setting one's own clock of CPU time */
    SHOW(syscall(SYS_clock_settime, cpu_clock(getpid(), 2), &(struct timespec){1, 0}));
    /* setting nobody's */
    SHOW(syscall(SYS_clock_settime, cpu_clock(4194304, 2), &(struct timespec){1, 0}));
    SHOW(clock_settime(CLOCK_MONOTONIC, &(struct timespec){1, 0})); /* setting CLOCK_MONOTONIC */
    SHOW(clock_settime(CLOCK_REALTIME, &(struct timespec){1, -1})); /* setting a clock to no time */
}

static void agreement(void)
{
    struct timeval day;
    struct timespec real;
    time_t seconds = time(NULL);

    gettimeofday(&day, NULL);
    clock_gettime(CLOCK_REALTIME, &real);
    /* time, gettimeofday and CLOCK_REALTIME agree */
    SHOW(day.tv_sec - seconds <= 1 && real.tv_sec - day.tv_sec <= 1 && seconds > 1500000000);
    SHOW(day.tv_usec >= 0 && day.tv_usec < 1000000); /* microseconds are */
}

/* In a child that may not steer the clock. */
static void steering(void)
{
    struct timex state = {.modes = 0};
    pid_t child = fork();

    if (child) {
        waitpid(child, NULL, 0);
        return;
    }
    SHOW(syscall(SYS_setresuid, 1000, 1000, 1000)); /* becoming another user */
    SHOW(adjtimex(&state) >= 0);                    /* reading the state of the clock */
    say("a tick of %ld, a tolerance of %ld", state.tick, state.tolerance);
    SHOW(state.time.tv_sec > 1500000000);                          /* it has the time */
    SHOW(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &state) >= 0); /* reading it by number */
    SHOW(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &state));     /* that of CLOCK_MONOTONIC */
    SHOW(syscall(SYS_clock_adjtime, 77, &state));                  /* that of no clock */
    SHOW(syscall(SYS_adjtimex, 8));                                /* to a bad address */
    state.modes = ADJ_OFFSET_SS_READ;
    SHOW(adjtimex(&state) >= 0); /* what adjtime has left */
    say("%ld", state.offset);
    state.modes = ADJ_FREQUENCY;
    SHOW(adjtimex(&state)); /* changing the frequency */
    state.modes = ADJ_OFFSET_SINGLESHOT;
    SHOW(adjtimex(&state)); /* changing the offset */
    state.modes = ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET;
    SHOW(adjtimex(&state)); /* changing half of it */
    _exit(0);
}

static void processor_time(void)
{
    struct timespec first, second;
    struct tms used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &first);
    usleep(100000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &second);
    long passed =
        (second.tv_sec - first.tv_sec) * 1000 + (second.tv_nsec - first.tv_nsec) / 1000000;
    SHOW(passed < 50); /* sleeping takes no processor time */
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &second);
    while (second.tv_sec * 1000 + second.tv_nsec / 1000000 < 50);
    SHOW_WORKS(times(&used));
    SHOW(used.tms_utime + used.tms_stime >= 3);         /* times tells of it */
    SHOW(clock() >= 45000);                             /* and so does clock() */
    SHOW(used.tms_cutime == 0 && used.tms_cstime == 0); /* no child has used any */
}

/* ---- sleeping ---- */

static void sleeping(void)
{
    struct timespec some = {0, 30000000}, negative = {-1, 0}, large = {0, 1000000000},
                    below = {0, -1}, none = {0, 0}, left = {7, 7}, until;

    SHOW(nanosleep(&negative, NULL));                       /* of negative seconds */
    SHOW(nanosleep(&large, NULL));                          /* of too many nanoseconds */
    SHOW(nanosleep(&below, NULL));                          /* of negative nanoseconds */
    SHOW(syscall(SYS_nanosleep, 8, NULL));                  /* from a bad address */
    SHOW(nanosleep(&none, &left));                          /* of nothing */
    SHOW(left.tv_sec);                                      /* what is left is not told */
    SHOW(syscall(SYS_clock_nanosleep, 77, 0, &some, NULL)); /* clock_nanosleep on no clock */
    /* clock_nanosleep on the thread's time */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &some, NULL));
    /* clock_nanosleep on CLOCK_MONOTONIC_RAW */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &some, NULL));
    /* clock_nanosleep of no time */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &large, NULL));
    /* clock_nanosleep from a bad address */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 8, NULL));
    /* until a time that has passed */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &none, NULL));
    long before = milliseconds();
    SHOW(nanosleep(&some, NULL));                                          /* of 30 ms */
    SHOW(milliseconds() - before >= 30 && milliseconds() - before < 1000); /* took as long */
    before = milliseconds();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    /* 30 ms later by CLOCK_REALTIME */
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    SHOW(milliseconds() - before >= 28 && milliseconds() - before < 1000); /* took as long */
}

/* ---- timers ---- */

static void timer_errors(void)
{
    struct itimerval bad = {.it_value = {0, 1000000}}, negative = {.it_value = {-1, 0}}, value;

    SHOW(setitimer(ITIMER_REAL, &bad, NULL));           /* of microseconds that are a second */
    SHOW(setitimer(ITIMER_REAL, &negative, NULL));      /* of negative seconds */
    SHOW(setitimer(3, &(struct itimerval){0}, NULL));   /* of no timer */
    SHOW(getitimer(3, &value));                         /* of no timer */
    SHOW(syscall(SYS_getitimer, ITIMER_REAL, 8));       /* to a bad address */
    SHOW(syscall(SYS_setitimer, ITIMER_REAL, 8, NULL)); /* from a bad address */
    SHOW(getitimer(ITIMER_REAL, &value));
    SHOW(value.it_value.tv_sec == 0 && value.it_value.tv_usec == 0); /* is not armed */
    SHOW(alarm(0));                                                  /* that was not set */
}

static void alarms(void)
{
    struct itimerval value;

    SHOW(alarm(100));
    getitimer(ITIMER_REAL, &value);
    SHOW(value.it_value.tv_sec >= 99 && value.it_interval.tv_sec == 0); /* is a timer of 100 s */
    SHOW(alarm(50));                                                    /* tells what was left */
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(alarm(0)); /* a child has no alarm */
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    SHOW(alarm(0)); /* ends it */
    SHOW(alarm(0)); /* and none is left */
    signal(SIGALRM, note);
    value = (struct itimerval){.it_value = {0, 300000}};
    setitimer(ITIMER_REAL, &value, NULL);
    SHOW(alarm(0)); /* 300 ms are left as seconds */
    value = (struct itimerval){.it_value = {1, 700000}};
    setitimer(ITIMER_REAL, &value, NULL);
    SHOW(alarm(0)); /* 1.7 s are left as seconds */
    value = (struct itimerval){.it_value = {1, 300000}};
    setitimer(ITIMER_REAL, &value, NULL);
    SHOW(alarm(0)); /* 1.3 s are left as seconds */
    count = 0;
    alarm(1);
    pause();
    SHOW(count); /* SIGALRM came */
}

static void intervals(void)
{
    struct itimerval value = {{0, 20000}, {0, 20000}}, old;
    long before = milliseconds();

    signal(SIGALRM, note);
    count = 0;
    setitimer(ITIMER_REAL, &value, NULL);
    while (count < 5)
        pause();
    long passed = milliseconds() - before;
    SHOW(passed >= 98 && passed < 1500); /* five of 20 ms each take 100 ms */
    SHOW(setitimer(ITIMER_REAL, &(struct itimerval){{7, 0}, {0, 0}}, &old));
    getitimer(ITIMER_REAL, &value);
    SHOW(value.it_interval.tv_sec); /* which ends the interval */
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){{7, 0}, {0, 0}}, NULL);
    getitimer(ITIMER_VIRTUAL, &value);
    SHOW(value.it_interval.tv_sec);                                  /* but not ITIMER_VIRTUAL's */
    SHOW(old.it_interval.tv_usec == 20000);                          /* the interval was told */
    SHOW(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 20000); /* and what was left */
    count = 0;
    usleep(60000);
    SHOW(count); /* none comes after that */
    value = (struct itimerval){{0, 20000}, {0, 0}};
    setitimer(ITIMER_REAL, &value, NULL);
    getitimer(ITIMER_REAL, &old);
    /* an interval alone arms nothing */
    SHOW(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
}

static void by_processor_time(const char *what, int which, int number)
{
    struct itimerval value = {.it_value = {0, 50000}};

    signal(number, note);
    count = 0;
    setitimer(which, &value, NULL);
    usleep(150000);
    say("%s does not go on during sleep: %d", what, (int)count);
    long before = milliseconds();
    while (!count && milliseconds() - before < 5000)
        ;
    say("%s: %d", what, (int)count);
    SHOW(milliseconds() - before >= 30); /* after 50 ms of work */
}

int main(void)
{
    clocks();
    cpu_clocks();
    agreement();
    processor_time();
    steering();
    sleeping();
    timer_errors();
    alarms();
    intervals();
    by_processor_time("ITIMER_PROF", ITIMER_PROF, SIGPROF);
    by_processor_time("ITIMER_VIRTUAL", ITIMER_VIRTUAL, SIGVTALRM);
    return 0;
}
