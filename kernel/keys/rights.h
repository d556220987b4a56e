// SPDX-License-Identifier: MIT
/*
 * The room of keys, as programs see them. It owns the calls on keys and on rights (sys_pkey.c), and
 * the rights that one thread sets or asks for in others, which are below. It leaves the map of keys
 * to mm/space/keys.h, the change of pages to mm/space/protect.c, PKRU itself to arch/mmu/pkru.h and
 * arch/fpu/, frames of handlers to kernel/signal/, and what Linux has no word for, pkey_policy(),
 * pkey_release() and pkey_query(), to mm/policy/.
 *
 * Setting and reading the rights of other threads: pkey_set_all(), pkey_set_thread(), pkey_query(),
 * Latchkey's own.
 *
 * A thread's PKRU is in four places: in the register while the thread has a CPU, in its XSAVE image
 * while it has none, in EAX of a pkey_set() that was interrupted half-way, and in the frames of
 * signal handlers that have not returned. A change reaches each of them:
 *
 * - the image is changed under the lock of the run queue, so no switch comes in between;
 * - a CPU that runs such a thread is interrupted, and changes its register itself;
 * - a thread found inside the vDSO's pkey_set() goes back to the start of it;
 * - a frame records the last change before it was written, and later ones are repeated when it is
 *   restored.
 *
 * Whoever changes or reads rights of other threads holds the kernel lock. So they take turns, and
 * meanwhile no thread is created, gets a signal delivered or returns from a handler.
 */
#ifndef KERNEL_KEYS_RIGHTS_H
#define KERNEL_KEYS_RIGHTS_H

#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"

struct process;
struct task;
struct trap_frame;

/*
 * A thread's rights have been changed while it was at frame->rip in ring 3: another thread changed
 * them, or a frame was restored that was written before such a change. A room that puts code into
 * programs which reads PKRU and writes it back sends a thread inside that code to its start, and
 * calls frame_is_changed(); otherwise the old rights would be written back. It may not fail. The
 * kernel lock is held, or the run queue's lock, which keeps the thread where it is, or the thread
 * is the running one and interrupts are off.
 */
EVENT(rights_change, void, const struct task *thread, struct trap_frame *frame);

/* Whether rights to a key of the caller's may be asked for or set: it has been allocated. */
static inline bool key_is_callers(int key)
{
    return cpu_state.pku && keys_is_allocated(&current()->space->key_map, key);
}

/*
 * RULES_ON_KEYS. The running thread is about to free a key of a space, or to set the rights to it
 * by a call. For its own space key may be any number. An errno refuses it.
 */
EVENT(key_changes, int, const struct address_space *space, int key);

/* Asks; a function of its own, whose loop costs pkey_free() no registers. */
int rights_ask_key(const struct address_space *space, int key);

static inline int rights_check_key(const struct address_space *space, int key)
{
    return space->rules & RULES_ON_KEYS ? rights_ask_key(space, key) : 0;
}

/*
 * RULES_ON_KEYS. The running thread is about to set a signal handler, or the stack that handlers
 * run on. An errno refuses it.
 */
EVENT(handlers_change, int, const struct address_space *space);

static inline int rights_check_handlers(void)
{
    const struct address_space *space = current()->space;

    return space->rules & RULES_ON_KEYS ? ASK(handlers_change, space) : 0;
}

/*
 * RULES_ON_KEYS. pkey_alloc() has allocated a key, which may have policies from an earlier use. The
 * call has not returned yet, so no memory is under the key. No lock is held; it may not fail.
 */
EVENT(key_is_given_out, void, struct address_space *space, int key);

struct rights_counters {
    uint64_t calls;      /* that changed rights */
    uint64_t threads;    /* that were changed, or asked, by another */
    uint64_t interrupts; /* sent for it */
    uint64_t restarts;   /* threads found inside the vDSO's pkey_set() */
};

extern struct rights_counters rights_counters;

/*
 * Sets the rights to a key, PKRU_AD and PKRU_WD, in all threads of a process, or in one of them.
 * When it returns, none of these runs in ring 3 with the old rights. The CPU has protection keys.
 */
void rights_set(struct process *process, const struct task *only, unsigned int key,
                uint32_t rights);

/* Is given the PKRU of a thread, which cannot run meanwhile, and returns the new one. */
typedef uint32_t (*rights_visitor_t)(struct task *thread, uint32_t pkru);

/* Visits all threads of a process, or only one of them, each at some moment of the call. */
void rights_visit(const struct process *process, const struct task *only, rights_visitor_t visitor);

/* The interrupt by which another CPU asks for a visit to the thread that runs here. */
void rights_answer(void);

/*
 * A handler starts with PKRU's init value, but what rights_set() has taken from the thread stays
 * taken, and to kept keys (struct key_policies) it has the rights of the PKRU that was interrupted.
 */
void rights_enter_handler(uint32_t interrupted);

/*
 * PKRU and RIP have come from a frame, or from the part of it that could be read; changes is the
 * process's last change when it was written. Repeats the later ones, and restarts a pkey_set() that
 * the frame was in the middle of. In any case kept keys get no right that the handler lacked, by
 * its PKRU in handlers: a frame is memory, and anybody may have written it.
 */
void rights_leave_handler(struct trap_frame *frame, uint64_t changes, uint32_t handlers);

/*
 * For an address that a thread names, and to which the kernel writes at the thread's end.
 * rights_now() is PKRU (0 without keys), to be remembered with the address. At the end,
 * rights_lower() denies those closed keys that were denied when the address was named, besides
 * those that are denied now. It returns what rights_restore() needs afterwards.
 */
uint32_t rights_now(void);
uint32_t rights_lower(uint32_t named);
void rights_restore(uint32_t own);

#endif
