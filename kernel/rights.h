// SPDX-License-Identifier: MIT
/*
 * Rights to keys that another thread sets or asks for: pkey_set_all(), pkey_set_thread(),
 * pkey_query(), Latchkey's own.
 *
 * A thread's PKRU is in four places: in the register while the thread has a CPU, in its XSAVE image
 * while it has none, in EAX of a pkey_set() that was stopped half way, and in the frames of signal
 * handlers that have not returned. A change reaches each of them:
 *
 * - the image is changed under the lock of the run queue, so no switch comes in between;
 * - a CPU that runs such a thread is interrupted, and changes its register itself;
 * - a thread found inside the vDSO's pkey_set() goes back to the start of it;
 * - a frame says which was the last change when it was written, and the later ones are made
 *   again when it is restored.
 *
 * The kernel lock is held by whoever changes rights or asks, so that goes on one after the other,
 * and no thread is created, delivered a signal or returns from a handler meanwhile.
 */
#ifndef KERNEL_RIGHTS_H
#define KERNEL_RIGHTS_H

#include <stdint.h>

#include "arch/pkru.h"

struct process;
struct task;
struct trap_frame;

/* A process's part. Changes are numbered from 1 on, those of all processes together. */
struct rights_state {
    uint64_t changes; /* the last one in this process; 0: there was none */
};

/* A thread's part, which its children and new threads inherit. */
struct thread_rights {
    uint64_t visited;             /* the last change or question that has reached it */
    uint64_t changes[PKEY_COUNT]; /* by key, the last change; 0: there was none */
    uint32_t set;                 /* what these have set, as PKRU has it */
    uint32_t seen;                /* PKRU, when rights_look() asked for it last */
};

struct rights_counters {
    uint64_t calls;      /* that changed rights */
    uint64_t threads;    /* that were changed, or asked, by another */
    uint64_t interrupts; /* sent for it */
    uint64_t restarts;   /* threads found inside the vDSO's pkey_set() */
};

extern struct rights_counters rights_counters;

/*
 * Sets the rights to a key, PKRU_AD and PKRU_WD, in all threads of a process, or in only one of
 * them. When it returns, none of these runs in ring 3 with others. The CPU has protection keys.
 */
void rights_set(struct process *process, const struct task *only, unsigned int key,
                uint32_t rights);

/* Each thread's PKRU, at some moment of the call, goes to its rights.seen. */
void rights_look(const struct process *process);

/* The interrupt by which another CPU asks for a visit to the thread that runs here. */
void rights_answer(void);

/*
 * A handler begins with the initial PKRU: but what was taken from the thread by rights_set() stays
 * taken, and the rights to kept keys (mm/policy.h) are those in the PKRU that was interrupted.
 */
void rights_enter_handler(uint32_t interrupted);

/*
 * PKRU and RIP come from a frame, or from a part of it that could be read, and that change was the
 * process's last when it was written: makes the later ones again, and restarts a pkey_set() that
 * the frame was in the middle of. Whatever comes of it, to kept keys there is no right that the
 * handler had not, by its own PKRU: a frame is memory, and anybody may have written it.
 */
void rights_leave_handler(struct trap_frame *frame, uint64_t changes, uint32_t handlers);

/*
 * An address is named now, and the kernel writes there at the thread's end: rights_now() is PKRU
 * (0 without keys), which is remembered with the address. The end goes by rights_lower(): what is
 * under closed keys is reached if the thread may now, and might when it named the address. It
 * gives what rights_restore() wants afterwards.
 */
uint32_t rights_now(void);
uint32_t rights_lower(uint32_t named);
void rights_restore(uint32_t own);

#endif
