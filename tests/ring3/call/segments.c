// SPDX-License-Identifier: MIT
/*
 * Calls that take an array of segments: what they check of it, in which order, and how much they
 * move at most. All of them, as each could have an importer of its own.
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "tests/ring3/ring3.h"

#define SEGMENTS_MAX 1024
#define MOVED_MAX    0x7ffff000l /* by one call: Linux's MAX_RW_COUNT */
#define LONGEST      0x7fffffffffffffffl
#define NO_PROCESS   0x3fffffff
#define LOW          ((void *)0x100000000ul) /* with gigabytes of user space behind it */
#define KERNEL       ((void *)0xffff888000000000ul)
#define HIGHEST      ((void *)0xffffffffffe000ul) /* of user space, with tables of five levels */
#define EMSGSIZE_    90                           /* which the small libc does not have */

/* struct msghdr, likewise. */
struct message {
    void *name;
    int name_size;
    const struct iovec *segments;
    size_t count;
    void *control;
    size_t control_size;
    int flags;
};

static int null, zero, ends[2], sockets[2];
static char *memory;

/* ---- the calls ---- */

static long by_readv(const struct iovec *segments, size_t count)
{
    return syscall(__NR_readv, zero, segments, count);
}

static long by_writev(const struct iovec *segments, size_t count)
{
    return syscall(__NR_writev, null, segments, count);
}

static long by_preadv(const struct iovec *segments, size_t count)
{
    return syscall(__NR_preadv, zero, segments, count, 0, 0);
}

static long by_pwritev(const struct iovec *segments, size_t count)
{
    return syscall(__NR_pwritev, null, segments, count, 0, 0);
}

static long by_preadv2(const struct iovec *segments, size_t count)
{
    return syscall(__NR_preadv2, zero, segments, count, -1, -1, 0);
}

static long by_pwritev2(const struct iovec *segments, size_t count)
{
    return syscall(__NR_pwritev2, null, segments, count, -1, -1, 0);
}

static long by_vmsplice(const struct iovec *segments, size_t count)
{
    return syscall(__NR_vmsplice, ends[1], segments, count, 0);
}

static long by_sendmsg(const struct iovec *segments, size_t count)
{
    struct message message = {.segments = segments, .count = count};

    return syscall(__NR_sendmsg, sockets[0], &message, 0);
}

static long by_recvmsg(const struct iovec *segments, size_t count)
{
    struct message message = {.segments = segments, .count = count};

    return syscall(__NR_recvmsg, sockets[1], &message, 0);
}

/* Between the caller's segments and a page of its own that stands for another process's. */
static long by_process_vm_readv(const struct iovec *segments, size_t count)
{
    struct iovec there = {memory, 1};

    return syscall(__NR_process_vm_readv, getpid(), segments, count, &there, 1, 0);
}

static long by_process_vm_writev(const struct iovec *segments, size_t count)
{
    struct iovec there = {memory, 1};

    return syscall(__NR_process_vm_writev, getpid(), segments, count, &there, 1, 0);
}

static long there_by_process_vm_readv(const struct iovec *segments, size_t count)
{
    struct iovec here = {memory, 1};

    return syscall(__NR_process_vm_readv, getpid(), &here, 1, segments, count, 0);
}

static long there_by_process_vm_writev(const struct iovec *segments, size_t count)
{
    struct iovec here = {memory, 1};

    return syscall(__NR_process_vm_writev, getpid(), &here, 1, segments, count, 0);
}

static const struct {
    const char *name;
    long (*call)(const struct iovec *segments, size_t count);
    bool is_remote;
    int too_many; /* the error */
} calls[] = {
    {"readv", by_readv, false, EINVAL},
    {"writev", by_writev, false, EINVAL},
    {"preadv", by_preadv, false, EINVAL},
    {"pwritev", by_pwritev, false, EINVAL},
    {"preadv2", by_preadv2, false, EINVAL},
    {"pwritev2", by_pwritev2, false, EINVAL},
    {"vmsplice", by_vmsplice, false, EINVAL},
    {"sendmsg", by_sendmsg, false, EMSGSIZE_},
    {"recvmsg", by_recvmsg, false, EMSGSIZE_},
    {"process_vm_readv", by_process_vm_readv, false, EINVAL},
    {"process_vm_writev", by_process_vm_writev, false, EINVAL},
    {"process_vm_readv, the other's", there_by_process_vm_readv, true, EINVAL},
    {"process_vm_writev, the other's", there_by_process_vm_writev, true, EINVAL},
};

/* The name is noted where a call does otherwise. */
static void expect_error(size_t i, const struct iovec *segments, size_t count, int error)
{
    if (!EXPECT_ERROR(calls[i].call(segments, count), error))
        ktap_note("of %s", calls[i].name);
}

/* ---- what all of them check ---- */

static void negative_lengths(void)
{
    struct iovec first[] = {{memory, (size_t)-1}, {memory, 1}};
    struct iovec second[] = {{memory, 1}, {memory, (size_t)1 << 63}};
    struct iovec behind_kernel[] = {{KERNEL, 1}, {memory, (size_t)-1}};

    for (size_t i = 0; i < COUNT(calls); i++) {
        expect_error(i, first, 1, EINVAL);
        expect_error(i, first, 2, EINVAL);
        expect_error(i, second, 2, EINVAL);
        expect_error(i, behind_kernel, 2, EINVAL);
    }
}

static void arrays_that_end_too_soon(void)
{
    struct iovec *last = (struct iovec *)(void *)(memory + PAGE) - 1;

    for (size_t i = 0; i < COUNT(calls); i++) {
        *last = (struct iovec){memory, (size_t)-1};
        expect_error(i, last, 2, EINVAL);
        *last = (struct iovec){memory, 1};
        expect_error(i, last, 2, EFAULT);
        expect_error(i, NULL, 1, EFAULT);
        expect_error(i, KERNEL, 1, EFAULT);
        expect_error(i, last, SEGMENTS_MAX + 1, calls[i].too_many);
        expect_error(i, KERNEL, (size_t)-1, calls[i].too_many);
    }
}

static void kernel_addresses(void)
{
    struct iovec some = {KERNEL, 1}, none = {KERNEL, 0};

    for (size_t i = 0; i < COUNT(calls); i++) {
        expect_error(i, &some, 1, EFAULT);
        if (calls[i].is_remote)
            EXPECT_EQUAL(calls[i].call(&none, 1), 0);
        else
            expect_error(i, &none, 1, EFAULT);
    }
}

/* A length is cut before the place is judged where there is one segment, and after it else. */
static void most_that_is_moved(void)
{
    struct iovec longest[] = {{LOW, LONGEST}, {LOW, LONGEST}};
    struct iovec halves[] = {{LOW, 1l << 40}, {LOW, 1l << 40}};

    EXPECT_EQUAL(by_writev(longest, 1), MOVED_MAX);
    EXPECT_EQUAL(by_pwritev(longest, 1), MOVED_MAX);
    EXPECT_ERROR(by_writev(longest, 2), EFAULT);
    EXPECT_EQUAL(by_writev(halves, 2), MOVED_MAX);
    EXPECT_ERROR(write(null, LOW, LONGEST), EFAULT);
    EXPECT_EQUAL(write(null, LOW, (size_t)1 << 40), MOVED_MAX);
    EXPECT_EQUAL(by_process_vm_readv(longest, 1), 1);
    EXPECT_ERROR(by_process_vm_readv(longest, 2), EFAULT);
    EXPECT_EQUAL(there_by_process_vm_readv(longest, 2), 1);
}

/* ---- sendto and recvfrom, with their one buffer ---- */

static void messages_of_any_length(void)
{
    EXPECT_ERROR(syscall(__NR_sendto, -1, LOW, -1l, 0, NULL, 0), EBADF);
    EXPECT_ERROR(syscall(__NR_recvfrom, -1, LOW, LONGEST, 0, NULL, NULL), EBADF);
    EXPECT_ERROR(syscall(__NR_sendto, -1, KERNEL, 1l, 0, NULL, 0), EFAULT);
    EXPECT_ERROR(syscall(__NR_recvfrom, -1, HIGHEST, -1l, 0, NULL, NULL), EFAULT);
    EXPECT_EQUAL(write(sockets[0], "abc", 3), 3);
    EXPECT_EQUAL(syscall(__NR_recvfrom, sockets[1], LOW, LONGEST, 0, NULL, NULL), 3);
}

static void names_of_messages(void)
{
    struct message message = {.name = memory, .name_size = -1, .count = SEGMENTS_MAX + 1};

    EXPECT_ERROR(syscall(__NR_sendmsg, sockets[0], &message, 0), EINVAL);
    message.name = NULL;
    EXPECT_ERROR(syscall(__NR_sendmsg, sockets[0], &message, 0), EMSGSIZE_);
}

/* ---- process_vm_readv and process_vm_writev ---- */

/* What there is not to do is done before the other side is looked at. */
static void order_of_questions(void)
{
    static const long numbers[] = {__NR_process_vm_readv, __NR_process_vm_writev};
    struct iovec some = {memory, 1}, none = {memory, 0}, negative = {memory, (size_t)-1};

    for (size_t i = 0; i < COUNT(numbers); i++) {
        long number = numbers[i];

        EXPECT_ERROR(syscall(number, NO_PROCESS, &some, 1, &some, 1, 1), EINVAL);
        EXPECT_ERROR(syscall(number, NO_PROCESS, &some, 1, &some, 1, 0), ESRCH);
        EXPECT_ERROR(syscall(number, NO_PROCESS, &negative, 1, &some, 1, 0), EINVAL);
        EXPECT_ERROR(syscall(number, NO_PROCESS, &some, 1, &negative, 1, 0), EINVAL);
        EXPECT_EQUAL(syscall(number, NO_PROCESS, &none, 1, &negative, 1, 0), 0);
        EXPECT_EQUAL(syscall(number, NO_PROCESS, NULL, 0, KERNEL, SEGMENTS_MAX + 1, 0), 0);
        EXPECT_EQUAL(syscall(number, NO_PROCESS, &some, 1, &none, 1, 0), 0);
        EXPECT_EQUAL(syscall(number, NO_PROCESS, &some, 1, NULL, 0, 0), 0);
    }
}

/* What was moved up to the first byte that may not be touched counts. */
static void parts(void)
{
    char here[8] = "", there[8] = "abcdefg";
    struct iovec all = {here, 8}, pieces[] = {{KERNEL, 0}, {there, 2}, {there + 4, 3}};
    struct iovec over_end = {memory + PAGE - 3, 8}, missing[] = {{there, 2}, {memory + PAGE, 1}};

    EXPECT_EQUAL(syscall(__NR_process_vm_readv, getpid(), &all, 1, pieces, 3, 0), 5);
    EXPECT(memcmp(here, "abefg", 6) == 0);
    EXPECT_EQUAL(syscall(__NR_process_vm_readv, getpid(), &all, 1, &over_end, 1, 0), 3);
    EXPECT_EQUAL(syscall(__NR_process_vm_writev, getpid(), &all, 1, &over_end, 1, 0), 3);
    EXPECT_EQUAL(syscall(__NR_process_vm_readv, getpid(), &over_end, 1, &all, 1, 0), 3);
    EXPECT_EQUAL(syscall(__NR_process_vm_writev, getpid(), &over_end, 1, &all, 1, 0), 3);
    EXPECT_EQUAL(syscall(__NR_process_vm_readv, getpid(), &all, 1, missing, 2, 0), 2);
    EXPECT_ERROR(syscall(__NR_process_vm_readv, getpid(), &all, 1, missing + 1, 1, 0), EFAULT);
}

static const struct ktap_test tests[] = {
    {"a negative length is EINVAL", negative_lengths},
    {"an array is read in order, and only as far as it may be long", arrays_that_end_too_soon},
    {"the caller's segments lie in user space", kernel_addresses},
    {"a call moves no more than fits an int", most_that_is_moved},
    {"sendto and recvfrom cut what is too long", messages_of_any_length},
    {"sendmsg: without a name, its length is nothing", names_of_messages},
    {"process_vm: questions have an order", order_of_questions},
    {"process_vm: what was moved counts", parts},
};

int main(void)
{
    probe_init();
    memory = map_lonely_pages(1, READ_WRITE);
    null = open("/dev/null", O_RDWR);
    zero = open("/dev/zero", O_RDWR);
    if (syscall(__NR_pipe2, ends, O_NONBLOCK) ||
        syscall(__NR_socketpair, 1, 1 | O_NONBLOCK, 0, sockets) ||
        mmap(LOW, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) != LOW) {
        printf("Bail out! %s\n", strerror(errno));
        return 1;
    }
    return ktap_run(tests, COUNT(tests), NULL);
}
