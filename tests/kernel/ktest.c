// SPDX-License-Identifier: MIT
/*
 * Runs the in-kernel tests and reports them in KTAP 1 (Linux's Documentation/dev-tools/ktap.rst):
 *
 *     KTAP version 1
 *     1..3
 *     ok 1 - pages_return
 *     # tests/kernel/keys/pkru_test.c:31: pte_key(leaf): expected 0x5, found 0x0
 *     not ok 2 - key_survives_query
 *     ok 3 - keys_enforced # SKIP the CPU has no protection keys
 *     # pass:1 fail:1 skip:1 total:3
 *
 * Each line goes out as one message, so no other CPU's words stand inside it.
 */
#include "tests/kernel/ktest.h"

#include <stdarg.h>
#include <stddef.h>

#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define FAILURES_SHOWN 8
#define NOTE_SIZE      200

extern const struct ktest ktests_start[], ktests_end[];

/* The running test's. Tests run one at a time. */
static unsigned int failures;
static const char *skip_reason;

struct totals {
    unsigned int passed, failed, skipped;
};

bool ktest_expect(const char *file, int line, const char *what, uint64_t found, uint64_t expected)
{
    if (found == expected)
        return true;
    if (failures++ < FAILURES_SHOWN)
        kprintf(KERN_RESULT "# %s:%d: %s: expected %#lx, found %#lx\n", file, line, what, expected,
                found);
    return false;
}

void ktest_skip(const char *reason)
{
    skip_reason = reason;
}

struct note {
    char text[NOTE_SIZE];
    size_t length;
};

static void add_to_note(void *context, const char *bytes, size_t count)
{
    struct note *note = context;
    size_t room = sizeof(note->text) - 1 - note->length;

    if (count > room)
        count = room;
    memcpy(note->text + note->length, bytes, count);
    note->length += count;
}

void ktest_note(const char *format, ...)
{
    struct note note = {.length = 0};
    va_list arguments;

    va_start(arguments, format);
    format_output(add_to_note, &note, format, arguments);
    va_end(arguments);
    note.text[note.length] = '\0';
    kprintf(KERN_RESULT "# %s\n", note.text);
}

static void run_one(const struct ktest *test, unsigned int number, struct totals *totals)
{
    failures = 0;
    skip_reason = NULL;
    test->run();
    if (failures > FAILURES_SHOWN)
        kprintf(KERN_RESULT "# and %u more failed expectations\n", failures - FAILURES_SHOWN);
    if (failures) {
        totals->failed++;
        kprintf(KERN_RESULT "not ok %u - %s\n", number, test->name);
    } else if (skip_reason) {
        totals->skipped++;
        kprintf(KERN_RESULT "ok %u - %s # SKIP %s\n", number, test->name, skip_reason);
    } else {
        totals->passed++;
        kprintf(KERN_RESULT "ok %u - %s\n", number, test->name);
    }
}

/* ---- the list of names ---- */

static const struct ktest *find_test(const char *name, size_t length)
{
    for (const struct ktest *test = ktests_start; test < ktests_end; test++)
        if (strlen(test->name) == length && !memcmp(test->name, name, length))
            return test;
    return NULL;
}

/* Takes the next name off a comma-separated list; false at its end. Empty names are passed over. */
static bool next_name(const char **list, const char **name, size_t *length)
{
    *list += strspn(*list, ",");
    *name = *list;
    *length = strcspn(*list, ",");
    *list += *length;
    return *length > 0;
}

static unsigned int count_names(const char *list)
{
    const char *name;
    size_t length;
    unsigned int count = 0;

    while (next_name(&list, &name, &length))
        count++;
    return count;
}

/* A name that no test has fails: a run that tests nothing must not look good. */
static void run_named(const char *list, struct totals *totals)
{
    const char *name;
    size_t length;
    unsigned int number = 0;

    while (next_name(&list, &name, &length)) {
        const struct ktest *test = find_test(name, length);
        number++;
        if (test) {
            run_one(test, number, totals);
        } else {
            totals->failed++;
            kprintf(KERN_RESULT "not ok %u - %.*s # there is no test of this name\n", number,
                    (int)length, name);
        }
    }
}

/* Runs the tests named in a comma-separated list, or all; returns how many failed. */
static unsigned int run_tests(const char *names)
{
    struct totals totals = {0, 0, 0};
    unsigned int count = (unsigned int)(ktests_end - ktests_start);
    bool all = !strcmp(names, "all");

    if (!all)
        count = count_names(names);
    kprintf(KERN_RESULT "KTAP version 1\n1..%u\n", count);
    if (all) {
        for (unsigned int i = 0; i < count; i++)
            run_one(&ktests_start[i], i + 1, &totals);
    } else {
        run_named(names, &totals);
    }
    kprintf(KERN_RESULT "# pass:%u fail:%u skip:%u total:%u\n", totals.passed, totals.failed,
            totals.skipped, totals.passed + totals.failed + totals.skipped);
    return totals.failed;
}

static void run_if_asked(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];

    if (!command_line_value("test", value))
        return;
    unsigned int failed = run_tests(value);
    if (!command_line_has("init"))
        machine_end(failed == 0);
}

ATTACH(boot_files, run_if_asked);
