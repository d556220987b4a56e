// SPDX-License-Identifier: MIT
/*
 * What rooms above keep in each task, process and open file: fields that the linker places behind
 * those of the structure.
 *
 *     TASK_STATE(struct held_locks, task_held_locks);
 *
 * in a room's source defines the field, and task_state(task, task_held_locks) points to that of one
 * task. linker.ld lays out the fields one after the other from address 0, so the address of such a
 * name is its offset from the structure's end: an access is one instruction, and a room that is
 * left out of the link takes no space.
 *
 * All fields start as zeros. To copy them to a new thread or process is up to their room, by the
 * events of kernel/process/events.h; kernel/file/file.h has the event for a file that is freed.
 */
#ifndef KERNEL_TASK_STATE_H
#define KERNEL_TASK_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/task/process.h"
#include "kernel/task/task.h"

/* clang-format off */
#define STATE(type, name, where)                                                                   \
    __typeof__(type) name __attribute__((section(where)));                                         \
    _Static_assert(_Alignof(type) <= 8, "a structure may end at a multiple of 8")
#define STATE_BEHIND(object, name)                                                                 \
    ((__typeof__(&(name)))((char *)((object) + 1) + (uintptr_t)&(name)))
/* clang-format on */

#define TASK_STATE(type, name)       STATE(type, name, ".bss.task_state")
#define PROCESS_STATE(type, name)    STATE(type, name, ".bss.process_state")
#define FILE_STATE(type, name)       STATE(type, name, ".bss.file_state")
#define task_state(task, name)       STATE_BEHIND(task, name)
#define process_state(process, name) STATE_BEHIND(process, name)
#define file_state(file, name)       STATE_BEHIND(file, name)

/* Set by linker.ld: the bytes of all rooms' fields. The size is the symbol's address. */
extern const char task_state_size[], process_state_size[], file_state_size[];

#endif
