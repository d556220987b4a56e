// SPDX-License-Identifier: MIT
/*
 * Whose terminal it is: sessions, their controlling terminals, and the process group in the
 * foreground.
 *
 * A process has its controlling terminal from its parent. What a session's leader takes later its
 * older children do not get, as on Linux; what it gives up all of the session lose.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/capability.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/job/group.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/start/events.h"
#include "kernel/task/task.h"
#include "kernel/tty/tty.h"
#include "kernel/user/credentials.h"

PROCESS_STATE(struct process_terminal, process_terminal);

static int inherit(struct task *child, struct clone_request *request)
{
    (void)request;
    terminal_of(child->process)->tty = terminal_of(current_process())->tty;
    return 0;
}

ATTACH(thread_is_made, inherit);

static void leave_terminal(struct process *leader)
{
    terminal_of(leader)->tty = NULL;
}

ATTACH(session_is_made, leave_terminal);

static bool leads_session(const struct process *process)
{
    return process->pid == process->sid;
}

bool tty_is_led(void)
{
    return leads_session(current_process());
}

void tty_start_session(struct tty *tty, struct process *leader)
{
    tty->session = leader->sid;
    tty->foreground = leader->pgid;
    terminal_of(leader)->tty = tty;
}

static void start_first_session(struct process *leader)
{
    if (console_tty.backend)
        tty_start_session(&console_tty, leader);
}

ATTACH(first_program_is_made, start_first_session);

/* No process of the session has a terminal any more. */
static void clear_session(int session)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->sid == session)
            terminal_of(process)->tty = NULL;
}

static void send_hang_up(int group, bool goes_on)
{
    if (!group)
        return;
    signal_send_group(group, SIGHUP);
    if (goes_on)
        signal_send_group(group, SIGCONT);
}

static void end_session(struct process *process, bool has_exited)
{
    struct tty *tty = terminal_of(process)->tty;

    if (!leads_session(process))
        return;
    if (tty) {
        send_hang_up(tty->foreground, !has_exited);
        tty->session = tty->foreground = 0;
    } else if (has_exited) {
        send_hang_up(terminal_of(process)->lost_foreground, true);
    }
    terminal_of(process)->lost_foreground = 0;
    clear_session(process->sid);
}

static void end_session_of_ended(struct process *process)
{
    end_session(process, true);
}

ATTACH(process_ends, end_session_of_ended);

void tty_revoke(struct tty *tty)
{
    struct process *leader = tty->session ? process_find(tty->session) : NULL;

    if (leader) {
        signal_send_process(leader, SIGHUP);
        signal_send_process(leader, SIGCONT);
        terminal_of(leader)->lost_foreground = tty->foreground;
    }
    if (tty->session)
        clear_session(tty->session);
    tty->session = tty->foreground = 0;
}

static bool is_blocked_or_ignored(int signal)
{
    return (current()->signals.blocked & signal_bit(signal)) ||
           current_process()->actions->action[signal - 1].sa_handler == SIG_IGN;
}

int tty_check_background(const struct tty *tty, int signal)
{
    const struct process *self = current_process();

    if (terminal_of(self)->tty != tty || !tty->foreground || self->pgid == tty->foreground)
        return 0;
    if (is_blocked_or_ignored(signal))
        return signal == SIGTTIN ? -EIO : 0;
    if (group_is_orphaned())
        return -EIO;
    signal_send_group(self->pgid, signal);
    return -ERESTARTSYS;
}

/* Whether a process of the caller's session is in the group: 0, -ESRCH or -EPERM. */
static int check_group(int group)
{
    const struct process *process;
    int error = -ESRCH;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pgid != group)
            continue;
        if (process->sid == current_process()->sid)
            return 0;
        error = -EPERM;
    }
    return error;
}

long tty_set_foreground(struct tty *tty, uintptr_t argument)
{
    int group;
    long error = tty_check_background(tty, SIGTTOU);

    if (error)
        return error == -EIO ? -ENOTTY : error;
    error = get_user_int(&group, argument);
    if (error)
        return error;
    if (group < 0)
        return -EINVAL;
    if (terminal_of(current_process())->tty != tty)
        return -ENOTTY;
    error = check_group(group);
    if (!error)
        tty->foreground = group;
    return error;
}

long tty_take_session(struct tty *tty, uintptr_t argument, unsigned int flags)
{
    struct process *self = current_process();

    if (leads_session(self) && self->sid == tty->session)
        return 0;
    if (!leads_session(self) || terminal_of(self)->tty)
        return -EPERM;
    if (tty->session && !(argument == 1 && task_may(CAP_SYS_ADMIN)))
        return -EPERM;
    if ((flags & O_ACCMODE) == O_WRONLY && !task_may(CAP_SYS_ADMIN))
        return -EPERM;
    if (tty->session)
        clear_session(tty->session);
    tty_start_session(tty, self);
    return 0;
}

long tty_leave_session(const struct tty *tty)
{
    if (terminal_of(current_process())->tty != tty)
        return -ENOTTY;
    end_session(current_process(), false);
    terminal_of(current_process())->tty = NULL;
    return 0;
}
