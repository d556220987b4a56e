// SPDX-License-Identifier: MIT
#include "kernel/sched.h"

#include <asm/errno.h>

#include "arch/apic.h"
#include "arch/bug.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/percpu.h"
#include "arch/pkru.h"
#include "arch/spinlock.h"
#include "arch/usercopy.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "mm/address_space.h"
#include "mm/kernel_map.h"

#define POLLS_MAX       4
#define IDLE_AWAKE_NS   20000000ul /* how long idle polls often after a device had something */
#define IDLE_POLL_NS    10000ul    /* and how often */
#define TIMER_TICKS_MIN 16u

/* arch/entry.asm */
void context_switch(uintptr_t *save_rsp, uintptr_t load_rsp);
void task_start(void);
void task_started(void);

struct sched_counters sched_counters;

/*
 * One CPU runs, so interrupts off is what guards the queues; the lock is for those to come.
 * It is held across a switch: the next task lets it go.
 */
static struct spinlock sched_lock = SPINLOCK_INIT("run queue");
static struct task_list run_queue = TAILQ_HEAD_INITIALIZER(run_queue);
static struct task_list sleepers = TAILQ_HEAD_INITIALIZER(sleepers);
static struct task idle_task = {.name = "idle", .state = TASK_RUNNABLE};
static struct task *finished; /* ended, to be freed by whoever runs next */
static bool (*polls[POLLS_MAX])(void);
static unsigned int poll_count;
static uint64_t tick_at;     /* when the next tick is due */
static uint64_t awake_until; /* idle polls often */

void wait_queue_init(struct wait_queue *queue)
{
    TAILQ_INIT(&queue->tasks);
}

/* ---- the timer ---- */

static void set_timer(uint64_t ns)
{
    uint64_t ticks = ns * clock_rates.apic_timer_hz / 1000000000ul;

    apic_timer_once(ticks < TIMER_TICKS_MIN ? TIMER_TICKS_MIN : (uint32_t)ticks);
}

/* Arms the timer for the next tick, or for the sleeper that is due before it. */
static void arm_timer(uint64_t now)
{
    struct task *first = TAILQ_FIRST(&sleepers);
    uint64_t due = first && first->wake_at < tick_at ? first->wake_at : tick_at;
    uint64_t interval_due = time_next_timer();

    if (interval_due < due)
        due = interval_due;
    set_timer(due > now ? due - now : 0);
}

/* Sleepers are kept in the order of their times. */
static void add_sleeper(struct task *task, uint64_t deadline)
{
    struct task *other;

    task->wake_at = deadline;
    TAILQ_FOREACH (other, &sleepers, timer_link)
        if (other->wake_at > deadline)
            break;
    if (other)
        TAILQ_INSERT_BEFORE(other, task, timer_link);
    else
        TAILQ_INSERT_TAIL(&sleepers, task, timer_link);
    if (TAILQ_FIRST(&sleepers) == task && deadline < tick_at)
        arm_timer(clock_monotonic_ns());
}

static void remove_sleeper(struct task *task)
{
    if (task->wake_at)
        TAILQ_REMOVE(&sleepers, task, timer_link);
    task->wake_at = 0;
}

/*
 * Whether the tick or the idle loop finds something, more may follow soon: an emulator hands over
 * a FIFO's worth at a time, so idle must not halt until the next tick. But halt it must: an
 * emulator's devices run beside its CPUs, and a CPU that spins takes the host's time from them.
 */
static void poll_devices(void)
{
    bool found = false;

    for (unsigned int i = 0; i < poll_count; i++)
        found |= polls[i]();
    if (found)
        awake_until = clock_monotonic_ns() + IDLE_AWAKE_NS;
}

void sched_rearm(void)
{
    arm_timer(clock_monotonic_ns());
}

void poll_register(bool (*poll)(void))
{
    assert(poll_count < POLLS_MAX);
    polls[poll_count++] = poll;
}

void sched_tick(void)
{
    uint64_t now = clock_monotonic_ns();
    struct task *task;

    while ((task = TAILQ_FIRST(&sleepers)) && task->wake_at <= now)
        wake_task(task);
    time_check_timers(now);
    if (now >= tick_at) {
        sched_counters.ticks++;
        tick_at = now + TICK_NS;
        poll_devices();
        current()->work |= WORK_RESCHED;
    }
    arm_timer(now);
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

uint64_t sched_cpu_ns(const struct task *task)
{
    uint64_t now = clock_monotonic_ns();

    return task->cpu_ns + (task == current() ? now - task->turn_ns : 0);
}

uint64_t sched_idle_ns(void)
{
    return sched_cpu_ns(&idle_task);
}

static void count_turn(struct task *previous, struct task *next)
{
    next->turn_ns = clock_monotonic_ns();
    previous->cpu_ns += next->turn_ns - previous->turn_ns;
}

/*
 * Save the XSAVE image, switch address space and stack, restore the next one's image. PKRU is
 * live before anything runs on the next task's behalf; the kernel itself uses no such register.
 */
static void switch_to(struct task *next)
{
    struct task *previous = current();

    sched_counters.switches++;
    count_turn(previous, next);
    if (previous->fpu && previous->state != TASK_ZOMBIE) {
        fpu_save(previous->fpu);
        save_bases(previous);
    }
    space_load(next->space);
    this_cpu()->current = next;
    if (next->fpu) {
        cpu_set_kernel_stack(next->stack + KERNEL_STACK_SIZE);
        load_bases(next);
        fpu_restore(next->fpu);
        if (cpu_state.pku)
            this_cpu()->pkru = read_pkru();
    }
    context_switch(&previous->rsp, next->rsp);
}

/* The first thing that runs after every switch. */
static void finish_switch(void)
{
    struct task *dead = finished;

    finished = NULL;
    spin_unlock(&sched_lock);
    if (dead)
        task_free(dead);
}

void task_started(void)
{
    struct task *task = current();

    finish_switch();
    if (task->set_child_tid)
        copy_to_user(task->set_child_tid, &task->pid, sizeof(task->pid));
}

static void schedule_locked(void)
{
    struct task *next = TAILQ_FIRST(&run_queue);

    if (next)
        TAILQ_REMOVE(&run_queue, next, run_link);
    else
        next = &idle_task;
    if (next == current()) {
        spin_unlock(&sched_lock);
        return;
    }
    switch_to(next);
    finish_switch();
}

static void make_runnable(struct task *task)
{
    task->state = TASK_RUNNABLE;
    TAILQ_INSERT_TAIL(&run_queue, task, run_link);
}

void schedule(void)
{
    uint64_t flags = spin_lock_irqsave(&sched_lock);
    struct task *task = current();

    task->work &= ~WORK_RESCHED;
    if (TAILQ_EMPTY(&run_queue)) {
        spin_unlock(&sched_lock);
    } else {
        if (task != &idle_task)
            TAILQ_INSERT_TAIL(&run_queue, task, run_link);
        schedule_locked();
    }
    irq_restore(flags);
}

void sched_add(struct task *task)
{
    uint64_t flags = spin_lock_irqsave(&sched_lock);

    make_runnable(task);
    spin_unlock_irqrestore(&sched_lock, flags);
}

void sched_exit(bool reap)
{
    irq_disable();
    spin_lock(&sched_lock);
    current()->state = TASK_ZOMBIE;
    if (reap)
        finished = current();
    schedule_locked();
    bug("an ended task ran again");
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

/* ---- waiting ---- */

static void stop_waiting(struct task *task)
{
    if (task->waiting)
        TAILQ_REMOVE(&task->waiting->tasks, task, run_link);
    task->waiting = NULL;
    remove_sleeper(task);
    make_runnable(task);
}

void wake_task(struct task *task)
{
    uint64_t flags = spin_lock_irqsave(&sched_lock);

    if (task->state == TASK_WAITING)
        stop_waiting(task);
    spin_unlock_irqrestore(&sched_lock, flags);
}

void wake_all(struct wait_queue *queue)
{
    uint64_t flags = spin_lock_irqsave(&sched_lock);
    struct task *task;

    while ((task = TAILQ_FIRST(&queue->tasks)))
        stop_waiting(task);
    spin_unlock_irqrestore(&sched_lock, flags);
}

void sched_stop(void)
{
    spin_lock(&sched_lock);
    current()->state = TASK_STOPPED;
    schedule_locked();
}

void sched_continue(struct task *task)
{
    uint64_t flags = spin_lock_irqsave(&sched_lock);

    if (task->state == TASK_STOPPED)
        make_runnable(task);
    spin_unlock_irqrestore(&sched_lock, flags);
}

struct wait {
    struct wait_queue *queue;
    bool (*condition)(void *context);
    void *context;
    uint64_t deadline; /* 0: none */
    bool interruptible;
};

/* Sleeps until somebody wakes the task. Interrupts are off; the lock is held and let go. */
static void sleep_locked(const struct wait *wait)
{
    struct task *task = current();

    task->state = TASK_WAITING;
    task->waiting = wait->queue;
    if (wait->queue)
        TAILQ_INSERT_TAIL(&wait->queue->tasks, task, run_link);
    if (wait->deadline)
        add_sleeper(task, wait->deadline);
    schedule_locked();
}

static int wait_for(const struct wait *wait)
{
    uint64_t flags = irq_save();
    int result;

    for (;;) {
        result = 0;
        if (wait->condition && wait->condition(wait->context))
            break;
        result = -ETIMEDOUT;
        if (wait->deadline && clock_monotonic_ns() >= wait->deadline)
            break;
        result = -ERESTARTSYS;
        if (wait->interruptible && signal_pending())
            break;
        spin_lock(&sched_lock);
        sleep_locked(wait);
    }
    irq_restore(flags);
    return result;
}

int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context)
{
    struct wait wait = {queue, condition, context, 0, true};

    return wait_for(&wait);
}

int wait_event_until(struct wait_queue *queue, bool (*condition)(void *context), void *context,
                     uint64_t deadline)
{
    struct wait wait = {queue, condition, context, deadline, true};

    return wait_for(&wait);
}

void wait_event_uninterruptible(struct wait_queue *queue, bool (*condition)(void *context),
                                void *context)
{
    struct wait wait = {queue, condition, context, 0, false};

    wait_for(&wait);
}

/* ---- idle ---- */

static void idle_once(void)
{
    poll_devices();
    if (!TAILQ_EMPTY(&run_queue)) {
        schedule();
    } else {
        if (clock_monotonic_ns() < awake_until)
            set_timer(IDLE_POLL_NS);
        cpu_wait_for_interrupt();
    }
}

void sched_init(void)
{
    this_cpu()->current = &idle_task;
    idle_task.stack = 0;
    TAILQ_INIT(&idle_task.children);
}

void sched_start(void)
{
    irq_disable();
    idle_task.turn_ns = clock_monotonic_ns();
    tick_at = idle_task.turn_ns + TICK_NS;
    arm_timer(idle_task.turn_ns);
    for (;;)
        idle_once();
}
