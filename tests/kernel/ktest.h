// SPDX-License-Identifier: MIT
/*
 * In-kernel tests: functions that run in ring 0 at boot when the command line has test=all or
 * test=NAME, and report in KTAP on the console.
 *
 * A test is defined by KTEST() in any file under tests/kernel/ and found through the section
 * .ktests, so the kernel names none of them. Expectations have the words of libc/include/ktap.h.
 * Each counts and the first few that fail are printed; the test's verdict is one `ok` or `not ok`
 * line.
 */
#ifndef TESTS_KERNEL_KTEST_H
#define TESTS_KERNEL_KTEST_H

#include <stdbool.h>
#include <stdint.h>

struct ktest {
    const char *name;
    void (*run)(void);
};

/* GCC would turn the order of a file's tests round; clang keeps it and has no such attribute. */
#if __has_attribute(no_reorder)
#define KTEST_ENTRY __attribute__((used, section(".ktests"), aligned(16), no_reorder))
#else
#define KTEST_ENTRY __attribute__((used, section(".ktests"), aligned(16)))
#endif

#define KTEST(test_name)                                                               \
    static void test_name(void);                                                       \
    static const struct ktest ktest_##test_name KTEST_ENTRY = {#test_name, test_name}; \
    static void test_name(void)

/* Fails the running test, with the place and both values, unless they are equal. Returns that. */
bool ktest_expect(const char *file, int line, const char *what, uint64_t found, uint64_t expected);

#define EXPECT_EQUAL(found, expected) \
    ktest_expect(__FILE__, __LINE__, #found, (uint64_t)(found), (uint64_t)(expected))
#define EXPECT(condition) ktest_expect(__FILE__, __LINE__, #condition, !!(condition), true)

/* Ends the running test as skipped, with the reason; the test function must return after it. */
void ktest_skip(const char *reason);

/* Prints a line `# ...` that belongs to the running test, such as a count. */
void ktest_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
