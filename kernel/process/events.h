// SPDX-License-Identifier: MIT
/*
 * What happens to threads and processes that rooms above are told of, or asked about
 * (arch/cpu/attach.h). The kernel lock is held in all of them, and they may sleep only where that
 * is said. What they may not do is fail, where they are told.
 *
 * The room owns the life of processes and threads: clone, exec with ELF, exit, wait. It leaves the
 * structures and who runs to kernel/task/, memory to mm/space/, signals to kernel/signal/, stops
 * and groups to kernel/job/, users to kernel/user/, and watching to kernel/trace/.
 */
#ifndef KERNEL_PROCESS_EVENTS_H
#define KERNEL_PROCESS_EVENTS_H

#include "arch/cpu/attach.h"
#include "kernel/task/process.h"

struct address_space;
struct exec_arguments;
struct file;
struct stack_plan;

/* ---- a new one ---- */

/* A thread or process is about to be made by this one: a negative errno, and it is not. */
EVENT(thread_is_wanted, int, const struct process *maker);

/*
 * The running thread has made another, which is in a process, has its registers and runs nowhere
 * yet. Who sees to a flag that is not for all kernels adds it to seen_to: CLONE_PIDFD, CLONE_VFORK,
 * and where it is no thread of the same process CLONE_FILES and CLONE_SIGHAND. A negative errno:
 * the thread is taken apart again, its process with it if it has one of its own (process_is_freed).
 */
EVENT(thread_is_made, int, struct task *child, struct clone_request *request);

/* The thread that was made with that number is in a run queue, and may have ended. May sleep. */
EVENT(thread_runs, void, int tid);

/* After all have been told that: the call that made it is done. May sleep. */
EVENT(clone_returns, void, int tid);

/* ---- exec ---- */

/*
 * A file is opened to be run. Whoever knows its format runs another one for it, by exec_node(), and
 * answers 1 when that is done, or a negative errno. 0: it is to be an ELF executable.
 */
EVENT(program_is_opened, int, struct file *file, const char *path,
      struct exec_arguments *arguments);

/* A new address space has its program and its stack, and is nobody's yet. An error: no exec. */
EVENT(exec_maps, int, struct address_space *space);

/*
 * The running thread execs: who ends its process's other threads and makes it the leader, and sees
 * to what it shares with other processes, answers 1, or a negative errno. May sleep.
 */
EVENT(exec_leaves_others, int, void);

/*
 * The running thread is alone in its process and has its new address space; its registers are
 * still the old ones. Nothing fails from here on.
 */
struct exec_facts {
    struct file *program;
    const struct exec_arguments *arguments;
    const struct stack_plan *plan;
};
EVENT(exec_commits, void, struct task *task, const struct exec_facts *facts);

/* All is done; the running thread had another number before. May sleep. */
EVENT(exec_is_over, void, int former_tid);

/* ---- the end ---- */

/* The running thread is about to end, with a status as wait(2) has it. May sleep. */
EVENT(thread_begins_to_end, void, int wait_status);

/*
 * The running thread is about to leave its address space, because it ends or execs: the last moment
 * at which its memory can be reached. It has the rights with which it came; who lowers them sets
 * them back.
 */
EVENT(thread_leaves_space, void, void);

/* The first program has ended, with that status: who ends the machine does not return. */
EVENT(first_process_ends, void, int wait_status);

/* A thread, which need not be the running one, gives back all that it holds. May sleep. */
EVENT(thread_gives_back, void, struct task *task);

/*
 * The running thread has ended, with that status, and is not the leader. 1: it is kept in the list
 * of its process's threads; who answers takes it out and frees it, and calls process_settle_end().
 */
EVENT(thread_is_kept, int, int wait_status);

/*
 * A process has ended, and its parent is about to be told. 1: who answers has told those whom it
 * concerns first, and the process is not freed until one of them has waited for it.
 */
EVENT(end_is_told, int, struct process *process);

/* A thread of the process has ended, and others go on. */
EVENT(thread_has_ended, void, struct process *process);

/* The last thread of a process has ended, and its children are still its own. */
EVENT(process_ends, void, struct process *process);

/* The first program takes the children of one that ends, or who is named here instead. */
EVENT(reaper_is_sought, void, const struct process *ending, struct process **reaper);

/* A process ends, or is no child of this one any more because that ends. */
EVENT(parent_is_lost, void, struct process *process, const struct process *parent);

/* A process is a zombie, and whoever waits for that may look. */
EVENT(process_is_over, void, struct process *process);

/* A process is freed: what others hang on it goes now. It may never have run. */
EVENT(process_is_freed, void, struct process *process);

#endif
