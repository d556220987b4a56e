// SPDX-License-Identifier: MIT
/*
 * What the report of a fault says of before: the rows "history", and the records behind them for
 * the host, which finds out what line of source each call was in.
 */
#include <asm/unistd_64.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/syscall.h"
#include "kernel/console/console.h"
#include "kernel/dump/dump.h"
#include "kernel/history/history.h"
#include "kernel/more/call_name.h"
#include "kernel/report/report.h"
#include "kernel/task/task.h"
#include "libc/include/latchkey/syscalls.h"

/* A row: what holds, and the call that tells since when. The label is in the first row alone. */
static void report_call(const char **label, const char *what, const struct key_event *event)
{
    if (event->call == __NR_rt_sigreturn) { /* which no function of the program's makes */
        kprintf_private(REPORT_LABEL "%s the return from a signal's handler\n", *label, what);
        return;
    }
    kprintf_private(REPORT_LABEL "%s %s() at 0x%lx\n", *label, what, syscall_name(event->call),
                    event->ip);
    dump_send(DUMP_EVENT, event, sizeof(*event));
}

static void report_row(const char **label, const char *what, const struct key_event *event)
{
    if (event)
        report_call(label, what, event);
    else
        kprintf_private(REPORT_LABEL "%s\n", *label, what);
    *label = "";
}

/* ---- the page ---- */

/* It changes protection alone, but for PROT_EXEC, which gives the execute-only key. */
static bool leaves_key(const struct key_event *event)
{
    return event->key < 0 && (event->call == __NR_mprotect || event->call == __NR_pkey_mprotect);
}

/*
 * The last event that gave the page at an address what it has: its key, or (prot) its protection.
 * A page that was moved is followed to where it was. *gone: events that might tell are not kept.
 */
static const struct key_event *find_change(const struct history *history, uintptr_t address,
                                           bool prot, bool *gone)
{
    const struct key_event *event, *later = NULL; /* that has left the key alone */
    uint64_t age = 0;

    for (; (event = history_event(history, age)); age++) {
        if (event->kind != KEY_EVENT_CALL || address < event->start || address >= event->end)
            continue;
        if (event->call == __NR_mremap)
            address = address - event->start + event->old;
        else if (prot || !leaves_key(event))
            return event;
        else if (event->prot == PROT_EXEC) /* the next one took the execute-only key away */
            return later ? later : event;
        else
            later = event;
    }
    *gone = age < history->count;
    return NULL;
}

static void report_key(const char **label, const struct fault_facts *facts,
                       const struct history *history)
{
    bool gone = false;
    const struct key_event *event = find_change(history, facts->address, false, &gone);
    struct report_text what = {0};

    text_add(&what, "key %u %s", facts->vma.key,
             event  ? "since"
             : gone ? "since a call that is not kept any more"
                    : "from the beginning");
    report_row(label, what.bytes, event);
}

static void report_protection(const char **label, const struct fault_facts *facts,
                              const struct history *history)
{
    bool gone = false;
    const struct key_event *event = find_change(history, facts->address, true, &gone);
    uint8_t prot = facts->vma.prot;
    struct report_text what = {0};

    if (!event)
        return;
    text_add(&what, "%c%c%c since", prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
             prot & PROT_EXEC ? 'x' : '-');
    report_row(label, what.bytes, event);
}

/* ---- the thread's right ---- */

static bool sets_by_key(const struct key_event *event)
{
    return event->kind == KEY_EVENT_CALL &&
           (event->call == __NR_pkey_set_all || event->call == __NR_pkey_set_thread);
}

/* Whether the event gave the thread another right to the key, and which one. */
static bool changes_right(const struct key_event *event, unsigned int key, uint32_t *rights)
{
    if (sets_by_key(event)) {
        *rights = event->after;
        return event->key == (int)key;
    }
    *rights = pkru_rights(event->after, key);
    return pkru_rights(event->before, key) != *rights ||
           (event->call == __NR_pkey_alloc && event->key == (int)key);
}

/* The last call that changed the right; *outside: something else has changed it since. */
static const struct key_event *find_right(const struct history *history, unsigned int key,
                                          uint32_t now, bool *outside)
{
    uint32_t tid = (uint32_t)current()->tid;
    const struct key_event *event;
    bool is_first = true;
    uint32_t rights;

    for (uint64_t age = 0; (event = history_event(history, age)); age++) {
        if (event->tid != tid)
            continue;
        if (event->kind == KEY_EVENT_BEGIN)
            tid = (uint32_t)event->result;
        if (is_first && !sets_by_key(event) && pkru_rights(event->after, key) != now)
            *outside = true;
        is_first = false;
        if (!changes_right(event, key, &rights))
            continue;
        *outside |= rights != now || event->kind == KEY_EVENT_OUTSIDE;
        if (event->kind == KEY_EVENT_CALL)
            return event;
    }
    return NULL;
}

static void report_right(const char **label, const struct fault_facts *facts,
                         const struct history *history)
{
    unsigned int key = facts->vma.key;
    uint32_t now = pkru_rights(facts->pkru, key);
    const char *words = now & PKRU_AD ? "no access" : now & PKRU_WD ? "no write" : "every right";
    bool outside = false;
    const struct key_event *event = find_right(history, key, now, &outside);
    struct report_text what = {0};

    outside |= !event && now != pkru_rights(pkru_init_value, key);
    text_add(&what, "%s to key %u%s", words, key, outside ? " (not by a call)" : "");
    if (event)
        text_add(&what, outside ? " after" : " since");
    else if (!outside)
        text_add(&what, " as every program begins");
    report_row(label, what.bytes, event);
}

/* ---- all ---- */

/*
 * No lock: what the process's other threads, which are ending, still note may take the place of an
 * event that is being read. Events are numbers alone, so the worst is a row that is wrong.
 */
static void report_history(const struct fault_facts *facts)
{
    const struct history *history = *process_state(current_process(), process_history);
    const char *label = "history";

    if (!history || !facts->page_fault || !vma_exists(&facts->vma))
        return;
    report_key(&label, facts, history);
    if (facts->info->si_code != SEGV_PKUERR)
        report_protection(&label, facts, history);
    else if (cpu_state.pku)
        report_right(&label, facts, history);
}

ATTACH(fault_report, report_history);
