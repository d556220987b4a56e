// SPDX-License-Identifier: MIT
/* What counts against a user, wherever it is: threads and queued signals. */
#include "kernel/user/counts.h"

#include <asm/errno.h>
#include <linux/resource.h>

#include "kernel/call/permission.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

/*
 * RLIMIT_NPROC is for the threads of a user, those that have ended and were not waited for among
 * them. As long as there are fewer in all, nobody counts them.
 */
static int refuse_too_many_threads(const struct process *process)
{
    uint64_t limit = process->limits[RLIMIT_NPROC].rlim_cur;
    uint32_t user = credentials_of(current())->user.real;
    const struct process *other;
    const struct task *thread;
    uint64_t count = 0;

    if (task_counts.now < limit || user == 0 || task_may(CAP_SYS_RESOURCE) ||
        task_may(CAP_SYS_ADMIN))
        return 0;
    TAILQ_FOREACH (other, &all_processes, all_link)
        TAILQ_FOREACH (thread, &other->threads, thread)
            count += credentials_of(thread)->user.real == user;
    return count >= limit ? -EAGAIN : 0;
}

ATTACH(thread_is_wanted, refuse_too_many_threads);

unsigned int user_count_signals(uint32_t user)
{
    const struct process *process;
    const struct task *thread;
    unsigned int count = 0;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (credentials_of(process->leader)->user.real != user)
            continue;
        count += process->pending.length;
        TAILQ_FOREACH (thread, &process->threads, thread)
            count += thread->signals.pending.length;
    }
    return count;
}

/* It is a user's limit, for real-time signals and for others that claim to be queued. */
static int refuse_too_many_signals(const struct process *process, const siginfo_t *info)
{
    if (info->si_signo < FIRST_REALTIME && info->si_code >= 0)
        return 0;
    unsigned int count = user_count_signals(credentials_of(process->leader)->user.real);

    return count < process->limits[RLIMIT_SIGPENDING].rlim_cur ? 0 : -EAGAIN;
}

ATTACH(signal_is_queued, refuse_too_many_signals);
