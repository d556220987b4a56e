// SPDX-License-Identifier: MIT
/*
 * The files of failing allocations (sanitizers/fail_nth.h): fail-nth of each task, and the list of
 * those that failed. They are there where this is linked.
 *
 * As on Linux, whoever may write to the file may set the number; and who reads 0 learns that the
 * allocation has failed.
 */
#include <asm/errno.h>

#include "fs/proc/counters.h"
#include "fs/proc/proc.h"
#include "kernel/call/syscall.h"
#include "kernel/console/symbols.h"
#include "kernel/more/call_name.h"
#include "kernel/task/task.h"
#include "libc/core/parse.h"
#include "sanitizers/fail_nth.h"

static int show_fail_nth(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    text_print(text, "%u\n", fail_nth_of(task)->left);
    return 0;
}

static int store_fail_nth(const struct pseudo_node *node, const char *value)
{
    uint64_t left;
    int error = parse_u64(value, &left);

    if (error)
        return error;
    if (left > UINT32_MAX)
        return -ERANGE;
    struct task *task = proc_task(node);
    if (!task)
        return -ESRCH;
    fail_nth_of(task)->left = (unsigned int)left;
    return 0;
}

static const struct pseudo_entry fail_nth =
    PSEUDO_SETTING("fail-nth", show_fail_nth, store_fail_nth);
PSEUDO_OFFER(proc_process_entries, fail_nth);
PSEUDO_OFFER(proc_thread_entries, fail_nth);

/* ---- the list ---- */

static void put_entry(struct text *text, const struct fail_nth_record *record)
{
    const char *name = syscall_name(record->call);

    if (record->vector == VECTOR_SYSCALL && name)
        text_print(text, "%s", name);
    else
        text_print(text, "%s:%lu", record->vector == VECTOR_PF ? "fault" : "trap", record->vector);
}

static void put_trace(struct text *text, const struct fail_nth_record *record)
{
    for (unsigned int i = 0; i < FAIL_NTH_TRACE_MAX && record->trace[i]; i++) {
        uintptr_t offset;
        const char *name = symbol_lookup(record->trace[i] - 1, &offset);

        text_print(text, "%s%s", i ? " < " : "", name ? name : "?");
    }
}

/* NUMBER TID CALL RESULT TRACE, where RESULT is - for a call that has not ended, or is a fault. */
static int show_failures(const struct pseudo_node *node, struct text *text)
{
    struct fail_nth_record record;

    (void)node;
    for (unsigned int i = 0; fail_nth_read(i, &record); i++) {
        text_print(text, "%lu %d ", record.number, record.tid);
        put_entry(text, &record);
        if (record.has_ended)
            text_print(text, " %ld ", record.result);
        else
            text_print(text, " - ");
        put_trace(text, &record);
        text_print(text, "\n");
    }
    return 0;
}

static int store_failures(const struct pseudo_node *node, const char *value)
{
    uint64_t number;

    (void)node;
    if (parse_u64(value, &number) || number > 1)
        return -EINVAL;
    fail_nth_new_ways = number;
    return 0;
}

static const struct pseudo_entry failures =
    PSEUDO_SETTING("failures", show_failures, store_failures);
PSEUDO_OFFER(counters_entries, failures);
