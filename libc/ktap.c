// SPDX-License-Identifier: MIT
// The KTAP reporter. It keeps count of the tests and the state of the one that runs.

#include <ktap.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
    unsigned int number; /* of the running test, from 1 */
    unsigned int failed; /* tests, so far */
    bool met;            /* all expectations of the running test, so far */
    bool skipped;
    char name[128];
    char reason[128];
} state;

void ktap_plan(size_t count)
{
    printf("KTAP version 1\n1..%zu\n", count);
    fflush(stdout);
}

void ktap_begin(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(state.name, sizeof(state.name), format, arguments);
    va_end(arguments);
    state.number++;
    state.met = true;
    state.skipped = false;
}

void ktap_end(void)
{
    if (!state.met) {
        state.failed++;
        printf("not ok %u - %s\n", state.number, state.name);
    } else if (state.skipped) {
        printf("ok %u - %s # SKIP %s\n", state.number, state.name, state.reason);
    } else {
        printf("ok %u - %s\n", state.number, state.name);
    }
    fflush(stdout);
}

int ktap_status(void)
{
    return state.failed == 0 ? 0 : 1;
}

bool ktap_passing(void)
{
    return state.met;
}

void ktap_run_one(const struct ktap_test *test)
{
    ktap_begin("%s", test->name);
    test->run();
    ktap_end();
}

int ktap_run(const struct ktap_test *tests, size_t count, const char *skip_reason)
{
    ktap_plan(count);
    for (size_t i = 0; i < count; i++) {
        if (skip_reason == NULL) {
            ktap_run_one(&tests[i]);
        } else {
            ktap_begin("%s", tests[i].name);
            ktap_skip("%s", skip_reason);
            ktap_end();
        }
    }
    return ktap_status();
}

void ktap_skip(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(state.reason, sizeof(state.reason), format, arguments);
    va_end(arguments);
    state.skipped = true;
}

void ktap_note(const char *format, ...)
{
    va_list arguments;
    char text[256];

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    printf("# %s\n", text);
    fflush(stdout);
}

static void fail(const char *file, int line, const char *what, const char *expected,
                 const char *found)
{
    const char *name = strrchr(file, '/');

    state.met = false;
    ktap_note("%s:%d: %s: expected %s, found %s", name == NULL ? file : name + 1, line, what,
              expected, found);
}

bool ktap_expect(const char *file, int line, const char *what, bool met)
{
    if (!met)
        fail(file, line, what, "true", "false");
    return met;
}

static void number_to_text(char *text, size_t size, long long number)
{
    if (number > -10 && number < 10)
        snprintf(text, size, "%lld", number);
    else
        snprintf(text, size, "%lld (0x%llx)", number, number);
}

bool ktap_expect_equal(const char *file, int line, const char *what, long long found,
                       long long expected)
{
    char found_text[48], expected_text[48];

    if (found == expected)
        return true;
    number_to_text(found_text, sizeof(found_text), found);
    number_to_text(expected_text, sizeof(expected_text), expected);
    fail(file, line, what, expected_text, found_text);
    return false;
}

bool ktap_expect_error(const char *file, int line, const char *what, long result, int expected)
{
    int error = result == -1 ? errno : 0;
    char found_text[64];

    if (error == expected)
        return true;
    if (error == 0)
        snprintf(found_text, sizeof(found_text), "success (%ld)", result);
    else
        snprintf(found_text, sizeof(found_text), "\"%s\" (%d)", strerror(error), error);
    if (expected == 0)
        fail(file, line, what, "success", found_text);
    else
        fail(file, line, what, strerror(expected), found_text);
    return false;
}
