// SPDX-License-Identifier: MIT
/*
 * A queue's lock guards its list and the state, CPU and turn of the tasks in it and of the one
 * that runs there. It is held across a switch: the next task lets it go, and whoever holds it
 * finds no task half switched.
 */
#include "kernel/sched.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/ipi.h"
#include "arch/percpu.h"
#include "arch/pkru.h"
#include "arch/spinlock.h"
#include "arch/usercopy.h"
#include "kernel/kernel_lock.h"
#include "kernel/task.h"
#include "kernel/trap.h"
#include "mm/address_space.h"
#include "mm/kernel_map.h"
#include "mm/slab.h"

/* arch/entry.asm */
void context_switch(uintptr_t *save_rsp, uintptr_t load_rsp);
void task_start(void);
void task_started(void);

struct run_queue {
    struct spinlock lock; /* taken with interrupts off */
    struct task_list tasks;
    unsigned int length;
    struct task *running;
    struct task *previous; /* across a switch: who ran before */
    struct task *idle;     /* NULL: there is no such CPU */
    uint64_t tick_at;      /* when the next tick is due; 0: idle, there is none */
    struct sched_counters counters;

    struct task *finished; /* ended, to be freed by whoever runs next; this CPU's alone */
    struct task *stray;    /* across a switch: it may not run here any more */

    struct spinlock sleep_lock; /* taken with interrupts off, before the lock of any queue */
    struct task_list sleepers;  /* in the order of their times */
    uint64_t next_wake;         /* the first one's time, or UINT64_MAX */
};

static struct run_queue queues[CPU_MAX];
static struct task boot_idle_task;

static struct run_queue *this_queue(void)
{
    return &queues[this_cpu()->number];
}

/* ---- the timer ---- */

/* Arms this CPU's timer for the next tick, or for the sleeper that is due before it. */
static void arm_timer(struct run_queue *queue, uint64_t now)
{
    uint64_t due = queue->tick_at ? queue->tick_at : UINT64_MAX;
    uint64_t next_wake = __atomic_load_n(&queue->next_wake, __ATOMIC_RELAXED);

    if (next_wake < due)
        due = next_wake;
    if (due != UINT64_MAX)
        clock_interrupt_after(due > now ? due - now : 0);
}

/* Starts the ticks of a CPU that has work again; the tick ends them when it has none. */
static void start_ticks(struct run_queue *queue, uint64_t now)
{
    queue->tick_at = now + TICK_NS;
    arm_timer(queue, now);
}

static void note_first_sleeper(struct run_queue *queue)
{
    struct task *first = TAILQ_FIRST(&queue->sleepers);

    __atomic_store_n(&queue->next_wake, first ? first->wake_at : UINT64_MAX, __ATOMIC_RELAXED);
}

static void add_sleeper(struct task *task, uint64_t deadline)
{
    struct run_queue *queue = this_queue();
    struct task *other;

    spin_lock(&queue->sleep_lock);
    task->wake_at = deadline;
    task->sleep_cpu = this_cpu()->number;
    TAILQ_FOREACH (other, &queue->sleepers, timer_link)
        if (other->wake_at > deadline)
            break;
    if (other)
        TAILQ_INSERT_BEFORE(other, task, timer_link);
    else
        TAILQ_INSERT_TAIL(&queue->sleepers, task, timer_link);
    note_first_sleeper(queue);
    if (queue->next_wake == deadline && (!queue->tick_at || deadline < queue->tick_at))
        arm_timer(queue, clock_monotonic_ns());
    spin_unlock(&queue->sleep_lock);
}

/* Also waits for a tick that is about to wake the task, which may end after this. */
static void remove_sleeper(struct task *task)
{
    struct run_queue *queue = &queues[task->sleep_cpu];

    spin_lock(&queue->sleep_lock);
    if (task->wake_at)
        TAILQ_REMOVE(&queue->sleepers, task, timer_link);
    task->wake_at = 0;
    note_first_sleeper(queue);
    spin_unlock(&queue->sleep_lock);
}

static void wake_sleepers(struct run_queue *queue, uint64_t now)
{
    struct task *task;

    spin_lock(&queue->sleep_lock);
    while ((task = TAILQ_FIRST(&queue->sleepers)) && task->wake_at <= now) {
        TAILQ_REMOVE(&queue->sleepers, task, timer_link);
        task->wake_at = 0;
        wake_task(task);
    }
    note_first_sleeper(queue);
    spin_unlock(&queue->sleep_lock);
}

/* ---- queues ---- */

/* The queue of a task's CPU, locked; interrupts are off. */
static struct run_queue *lock_queue_of(const struct task *task)
{
    for (;;) {
        unsigned int cpu = __atomic_load_n(&task->cpu, __ATOMIC_RELAXED);
        spin_lock(&queues[cpu].lock);
        if (task->cpu == cpu)
            return &queues[cpu];
        spin_unlock(&queues[cpu].lock);
    }
}

static void enqueue(struct run_queue *queue, struct task *task)
{
    if (task->is_urgent)
        TAILQ_INSERT_HEAD(&queue->tasks, task, run_link);
    else
        TAILQ_INSERT_TAIL(&queue->tasks, task, run_link);
    queue->length++;
    task->is_queued = true;
}

static void dequeue(struct run_queue *queue, struct task *task)
{
    TAILQ_REMOVE(&queue->tasks, task, run_link);
    queue->length--;
    task->is_queued = false;
}

static bool is_idle(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->running, __ATOMIC_RELAXED) == queue->idle && !queue->length;
}

static bool may_run_on(const struct task *task, unsigned int cpu)
{
    return queues[cpu].idle && cpu_set_has(&task->affinity, cpu);
}

/* Where a task that wakes is to run: where it was if that is idle, else any idle CPU. */
static unsigned int choose_cpu(const struct task *task)
{
    unsigned int last = task->cpu;

    if (may_run_on(task, last) && (is_idle(&queues[last]) || cpu_count == 1))
        return last;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (may_run_on(task, cpu) && is_idle(&queues[cpu]))
            return cpu;
    if (may_run_on(task, last))
        return last;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (may_run_on(task, cpu))
            return cpu;
    return last;
}

/* Makes another CPU look at its queue, or at what its running task has to do. */
static void interrupt_cpu(unsigned int cpu)
{
    if (cpu != this_cpu()->number)
        ipi_send(cpu, VECTOR_RESCHEDULE);
}

/*
 * Puts a runnable task that runs nowhere and is in no queue into one. The lock of its old CPU's
 * queue is held and let go. Nobody else can move it meanwhile: it neither waits nor is queued.
 */
static void place(struct run_queue *queue, struct task *task)
{
    unsigned int cpu = choose_cpu(task);

    if (cpu != task->cpu) {
        spin_unlock(&queue->lock);
        queue = &queues[cpu];
        spin_lock(&queue->lock);
        task->cpu = cpu;
    }
    enqueue(queue, task);
    bool is_awaited = queue->running == queue->idle || task->is_urgent;
    if (task->is_urgent)
        task_set_work(queue->running, WORK_RESCHED);
    spin_unlock(&queue->lock);
    if (is_awaited)
        interrupt_cpu(cpu);
}

static void make_runnable(struct task *task, enum task_state from)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = lock_queue_of(task);

    if (task->state != from) {
        spin_unlock(&queue->lock);
    } else {
        task->state = TASK_RUNNABLE;
        if (task->on_cpu) /* it has not gone to sleep yet, and now will not */
            spin_unlock(&queue->lock);
        else
            place(queue, task);
    }
    irq_restore(flags);
}

void wake_task(struct task *task)
{
    make_runnable(task, TASK_WAITING);
}

void sched_continue(struct task *task)
{
    make_runnable(task, TASK_STOPPED);
}

void sched_notify(struct task *task)
{
    wake_task(task);
    if (__atomic_load_n(&task->on_cpu, __ATOMIC_RELAXED))
        interrupt_cpu(task->cpu);
}

void sched_add(struct task *task)
{
    uint64_t flags = irq_save();

    task->cpu = this_cpu()->number;
    spin_lock(&this_queue()->lock);
    place(this_queue(), task);
    irq_restore(flags);
}

/* ---- balance ---- */

/* The CPU with the longest queue, if that is longer than a length. */
static struct run_queue *longest_queue(unsigned int length)
{
    struct run_queue *longest = NULL;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        unsigned int other = __atomic_load_n(&queues[cpu].length, __ATOMIC_RELAXED);
        if (other > length) {
            longest = &queues[cpu];
            length = other;
        }
    }
    return longest;
}

/* The task that waits longest in a queue and may run on a CPU, taken out of the queue; or NULL. */
static struct task *take_from(struct run_queue *queue, unsigned int cpu)
{
    struct task *task;

    spin_lock(&queue->lock);
    TAILQ_FOREACH (task, &queue->tasks, run_link)
        if (may_run_on(task, cpu))
            break;
    if (task) {
        dequeue(queue, task);
        task->cpu = cpu;
    }
    spin_unlock(&queue->lock);
    return task;
}

/* Takes a task from the longest queue if that has more than one over this one's load. */
static void balance(struct run_queue *queue, unsigned int load)
{
    struct run_queue *from = cpu_count > 1 ? longest_queue(load) : NULL;
    struct task *task = from && from != queue ? take_from(from, this_cpu()->number) : NULL;

    if (!task)
        return;
    spin_lock(&queue->lock);
    queue->counters.migrations++;
    enqueue(queue, task);
    spin_unlock(&queue->lock);
}

/* ---- switching ---- */

/* The FS and GS bases that ring 3 has now: it can change them by itself with CR4.FSGSBASE. */
static void save_bases(struct task *task)
{
    if (cpu_state.cr4 & CR4_FSGSBASE) {
        task->fs_base = rdmsr(MSR_FS_BASE);
        task->gs_base = rdmsr(MSR_KERNEL_GS_BASE);
    }
}

static void load_bases(const struct task *task)
{
    wrmsr(MSR_FS_BASE, task->fs_base);
    wrmsr(MSR_KERNEL_GS_BASE, task->gs_base);
}

/* One word has how long a task has run and since when it runs: readers never see half of it. */
static void turn_clock(struct task *task, uint64_t ns)
{
    __atomic_store_n(&task->cpu_clock, task->cpu_clock + (int64_t)ns, __ATOMIC_RELAXED);
}

static void count_turn(struct run_queue *queue, struct task *previous, struct task *next)
{
    uint64_t now = clock_monotonic_ns();

    queue->counters.switches++;
    turn_clock(previous, now + 1);
    turn_clock(next, -now - 1);
    if (previous == queue->idle)
        start_ticks(queue, now);
}

/* What has to be done first after a switch, on the new stack: maybe on another CPU than before. */
static void finish_switch(void)
{
    struct run_queue *queue = this_queue();

    struct task *stray = queue->stray;

    __atomic_store_n(&queue->previous->on_cpu, false, __ATOMIC_RELEASE);
    queue->stray = NULL;
    if (stray)
        place(queue, stray);
    else
        spin_unlock(&queue->lock);
}

/*
 * Save the XSAVE image, switch address space and stack, restore the next one's image. PKRU is
 * live before anything runs on the next task's behalf; the kernel itself uses no such register.
 */
static void switch_to(struct run_queue *queue, struct task *next)
{
    struct task *previous = current();

    count_turn(queue, previous, next);
    if (previous->fpu && previous->state != TASK_ZOMBIE) {
        fpu_save(previous->fpu);
        save_bases(previous);
    }
    space_load(next->space);
    queue->previous = previous;
    queue->running = next;
    next->on_cpu = true;
    this_cpu()->current = next;
    if (next->fpu) {
        cpu_set_kernel_stack(next->stack + KERNEL_STACK_SIZE);
        load_bases(next);
        fpu_restore(next->fpu);
        if (cpu_state.pku)
            this_cpu()->pkru = read_pkru();
    }
    context_switch(&previous->rsp, next->rsp);
    finish_switch();
}

/* Gives the CPU to the next task, if there is another. The lock is held and let go. */
static void switch_to_next(struct run_queue *queue)
{
    struct task *next = TAILQ_FIRST(&queue->tasks);

    if (next)
        dequeue(queue, next);
    else
        next = queue->idle;
    if (next == current())
        spin_unlock(&queue->lock);
    else
        switch_to(queue, next);
}

/* Frees the task that ended before this one ran. Interrupts are on: to free may take long. */
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

void task_started(void)
{
    struct task *task = current();

    finish_switch();
    irq_enable();
    free_finished();
    if (task->set_child_tid)
        copy_to_user(task->set_child_tid, &task->tid, sizeof(task->tid));
    irq_disable();
    if (trap_from_user(task_frame(task)) && task->work) /* a signal that came before */
        return_to_user(task_frame(task));
}

/* The running task goes to the end of the queue; or elsewhere, if it may not stay. */
static void requeue(struct run_queue *queue)
{
    struct task *task = current();

    if (task == queue->idle)
        return;
    if (task->must_move)
        queue->stray = task;
    else
        enqueue(queue, task);
    task->must_move = false;
}

void schedule(void)
{
    struct task *task = current();
    uint64_t flags = irq_save();
    struct run_queue *queue = this_queue();

    task_clear_work(task, WORK_RESCHED);
    if (queue->length || task->must_move) {
        unsigned int depth = kernel_lock_drop();
        spin_lock(&queue->lock);
        requeue(queue);
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

bool sched_if_off_cpu(struct task *task, void (*change)(struct task *task), unsigned int *cpu)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = lock_queue_of(task);
    bool off = !task->on_cpu;

    if (off)
        change(task);
    *cpu = task->cpu;
    spin_unlock(&queue->lock);
    irq_restore(flags);
    return off;
}

void sched_wait_until_off_cpu(const struct task *task)
{
    while (__atomic_load_n(&task->on_cpu, __ATOMIC_ACQUIRE))
        cpu_relax();
}

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
        add_sleeper(task, deadline);
    struct run_queue *queue = this_queue();
    spin_lock(&queue->lock);
    if (task->state == TASK_RUNNABLE)
        spin_unlock(&queue->lock);
    else
        switch_to_next(queue);
    if (deadline)
        remove_sleeper(task);
    irq_restore(flags);
    free_finished();
    kernel_lock_retake(depth);
}

void sched_stop(void)
{
    sched_set_state(TASK_STOPPED);
    sched_sleep(0);
}

/* ---- affinity ---- */

/* The queue of a task's CPU, locked, once nobody is putting the task into one. */
static struct run_queue *lock_settled_queue_of(const struct task *task)
{
    struct run_queue *queue = lock_queue_of(task);

    while (task->state == TASK_RUNNABLE && !task->on_cpu && !task->is_queued) {
        spin_unlock(&queue->lock);
        cpu_relax();
        queue = lock_queue_of(task);
    }
    return queue;
}

void sched_set_affinity(struct task *task, const struct cpu_set *cpus)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = lock_settled_queue_of(task);

    task->affinity = *cpus;
    bool must_move = !may_run_on(task, task->cpu);
    if (must_move && task->is_queued) {
        dequeue(queue, task);
        place(queue, task);
    } else {
        task->must_move = must_move && task->on_cpu;
        if (task->must_move)
            task_set_work(task, WORK_RESCHED);
        spin_unlock(&queue->lock);
        interrupt_cpu(task->cpu);
    }
    irq_restore(flags);
}

/* ---- interrupts and idle ---- */

void sched_tick(void)
{
    struct run_queue *queue = this_queue();
    uint64_t now = clock_monotonic_ns();

    wake_sleepers(queue, now);
    if (queue->tick_at && now >= queue->tick_at) {
        queue->counters.ticks++;
        balance(queue, queue->length + 1);
        queue->tick_at = current() == queue->idle ? 0 : now + TICK_NS;
        task_set_work(current(), WORK_RESCHED);
    }
    arm_timer(queue, now);
}

static void idle_once(struct run_queue *queue)
{
    balance(queue, 0);
    if (queue->length) {
        schedule();
        irq_disable();
    } else {
        cpu_wait_for_interrupt();
    }
}

static void queue_init(struct run_queue *queue, unsigned int cpu, struct task *idle)
{
    queue->lock = (struct spinlock)SPINLOCK_INIT("run queue");
    queue->sleep_lock = (struct spinlock)SPINLOCK_INIT("sleepers");
    TAILQ_INIT(&queue->tasks);
    TAILQ_INIT(&queue->sleepers);
    queue->next_wake = UINT64_MAX;
    *idle = (struct task){.name = "idle", .state = TASK_RUNNABLE, .on_cpu = true, .cpu = cpu};
    queue->idle = idle;
    queue->running = idle;
}

void sched_init(void)
{
    this_cpu()->current = &boot_idle_task;
    queue_init(&queues[0], 0, &boot_idle_task);
}

int sched_add_cpu(void)
{
    struct task *idle = kmalloc(sizeof(*idle));

    if (!idle)
        return -ENOMEM;
    queue_init(this_queue(), this_cpu()->number, idle);
    this_cpu()->current = idle;
    return 0;
}

void sched_start(void)
{
    struct run_queue *queue = this_queue();

    irq_disable();
    turn_clock(queue->idle, -clock_monotonic_ns() - 1);
    for (;;)
        idle_once(queue);
}

/* ---- figures ---- */

uint64_t sched_cpu_ns(const struct task *task)
{
    int64_t clock, now;

    do { /* a turn that ends meanwhile ends before now */
        clock = __atomic_load_n(&task->cpu_clock, __ATOMIC_ACQUIRE);
        now = (int64_t)clock_monotonic_ns();
    } while (__atomic_load_n(&task->cpu_clock, __ATOMIC_RELAXED) != clock);
    return (uint64_t)(clock < 0 ? clock + now + 1 : clock);
}

uint64_t sched_idle_ns_of(unsigned int cpu)
{
    return sched_cpu_ns(queues[cpu].idle);
}

uint64_t sched_idle_ns(void)
{
    uint64_t ns = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        ns += sched_idle_ns_of(cpu);
    return ns;
}

unsigned int sched_count_running(void)
{
    unsigned int count = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        const struct run_queue *queue = &queues[cpu];
        count += __atomic_load_n(&queue->length, __ATOMIC_RELAXED) +
                 (__atomic_load_n(&queue->running, __ATOMIC_RELAXED) != queue->idle);
    }
    return count;
}

bool sched_is_awaited(void)
{
    return this_queue()->length > 0;
}

void sched_read_counters(struct sched_counters *counters)
{
    *counters = (struct sched_counters){0};
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        counters->switches += queues[cpu].counters.switches;
        counters->ticks += queues[cpu].counters.ticks;
        counters->migrations += queues[cpu].counters.migrations;
    }
}
