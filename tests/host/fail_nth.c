// SPDX-License-Identifier: MIT
/*
 * The rules of /proc/thread-self/fail-nth, for tests/host/test_fail_nth.py: prints a line for each
 * that is broken. With the argument "exec" it is the program that exec has brought: it says whether
 * the number is still there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define LARGE    "1000000" /* more than there are allocations here */

static int status;

#define EXPECT(condition)                       \
    do {                                        \
        if (!(condition)) {                     \
            printf("broken: %s\n", #condition); \
            status = 1;                         \
        }                                       \
    } while (0)

static int file;

static int set(const char *number)
{
    ssize_t size = (ssize_t)strlen(number);

    return pwrite(file, number, (size_t)size, 0) == size ? 0 : errno;
}

/* Where what is read there is a number; opening it and reading it need some memory. */
static long get_of(const char *path)
{
    char text[16] = "";
    int other = open(path, O_RDONLY);
    ssize_t size = read(other, text, sizeof(text) - 1);

    close(other);
    return size > 0 ? atol(text) : -1;
}

/* How many opens go well before the one that fails. */
static int opens_before_failure(const char *number)
{
    int count = 0;

    set(number);
    while (count < 100 && open("/dev/null", O_RDONLY) >= 0)
        count++;
    return errno == ENOMEM ? count : -1;
}

static int status_of_child(const char *program)
{
    int child_status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (!program)
            _exit(get_of(FAIL_NTH) == 0);
        file = open(FAIL_NTH, O_RDWR);
        set(LARGE);
        execl(program, program, "exec", NULL);
        _exit(100);
    }
    waitpid(child, &child_status, 0);
    return WEXITSTATUS(child_status);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return get_of(FAIL_NTH) > 1000;
    file = open(FAIL_NTH, O_RDWR);
    EXPECT(get_of(FAIL_NTH) == 0);
    EXPECT(set("1x") == EINVAL);
    EXPECT(set("-1") == EINVAL);
    EXPECT(set("4294967296") == ERANGE);
    EXPECT(set("0x10\n") == 0);
    EXPECT(opens_before_failure("1") == 0);
    EXPECT(get_of(FAIL_NTH) == 0);
    EXPECT(open("/dev/null", O_RDONLY) >= 0);
    EXPECT(opens_before_failure("40") > 3);
    set(LARGE);
    EXPECT(get_of("/proc/self/fail-nth") > 1000);
    EXPECT(status_of_child(NULL) == 1);
    EXPECT(status_of_child("/proc/self/exe") == 1);
    return status;
}
