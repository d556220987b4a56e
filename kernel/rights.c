// SPDX-License-Identifier: MIT
#include "kernel/rights.h"

#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/ipi.h"
#include "arch/percpu.h"
#include "arch/spinlock.h"
#include "arch/trap.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/vdso.h"
#include "mm/address_space.h"
#include "mm/keys.h"

struct rights_counters rights_counters;

/* The change under way; the kernel lock guards it. */
static struct {
    struct process *process;
    unsigned int key;
    uint32_t rights;
    uint64_t number;         /* process->rights.changes, with this one */
    unsigned int unanswered; /* CPUs that have been interrupted and not answered yet */
} change;

/* ---- one thread ---- */

/* The start of the pkey_set(), the library's or the vDSO's, that a thread is inside of; or 0. */
static uintptr_t sequence_at(const struct task *task, uintptr_t rip)
{
    const struct rights_state *state = &task->process->rights;

    if (rip > state->sequence && rip < state->sequence_end)
        return state->sequence;
    return vdso_sequence(task->space, rip);
}

/* A thread that has read PKRU and not written it yet would write the old rights back. */
static void restart_sequence(const struct task *task, struct trap_frame *frame)
{
    uintptr_t start = sequence_at(task, frame->rip);

    if (!start)
        return;
    frame->rip = start;
    frame_is_changed(frame);
    __atomic_fetch_add(&rights_counters.restarts, 1, __ATOMIC_RELAXED);
}

/* The running thread, in its register. Interrupts are off. */
static void change_register(void)
{
    write_pkru(pkru_with_rights(read_pkru(), change.key, change.rights));
    this_cpu()->pkru = read_pkru();
    current()->rights_change = change.number;
}

/* A thread that has no CPU, in its image. */
static void change_image(struct task *task)
{
    uint32_t pkru = pkru_with_rights(fpu_image_pkru(task->fpu), change.key, change.rights);

    fpu_image_set_pkru(task->fpu, pkru);
    restart_sequence(task, task_frame(task));
    task->rights_change = change.number;
}

void rights_answer(void)
{
    if (current()->process && current()->process == change.process) {
        change_register();
        restart_sequence(current(), task_frame(current()));
        __atomic_fetch_add(&rights_counters.threads, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_sub(&change.unanswered, 1, __ATOMIC_RELEASE);
}

/* ---- all threads ---- */

/*
 * Changes the threads that have no CPU, and collects the CPUs of those that have one. Returns
 * whether there are any: they have to be interrupted, and may have left their CPU by then.
 */
static bool change_images(struct cpu_set *cpus)
{
    struct task *thread;
    bool left = false;

    cpu_set_clear(cpus);
    TAILQ_FOREACH (thread, &change.process->threads, thread) {
        if (thread->rights_change == change.number || thread->state == TASK_ZOMBIE)
            continue;
        unsigned int cpu;
        if (sched_if_off_cpu(thread, change_image, &cpu)) {
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

    __atomic_store_n(&change.unanswered, count, __ATOMIC_RELEASE);
    rights_counters.interrupts += ipi_send_set(cpus, VECTOR_RIGHTS);
    while (__atomic_load_n(&change.unanswered, __ATOMIC_ACQUIRE))
        spin_relax();
}

static void change_all(void)
{
    struct cpu_set cpus;
    uint64_t flags = irq_save();

    change_register();
    irq_restore(flags);
    while (change_images(&cpus))
        interrupt_cpus(&cpus);
}

SYSCALL4(pkey_set_all, int, key, unsigned int, rights, uintptr_t, sequence, size_t, size)
{
    struct process *process = current_process();
    struct rights_state *state = &process->rights;

    if (rights & ~(unsigned int)(PKRU_AD | PKRU_WD))
        return -EINVAL;
    if (!cpu_state.pku || !keys_is_allocated(&current()->space->key_map, key))
        return -EINVAL;
    if (policy_denies(&current()->space->policies, key))
        return -EACCES;
    state->sequence = sequence;
    state->sequence_end = sequence + size;
    state->changes++;
    state->keys[key].change = state->changes;
    state->keys[key].rights = rights;
    change.process = process;
    change.key = (unsigned int)key;
    change.rights = rights;
    change.number = state->changes;
    rights_counters.calls++;
    change_all();
    change.process = NULL;
    return 0;
}

/* ---- handlers ---- */

void rights_enter_handler(uint32_t interrupted)
{
    const struct rights_state *state = &current_process()->rights;
    uint32_t kept = current()->space->policies.kept;

    if (!state->changes && !kept)
        return;
    uint32_t pkru = read_pkru();
    for (unsigned int key = 0; key < PKEY_COUNT; key++)
        pkru |= state->keys[key].rights << (2 * key);
    write_pkru((pkru & ~kept) | (interrupted & kept));
}

void rights_hold_back(uint32_t handlers)
{
    uint32_t kept = current()->space->policies.kept;

    if (kept)
        write_pkru(read_pkru() | (handlers & kept));
}

void rights_leave_handler(struct trap_frame *frame, uint64_t changes)
{
    const struct rights_state *state = &current_process()->rights;

    if (changes >= state->changes)
        return;
    uint32_t pkru = read_pkru();
    for (unsigned int key = 0; key < PKEY_COUNT; key++)
        if (state->keys[key].change > changes)
            pkru = pkru_with_rights(pkru, key, state->keys[key].rights);
    write_pkru(pkru);
    restart_sequence(current(), frame);
}
