// SPDX-License-Identifier: MIT
/* Noting events: at the begin and the end of each call of a thread, and where threads are made. */
#include "kernel/history/history.h"

#include <asm/unistd_64.h>

#include "arch/device/clock.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/syscall.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/keys/rights.h"
#include "kernel/process/events.h"
#include "kernel/start/events.h"
#include "kernel/task/kernel_lock.h"
#include "libc/include/latchkey/syscalls.h"
#include "libc/include/string.h"
#include "mm/access/access.h"
#include "mm/page/slab.h"

/* A thread, as its last call left it, and the one that it is in. */
struct key_watch {
    bool is_known; /* whether pkru is */
    uint32_t pkru;
    uint32_t call;
    uint64_t arguments[5];
    struct key_event event; /* begun */
};

static TASK_STATE(struct key_watch *, task_key_watch); /* NULL: it is not watched */
PROCESS_STATE(struct history *, process_history);

static bool is_on;

static struct key_watch *watch_of(const struct task *task)
{
    return *task_state(task, task_key_watch);
}

/* ---- the ring ---- */

const struct key_event *history_event(const struct history *history, uint64_t age)
{
    if (age >= history->count || age >= HISTORY_EVENTS)
        return NULL;
    return &history->events[(history->count - 1 - age) % HISTORY_EVENTS];
}

static struct history *history_of(struct process *process)
{
    struct history **place = process_state(process, process_history);
    struct history *none = NULL;

    if (*place)
        return *place;
    struct history *made = kzalloc(sizeof(*made));
    if (!made)
        return NULL;
    made->lock = (struct spinlock)SPINLOCK_INIT("history");
    /* Two threads may be the first at once. */
    if (!__atomic_compare_exchange_n(place, &none, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        kfree(made);
        return none;
    }
    return made;
}

/* Without memory for the ring the event is lost; the report then knows less. */
static void note(struct process *process, const struct key_event *event)
{
    struct history *history = history_of(process);

    if (!history)
        return;
    spin_lock(&history->lock);
    struct key_event *kept = &history->events[history->count % HISTORY_EVENTS];
    *kept = *event;
    kept->time = clock_monotonic_ns();
    kept->pid = (uint32_t)process->pid;
    history->count++;
    spin_unlock(&history->lock);
}

/* ---- calls ---- */

/* Where the running thread calls from. What cannot be read of its stack is 0. */
static struct key_event begin_event(const struct trap_frame *frame)
{
    struct key_event event = {
        .key = -1,
        .tid = (uint32_t)current()->tid,
        .ip = frame->rip,
        .sp = frame->rsp,
        .bp = frame->rbp,
    };

    space_read(current()->space, frame->rsp, event.stack, sizeof(event.stack));
    return event;
}

static bool is_noted(uint32_t call)
{
    switch (call) {
    case __NR_mmap:
    case __NR_mprotect:
    case __NR_munmap:
    case __NR_mremap:
    case __NR_rt_sigreturn:
    case __NR_pkey_mprotect:
    case __NR_pkey_alloc:
    case __NR_pkey_free:
    case __NR_pkey_set:
    case __NR_pkey_set_all:
    case __NR_pkey_set_thread:
        return true;
    default:
        return false;
    }
}

static void call_has_begun(void)
{
    struct key_watch *watch = watch_of(current());
    const struct trap_frame *frame = task_frame(current());
    uint32_t pkru = rights_now();

    if (!watch) /* but a tracer */
        return;
    watch->call = (uint32_t)frame->error_code;
    const uint64_t arguments[] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8};
    memcpy(watch->arguments, arguments, sizeof(arguments));
    bool is_changed = watch->is_known && watch->pkru != pkru;
    if (is_changed || is_noted(watch->call))
        watch->event = begin_event(frame);
    if (is_changed) {
        watch->event.kind = KEY_EVENT_OUTSIDE;
        watch->event.before = watch->pkru;
        watch->event.after = pkru;
        note(current_process(), &watch->event);
    }
    watch->pkru = pkru;
    watch->is_known = true;
}

ATTACH(call_begins, call_has_begun);

/* The range that a call has changed. */
static void fill_range(struct key_event *event, const struct key_watch *watch)
{
    const uint64_t *argument = watch->arguments;

    event->start = argument[0];
    event->end = align_up(argument[0] + argument[1], PAGE_SIZE);
    event->prot = (uint16_t)argument[2];
    if (watch->call == __NR_munmap)
        event->prot = 0;
    if (watch->call == __NR_mmap) {
        event->start = (uint64_t)event->result;
        event->end = align_up(event->start + argument[1], PAGE_SIZE);
    } else if (watch->call == __NR_mremap) {
        event->prot = 0;
        event->old = argument[0];
        event->start = (uint64_t)event->result;
        event->end = align_up(event->start + argument[2], PAGE_SIZE);
    } else if (watch->call == __NR_pkey_mprotect) {
        event->key = (int16_t)argument[3];
    }
}

/* Rights that the call has set in other threads: these are not to look for another cause. */
static void set_in_others(uint32_t call, int tid, unsigned int key, uint32_t rights)
{
    struct key_event event = watch_of(current())->event;
    struct task *thread;

    kernel_lock();
    TAILQ_FOREACH (thread, &all_tasks, all_link) {
        struct key_watch *watch = watch_of(thread);
        bool is_meant =
            call == __NR_pkey_set_all ? thread->process == current_process() : thread->tid == tid;
        if (!is_meant || !watch || thread->state == TASK_ZOMBIE)
            continue;
        event.before = watch->pkru;
        watch->pkru = pkru_with_rights(watch->pkru, key, rights);
        event.tid = (uint32_t)thread->tid;
        note(thread->process, &event);
    }
    kernel_unlock();
}

static void note_call(struct key_watch *watch, uint32_t after)
{
    struct key_event *event = &watch->event;
    const uint64_t *argument = watch->arguments;

    event->kind = KEY_EVENT_CALL;
    event->call = (uint16_t)watch->call;
    event->before = watch->pkru;
    event->after = after;
    switch (watch->call) {
    case __NR_pkey_set_all:
    case __NR_pkey_set_thread:
        event->key = (int16_t)argument[0];
        event->after = (uint32_t)argument[1];
        set_in_others(watch->call, (int)argument[2], (unsigned int)argument[0],
                      (uint32_t)argument[1]);
        return;
    case __NR_pkey_alloc:
        event->key = (int16_t)event->result;
        break;
    case __NR_pkey_free:
    case __NR_pkey_set:
        event->key = (int16_t)argument[0];
        break;
    case __NR_rt_sigreturn:
        break;
    default:
        fill_range(event, watch);
    }
    note(current_process(), event);
}

static void call_has_ended(void)
{
    struct key_watch *watch = watch_of(current());
    const struct trap_frame *frame = task_frame(current());
    uint32_t after = rights_now();

    if (!watch) /* but a tracer */
        return;
    watch->event.result = watch->call == __NR_rt_sigreturn ? 0 : (int64_t)frame->rax;
    if (is_noted(watch->call) && !syscall_failed(watch->event.result))
        note_call(watch, after);
    watch->pkru = after;
}

ATTACH(call_ends, call_has_ended);

/* ---- threads and processes ---- */

static void watch_from_birth(struct task *task)
{
    if (!is_on)
        return;
    struct key_watch *watch = kzalloc(sizeof(*watch));
    *task_state(task, task_key_watch) = watch;
    if (watch)
        task->told_of_calls |= TOLD_HISTORY;
}

ATTACH(task_is_created, watch_from_birth);

static void watch_no_more(struct task *task)
{
    struct key_watch **watch = task_state(task, task_key_watch);

    if (*watch)
        kfree(*watch);
    *watch = NULL;
}

ATTACH(thread_gives_back, watch_no_more);

/* A process that was forked has what its maker has, or nothing if there is no memory. */
static void copy_history(struct process *child)
{
    struct history *own = *process_state(current_process(), process_history);
    struct history *copy = own ? history_of(child) : NULL;

    if (!copy)
        return;
    spin_lock(&own->lock);
    memcpy(copy->events, own->events, sizeof(copy->events));
    copy->count = own->count;
    spin_unlock(&own->lock);
}

/* Not inlined: its event would cost each fork a large frame. */
static __attribute__((noinline)) void note_birth(const struct task *child)
{
    struct key_watch *watch = watch_of(child);
    struct key_event event = begin_event(task_frame(current()));

    if (child->process != current_process())
        copy_history(child->process);
    watch->pkru = rights_now();
    watch->is_known = true;
    event.kind = KEY_EVENT_BEGIN;
    event.tid = (uint32_t)child->tid;
    event.before = event.after = watch->pkru;
    event.result = current()->tid;
    note(child->process, &event);
}

static int thread_was_made(struct task *child, struct clone_request *request)
{
    (void)request;
    if (watch_of(child))
        note_birth(child);
    return 0;
}

ATTACH(thread_is_made, thread_was_made);

/* A new program has no memory of the old one's, and PKRU's init value. */
static void forget(struct task *task, const struct exec_facts *facts)
{
    struct history *history = *process_state(task->process, process_history);

    (void)facts;
    if (history)
        history->count = 0;
    if (watch_of(task))
        watch_of(task)->is_known = false;
}

ATTACH(exec_commits, forget);

static void free_history(struct process *process)
{
    if (*process_state(process, process_history))
        kfree(*process_state(process, process_history));
}

ATTACH(process_is_freed, free_history);

/* ---- the word ---- */

static void read_word(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];

    if (!command_line_value("trace", value))
        return;
    is_on = !strcmp(value, "keys");
    if (!is_on)
        kprintf(KERN_WARNING "command    trace=%s is unknown; trace=keys is all there is\n", value);
}

ATTACH(boot_programs, read_word);
