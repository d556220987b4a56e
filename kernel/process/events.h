// SPDX-License-Identifier: MIT
/*
 * The events of threads and processes that rooms above are told of, or asked about
 * (arch/cpu/attach.h). The kernel lock is held in all of them. They may sleep only where it says
 * so, and those that are told may not fail.
 *
 * The room owns the life of processes and threads: clone, exec with ELF, exit, wait. It leaves the
 * structures and the scheduler to kernel/task/, memory to mm/space/, signals to kernel/signal/,
 * stops and groups to kernel/job/, users to kernel/user/, and tracing to kernel/trace/.
 */
#ifndef KERNEL_PROCESS_EVENTS_H
#define KERNEL_PROCESS_EVENTS_H

#include "arch/cpu/attach.h"
#include "kernel/task/process.h"

struct address_space;
struct elf_image;
struct exec_arguments;
struct file;
struct stack_plan;

/* ---- a new one ---- */

/* This process is about to make a thread or a process. A negative errno forbids it. */
EVENT(thread_is_wanted, int, const struct process *maker);

/*
 * The running thread has made another, which is in a process, has its registers and runs nowhere
 * yet. Who sees to a flag that is not for all kernels adds it to handled: CLONE_PIDFD, CLONE_VFORK,
 * and where it is no thread of the same process CLONE_FILES and CLONE_SIGHAND. A negative errno:
 * the thread is taken apart again, its process with it if it has one of its own (process_is_freed).
 */
EVENT(thread_is_made, int, struct task *child, struct clone_request *request);

/* The thread with that number, just made, is in a run queue; it may even have ended. May sleep. */
EVENT(thread_runs, void, int tid);

/* Told after thread_runs: the call that made the thread is about to return. May sleep. */
EVENT(clone_returns, void, int tid);

/* ---- exec ---- */

/*
 * A file was opened to be run. A room that knows its format (a script) runs another one for it, by
 * exec_node(), and answers 1 when that is done, or a negative errno. 0: it must be an ELF file.
 */
EVENT(program_is_opened, int, struct file *file, const char *path,
      struct exec_arguments *arguments);

/* A program has a PT_INTERP. 1: a room attached to exec_maps loads that; 0: it cannot be run. */
EVENT(interpreter_is_named, int, void);

/*
 * A new address space has its program and stack; no task uses it yet. Who maps what is to run first
 * sets image->start and base. An error ends the exec, and arguments->problem may say why.
 */
EVENT(exec_maps, int, struct address_space *space, struct elf_image *image,
      struct exec_arguments *arguments);

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

/* The exec is complete; former_tid is the number that the thread had before. May sleep. */
EVENT(exec_is_over, void, int former_tid);

/* ---- the end ---- */

/* The running thread is about to end, with a status encoded as in wait(2). May sleep. */
EVENT(thread_begins_to_end, void, int wait_status);

/*
 * The running thread is about to leave its address space, because it ends or execs: the last time
 * that its memory can be reached. PKRU has the thread's own rights; a room that lowers them
 * restores them.
 */
EVENT(thread_leaves_space, void, void);

/* The first program has ended, with that status. A room that ends the machine does not return. */
EVENT(first_process_ends, void, int wait_status);

/* A thread, not always the running one, releases all that it holds. May sleep. */
EVENT(thread_gives_back, void, struct task *task);

/*
 * The running thread has ended, with that status, and is not the leader. 1: it stays in its
 * process's list of threads; the room takes it out later, frees it, and calls process_settle_end().
 */
EVENT(thread_is_kept, int, int wait_status);

/*
 * A process has ended, and its parent is about to be told. 1: the room has told another process
 * first (a tracer), and this one is not freed until that one has waited for it.
 */
EVENT(end_is_told, int, struct process *process);

/* A thread of the process has ended, and others go on. */
EVENT(thread_has_ended, void, struct process *process);

/* The last thread of a process has ended, and the process still has its children. */
EVENT(process_ends, void, struct process *process);

/* Who takes the children of a process that ends: the first program, unless a room names another. */
EVENT(reaper_is_sought, void, const struct process *ending, struct process **reaper);

/* A process ends, or loses this parent because the parent ends. */
EVENT(parent_is_lost, void, struct process *process, const struct process *parent);

/* A process has become a zombie; those that wait for this can find it. */
EVENT(process_is_over, void, struct process *process);

/* A process is being freed: release what you keep in it. It may never have run. */
EVENT(process_is_freed, void, struct process *process);

#endif
