// SPDX-License-Identifier: MIT
/*
 * /proc/PID/status, stat and statm: the state of a process in words and in numbers. What Linux
 * counts and this kernel does not (page faults, switches, peaks) is 0 in the files of fixed
 * fields, and has no line in status.
 */
#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/sched.h>

#include "fs/more/fs_context.h"
#include "fs/more/node_more.h"
#include "fs/proc/proc.h"
#include "fs/proc/proc_program.h"
#include "kernel/file/file.h"
#include "kernel/job/stop.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/tty/tty.h"
#include "kernel/usage/usage.h"
#include "kernel/user/counts.h"
#include "kernel/user/credentials.h"
#include "kernel/user/priorities.h"
#include "libc/include/string.h"
#include "mm/usage/vma_usage.h"

/* ---- memory ---- */

/* Bytes. */
struct memory {
    struct vma_usage usage;
    uint64_t size, locked, data, stack, code;
    uintptr_t code_start, code_end;
};

static void add_vma(struct memory *memory, const struct vma *vma)
{
    uint64_t size = vma->end - vma->start;

    memory->size += size;
    if (vma->flags & VMA_LOCKED)
        memory->locked += size;
    if (vma->flags & VMA_GROWS_DOWN) {
        memory->stack += size;
    } else if ((vma->prot & PROT_WRITE) && !(vma->flags & VMA_SHARED)) {
        memory->data += size;
    } else if (vma->prot & PROT_EXEC) {
        if (!memory->code)
            memory->code_start = vma->start;
        memory->code_end = vma->end;
        memory->code += size;
    }
}

/* All zeros for a process that has ended. */
static struct memory measure(const struct task *task)
{
    struct memory memory = {0};
    struct vma *vma;

    if (!task->space)
        return memory;
    space_lock_read(task->space);
    RB_FOREACH (vma, vma_tree, &task->space->vmas) {
        add_vma(&memory, vma);
        vma_measure_locked(task->space, vma, &memory.usage);
    }
    space_unlock_read(task->space);
    return memory;
}

/* ---- status ---- */

static const char *state_name(const struct task *task)
{
    switch (task->state) {
    case TASK_RUNNABLE:
        return "R (running)";
    case TASK_WAITING:
        return "S (sleeping)";
    case TASK_STOPPED:
        return stop_of(task)->kind == STOP_TRACE ? "t (tracing stop)" : "T (stopped)";
    default:
        return "Z (zombie)";
    }
}

static void put_ids(struct text *text, const char *name, const struct identity *ids)
{
    text_print(text, "%s:\t%u\t%u\t%u\t%u\n", name, ids->real, ids->effective, ids->saved,
               ids->file);
}

static void put_credentials(struct text *text, const struct task *task)
{
    const struct credentials *credentials = credentials_of(task);

    put_ids(text, "Uid", &credentials->user);
    put_ids(text, "Gid", &credentials->group);
    text_print(text, "FDSize:\t%u\nGroups:\t", task->files ? task->files->size : 0);
    for (unsigned int i = 0; i < credentials->group_count; i++)
        text_print(text, "%s%u", i ? " " : "", credentials->groups[i]);
    text_print(text, " \n");
}

static void put_identity(struct text *text, const struct task *task)
{
    text_print(text, "Name:\t%s\n", task->name);
    if (fs_context_of(task))
        text_print(text, "Umask:\t%04o\n", fs_context_of(task)->umask);
    text_print(text, "State:\t%s\n", state_name(task));
    text_print(text, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\n", task->process->pid, task->tid);
    text_print(text, "PPid:\t%d\n", task->process->parent_pid);
    text_print(text, "TracerPid:\t%d\n", task->tracer ? task->tracer->pid : 0);
    put_credentials(text, task);
}

static void put_size(struct text *text, const char *label, uint64_t bytes)
{
    text_print(text, "%s:\t%8lu kB\n", label, bytes >> 10);
}

static void put_memory(struct text *text, const struct memory *memory)
{
    const struct vma_usage *usage = &memory->usage;

    put_size(text, "VmSize", memory->size);
    put_size(text, "VmLck", memory->locked);
    put_size(text, "VmPin", 0);
    put_size(text, "VmRSS", usage->resident);
    put_size(text, "RssAnon", usage->anonymous);
    put_size(text, "RssFile", usage->resident - usage->anonymous - usage->shared_pages);
    put_size(text, "RssShmem", usage->shared_pages);
    put_size(text, "VmData", memory->data);
    put_size(text, "VmStk", memory->stack);
    put_size(text, "VmExe", memory->code);
    put_size(text, "VmLib", 0);
    put_size(text, "VmSwap", 0);
    put_size(text, "HugetlbPages", usage->pool_private + usage->pool_shared);
    text_print(text, "CoreDumping:\t0\nTHP_enabled:\t1\n");
}

struct handled {
    signal_set_t ignored, caught;
};

static struct handled handled_signals(const struct task *task)
{
    struct handled handled = {0};

    for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
        __sighandler_t handler = task->process->actions->action[signal - 1].sa_handler;

        if (handler == SIG_IGN)
            handled.ignored |= signal_bit(signal);
        else if (handler != SIG_DFL)
            handled.caught |= signal_bit(signal);
    }
    return handled;
}

static void put_signals(struct text *text, const struct task *task)
{
    struct handled handled = handled_signals(task);

    text_print(text, "Threads:\t%u\nSigQ:\t%u/%lu\n", task->process->live_threads,
               user_count_signals(credentials_of(task)->user.real),
               (uint64_t)task->process->limits[RLIMIT_SIGPENDING].rlim_cur);
    text_print(text, "SigPnd:\t%016lx\nShdPnd:\t%016lx\n", task->signals.pending.set,
               task->process->pending.set);
    text_print(text, "SigBlk:\t%016lx\n", task->signals.blocked);
    text_print(text, "SigIgn:\t%016lx\n", handled.ignored);
    text_print(text, "SigCgt:\t%016lx\n", handled.caught);
}

static void put_capabilities(struct text *text, const struct capabilities *capabilities)
{
    text_print(text, "CapInh:\t%016lx\n", capabilities->inheritable);
    text_print(text, "CapPrm:\t%016lx\n", capabilities->permitted);
    text_print(text, "CapEff:\t%016lx\n", capabilities->effective);
    text_print(text, "CapBnd:\t%016lx\nCapAmb:\t%016lx\n", capabilities->bounding, 0ul);
}

/* The CPUs that there are and that it may run on, as a mask by words of 32 and as ranges. */
static void put_affinity(struct text *text, const struct cpu_set *cpus)
{
    const char *separator = "";

    text_print(text, "Cpus_allowed:\t");
    for (unsigned int word = (cpu_count + 31) / 32; word-- > 0;) {
        unsigned int bits = cpu_count - 32 * word < 32 ? cpu_count % 32 : 32;
        uint32_t mask = (uint32_t)(cpus->words[word / 2] >> 32 * (word % 2));
        if (bits < 32)
            mask &= (1u << bits) - 1;
        text_print(text, "%0*x%s", (int)(bits + 3) / 4, mask, word ? "," : "\n");
    }
    text_print(text, "Cpus_allowed_list:\t");
    for (unsigned int cpu = cpu_set_next(cpus, 0); cpu < cpu_count;) {
        unsigned int last = cpu;
        while (last + 1 < cpu_count && cpu_set_has(cpus, last + 1))
            last++;
        text_print(text, last > cpu ? "%s%u-%u" : "%s%u", separator, cpu, last);
        separator = ",";
        cpu = cpu_set_next(cpus, last + 1);
    }
    text_print(text, "\n");
}

int proc_show_status(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);

    if (!task)
        return -ESRCH;
    put_identity(text, task);
    if (task->space) {
        struct memory memory = measure(task);

        put_memory(text, &memory);
    }
    put_signals(text, task);
    put_capabilities(text, &credentials_of(task)->capabilities);
    text_print(text, "Seccomp:\t0\n");
    put_affinity(text, &task->affinity);
    return 0;
}

/* ---- stat and statm ---- */

/* The process's controlling terminal by its device number, and the group in its foreground. */
static void put_terminal(struct text *text, const struct task *task)
{
    const struct tty *tty = terminal_of(task->process)->tty;

    text_print(text, " %u %d", tty ? device_number(tty->major, tty->minor) : 0,
               tty ? tty->foreground : -1);
}

static void put_addresses(struct text *text, const struct task *task, const struct memory *memory)
{
    text_print(text, " %lu %lu %lu 0 0", memory->code_start, memory->code_end,
               program_of(task->process)->arguments[0]);
}

/* The 52 fields of proc_pid_stat(5). */
int proc_show_stat(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);
    struct handled handled;
    struct memory memory;

    if (!task)
        return -ESRCH;
    handled = handled_signals(task);
    memory = measure(task);
    text_print(text, "%d (%s) %c %d %d %d", task->tid, task->name, *state_name(task),
               task->process->parent_pid, task->process->pgid, task->process->sid);
    put_terminal(text, task);
    struct usage used = node->is_of_thread ? usage_of(task) : usage_of_process(task->process);

    text_print(text, " 0 %lu %lu 0 0 %lu 0 %lu 0 %d %d %u 0 %lu", used.faults,
               usage_of_children(task->process)->faults, used.cpu_ns / CLOCK_TICK_NS,
               usage_of_children(task->process)->cpu_ns / CLOCK_TICK_NS,
               20 + priorities_of(task)->nice, priorities_of(task)->nice,
               task->process->live_threads, task->process->started_ns / CLOCK_TICK_NS);
    text_print(text, " %lu %lu %lu", memory.size, memory.usage.resident >> PAGE_SHIFT,
               (uint64_t)task->process->limits[RLIMIT_RSS].rlim_cur);
    put_addresses(text, task, &memory);
    text_print(text, " %lu %lu %lu %lu", task->signals.pending.set & INT32_MAX,
               task->signals.blocked & INT32_MAX, handled.ignored & INT32_MAX,
               handled.caught & INT32_MAX);
    text_print(text, " %d 0 0 %d 0 0 0 0 0 0", task->state != TASK_RUNNABLE, SIGCHLD);
    text_print(text, " 0 0 %lu %lu %lu %lu %lu %d\n", task->space ? task->space->brk_start : 0,
               program_of(task->process)->arguments[0], program_of(task->process)->arguments[1],
               program_of(task->process)->environment[0], program_of(task->process)->environment[1],
               task->process->wait_status);
    return 0;
}

int proc_show_statm(const struct pseudo_node *node, struct text *text)
{
    const struct task *task = proc_task(node);
    struct memory memory;

    if (!task)
        return -ESRCH;
    memory = measure(task);
    text_print(text, "%lu %lu %lu %lu 0 %lu 0\n", memory.size >> PAGE_SHIFT,
               memory.usage.resident >> PAGE_SHIFT,
               (memory.usage.resident - memory.usage.anonymous) >> PAGE_SHIFT,
               memory.code >> PAGE_SHIFT, (memory.data + memory.stack) >> PAGE_SHIFT);
    return 0;
}
