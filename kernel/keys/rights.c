// SPDX-License-Identifier: MIT
#include "kernel/keys/rights.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/device/apic.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/tlb.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

struct rights_counters rights_counters;

/* The visit under way; the kernel lock guards it. */
static struct {
    const struct process *process; /* whose threads are visited; NULL: there is no visit */
    const struct task *only;       /* this one of them; NULL: all */
    rights_visitor_t visitor;
    unsigned int key; /* what change() is to set */
    uint32_t rights;
    uint64_t number;         /* of all visits since boot */
    unsigned int unanswered; /* CPUs that have been interrupted and not answered yet */
} visit;

/* ---- one thread ---- */

static uint32_t change(struct task *thread, uint32_t pkru)
{
    struct thread_rights *own = &thread->rights;

    own->changes[visit.key] = visit.number;
    own->set = pkru_with_rights(own->set, visit.key, visit.rights);
    TELL(rights_change, thread, task_frame(thread));
    return pkru_with_rights(pkru, visit.key, visit.rights);
}

/* Whether the thread is to be visited, and has not been. */
static bool is_awaited(const struct task *thread)
{
    return visit.process && thread->process == visit.process &&
           (!visit.only || thread == visit.only) && thread->state != TASK_ZOMBIE &&
           thread->rights.visited != visit.number;
}

/* The running thread, in its register. Interrupts are off. */
static void visit_register(void)
{
    write_pkru(visit.visitor(current(), read_pkru()));
    this_cpu()->pkru = read_pkru();
    current()->rights.visited = visit.number;
}

/* A thread that has no CPU, in its image. */
static void visit_image(struct task *task)
{
    fpu_image_set_pkru(task->fpu, visit.visitor(task, fpu_image_pkru(task->fpu)));
    task->rights.visited = visit.number;
}

void rights_answer(void)
{
    if (is_awaited(current())) {
        visit_register();
        __atomic_fetch_add(&rights_counters.threads, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_sub(&visit.unanswered, 1, __ATOMIC_RELEASE);
}

/* ---- all threads ---- */

/*
 * Visits the threads that have no CPU, and collects the CPUs of those that have one. Returns
 * whether there are any: these CPUs have to be interrupted, and the threads may have left them by
 * then.
 */
static bool visit_images(struct cpu_set *cpus)
{
    struct task *thread;
    bool left = false;

    cpu_set_clear(cpus);
    TAILQ_FOREACH (thread, &visit.process->threads, thread) {
        unsigned int cpu;
        if (!is_awaited(thread))
            continue;
        if (sched_if_off_cpu(thread, visit_image, &cpu)) {
            __atomic_fetch_add(&rights_counters.threads, 1, __ATOMIC_RELAXED);
            continue;
        }
        cpu_set_add(cpus, cpu);
        left = true;
    }
    return left;
}

static void interrupt_cpus(const struct cpu_set *cpus)
{
    unsigned int count = cpu_set_count(cpus);

    __atomic_store_n(&visit.unanswered, count, __ATOMIC_RELEASE);
    rights_counters.interrupts += ipi_send_set(cpus, VECTOR_RIGHTS);
    while (__atomic_load_n(&visit.unanswered, __ATOMIC_ACQUIRE))
        spin_relax();
}

void rights_visit(const struct process *process, const struct task *only, rights_visitor_t visitor)
{
    struct cpu_set cpus;

    visit.number++;
    visit.visitor = visitor;
    visit.only = only;
    visit.process = process;
    uint64_t flags = irq_save();
    if (is_awaited(current()))
        visit_register();
    irq_restore(flags);
    while (visit_images(&cpus))
        interrupt_cpus(&cpus);
    visit.process = NULL;
}

void rights_set(struct process *process, const struct task *only, unsigned int key, uint32_t rights)
{
    visit.key = key;
    visit.rights = rights;
    process->rights.changes = visit.number + 1;
    rights_counters.calls++;
    rights_visit(process, only, change);
}

int rights_ask_key(const struct address_space *space, int key)
{
    return ASK(key_changes, space, key);
}

/* ---- handlers ---- */

void rights_enter_handler(uint32_t interrupted)
{
    uint32_t kept = current()->space->policies.kept;
    uint32_t set = current()->rights.set;

    if (set | kept)
        write_pkru(((read_pkru() | set) & ~kept) | (interrupted & kept));
}

/* Repeats what rights_set() has changed since a frame was written, but keeps what is denied. */
static void __attribute__((noinline))
change_again(struct trap_frame *frame, uint64_t changes, uint32_t denied)
{
    const struct thread_rights *own = &current()->rights;
    uint32_t pkru = read_pkru();

    for (unsigned int key = 0; key < PKEY_COUNT; key++)
        if (own->changes[key] > changes)
            pkru = pkru_with_rights(pkru, key, pkru_rights(own->set, key));
    write_pkru(pkru | denied);
    TELL(rights_change, current(), frame);
}

void rights_leave_handler(struct trap_frame *frame, uint64_t changes, uint32_t handlers)
{
    uint32_t denied = handlers & current()->space->policies.kept;

    if (changes < current_process()->rights.changes)
        change_again(frame, changes, denied);
    else if (denied)
        write_pkru(read_pkru() | denied);
}

/* ---- a thread's end ---- */

uint32_t rights_now(void)
{
    return cpu_state.pku ? read_pkru() : 0;
}

uint32_t rights_lower(uint32_t named)
{
    const struct address_space *space = current()->space;
    uint32_t closed = space ? space->policies.closed : 0; /* none before the first program */
    uint32_t own = rights_now();

    if (closed)
        write_pkru(own | (named & closed));
    return own;
}

void rights_restore(uint32_t own)
{
    if (rights_now() != own)
        write_pkru(own);
}
