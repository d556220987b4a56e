// SPDX-License-Identifier: MIT
/*
 * Clocks, sleeping and interval timers.
 */
#include "tests/programs/program.h"

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

/* ---- Clocks ---- */

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
        VALUE("one's own", clock_gettime(cpu_clock(0, bits), &time));
        VALUE("by its number", clock_gettime(cpu_clock(getpid(), bits), &time));
        VALUE("of nobody", clock_gettime(cpu_clock(4194304, bits), &time));
        VALUE("its resolution", clock_getres(cpu_clock(0, bits), &time));
        VALUE("to a bad address", syscall(SYS_clock_gettime, cpu_clock(0, bits), 8));
    }
    for (int clock = 0; clock < 12; clock++) {
        if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
            continue; /* these depend on the board */
        say("clock %d", clock);
        VALUE("sleep", syscall(SYS_clock_nanosleep, clock, 0, &none, NULL));
        VALUE("a bad time", syscall(SYS_clock_nanosleep, clock, 0, &bad, NULL));
    }
    VALUE("sleep by the thread's", syscall(SYS_clock_nanosleep, cpu_clock(0, 6), 0, &none, NULL));
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
    VALUE("a clock that is not there", clock_gettime(77, &(struct timespec){0, 0}));
    VALUE("its resolution", clock_getres(77, NULL));
    VALUE("the resolution, to nowhere", clock_getres(CLOCK_MONOTONIC, NULL));
    VALUE("a bad address", syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8));
    VALUE("gettimeofday to a bad address", syscall(SYS_gettimeofday, 8, NULL));
    VALUE("gettimeofday to nowhere", syscall(SYS_gettimeofday, NULL, NULL));
    VALUE("time to a bad address", syscall(SYS_time, 8));
    VALUE("times to a bad address", syscall(SYS_times, 8));
    VALUE("setting one's own clock of CPU time",
          syscall(SYS_clock_settime, cpu_clock(getpid(), 2), &(struct timespec){1, 0}));
    VALUE("setting nobody's",
          syscall(SYS_clock_settime, cpu_clock(4194304, 2), &(struct timespec){1, 0}));
    VALUE("setting CLOCK_MONOTONIC", clock_settime(CLOCK_MONOTONIC, &(struct timespec){1, 0}));
    VALUE("setting a clock to no time", clock_settime(CLOCK_REALTIME, &(struct timespec){1, -1}));
}

static void agreement(void)
{
    struct timeval day;
    struct timespec real;
    time_t seconds = time(NULL);

    gettimeofday(&day, NULL);
    clock_gettime(CLOCK_REALTIME, &real);
    TRUTH("time, gettimeofday and CLOCK_REALTIME agree",
          day.tv_sec - seconds <= 1 && real.tv_sec - day.tv_sec <= 1 && seconds > 1500000000);
    TRUTH("microseconds are", day.tv_usec >= 0 && day.tv_usec < 1000000);
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
    WORKS("becoming another user", syscall(SYS_setresuid, 1000, 1000, 1000));
    TRUTH("reading the state of the clock", adjtimex(&state) >= 0);
    say("a tick of %ld, a tolerance of %ld", state.tick, state.tolerance);
    TRUTH("it has the time", state.time.tv_sec > 1500000000);
    TRUTH("reading it by number", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &state) >= 0);
    VALUE("that of CLOCK_MONOTONIC", syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &state));
    VALUE("that of no clock", syscall(SYS_clock_adjtime, 77, &state));
    VALUE("to a bad address", syscall(SYS_adjtimex, 8));
    state.modes = ADJ_OFFSET_SS_READ;
    TRUTH("what adjtime has left", adjtimex(&state) >= 0);
    say("%ld", state.offset);
    state.modes = ADJ_FREQUENCY;
    VALUE("changing the frequency", adjtimex(&state));
    state.modes = ADJ_OFFSET_SINGLESHOT;
    VALUE("changing the offset", adjtimex(&state));
    state.modes = ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET;
    VALUE("changing half of it", adjtimex(&state));
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
    TRUTH("sleeping takes no processor time", passed < 50);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &second);
    while (second.tv_sec * 1000 + second.tv_nsec / 1000000 < 50);
    WORKS("times", times(&used));
    TRUTH("times tells of it", used.tms_utime + used.tms_stime >= 3);
    TRUTH("and so does clock()", clock() >= 45000);
    TRUTH("no child has used any", used.tms_cutime == 0 && used.tms_cstime == 0);
}

/* ---- Sleeping ---- */

static void sleeping(void)
{
    struct timespec some = {0, 30000000}, negative = {-1, 0}, large = {0, 1000000000},
                    below = {0, -1}, none = {0, 0}, left = {7, 7}, until;

    VALUE("nanosleep of negative seconds", nanosleep(&negative, NULL));
    VALUE("nanosleep of too many nanoseconds", nanosleep(&large, NULL));
    VALUE("nanosleep of negative nanoseconds", nanosleep(&below, NULL));
    VALUE("nanosleep from a bad address", syscall(SYS_nanosleep, 8, NULL));
    VALUE("nanosleep of nothing", nanosleep(&none, &left));
    VALUE("what is left is not told", left.tv_sec);
    VALUE("clock_nanosleep on no clock", syscall(SYS_clock_nanosleep, 77, 0, &some, NULL));
    VALUE("clock_nanosleep on the thread's time",
          syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &some, NULL));
    VALUE("clock_nanosleep on CLOCK_MONOTONIC_RAW",
          syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &some, NULL));
    VALUE("clock_nanosleep of no time",
          syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &large, NULL));
    VALUE("clock_nanosleep from a bad address",
          syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 8, NULL));
    VALUE("until a time that has passed",
          syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &none, NULL));
    long before = milliseconds();
    VALUE("nanosleep of 30 ms", nanosleep(&some, NULL));
    TRUTH("took as long", milliseconds() - before >= 30 && milliseconds() - before < 1000);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    before = milliseconds();
    VALUE("until 30 ms later by CLOCK_REALTIME",
          syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    TRUTH("took as long", milliseconds() - before >= 28 && milliseconds() - before < 1000);
}

/* ---- Timers ---- */

static void timer_errors(void)
{
    struct itimerval bad = {.it_value = {0, 1000000}}, negative = {.it_value = {-1, 0}}, value;

    VALUE("setitimer of microseconds that are a second", setitimer(ITIMER_REAL, &bad, NULL));
    VALUE("setitimer of negative seconds", setitimer(ITIMER_REAL, &negative, NULL));
    VALUE("setitimer of no timer", setitimer(3, &(struct itimerval){0}, NULL));
    VALUE("getitimer of no timer", getitimer(3, &value));
    VALUE("getitimer to a bad address", syscall(SYS_getitimer, ITIMER_REAL, 8));
    VALUE("setitimer from a bad address", syscall(SYS_setitimer, ITIMER_REAL, 8, NULL));
    VALUE("getitimer", getitimer(ITIMER_REAL, &value));
    TRUTH("it is not armed", value.it_value.tv_sec == 0 && value.it_value.tv_usec == 0);
    VALUE("alarm that was not set", alarm(0));
}

static void alarms(void)
{
    struct itimerval value;

    VALUE("alarm(100)", alarm(100));
    getitimer(ITIMER_REAL, &value);
    TRUTH("is a timer of 100 s", value.it_value.tv_sec >= 99 && value.it_interval.tv_sec == 0);
    VALUE("alarm(50) tells what was left", alarm(50));
    pid_t pid = fork();
    if (pid == 0) {
        VALUE("a child has no alarm", alarm(0));
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    VALUE("alarm(0) ends it", alarm(0));
    VALUE("and none is left", alarm(0));
    signal(SIGALRM, note);
    value = (struct itimerval){.it_value = {0, 300000}};
    setitimer(ITIMER_REAL, &value, NULL);
    VALUE("300 ms are left as seconds", alarm(0));
    value = (struct itimerval){.it_value = {1, 700000}};
    setitimer(ITIMER_REAL, &value, NULL);
    VALUE("1.7 s are left as seconds", alarm(0));
    value = (struct itimerval){.it_value = {1, 300000}};
    setitimer(ITIMER_REAL, &value, NULL);
    VALUE("1.3 s are left as seconds", alarm(0));
    count = 0;
    alarm(1);
    pause();
    VALUE("SIGALRM came", count);
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
    TRUTH("five of 20 ms each take 100 ms", passed >= 98 && passed < 1500);
    VALUE("setitimer to 0", setitimer(ITIMER_REAL, &(struct itimerval){{7, 0}, {0, 0}}, &old));
    getitimer(ITIMER_REAL, &value);
    VALUE("which ends the interval", value.it_interval.tv_sec);
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){{7, 0}, {0, 0}}, NULL);
    getitimer(ITIMER_VIRTUAL, &value);
    VALUE("but not ITIMER_VIRTUAL's", value.it_interval.tv_sec);
    TRUTH("the interval was told", old.it_interval.tv_usec == 20000);
    TRUTH("and what was left", old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 20000);
    count = 0;
    usleep(60000);
    VALUE("none comes after that", count);
    value = (struct itimerval){{0, 20000}, {0, 0}};
    setitimer(ITIMER_REAL, &value, NULL);
    getitimer(ITIMER_REAL, &old);
    TRUTH("an interval alone arms nothing", old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
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
    TRUTH("after 50 ms of work", milliseconds() - before >= 30);
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
