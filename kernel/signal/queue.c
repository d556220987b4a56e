// SPDX-License-Identifier: MIT
/* Pending signals, and the handlers of a process. */
#include <asm/errno.h>

#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

/* ---- handlers ---- */

struct signal_actions *signal_actions_create(const struct signal_actions *from)
{
    struct signal_actions *actions = kmalloc(sizeof(*actions));

    if (!actions)
        return NULL;
    *actions = from ? *from : (struct signal_actions){0};
    actions->references = 1;
    return actions;
}

void signal_actions_put(struct signal_actions *actions)
{
    if (--actions->references == 0)
        kfree(actions);
}

void signal_actions_reset(struct signal_actions *actions)
{
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction *action = &actions->action[i];
        __sighandler_t kept = action->sa_handler == SIG_IGN ? SIG_IGN : SIG_DFL;
        *action = (struct sigaction){.sa_handler = kept};
    }
}

/* ---- pending signals ---- */

static void free_pending(struct signal_queue *queue, struct pending_signal *pending)
{
    struct pending_signal *other;
    int signal = pending->info.si_signo;

    TAILQ_REMOVE(&queue->list, pending, link);
    queue->length--;
    kfree(pending);
    TAILQ_FOREACH (other, &queue->list, link)
        if (other->info.si_signo == signal)
            return;
    queue->set &= ~signal_bit(signal);
}

/*
 * Without memory a signal is sent without its siginfo, as on Linux: SIGKILL above all must work
 * then. Only a real-time signal that is not kill()'s fails: it is sent for its value.
 */
int signal_enqueue(const struct process *process, struct signal_queue *queue, const siginfo_t *info)
{
    struct pending_signal *pending;

    if (info->si_signo < FIRST_REALTIME && (queue->set & signal_bit(info->si_signo)))
        return 0;
    pending = ASK(signal_is_queued, process, info) ? NULL : kmalloc(sizeof(*pending));
    if (!pending && info->si_signo >= FIRST_REALTIME && info->si_code != SI_USER)
        return -EAGAIN;
    if (pending) {
        pending->info = *info;
        TAILQ_INSERT_TAIL(&queue->list, pending, link);
        queue->length++;
    }
    queue->set |= signal_bit(info->si_signo);
    return 0;
}

void signal_drop(struct signal_queue *queue, signal_set_t set)
{
    struct pending_signal *pending, *next;

    TAILQ_FOREACH_SAFE(pending, &queue->list, link, next)
    {
        if (set & signal_bit(pending->info.si_signo))
            free_pending(queue, pending);
    }
    queue->set &= ~set;
}

void signal_drop_everywhere(struct process *process, signal_set_t set)
{
    struct task *thread;

    signal_drop(&process->pending, set);
    TAILQ_FOREACH (thread, &process->threads, thread)
        signal_drop(&thread->signals.pending, set);
}

void signal_take_from(struct signal_queue *queue, int signal, siginfo_t *info)
{
    struct pending_signal *pending;

    TAILQ_FOREACH (pending, &queue->list, link)
        if (pending->info.si_signo == signal)
            break;
    if (!pending) { /* there was no memory for its siginfo */
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        queue->set &= ~signal_bit(signal);
        return;
    }
    *info = pending->info;
    free_pending(queue, pending);
    if (info->si_code == SI_TIMER)
        TELL(timer_signal_is_taken, info);
}
