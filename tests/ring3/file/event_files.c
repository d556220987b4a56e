// SPDX-License-Identifier: MIT
/*
 * Files that tell of events: eventfd, timerfd, signalfd, and epoll, which waits for any of them.
 */
#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/signalfd.h>
#include <linux/time_types.h>

#include "tests/ring3/ring3.h"

#define EFD_SEMAPHORE     1
#define TFD_TIMER_ABSTIME 1
#define MILLISECOND       1000000L
#define CLOCK_MONOTONIC_  1
#define CLOCK_CPU         2 /* no clock for a timerfd */

static int event_file(unsigned int count, int flags)
{
    int file = (int)syscall(__NR_eventfd2, count, flags);

    EXPECT(file >= 0);
    return file;
}

static long long read_number(int file)
{
    uint64_t value = 0;
    ssize_t size = read(file, &value, sizeof(value));

    return size == sizeof(value) ? (long long)value : -1;
}

static ssize_t write_number(int file, uint64_t value)
{
    return write(file, &value, sizeof(value));
}

/* The events that poll() tells at once. */
static int events_of(int file)
{
    struct pollfd polled = {.fd = file, .events = POLLIN | POLLOUT};

    return syscall(__NR_poll, &polled, 1, 0) < 0 ? -1 : polled.revents;
}

/* ---- eventfd ---- */

static void event_counts(void)
{
    int file = event_file(3, O_NONBLOCK);

    EXPECT_EQUAL(write_number(file, 4), 8);
    EXPECT_EQUAL(events_of(file), POLLIN | POLLOUT);
    EXPECT_EQUAL(read_number(file), 7);
    EXPECT_EQUAL(events_of(file), POLLOUT);
    EXPECT_ERROR(read_number(file), EAGAIN);
    close(file);
    file = event_file(2, O_NONBLOCK | EFD_SEMAPHORE);
    EXPECT_EQUAL(read_number(file), 1);
    EXPECT_EQUAL(read_number(file), 1);
    EXPECT_ERROR(read_number(file), EAGAIN);
    close(file);
}

static void event_refuses(void)
{
    int file = event_file(0, O_NONBLOCK);
    char bytes[8] = {0};

    EXPECT_ERROR(syscall(__NR_eventfd2, 0, 2), EINVAL);
    EXPECT_ERROR(write_number(file, UINT64_MAX), EINVAL);
    EXPECT_ERROR(write(file, bytes, 7), EINVAL);
    EXPECT_ERROR(read(file, bytes, 7), EINVAL);
    EXPECT_ERROR(syscall(__NR_write, file, NULL, 8), EFAULT);
    EXPECT_ERROR(pread(file, bytes, 8, 0), ESPIPE);
    EXPECT_EQUAL(write_number(file, UINT64_MAX - 1), 8);
    EXPECT_ERROR(write_number(file, 1), EAGAIN);
    EXPECT_EQUAL(events_of(file), POLLIN);
    EXPECT_EQUAL(read_number(file), -2);
    close(file);
}

static void event_waits(void)
{
    int file = event_file(0, 0);

    if (fork() == 0) {
        usleep(20000);
        _exit(write_number(file, 5) != 8);
    }
    EXPECT_EQUAL(read_number(file), 5);
    EXPECT_SUCCESS(waitpid(-1, NULL, 0));
    close(file);
}

/* ---- timerfd ---- */

static int timer_file(int flags)
{
    int file = (int)syscall(__NR_timerfd_create, CLOCK_MONOTONIC_, flags);

    EXPECT(file >= 0);
    return file;
}

static long set_timer(int file, int flags, long value, long interval)
{
    struct __kernel_itimerspec times = {.it_interval = {.tv_nsec = interval},
                                        .it_value = {.tv_nsec = value}};

    return syscall(__NR_timerfd_settime, file, flags, &times, NULL);
}

static void timer_expires(void)
{
    int file = timer_file(0);
    struct __kernel_itimerspec left;

    EXPECT_SUCCESS(set_timer(file, 0, 300 * MILLISECOND, 0));
    EXPECT_SUCCESS(syscall(__NR_timerfd_gettime, file, &left));
    EXPECT(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 300 * MILLISECOND);
    EXPECT_EQUAL(events_of(file), 0);
    EXPECT_EQUAL(read_number(file), 1);
    EXPECT_SUCCESS(syscall(__NR_timerfd_gettime, file, &left));
    EXPECT_EQUAL(left.it_value.tv_nsec, 0);
    EXPECT_SUCCESS(set_timer(file, TFD_TIMER_ABSTIME, 1, 0)); /* long ago */
    EXPECT_EQUAL(read_number(file), 1);
    close(file);
}

static void timer_repeats(void)
{
    int file = timer_file(O_NONBLOCK);

    EXPECT_SUCCESS(set_timer(file, 0, 5 * MILLISECOND, 5 * MILLISECOND));
    usleep(32000);
    EXPECT(read_number(file) >= 5);
    EXPECT_SUCCESS(set_timer(file, 0, 0, 5 * MILLISECOND)); /* off */
    usleep(10000);
    EXPECT_ERROR(read_number(file), EAGAIN);
    close(file);
}

static void timer_refuses(void)
{
    int file = timer_file(0);
    int other = event_file(0, 0);

    EXPECT_ERROR(syscall(__NR_timerfd_create, CLOCK_CPU, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_timerfd_create, CLOCK_MONOTONIC_, 1), EINVAL);
    EXPECT_ERROR(set_timer(file, 0, -1, 0), EINVAL);
    EXPECT_ERROR(set_timer(file, 0, 0, 1000 * MILLISECOND), EINVAL);
    EXPECT_ERROR(set_timer(file, 4, 1, 0), EINVAL);
    EXPECT_ERROR(set_timer(other, 0, 1, 0), EINVAL);
    EXPECT_ERROR(set_timer(-1, 0, 1, 0), EBADF);
    EXPECT_ERROR(syscall(__NR_timerfd_settime, file, 0, NULL, NULL), EFAULT);
    EXPECT_ERROR(write_number(file, 1), EINVAL);
    close(file);
    close(other);
}

/* ---- signalfd ---- */

static int signal_file(int file, int number, int flags)
{
    uint64_t set = UINT64_C(1) << (number - 1);

    return (int)syscall(__NR_signalfd4, file, &set, sizeof(set), flags);
}

static void block(int number, int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(how, &set, NULL);
}

static void signals_are_read(void)
{
    struct signalfd_siginfo info[2];
    int file = signal_file(-1, SIGUSR1, O_NONBLOCK);
    siginfo_t sent = {.si_code = SI_QUEUE};

    EXPECT(file >= 0);
    block(SIGUSR1, SIG_BLOCK);
    block(SIGUSR2, SIG_BLOCK);
    EXPECT_ERROR(read(file, info, sizeof(info)), EAGAIN);
    EXPECT_EQUAL(events_of(file), 0);
    kill(getpid(), SIGUSR1);
    EXPECT_EQUAL(events_of(file), POLLIN);
    EXPECT_ERROR(read(file, info, sizeof(info[0]) - 1), EINVAL);
    EXPECT_EQUAL(read(file, info, sizeof(info)), sizeof(info[0]));
    EXPECT_EQUAL(info[0].ssi_signo, SIGUSR1);
    EXPECT_EQUAL(info[0].ssi_pid, getpid());
    EXPECT_EQUAL(signal_file(file, SIGUSR2, 0), file); /* another set */
    sent.si_pid = 77;
    sent.si_int = 1234;
    EXPECT_SUCCESS(syscall(__NR_rt_sigqueueinfo, getpid(), SIGUSR2, &sent));
    EXPECT_EQUAL(read(file, info, sizeof(info)), sizeof(info[0]));
    EXPECT_EQUAL(info[0].ssi_pid, 77);
    EXPECT_EQUAL(info[0].ssi_int, 1234);
    EXPECT_ERROR(signal_file(0, SIGUSR1, 0), EINVAL);
    EXPECT_ERROR(signal_file(-1, SIGUSR1, 1), EINVAL);
    block(SIGUSR1, SIG_UNBLOCK);
    block(SIGUSR2, SIG_UNBLOCK);
    close(file);
}

static void child_signals_wake(void)
{
    struct signalfd_siginfo info;
    int file = signal_file(-1, SIGCHLD, 0);
    pid_t child;

    block(SIGCHLD, SIG_BLOCK);
    child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(3);
    }
    EXPECT_EQUAL(read(file, &info, sizeof(info)), sizeof(info));
    EXPECT_EQUAL(info.ssi_signo, SIGCHLD);
    EXPECT_EQUAL(info.ssi_pid, child);
    EXPECT_EQUAL(info.ssi_status, 3);
    EXPECT_SUCCESS(waitpid(-1, NULL, 0));
    block(SIGCHLD, SIG_UNBLOCK);
    close(file);
}

/* ---- epoll ---- */

static int epoll_file(void)
{
    int file = (int)syscall(__NR_epoll_create1, 0);

    EXPECT(file >= 0);
    return file;
}

static long control(int epoll, int operation, int file, unsigned int events)
{
    struct epoll_event event = {.events = events, .data = (uint64_t)file};

    return syscall(__NR_epoll_ctl, epoll, operation, file, &event);
}

/* The file whose event comes first, or -1 for none; for one event with so many milliseconds. */
static int next_event(int epoll, int milliseconds)
{
    struct epoll_event event = {0};
    long count = syscall(__NR_epoll_wait, epoll, &event, 1, milliseconds);

    return count == 1 ? (int)event.data : -1;
}

static void epoll_tells(void)
{
    struct epoll_event events[3] = {{0}};
    int epoll = epoll_file(), a = event_file(0, 0), b = event_file(1, 0);

    EXPECT_SUCCESS(control(epoll, EPOLL_CTL_ADD, a, EPOLLIN));
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    EXPECT_SUCCESS(control(epoll, EPOLL_CTL_ADD, b, EPOLLIN | EPOLLOUT));
    EXPECT_EQUAL(syscall(__NR_epoll_wait, epoll, events, 3, -1), 1);
    EXPECT_EQUAL(events[0].events, EPOLLIN | EPOLLOUT);
    EXPECT_EQUAL(events[0].data, b);
    write_number(a, 1);
    EXPECT_EQUAL(syscall(__NR_epoll_wait, epoll, events, 3, -1), 2);
    EXPECT(next_event(epoll, 0) != next_event(epoll, 0)); /* each has its turn */
    EXPECT_SUCCESS(control(epoll, EPOLL_CTL_MOD, b, 0));
    EXPECT_EQUAL(next_event(epoll, 0), a);
    EXPECT_SUCCESS(control(epoll, EPOLL_CTL_DEL, a, 0));
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    close(epoll);
    close(a);
    close(b);
}

static void epoll_waits(void)
{
    int epoll = epoll_file(), file = event_file(0, 0), timer = timer_file(0);

    control(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
    control(epoll, EPOLL_CTL_ADD, timer, EPOLLIN);
    EXPECT_EQUAL(next_event(epoll, 10), -1);
    EXPECT_SUCCESS(set_timer(timer, 0, 20 * MILLISECOND, 0));
    EXPECT_EQUAL(next_event(epoll, 5000), timer);
    EXPECT_EQUAL(read_number(timer), 1);
    if (fork() == 0) {
        usleep(20000);
        _exit(write_number(file, 1) != 8);
    }
    EXPECT_EQUAL(next_event(epoll, -1), file);
    EXPECT_SUCCESS(waitpid(-1, NULL, 0));
    close(epoll);
    close(file);
    close(timer);
}

static void epoll_modes(void)
{
    int epoll = epoll_file(), once = event_file(1, 0), edge = event_file(1, 0);

    control(epoll, EPOLL_CTL_ADD, once, EPOLLIN | EPOLLONESHOT);
    EXPECT_EQUAL(next_event(epoll, 0), once);
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    control(epoll, EPOLL_CTL_MOD, once, EPOLLIN | EPOLLONESHOT);
    EXPECT_EQUAL(next_event(epoll, 0), once);
    control(epoll, EPOLL_CTL_ADD, edge, EPOLLIN | EPOLLET);
    EXPECT_EQUAL(next_event(epoll, 0), edge);
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    write_number(edge, 1); /* an event, though it was readable before */
    EXPECT_EQUAL(next_event(epoll, 0), edge);
    read_number(edge);
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    write_number(edge, 1);
    EXPECT_EQUAL(next_event(epoll, 0), edge);
    close(epoll);
    close(once);
    close(edge);
}

/* An entry lives as long as its file, not as its descriptor. */
static void epoll_forgets(void)
{
    int epoll = epoll_file(), file = event_file(1, 0);
    int other = (int)syscall(__NR_dup, file);

    control(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
    close(file);
    EXPECT_EQUAL(next_event(epoll, 0), file);
    close(other);
    EXPECT_EQUAL(next_event(epoll, 0), -1);
    close(epoll);
}

static void epoll_in_epoll(void)
{
    int outer = epoll_file(), inner = epoll_file(), file = event_file(0, 0);

    EXPECT_SUCCESS(control(inner, EPOLL_CTL_ADD, file, EPOLLIN));
    EXPECT_SUCCESS(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN));
    EXPECT_ERROR(control(inner, EPOLL_CTL_ADD, outer, EPOLLIN), ELOOP);
    EXPECT_EQUAL(next_event(outer, 0), -1);
    write_number(file, 1);
    EXPECT_EQUAL(next_event(outer, 0), inner);
    close(file);
    EXPECT_EQUAL(next_event(outer, 0), -1);
    close(inner);
    close(outer);
}

static void epoll_refuses(void)
{
    struct epoll_event event;
    int epoll = epoll_file(), file = event_file(1, 0);
    int regular = (int)syscall(__NR_open, "/proc/self/exe", O_RDONLY);

    EXPECT_ERROR(syscall(__NR_epoll_create, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_epoll_create1, 1), EINVAL);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_ADD, -1, EPOLLIN), EBADF);
    EXPECT_ERROR(control(-1, EPOLL_CTL_ADD, file, EPOLLIN), EBADF);
    EXPECT_ERROR(control(file, EPOLL_CTL_ADD, epoll, EPOLLIN), EINVAL);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN), EINVAL);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_ADD, regular, EPOLLIN), EPERM);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_MOD, file, EPOLLIN), ENOENT);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_MOD, file, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_ADD, file, EPOLLRDHUP | EPOLLEXCLUSIVE), EINVAL);
    EXPECT_ERROR(control(epoll, EPOLL_CTL_DEL, file, EPOLLIN), ENOENT);
    EXPECT_ERROR(control(epoll, 77, file, EPOLLIN), EINVAL);
    EXPECT_ERROR(syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, file, NULL), EFAULT);
    EXPECT_SUCCESS(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN));
    EXPECT_ERROR(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN), EEXIST);
    EXPECT_ERROR(syscall(__NR_epoll_wait, epoll, &event, 0, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_epoll_wait, file, &event, 1, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_epoll_wait, epoll, NULL, 1, 0), EFAULT);
    EXPECT_ERROR(syscall(__NR_epoll_pwait, epoll, &event, 1, 0, &event, 4), EINVAL);
    close(epoll);
    close(file);
    close(regular);
}

static volatile int caught;

static void note(int number)
{
    caught = number;
}

/* The mask is another one for the wait, and the signal is delivered before the call returns. */
static void epoll_is_interrupted(void)
{
    struct epoll_event event;
    int epoll = epoll_file();
    uint64_t none = 0;

    caught = 0;
    signal(SIGUSR1, note);
    block(SIGUSR1, SIG_BLOCK);
    kill(getpid(), SIGUSR1);
    EXPECT_EQUAL(caught, 0);
    EXPECT_ERROR(syscall(__NR_epoll_pwait, epoll, &event, 1, -1, &none, sizeof(none)), EINTR);
    EXPECT_EQUAL(caught, SIGUSR1);
    caught = 0;
    kill(getpid(), SIGUSR1);
    EXPECT_EQUAL(caught, 0); /* blocked again */
    block(SIGUSR1, SIG_UNBLOCK);
    EXPECT_EQUAL(caught, SIGUSR1);
    close(epoll);
}

static const struct ktap_test tests[] = {
    {"eventfd counts, or lets through one at a time", event_counts},
    {"eventfd refuses what is too much or too short", event_refuses},
    {"eventfd: a read waits for a write", event_waits},
    {"timerfd expires once", timer_expires},
    {"timerfd expires again and again, until it is off", timer_repeats},
    {"timerfd refuses what is no time, clock or timer", timer_refuses},
    {"signalfd: blocked signals are read", signals_are_read},
    {"signalfd: a read waits for a child's end", child_signals_wake},
    {"epoll tells which files are ready", epoll_tells},
    {"epoll waits for a time, a timer, another process", epoll_waits},
    {"epoll: EPOLLONESHOT and EPOLLET", epoll_modes},
    {"epoll forgets a file that is closed", epoll_forgets},
    {"epoll: one in the list of another, and not in a circle", epoll_in_epoll},
    {"epoll refuses what cannot be waited for", epoll_refuses},
    {"epoll_pwait: a signal that was blocked interrupts it", epoll_is_interrupted},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
