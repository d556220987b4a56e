// SPDX-License-Identifier: MIT
/* The switch from one task to the next, and what leads to it. */
#include "kernel/task/sched.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/run_queue.h"
#include "mm/space/address_space.h"
#include "mm/table/kernel_map.h"

/* arch/entry/entry.asm */
void context_switch(uintptr_t *save_rsp, uintptr_t load_rsp);
void task_start(void);

struct spinlock kernel_spinlock = SPINLOCK_INIT("kernel");

/* ---- switching ---- */

static void count_turn(struct run_queue *queue, struct task *previous, struct task *next)
{
    uint64_t now = clock_monotonic_ns();

    queue->counters.switches++;
    sched_turn_clock(previous, now + 1);
    sched_turn_clock(next, -now - 1);
    if (previous == queue->idle)
        sched_start_ticks(queue, now);
}

/* What a task does first after a switch, on its own stack, perhaps on another CPU than before. */
static void finish_switch(void)
{
    struct run_queue *queue = this_queue();

    /* The previous task's stack is no longer in use: it may run elsewhere, or be freed. */
    __atomic_store_n(&queue->previous->on_cpu, false, __ATOMIC_RELEASE);
    spin_unlock(&queue->lock);
}

/* Not inlined: the loop of TELL() would cost registers on the path of every switch. */
static __attribute__((noinline)) void tell_of_turn(struct task *task)
{
    TELL(turn_begins, task);
}

/*
 * Saves the XSAVE image, switches address space and stack, and restores the next task's image. From
 * then on its PKRU is in force, also for the kernel's accesses to user pages on its behalf, which
 * the CPU checks against PKRU too. The kernel itself keeps nothing in these registers, so they can
 * stay the program's while it runs in ring 0.
 */
static void switch_to(struct run_queue *queue, struct task *next)
{
    struct task *previous = current();

    count_turn(queue, previous, next);
    if (previous->fpu && previous->state != TASK_ZOMBIE) {
        fpu_save(previous->fpu);
        task_save_bases(previous);
    }
    space_load(next->space);
    queue->previous = previous;
    queue->running = next;
    next->on_cpu = true;
    this_cpu()->current = next;
    if (next->fpu) {
        cpu_set_kernel_stack(next->stack + KERNEL_STACK_SIZE);
        task_load_bases(next);
        fpu_restore(next->fpu);
        if (cpu_state.pku)
            this_cpu()->pkru = read_pkru();
    }
    if (previous->told_of_turns | next->told_of_turns)
        tell_of_turn(next);
    context_switch(&previous->rsp, next->rsp);
    finish_switch();
}

/* Switches to the next task, if there is another. The queue's lock is held, and released. */
static void switch_to_next(struct run_queue *queue)
{
    struct task *next = TAILQ_FIRST(&queue->tasks);

    if (next)
        sched_dequeue(queue, next);
    else
        next = queue->idle;
    if (next == current())
        spin_unlock(&queue->lock);
    else
        switch_to(queue, next);
}

/* Frees the task that ended just before this one. That may take long, so interrupts are on. */
static void free_finished(void)
{
    struct run_queue *queue = this_queue();
    struct task *dead = queue->finished;

    if (!dead)
        return;
    queue->finished = NULL;
    kernel_lock();
    task_free(dead);
    kernel_unlock();
}

void sched_begin_first_turn(void)
{
    finish_switch();
    irq_enable();
    free_finished();
}

void schedule(void)
{
    struct task *task = current();
    uint64_t flags = irq_save();
    struct run_queue *queue = this_queue();

    task_clear_work(task, WORK_RESCHED);
    if (queue->length) {
        unsigned int depth = kernel_lock_drop();
        spin_lock(&queue->lock);
        if (task != queue->idle)
            sched_enqueue(queue, task);
        switch_to_next(queue);
        irq_restore(flags);
        free_finished();
        kernel_lock_retake(depth);
    } else {
        irq_restore(flags);
    }
}

void sched_exit(bool reap)
{
    irq_disable();
    struct run_queue *queue = this_queue();

    if (reap)
        queue->finished = current();
    kernel_lock_drop();
    spin_lock(&queue->lock);
    current()->state = TASK_ZOMBIE;
    switch_to_next(queue);
    bug("an ended task ran again");
}

/* ---- a task's first turn ---- */

/* What context_switch pops; task_start calls the function in R12 with R13, if there is one. */
struct switch_frame {
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t return_address;
};

static struct switch_frame *switch_frame(struct task *task)
{
    return (struct switch_frame *)(void *)task_frame(task) - 1;
}

void task_prepare_stack(struct task *task)
{
    *switch_frame(task) = (struct switch_frame){.return_address = (uintptr_t)task_start};
    task->rsp = (uintptr_t)switch_frame(task);
}

void task_set_kernel_function(struct task *task, void (*function)(void *argument), void *argument)
{
    switch_frame(task)->r12 = (uintptr_t)function;
    switch_frame(task)->r13 = (uintptr_t)argument;
}

/* ---- sleeping ---- */

void sched_set_state(enum task_state state)
{
    __atomic_store_n(&current()->state, state, __ATOMIC_SEQ_CST);
}

void sched_sleep(uint64_t deadline)
{
    struct task *task = current();
    unsigned int depth = kernel_lock_drop();
    uint64_t flags = irq_save();

    if (deadline)
        sched_add_sleeper(task, deadline);
    struct run_queue *queue = this_queue();
    spin_lock(&queue->lock);
    if (task->state == TASK_RUNNABLE)
        spin_unlock(&queue->lock);
    else
        switch_to_next(queue);
    if (deadline)
        sched_remove_sleeper(task);
    irq_restore(flags);
    free_finished();
    kernel_lock_retake(depth);
}

void sched_stop(void)
{
    sched_set_state(TASK_STOPPED);
    sched_sleep(0);
}
