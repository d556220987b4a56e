// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug/kcov, as Linux's Documentation/dev-tools/kcov.rst has it: in a kernel that is
 * built for it, which neither Latchkey (make COVER=1) nor Linux (CONFIG_KCOV) is as a rule.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include <linux/kcov.h>

#include "tests/ring3/ring3.h"

#define PATH       "/sys/kernel/debug/kcov"
#define WORDS      ((size_t)4096)
#define SIZE       (WORDS * sizeof(unsigned long))
#define UPPER_HALF 0xffff800000000000
#define NO_MODE    77
#define NO_REQUEST _IO('c', 99)

static int file;                      /* with a trace of WORDS words */
static volatile unsigned long *trace; /* its memory */

static long control(int fd, unsigned long request, unsigned long argument)
{
    return syscall(__NR_ioctl, fd, request, argument);
}

static long enable(void)
{
    return control(file, KCOV_ENABLE, KCOV_TRACE_PC);
}

static long disable(void)
{
    return control(file, KCOV_DISABLE, 0);
}

static void open_trace(void)
{
    file = open(PATH, O_RDWR);
    EXPECT_SUCCESS(control(file, KCOV_INIT_TRACE, WORDS));
    trace = mmap(NULL, SIZE, READ_WRITE, MAP_SHARED, file, 0);
    EXPECT(trace != MAP_FAILED);
}

static void close_trace(void)
{
    munmap((void *)trace, SIZE);
    close(file);
}

/* Traces one call, by itself; the number of words behind the first. */
static unsigned long trace_call(long number)
{
    unsigned long count;

    EXPECT_SUCCESS(enable());
    trace[0] = 0;
    syscall(number, 0, 0, 0);
    count = trace[0];
    EXPECT_SUCCESS(disable());
    return count;
}

static void a_call_leaves_its_trace(void)
{
    unsigned long count;

    open_trace();
    count = trace_call(__NR_getppid);
    EXPECT(count > 0);
    for (unsigned long i = 1; i <= count; i++)
        EXPECT(trace[i] >= UPPER_HALF);
    count = trace[0];
    syscall(__NR_getppid);
    EXPECT_EQUAL(trace[0], count);
    close_trace();
}

static int compare(const unsigned long *words, unsigned long count)
{
    return memcmp(words, (const void *)(trace + 1), count * sizeof(*words));
}

/*
 * One call in many waits for a lock or is preempted on its way out, and leaves that too: what is
 * compared with was left twice in a row, and nearly all others have to be equal to it.
 */
static void the_same_call_leaves_the_same(void)
{
    static unsigned long words[WORDS];
    unsigned long count;
    int equal = 0;

    open_trace();
    do {
        count = trace_call(__NR_getppid);
        memcpy(words, (const void *)(trace + 1), count * sizeof(*words));
    } while (trace_call(__NR_getppid) != count || compare(words, count) != 0);
    for (int i = 0; i < 100; i++)
        equal += trace_call(__NR_getppid) == count && compare(words, count) == 0;
    EXPECT(equal >= 90);
    trace_call(__NR_sched_yield);
    EXPECT(compare(words, count) != 0);
    close_trace();
}

/* The timer's signal is ignored; its interrupts come nevertheless. */
static void no_interrupt_is_in_it(void)
{
    static const long every_ms[4] = {0, 1000, 0, 1000}, never[4];
    unsigned long count;

    open_trace();
    signal(SIGALRM, SIG_IGN);
    EXPECT_SUCCESS(syscall(__NR_setitimer, 0, every_ms, NULL));
    EXPECT_SUCCESS(enable());
    trace[0] = 0;
    for (volatile long i = 0; i < 50000000; i++)
        ;
    count = trace[0];
    EXPECT_SUCCESS(disable());
    EXPECT_EQUAL(count, 0);
    EXPECT_SUCCESS(syscall(__NR_setitimer, 0, never, NULL));
    close_trace();
}

static void a_full_trace_stays_so(void)
{
    volatile unsigned long *small;
    int fd = open(PATH, O_RDWR);

    EXPECT_SUCCESS(control(fd, KCOV_INIT_TRACE, 4));
    small = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0);
    EXPECT_SUCCESS(control(fd, KCOV_ENABLE, KCOV_TRACE_PC));
    small[0] = 0;
    getppid();
    EXPECT_SUCCESS(control(fd, KCOV_DISABLE, 0));
    EXPECT_EQUAL(small[0], 3);
    EXPECT(small[3] >= UPPER_HALF);
    EXPECT_EQUAL(small[4], 0);
    munmap((void *)small, PAGE);
    close(fd);
}

static void wrong_requests(void)
{
    int other = open(PATH, O_RDWR);

    file = open(PATH, O_RDWR);
    EXPECT_ERROR(control(file, NO_REQUEST, 0), ENOTTY);
    EXPECT_ERROR(enable(), EINVAL);
    EXPECT_ERROR(disable(), EINVAL);
    EXPECT(mmap(NULL, SIZE, READ_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
    EXPECT_ERROR(control(file, KCOV_INIT_TRACE, 1), EINVAL);
    EXPECT_ERROR(control(file, KCOV_INIT_TRACE, 1ul << 31), EINVAL);
    EXPECT_SUCCESS(control(file, KCOV_INIT_TRACE, WORDS));
    EXPECT_ERROR(control(file, KCOV_INIT_TRACE, WORDS), EBUSY);
    EXPECT_ERROR(control(file, KCOV_ENABLE, NO_MODE), EINVAL);
    EXPECT_SUCCESS(enable());
    EXPECT_ERROR(enable(), EINVAL);
    EXPECT_ERROR(control(file, KCOV_DISABLE, 1), EINVAL);
    EXPECT_SUCCESS(control(other, KCOV_INIT_TRACE, WORDS));
    EXPECT_ERROR(control(other, KCOV_ENABLE, KCOV_TRACE_PC), EBUSY);
    EXPECT_ERROR(control(other, KCOV_DISABLE, 0), EINVAL);
    EXPECT_SUCCESS(disable());
    close(file);
    close(other);
}

static void make_calls(void)
{
    for (int i = 0; i < 10; i++)
        getppid();
    EXPECT_ERROR(disable(), EINVAL);
}

static void a_child_is_not_traced(void)
{
    unsigned long count;

    open_trace();
    EXPECT_SUCCESS(enable());
    run_in_child(make_calls);
    EXPECT_SUCCESS(disable());
    trace[0] = 0;
    run_in_child(make_calls);
    count = trace[0];
    EXPECT_EQUAL(count, 0);
    close_trace();
}

static void trace_and_leave(void)
{
    EXPECT_SUCCESS(enable());
    trace[0] = 0;
    getppid();
    EXPECT(trace[0] > 0);
}

static void a_trace_ends_with_its_thread(void)
{
    open_trace();
    run_in_child(trace_and_leave);
    EXPECT(trace[0] > 0);
    EXPECT_SUCCESS(enable());
    EXPECT_SUCCESS(disable());
    close_trace();
}

static void a_mapping_outlives_the_file(void)
{
    open_trace();
    EXPECT_SUCCESS(enable());
    close(file);
    trace[0] = 0;
    getppid();
    EXPECT(trace[0] > 0);
    munmap((void *)trace, SIZE);
    getppid();
}

static const struct ktap_test tests[] = {
    {"a call leaves the addresses of what it reaches, and nothing comes after it",
     a_call_leaves_its_trace},
    {"the same call leaves the same trace, another call another", the_same_call_leaves_the_same},
    {"no interrupt is in it", no_interrupt_is_in_it},
    {"a full trace stays as it is", a_full_trace_stays_so},
    {"what is asked for at the wrong time or in a wrong way: EINVAL, EBUSY, ENOTTY",
     wrong_requests},
    {"a child is not traced, and cannot end the trace", a_child_is_not_traced},
    {"a trace ends with its thread, and another may have it", a_trace_ends_with_its_thread},
    {"a mapped trace outlives its file", a_mapping_outlives_the_file},
};

int main(void)
{
    bool is_there = access(PATH, F_OK) == 0;

    return ktap_run(tests, COUNT(tests), is_there ? NULL : "this kernel gives no traces");
}
