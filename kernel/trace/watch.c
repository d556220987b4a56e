// SPDX-License-Identifier: MIT
#include "kernel/trace/watch.h"

#include <asm/errno.h>
#include <stdbool.h>

#include "arch/board/debug_registers.h"
#include "arch/cpu/layout.h"
#include "arch/entry/idt.h"
#include "kernel/entry/trap.h"
#include "kernel/process/events.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/state.h"
#include "libc/include/string.h"
#include "mm/access/access.h"
#include "mm/page/slab.h"

/* One of DR0 to DR3, with its bits of DR7. */
struct watch {
    uintptr_t address;
    uint8_t control; /* DR7_CONTROL */
    bool is_set;     /* an address was given, so that the control is checked with it */
    bool is_enabled;
    bool is_compared; /* during a step, with what it held before */
    uint64_t before;
};

/* Of a task that has or had some. It is changed while the task does not run, or by itself. */
struct watch_set {
    struct watch watches[DEBUG_ADDRESSES];
    uint64_t dr7; /* as the tracer wrote it */
};

struct watch_state {
    struct watch_set *set; /* or NULL */
    uint64_t met;          /* DR6, with bits that mean something as 1 */
};

static TASK_STATE(struct watch_state, task_watch);

static struct watch_state *watch_of(const struct task *task)
{
    return task_state(task, task_watch);
}

/* Of a task that has a set, as one with told_of_turns has. */
static struct watch *watches_of(const struct task *task)
{
    return watch_of(task)->set->watches;
}

static size_t length_of(unsigned int control)
{
    static const uint8_t lengths[] = {1, 2, 8, 4};

    return lengths[control >> 2];
}

static bool is_executed(const struct watch *watch)
{
    return (watch->control & 3) == DEBUG_EXECUTE;
}

/* ---- in the CPU ---- */

/*
 * None is armed during single steps. Otherwise QEMU, when a step meets one, enters the handler of
 * #DB for the step and, before its first instruction, once more for the watchpoint; the second
 * frame overwrites the first, because both are at the top of the interrupt stack.
 */
static void load(struct task *task)
{
    WRITE_DR(7, DR7_INITIAL); /* no new address counts with an old control */
    if (!task->told_of_turns)
        return;
    const struct watch *watches = watches_of(task);
    uintptr_t addresses[DEBUG_ADDRESSES];
    uint64_t dr7 = DR7_INITIAL;
    bool steps = task_frame(task)->rflags & RFLAGS_TF;

    for (unsigned int i = 0; i < DEBUG_ADDRESSES; i++) {
        addresses[i] = watches[i].address;
        if (watches[i].is_enabled && !steps)
            dr7 |= DR7_GLOBAL(i) | DR7_PLACE(watches[i].control, i);
    }
    write_debug_addresses(addresses);
    WRITE_DR(7, dr7);
}

ATTACH(turn_begins, load);

static bool read_watched(const struct watch *watch, uint64_t *word)
{
    size_t length = length_of(watch->control);

    *word = 0;
    return space_read(current()->space, watch->address, word, length) == length;
}

/* What is watched before a step, for changed_by_step(). */
static void note_watched(void)
{
    struct watch *watches = watches_of(current());
    bool steps = task_frame(current())->rflags & RFLAGS_TF;

    for (unsigned int i = 0; i < DEBUG_ADDRESSES; i++)
        watches[i].is_compared = steps && watches[i].is_enabled && !is_executed(&watches[i]) &&
                                 read_watched(&watches[i], &watches[i].before);
}

void watch_load(void)
{
    if (!watch_of(current())->set)
        return;
    note_watched();
    load(current());
}

/* Of a step: which of the watched words it has changed. */
static uint64_t changed_by_step(void)
{
    const struct watch *watches = watches_of(current());
    uint64_t word, met = 0;

    irq_enable(); /* a read takes locks */
    for (unsigned int i = 0; i < DEBUG_ADDRESSES; i++)
        if (watches[i].is_compared && read_watched(&watches[i], &word) && word != watches[i].before)
            met |= 1ul << i;
    irq_disable();
    return met;
}

/* Which of its own watchpoints the running thread has met, as bits of DR6. */
static uint64_t met_by_current(uint64_t dr6, struct trap_frame *frame)
{
    const struct watch *watches = watches_of(current());
    uint64_t met = 0;

    for (unsigned int i = 0; i < DEBUG_ADDRESSES; i++) {
        if (!(dr6 & 1ul << i) || !watches[i].is_enabled)
            continue;
        met |= 1ul << i;
        if (is_executed(&watches[i])) /* told before it is executed: go past it */
            frame->rflags |= RFLAGS_RF;
    }
    return met;
}

/*
 * Where QEMU's second entry, as load() tells, finds the CPU: nothing is known any more of where the
 * program was. That is left to a program that sets RFLAGS.TF itself, and it ends.
 */
static void end_lost_program(struct trap_frame *frame)
{
    if (frame->rip == (uintptr_t)vector_entries + VECTOR_DB * VECTOR_ENTRY_SIZE) {
        frame->rip = (uintptr_t)watch_step_is_lost_entry;
        frame->rsp = this_cpu()->kernel_stack;
    }
}

void watch_step_is_lost(void)
{
    irq_enable();
    kernel_lock();
    process_exit(SIGTRAP);
}

/* What the kernel does for the thread, such as a read() into a watched word, does not count. */
static int take_debug_exception(struct trap_frame *frame, siginfo_t *info)
{
    uint64_t dr6 = read_dr6() ^ DR6_INITIAL, met = 0;

    WRITE_DR(6, DR6_INITIAL);
    if ((dr6 & DR6_MET) && !current()->told_of_turns)
        WRITE_DR(7, DR7_INITIAL); /* of a thread whose tracer cleared them as it left the CPU */
    if (!info) {
        end_lost_program(frame);
        return (dr6 & DR6_MET) != 0;
    }
    if (current()->told_of_turns)
        met = dr6 & DR6_STEP ? changed_by_step() : met_by_current(dr6, frame);
    watch_of(current())->met = met | (dr6 & DR6_STEP);
    if ((dr6 & DR6_MET) && !watch_of(current())->met)
        return 1;
    info->si_code = dr6 & DR6_STEP ? TRAP_TRACE : met ? TRAP_HWBKPT : TRAP_BRKPT;
    return 0;
}

ATTACH(debug_exception, take_debug_exception);

/* ---- what tracers read and write ---- */

/* An address of ring 3, at a multiple of the length; what is executed has length 1. */
static int check(uintptr_t address, unsigned int control)
{
    unsigned int kind = control & 3;
    size_t length = length_of(control);

    if (kind == DEBUG_PORT || (kind == DEBUG_EXECUTE && length != 1))
        return -EINVAL;
    if (address >= USER_END || address + length > USER_END || address % length)
        return -EINVAL;
    return 0;
}

static int set_address(struct watch *watch, uintptr_t address)
{
    unsigned int control = watch->is_set ? watch->control : DEBUG_WRITE;
    int error = check(address, control);

    if (error)
        return error;
    watch->address = address;
    watch->control = (uint8_t)control;
    watch->is_set = true;
    return 0;
}

static int set_control(struct task *task, uint64_t dr7)
{
    struct watch_set *set = watch_of(task)->set;
    struct watch watches[DEBUG_ADDRESSES];
    bool is_any_enabled = false;

    memcpy(watches, set->watches, sizeof(watches));
    for (unsigned int i = 0; i < DEBUG_ADDRESSES; i++) {
        struct watch *watch = &watches[i];
        watch->is_enabled = dr7 & DR7_ENABLED(i);
        if (!watch->is_set && !watch->is_enabled)
            continue;
        watch->is_set = true;
        watch->control = DR7_CONTROL(dr7, i);
        int error = check(watch->address, watch->control);
        if (error)
            return error;
        is_any_enabled |= watch->is_enabled;
    }
    memcpy(set->watches, watches, sizeof(watches));
    set->dr7 = dr7;
    task->told_of_turns = is_any_enabled;
    return 0;
}

uint64_t watch_peek(const struct task *task, unsigned int number)
{
    const struct watch_set *set = watch_of(task)->set;

    if (number == 6)
        return watch_of(task)->met ^ DR6_INITIAL;
    if (set && number < DEBUG_ADDRESSES)
        return set->watches[number].address;
    return set && number == 7 ? set->dr7 : 0;
}

long watch_poke(struct task *task, unsigned int number, uint64_t value)
{
    struct watch_state *state = watch_of(task);

    if (number == 6) {
        state->met = value ^ DR6_INITIAL;
        return 0;
    }
    if (number >= DEBUG_ADDRESSES && number != 7)
        return -EIO;
    if (!state->set)
        state->set = kzalloc(sizeof(*state->set));
    if (!state->set)
        return -ENOMEM;
    return number == 7 ? set_control(task, value)
                       : set_address(&state->set->watches[number], value);
}

/* At its end. A new thread or process has none from the start. */
static void give_back(struct task *task)
{
    if (task->told_of_turns && task == current())
        WRITE_DR(7, DR7_INITIAL);
    task->told_of_turns = false;
    kfree(watch_of(task)->set);
    *watch_of(task) = (struct watch_state){0};
}

ATTACH(thread_gives_back, give_back);

static void forget_at_exec(struct task *task, const struct exec_facts *facts)
{
    (void)facts;
    give_back(task);
}

ATTACH(exec_commits, forget_at_exec);
