// SPDX-License-Identifier: MIT
#include "kernel/log_limit.h"

#include <stdint.h>

#include "arch/bug.h"
#include "arch/clock.h"
#include "kernel/console.h"
#include "kernel/kernel_lock.h"

#define AT_ONCE   10
#define REFILL_NS 10000000000ul /* for one more */

static struct limit {
    const char *what, *about; /* N more reports, N more messages about ... */
    bool is_lifted;
    unsigned int spent;    /* of AT_ONCE */
    uint64_t spent_since;  /* when the oldest of them began to be paid back */
    unsigned int left_out; /* and not told yet */
    uint64_t tell_at;
} limits[LOG_LIMIT_COUNT] = {
    [LOG_LIMIT_REPORTS] = {.what = "report", .about = ""},
    [LOG_LIMIT_EXEC] = {.what = "message", .about = " about files that cannot be run"},
    [LOG_LIMIT_OUT_OF_MEMORY] = {.what = "message", .about = " about memory that was out"},
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

bool log_limit_admits(enum log_limit kind)
{
    struct limit *limit = &limits[kind];
    uint64_t now = clock_monotonic_ns();

    assert(kernel_lock_is_mine());
    if (limit->is_lifted)
        return true;
    refill(limit, now);
    if (limit->spent == AT_ONCE) {
        if (limit->left_out++ == 0)
            limit->tell_at = now + REFILL_NS;
        return false;
    }
    limit->spent++;
    tell(limit);
    return true;
}

void log_limit_tell_due(void)
{
    for (unsigned int i = 0; i < LOG_LIMIT_COUNT; i++)
        if (limits[i].left_out && clock_monotonic_ns() >= limits[i].tell_at)
            tell(&limits[i]);
}

void log_limit_tell_all(void)
{
    for (unsigned int i = 0; i < LOG_LIMIT_COUNT; i++)
        tell(&limits[i]);
}

void log_limit_lift_reports(void)
{
    limits[LOG_LIMIT_REPORTS].is_lifted = true;
}
