// SPDX-License-Identifier: MIT
/* What is done on the way back to ring 3. */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include "arch/trap.h"

/* Carries out task.work: gives way, delivers signals. Interrupts are off before and after. */
void return_to_user(struct trap_frame *frame);

#endif
