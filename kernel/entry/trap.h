// SPDX-License-Identifier: MIT
/*
 * What is done on the way back to ring 3.
 *
 * The room owns what an entry from ring 3 leads to, once its frame is built, and all that is done
 * before the exit: rescheduling and the delivery of signals. It leaves the frame to arch/entry/,
 * the judgement of page faults to mm/space/, the calls to the table of kernel/call/, the queues and
 * the frames of signals to kernel/signal/, and words about a fatal fault to kernel/report/.
 */
#ifndef KERNEL_ENTRY_TRAP_H
#define KERNEL_ENTRY_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/signal.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"

/* Does task.work: reschedules, delivers signals. Interrupts are off before and after. */
void return_to_user(struct trap_frame *frame);

/*
 * For an exception in ring 3, with its frame: sends the running task a signal even if it is blocked
 * or ignored, and makes the frame continue in the handler.
 */
void signal_raise(struct trap_frame *frame, const siginfo_t *info);

/*
 * On the way back to ring 3: delivers what is pending, by changing the frame for a handler or
 * ending the task, and restarts or ends the interrupted system call.
 */
void signal_deliver(struct trap_frame *frame);

/*
 * A #DB has come, from ring 3 with the signal that it is to be, or from ring 0 with NULL.
 * Interrupts are off. 1: it is over; 0: the signal is sent, or the kernel has no explanation for
 * it.
 */
EVENT(debug_exception, int, struct trap_frame *frame, siginfo_t *info);

/*
 * A page fault in ring 3 or in a copy by the kernel has found no memory. pkru is PKRU at the fault.
 * No lock is held except by the caller of the copy. 1: the access is to be retried, or the task
 * ends on its way out; 0: it is refused, by SIGKILL or -EFAULT.
 */
EVENT(memory_is_out, int, bool from_user, uintptr_t address, uint32_t error_code, uint32_t pkru);

#endif
