// SPDX-License-Identifier: MIT
/*
 * Rights to keys for all threads of a process: pkey_set_all(), Latchkey's own.
 *
 * A thread's PKRU is in four places: in the register while the thread has a CPU, in its XSAVE image
 * while it has none, in EAX of a pkey_set() that was stopped half way, and in the frames of signal
 * handlers that have not returned. A change for all threads reaches each of them:
 *
 * - the image is changed under the lock of the run queue, so no switch comes in between;
 * - a CPU that runs such a thread is interrupted, and changes its register itself;
 * - a thread found inside the C library's pkey_set(), or the vDSO's, goes back to the start of it;
 * - a frame says how many changes there had been when it was written, and the later ones are made
 *   again when it is restored.
 *
 * The kernel lock is held by whoever changes rights, so changes come one after the other, and no
 * thread is created, delivered a signal or returns from a handler meanwhile.
 */
#ifndef KERNEL_RIGHTS_H
#define KERNEL_RIGHTS_H

#include <stdint.h>

#include "arch/pkru.h"

struct trap_frame;

/* A process's part: what was set for all its threads. */
struct rights_state {
    uint64_t changes; /* how many there have been */
    struct {
        uint64_t change; /* the last one of this key, counted from 1; 0: none */
        uint32_t rights;
    } keys[PKEY_COUNT];
    uintptr_t sequence, sequence_end; /* pkey_set()'s critical part: [sequence, sequence_end) */
};

struct rights_counters {
    uint64_t calls;
    uint64_t threads;    /* that were changed by another */
    uint64_t interrupts; /* sent for it */
    uint64_t restarts;   /* threads found inside the sequence */
};

extern struct rights_counters rights_counters;

/* The interrupt by which another CPU asks for a change of the thread that runs here. */
void rights_answer(void);

/*
 * A handler begins with the initial PKRU: but what was taken from all threads stays taken, and the
 * rights to kept keys (mm/policy.h) are those in the PKRU that was interrupted.
 */
void rights_enter_handler(uint32_t interrupted);

/*
 * PKRU comes from a frame, or from a part of it that could be read: to kept keys it gives no right
 * that the handler had not, by its own PKRU. A frame is memory, and anybody may have written it.
 */
void rights_hold_back(uint32_t handlers);

/*
 * PKRU and RIP come from a frame that was written after so many changes: makes the later ones
 * again, and restarts a pkey_set() that the frame was in the middle of.
 */
void rights_leave_handler(struct trap_frame *frame, uint64_t changes);

#endif
