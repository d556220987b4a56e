// SPDX-License-Identifier: MIT
/*
 * What programs make the kernel write, at most: a program that crashes in a loop, or asks for
 * something impossible again and again, may not fill the log and the serial line.
 *
 * Of each kind ten messages may come at once, and then one every ten seconds; what was left out is
 * counted, and the count is written with the next message, or ten seconds later, or at the end of
 * the machine. So the first ones are never lost; with reports=all on the command line no report of
 * a program's end is left out. Machine checks and panics have no limit: each ends the machine. The
 * kernel lock guards all of it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/bug.h"
#include "arch/device/clock.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/poller.h"
#include "libc/include/string.h"

#define AT_ONCE   10
#define REFILL_NS 10000000000ul /* for one more */

static struct limit {
    const char *what, *about; /* N more reports, N more messages about ... */
    bool is_lifted;
    unsigned int spent;    /* of AT_ONCE */
    uint64_t spent_since;  /* when the oldest of them began to be paid back */
    unsigned int left_out; /* and not told yet */
    uint64_t tell_at;
} limits[MESSAGE_KINDS] = {
    [MESSAGE_REPORT] = {.what = "report", .about = ""},
    [MESSAGE_EXEC] = {.what = "message", .about = " about files that cannot be run"},
    [MESSAGE_OUT_OF_MEMORY] = {.what = "message", .about = " about memory that was out"},
};

static void refill(struct limit *limit, uint64_t now)
{
    uint64_t back = (now - limit->spent_since) / REFILL_NS;

    limit->spent -= back < limit->spent ? (unsigned int)back : limit->spent;
    limit->spent_since = limit->spent ? limit->spent_since + back * REFILL_NS : now;
}

static void tell(struct limit *limit)
{
    if (limit->left_out)
        kprintf(KERN_NOTICE "%u more %s%s%s %s left out\n", limit->left_out, limit->what,
                limit->left_out > 1 ? "s" : "", limit->about, limit->left_out > 1 ? "were" : "was");
    limit->left_out = 0;
}

/* What is left out is counted. */
static int limit_message(enum message_kind kind)
{
    struct limit *limit = &limits[kind];
    uint64_t now = clock_monotonic_ns();

    assert(kernel_lock_is_mine());
    if (limit->is_lifted)
        return 0;
    refill(limit, now);
    if (limit->spent == AT_ONCE) {
        if (limit->left_out++ == 0)
            limit->tell_at = now + REFILL_NS;
        return 1;
    }
    limit->spent++;
    tell(limit);
    return 0;
}

ATTACH(message_comes, limit_message);

static void tell_due(struct poller_turn *turn)
{
    (void)turn;
    for (unsigned int i = 0; i < MESSAGE_KINDS; i++)
        if (limits[i].left_out && clock_monotonic_ns() >= limits[i].tell_at)
            tell(&limits[i]);
}

ATTACH(poller_turn, tell_due);

static void tell_all(void)
{
    for (unsigned int i = 0; i < MESSAGE_KINDS; i++)
        tell(&limits[i]);
}

ATTACH(first_program_ends, tell_all);

/* reports=all: whoever wants to see every program die says so. */
static void read_command_line(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];

    if (command_line_value("reports", value) && !strcmp(value, "all"))
        limits[MESSAGE_REPORT].is_lifted = true;
}

ATTACH(boot_programs, read_command_line);
