// SPDX-License-Identifier: MIT
/*
 * A reporter of tests in KTAP, version 1.
 *
 *     static void adds(void)
 *     {
 *         EXPECT_EQUAL(1 + 1, 2);
 *     }
 *
 *     static const struct ktap_test tests[] = {
 *         {"one and one are two", adds},
 *     };
 *
 *     int main(void)
 *     {
 *         return ktap_run(tests, sizeof(tests) / sizeof(tests[0]), NULL);
 *     }
 *
 * prints
 *
 *     KTAP version 1
 *     1..1
 *     ok 1 - one and one are two
 *
 * A test's name states the rule that it tests. An expectation that fails prints a line "# ..." with
 * the place, what was expected and what was found, and its test ends as "not ok". Each line is
 * written out at once, so that it is seen even if the next test ends the process. Uses standard
 * calls only, so that a test builds with any C library.
 */
#ifndef LIBC_KTAP_H
#define LIBC_KTAP_H

#include <stdbool.h>
#include <stddef.h>

struct ktap_test {
    const char *name;
    void (*run)(void);
};

/*
 * Runs all tests and prints the report; if skip_reason is not NULL, prints all as skipped for that
 * reason instead. Returns the status for main(): 0 if none failed, else 1.
 */
int ktap_run(const struct ktap_test *tests, size_t count, const char *skip_reason);

/*
 * For tests made from a table: the plan, then begin and end around each, then the status. Tests
 * in the usual form may come in between.
 */
void ktap_plan(size_t count);
void ktap_run_one(const struct ktap_test *test);
void ktap_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ktap_end(void);
int ktap_status(void);

/* Whether the running test has met all its expectations so far. */
bool ktap_passing(void);

/* Makes the running test a skipped one; the caller then returns from it. */
void ktap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line "# ...". */
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the running test where an expectation is not met. Each says whether it was. */
#define EXPECT(condition) ktap_expect(__FILE__, __LINE__, #condition, (condition))
#define EXPECT_EQUAL(found, expected) \
    ktap_expect_equal(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))

/* The call's result is -1 and errno is the given one; or, for 0, the result is not -1. */
#define EXPECT_ERROR(call, expected) \
    (errno = 0, ktap_expect_error(__FILE__, __LINE__, #call, (long)(call), (expected)))
#define EXPECT_SUCCESS(call) EXPECT_ERROR(call, 0)

bool ktap_expect(const char *file, int line, const char *what, bool met);
bool ktap_expect_equal(const char *file, int line, const char *what, long long found,
                       long long expected);
bool ktap_expect_error(const char *file, int line, const char *what, long result, int expected);

#endif
