// SPDX-License-Identifier: MIT
/*
 * Memory that is out.
 *
 * A call that needs memory and finds none says so (ENOMEM, ENOSPC, EAGAIN). An access cannot: there
 * the process that is the largest is ended by SIGKILL, whoever it was that needed a page, and the
 * access is tried again. The first program is ended only when nothing else is left.
 *
 * How large a process is: mm/footprint.h. Processes with the same memory, as after vfork(), end
 * together; those that have the first program's memory are spared as it is.
 *
 * Nobody waits for memory with a lock: an access in ring 3 has none, and sleeps until the victim
 * has let go of its memory, or for two seconds at most, after which the next one is chosen. A copy
 * of the kernel's may hold the kernel lock, which the victim needs to end, so it does not wait: it
 * takes its pages from the reserve. There are two:
 *
 *     free pages  |<- kept for ending ->|<-- kept for the operator -->|<-- for all -------->
 *                 0                   1/256                          1/16      of all memory
 *
 * The first is for processes that end, for the kernel's own tasks and for copies that found nothing
 * else; the second is for tasks with CAP_SYS_ADMIN: when a user has filled memory, root can still
 * start a process and look. Neither is larger than 1 MiB and 8 MiB.
 */
#ifndef KERNEL_OOM_H
#define KERNEL_OOM_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the reserves are kept. */
void oom_init(void);

/*
 * An access of the running task to its memory found no page: makes room. From ring 3 it may wait,
 * and the access is to be tried again if the task is not to end. Of the kernel's own access this
 * says whether it is resolved now.
 */
bool oom_relieve(bool from_user, uintptr_t address, uint32_t error_code, uint32_t pkru);

#endif
