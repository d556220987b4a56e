// SPDX-License-Identifier: MIT
/*
 * The files of failing allocations (kernel/fail_nth.h): fail-nth of each task, and the list of
 * those that failed. They are there where this is linked.
 *
 * As on Linux, whoever may write to the file may set the number; and who reads 0 learns that the
 * allocation has failed.
 */
#include <asm/errno.h>

#include "fs/counters.h"
#include "fs/proc.h"
#include "kernel/fail_nth.h"
#include "kernel/symbols.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/core/parse.h"

int proc_show_fail_nth(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    text_print(text, "%u\n", task->fail_nth.left);
    return 0;
}

int proc_store_fail_nth(const struct pseudo_node *node, const char *value)
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
    task->fail_nth.left = (unsigned int)left;
    return 0;
}

/* ---- The list ---- */

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
int counters_show_failures(const struct pseudo_node *node, struct text *text)
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

int counters_store_failures(const struct pseudo_node *node, const char *value)
{
    uint64_t number;

    (void)node;
    if (parse_u64(value, &number) || number > 1)
        return -EINVAL;
    fail_nth_new_ways = number;
    return 0;
}
