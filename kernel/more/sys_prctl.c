// SPDX-License-Identifier: MIT
/* prctl(2): what a process sets for itself. */
#include <linux/prctl.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/include/latchkey/mdwe.h"
#include "libc/include/string.h"
#include "mm/policy/mdwe.h"
#include "mm/space/address_space.h"

#define TIMER_SLACK_DEFAULT 50000 /* ns */

static long set_name(struct task *task, uintptr_t address)
{
    char name[sizeof(task->name)];
    long length = strncpy_from_user(name, address, sizeof(name) - 1);

    if (length < 0)
        return -EFAULT;
    memset(name + length, 0, sizeof(name) - (size_t)length); /* what stood behind the string */
    memcpy(task->name, name, sizeof(name));
    return 0;
}

static long set_death_signal(struct process_control *control, uintptr_t signal)
{
    if (signal > SIGNAL_COUNT)
        return -EINVAL;
    control->death_signal = (int)signal;
    return 0;
}

/* One that ends itself needs no signal. */
static void send_death_signal(struct process *process, const struct process *parent)
{
    (void)parent;
    if (control_of(process)->death_signal && process->live_threads)
        signal_send_process(process, control_of(process)->death_signal);
}

ATTACH(parent_is_lost, send_death_signal);

PROCESS_STATE(bool, process_is_subreaper); /* of descendants that lose their parents */

/* The nearest one takes them. */
static void find_subreaper(const struct process *ending, struct process **reaper)
{
    struct process *ancestor = ending->parent;

    while (ancestor->pid != FIRST_PID && !*process_state(ancestor, process_is_subreaper))
        ancestor = ancestor->parent;
    *reaper = ancestor;
}

ATTACH(reaper_is_sought, find_subreaper);

/* A flag that is 0 or 1. */
static long set_flag(bool *flag, uintptr_t value)
{
    if (value > 1)
        return -EINVAL;
    *flag = value;
    return 0;
}

/* Out of those that it gets by a program that root executes. */
static long drop_capability(struct credentials *credentials, uintptr_t capability)
{
    if (!credentials_allow(credentials, CAP_SETPCAP))
        return -EPERM;
    if (capability > CAP_LAST_CAP)
        return -EINVAL;
    credentials->capabilities.bounding &= ~(1ul << capability);
    return 0;
}

static long set_timer_slack(struct process_control *control, uintptr_t ns)
{
    control->timer_slack = (long)ns > 0 ? ns : TIMER_SLACK_DEFAULT;
    return 0;
}

/* Linux's flags, of which the second is about one of the others, and Latchkey's. */
static long set_mdwe(uintptr_t flags)
{
    uintptr_t refused = flags & (PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_REFUSE_WRITE_EXEC);

    if ((flags & ~(refused | PR_MDWE_NO_INHERIT)) || ((flags & PR_MDWE_NO_INHERIT) && !refused))
        return -EINVAL;
    return space_set_mdwe(current()->space, (uint32_t)flags);
}

SYSCALL5(prctl, int, option, uintptr_t, argument, uintptr_t, third, uintptr_t, fourth, uintptr_t,
         fifth)
{
    struct task *task = current();
    struct process_control *control = control_of(current_process());
    bool has_more = third || fourth || fifth;

    switch (option) {
    case PR_SET_NAME:
        return set_name(task, argument);
    case PR_GET_NAME:
        return copy_to_user(argument, task->name, sizeof(task->name)) ? -EFAULT : 0;
    case PR_SET_PDEATHSIG:
        return set_death_signal(control, argument);
    case PR_GET_PDEATHSIG:
        return put_user_int(argument, control->death_signal);
    case PR_SET_CHILD_SUBREAPER:
        *process_state(current_process(), process_is_subreaper) = argument;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return put_user_int(argument, *process_state(current_process(), process_is_subreaper));
    case PR_SET_DUMPABLE:
        return set_flag(&control->is_not_dumpable, argument ^ 1);
    case PR_GET_DUMPABLE:
        return !control->is_not_dumpable;
    case PR_SET_KEEPCAPS:
        return set_flag(&credentials_of(task)->keeps_capabilities, argument);
    case PR_GET_KEEPCAPS:
        return credentials_of(task)->keeps_capabilities;
    case PR_CAPBSET_READ:
        return argument > CAP_LAST_CAP
                   ? -EINVAL
                   : (long)(credentials_of(task)->capabilities.bounding >> argument & 1);
    case PR_CAPBSET_DROP:
        return drop_capability(credentials_of(task), argument);
    case PR_GET_TID_ADDRESS:
        return copy_to_user(argument, &task->clear_child_tid, sizeof(uintptr_t)) ? -EFAULT : 0;
    case PR_GET_SECCOMP:
    case PR_GET_SECUREBITS:
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        if (argument != 1 || has_more)
            return -EINVAL;
        control->no_new_privileges = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return argument || has_more ? -EINVAL : control->no_new_privileges;
    case PR_SET_MDWE:
        return has_more ? -EINVAL : set_mdwe(argument);
    case PR_GET_MDWE:
        return argument || has_more ? -EINVAL : (long)task->space->mdwe;
    case PR_SET_TIMERSLACK:
        return set_timer_slack(control, argument);
    case PR_GET_TIMERSLACK:
        return (long)(control->timer_slack ? control->timer_slack : TIMER_SLACK_DEFAULT);
    case PR_SET_TIMING:
        return argument == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
    case PR_GET_TIMING:
        return PR_TIMING_STATISTICAL;
    case PR_GET_TSC:
        return put_user_int(argument, PR_TSC_ENABLE);
    default:
        return -EINVAL;
    }
}
