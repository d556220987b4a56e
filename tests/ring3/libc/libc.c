// SPDX-License-Identifier: MIT
/*
 * The C library, by tests that any C library passes: what it formats, parses, allocates, buffers
 * and jumps.
 */
#include "tests/ring3/ring3.h"

#include <limits.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <time.h>

/*
 * The functions are called through these, or the compiler would work out some of the results by
 * itself, and complain about calls that are meant to be odd.
 */
static int (*volatile format)(char *, size_t, const char *, ...) = snprintf;
static void *(*volatile copy)(void *restrict, const void *restrict, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static void *(*volatile fill)(void *, int, size_t) = memset;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static int (*volatile compare_strings)(const char *, const char *) = strcmp;
static int (*volatile compare_parts)(const char *, const char *, size_t) = strncmp;
static size_t (*volatile length_of)(const char *) = strlen;
static size_t (*volatile length_within)(const char *, size_t) = strnlen;

static void *(*volatile allocate)(size_t) = malloc;
static void *(*volatile allocate_zeroed)(size_t, size_t) = calloc;

/* ---- formatted output ---- */

#define EXPECT_FORMAT(expected, ...)                               \
    do {                                                           \
        char text[64];                                             \
        int length = format(text, sizeof(text), __VA_ARGS__);      \
        EXPECT_EQUAL(length, strlen(expected));                    \
        if (!EXPECT_EQUAL(strcmp(text, expected), 0))              \
            ktap_note("\"%s\" instead of \"%s\"", text, expected); \
    } while (0)

static void integers(void)
{
    EXPECT_FORMAT("0 1 -1", "%d %d %i", 0, 1, -1);
    EXPECT_FORMAT("2147483647 -2147483648", "%d %d", INT_MAX, INT_MIN);
    EXPECT_FORMAT("-9223372036854775808", "%ld", LONG_MIN);
    EXPECT_FORMAT("18446744073709551615", "%lu", ULONG_MAX);
    EXPECT_FORMAT("ff FF 377", "%x %X %o", 255, 255, 255);
    EXPECT_FORMAT("0xff 0XFF 0377 0", "%#x %#X %#o %#x", 255, 255, 255, 0);
    EXPECT_FORMAT("-1 255 -1", "%hhd %hhu %hd", -1, -1, -1);
    EXPECT_FORMAT("5 6 7", "%zu %jd %td", (size_t)5, (intmax_t)6, (ptrdiff_t)7);
}

static void widths(void)
{
    EXPECT_FORMAT("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    EXPECT_FORMAT("[+42][ 42][  +42]", "[%+d][% d][%+5d]", 42, 42, 42);
    EXPECT_FORMAT("[00042][  042][042  ]", "[%.5d][%5.3d][%-5.3d]", 42, 42, 42);
    EXPECT_FORMAT("[][  ]", "[%.0d][%2.0d]", 0, 0);
    EXPECT_FORMAT("[-0042][0x00ff]", "[%05d][%#06x]", -42, 255);
    EXPECT_FORMAT("[   42][42   ][042]", "[%*d][%*d][%.*d]", 5, 42, -5, 42, 3, 42);
}

static void strings(void)
{
    EXPECT_FORMAT("[abc][  abc][abc  ][ab]", "[%s][%5s][%-5s][%.2s]", "abc", "abc", "abc", "abc");
    EXPECT_FORMAT("[x][  x][100%]", "[%c][%3c][100%%]", 'x', 'x');
    EXPECT_FORMAT("(null) (nil) 0x10", "%s %p %p", (char *)NULL, (void *)NULL, (void *)16);
}

static void cut_output(void)
{
    char text[8] = "unused";

    EXPECT_EQUAL(format(text, 5, "%d", 123456), 6);
    EXPECT_EQUAL(strcmp(text, "1234"), 0);
    EXPECT_EQUAL(format(NULL, 0, "%s", "abc"), 3);
    EXPECT_EQUAL(format(text, 1, "%s", "abc"), 3);
    EXPECT_EQUAL(text[0], 0);
}

/* ---- memory and strings ---- */

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 7 + 3);
}

/* Whether moving count bytes from one offset to another is right, with its neighbours left alone.
 */
static bool moves(size_t to, size_t from, size_t count)
{
    unsigned char bytes[512];
    bool right = true;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = pattern(i);
    if (to + count <= from || from + count <= to)
        copy(bytes + to, bytes + from, count);
    else
        move(bytes + to, bytes + from, count);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bool moved = i >= to && i < to + count;

        right &= bytes[i] == pattern(moved ? i - to + from : i);
    }
    return right;
}

static void moving(void)
{
    int wrong = 0;

    for (size_t count = 0; count < 160; count++) {
        for (size_t distance = 0; distance < 20; distance++) {
            wrong += !moves(100, 100 + distance, count);
            wrong += !moves(100 + distance, 100, count);
            wrong += !moves(8, 300 + distance, count);
        }
    }
    EXPECT_EQUAL(wrong, 0);
}

static void filling(void)
{
    unsigned char bytes[256];
    int wrong = 0;

    for (size_t count = 0; count < 130; count++) {
        for (size_t offset = 1; offset < 18; offset++) {
            memset(bytes, 0x11, sizeof(bytes));
            fill(bytes + offset, 0x1a5, count);
            for (size_t i = 0; i < sizeof(bytes); i++)
                wrong += bytes[i] != (i >= offset && i < offset + count ? 0xa5 : 0x11);
        }
    }
    EXPECT_EQUAL(wrong, 0);
}

static void comparing(void)
{
    unsigned char one[64] = {0}, other[64] = {0};
    int wrong = 0;

    for (size_t i = 0; i < sizeof(one); i++) {
        one[i] = 200;
        wrong += compare(one, other, i) != 0;
        wrong += compare(one, other, sizeof(one)) <= 0;
        wrong += compare(other, one, sizeof(one)) >= 0;
        one[i] = 0;
    }
    EXPECT_EQUAL(wrong, 0);
    EXPECT(compare_strings("abc", "abd") < 0 && compare_strings("abc", "ab") > 0 &&
           compare_strings("", "") == 0);
    EXPECT(compare_strings("a\x80", "a\x7f") > 0);
    EXPECT(compare_parts("abcd", "abxx", 2) == 0 && compare_parts("abcd", "abxx", 3) < 0);
}

static void searching(void)
{
    const char *text = "a needle in a needle stack";

    EXPECT(strstr(text, "needle") == text + 2 && strstr(text, "") == text);
    EXPECT(strstr(text, "needles") == NULL);
    EXPECT(strchr(text, 'n') == text + 2 && strrchr(text, 'n') == text + 14);
    EXPECT(strchr(text, '\0') == text + strlen(text) && strchr(text, 'z') == NULL);
    EXPECT(memchr(text, 'i', 3) == NULL && memchr(text, 'i', 20) == text + 9);
    EXPECT_EQUAL(strspn("aabbc", "ab"), 4);
    EXPECT_EQUAL(strcspn("aabbc", "cb"), 2);
    EXPECT(length_of("") == 0 && length_of("abc") == 3);
    EXPECT(length_within("abc", 2) == 2 && length_within("abc", 9) == 3);
}

/* ---- numbers ---- */

static void parsing(void)
{
    char *end;

    EXPECT_EQUAL(strtol("  -42x", &end, 10), -42);
    EXPECT_EQUAL(*end, 'x');
    EXPECT_EQUAL(strtol("0x1f", NULL, 0), 31);
    EXPECT_EQUAL(strtol("017", NULL, 0), 15);
    EXPECT_EQUAL(strtol("zz", NULL, 36), 35 * 36 + 35);
    EXPECT_EQUAL(strtol("0xg", &end, 16), 0);
    EXPECT_EQUAL(*end, 'x');
    EXPECT_EQUAL(strtol("-9223372036854775808", NULL, 10), LONG_MIN);
    errno = 0;
    EXPECT_EQUAL(strtol("9223372036854775808", NULL, 10), LONG_MAX);
    EXPECT_EQUAL(errno, ERANGE);
    EXPECT(strtoul("18446744073709551615", NULL, 10) == ULONG_MAX);
    EXPECT(strtoul("-1", NULL, 10) == ULONG_MAX);
}

/* ---- malloc ---- */

static void allocating(void)
{
    enum {
        BLOCKS = 200
    };
    unsigned char *blocks[BLOCKS];
    int wrong = 0;

    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = allocate(i * i);
        wrong += (uintptr_t)blocks[i] % 16 != 0;
        memset(blocks[i], (int)i, i * i);
    }
    for (size_t i = 0; i < BLOCKS; i += 2) {
        free(blocks[i]);
        blocks[i] = allocate_zeroed(i + 1, 10);
        for (size_t at = 0; at < (i + 1) * 10; at++)
            wrong += blocks[i][at] != 0;
    }
    for (size_t i = 1; i < BLOCKS; i += 2) {
        blocks[i] = realloc(blocks[i], 2 * i * i);
        for (size_t at = 0; at < i * i; at++)
            wrong += blocks[i][at] != (unsigned char)i;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    free(NULL);
    EXPECT_EQUAL(wrong, 0);
}

static void allocating_too_much(void)
{
    volatile size_t half = SIZE_MAX / 2;

    EXPECT(allocate(half + 2) == NULL);
    EXPECT(allocate_zeroed(half, 3) == NULL);
    EXPECT_EQUAL(errno, ENOMEM);
}

/* ---- standard output ---- */

static void print_and_exit(void)
{
    printf("%d, ", 1);
    fputs("2, ", stdout);
    putchar('3');
    puts("");
}

static void print_and_die(void)
{
    printf("a line\n");
    _exit(0);
}

static void print_flush_and_die(void)
{
    printf("a line\n");
    fflush(stdout);
    printf("another\n");
    _exit(0);
}

static void print_last(void)
{
    printf("last");
}

static void print_at_exit(void)
{
    atexit(print_last);
    printf("first, ");
}

/* What each prints into a pipe, where nothing is written before a flush or the exit. */
static const struct {
    void (*print)(void);
    const char *expected;
} printers[] = {
    {print_and_exit, "1, 2, 3\n"},
    {print_flush_and_die, "a line\n"},
    {print_and_die, ""},
    {print_at_exit, "first, last"},
};

/* This program again, as the printer of the given number. */
static void exec_printer(size_t number, const int *ends)
{
    char argument[] = {(char)('0' + number), '\0'};
    char *arguments[] = {"printer", argument, NULL};

    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execve((const char *)getauxval(AT_EXECFN), arguments, environ);
    _exit(1);
}

static void expect_output(size_t number)
{
    const char *expected = printers[number].expected;
    char text[64] = "";
    int ends[2];
    ssize_t size;
    pid_t child;

    if (!EXPECT(pipe(ends) == 0))
        return;
    fflush(stdout);
    child = fork();
    if (child == 0)
        exec_printer(number, ends);
    close(ends[1]);
    waitpid(child, NULL, 0);
    size = read(ends[0], text, sizeof(text) - 1);
    text[size < 0 ? 0 : size] = '\0';
    close(ends[0]);
    if (!EXPECT_EQUAL(strcmp(text, expected), 0))
        ktap_note("\"%s\" instead of \"%s\"", text, expected);
}

static void buffered_output(void)
{
    for (size_t i = 0; i < COUNT(printers); i++)
        expect_output(i);
}

/* ---- jumps and time ---- */

static sigjmp_buf place;

static void jumping(void)
{
    volatile int jumps = 0;
    sigset_t usr1, now;
    int value;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    value = sigsetjmp(place, 1);
    EXPECT_EQUAL(value, jumps == 0 ? 0 : 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT_EQUAL(sigismember(&now, SIGUSR1), 0);
    if (jumps < 2) {
        jumps++;
        sigprocmask(SIG_BLOCK, &usr1, NULL);
        siglongjmp(place, jumps - 1); // 0 becomes 1
    }
    EXPECT_EQUAL(jumps, 2);
}

static void sleeping(void)
{
    struct timespec before, after;

    clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT_EQUAL(usleep(20000), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    EXPECT((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >=
           19);
}

static const struct ktap_test tests[] = {
    {"printf: integers of all lengths", integers},
    {"printf: flags, widths and precisions", widths},
    {"printf: strings, characters and pointers", strings},
    {"snprintf cuts, and says how long it would have been", cut_output},
    {"memcpy and memmove: all sizes and overlaps", moving},
    {"memset: all sizes and alignments", filling},
    {"memcmp and strcmp: sign and limit", comparing},
    {"searches in memory and strings", searching},
    {"strtol and strtoul: bases, ends and limits", parsing},
    {"malloc: blocks are aligned and their own", allocating},
    {"malloc: too much is NULL and ENOMEM", allocating_too_much},
    {"standard output is buffered in a pipe", buffered_output},
    {"sigsetjmp: value and mask", jumping},
    {"usleep sleeps long enough", sleeping},
};

int main(int argc, char **argv)
{
    if (argc > 1) {
        printers[argv[1][0] - '0'].print();
        return 0;
    }
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
