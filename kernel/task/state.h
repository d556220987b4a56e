// SPDX-License-Identifier: MIT
/*
 * What rooms above hang on each task, on each process and on each open file: fields that stand
 * behind those of the structures.
 *
 *     TASK_STATE(struct held_locks, task_held_locks);
 *
 * in a room's source makes the field, and task_state(task, task_held_locks) is a pointer to that
 * of one task. The linker puts the fields one behind the other (linker.ld), and the address of
 * such a name is its distance from the structure's end: so an access is one instruction, and a
 * room that is left out of the link takes no room.
 *
 * All start as zeros. A new thread's or process's are its room's to copy, which is told of it
 * (kernel/process/events.h); a file that goes is told of, too (kernel/file/file.h).
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

/* linker.ld: how many bytes all rooms' fields take. */
extern const char task_state_size[], process_state_size[], file_state_size[];

#endif
