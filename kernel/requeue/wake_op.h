// SPDX-License-Identifier: MIT
/*
 * FUTEX_WAKE_OP's operation on the second word:
 *
 *    31       30    28 27    24 23         12 11          0
 *   +--------+--------+--------+-------------+-------------+
 *   | 1 <<   | what   | how it | argument    | what the old|
 *   | arg.   | to do  | is     | of what to  | value is    |
 *   |        |        |compared| do, signed  |compared with|
 *   +--------+--------+--------+-------------+-------------+
 */
#ifndef KERNEL_REQUEUE_WAKE_OP_H
#define KERNEL_REQUEUE_WAKE_OP_H

#include <stdint.h>

/*
 * Changes a word of the running task's memory, with the lock of its bucket held, and compares what
 * it was: 1 or 0; -EFAULT where the page has to be brought in first; -ENOSYS.
 */
int wake_op_apply(uint32_t operation, uintptr_t address);

#endif
