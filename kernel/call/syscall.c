// SPDX-License-Identifier: MIT
#include "kernel/call/syscall.h"

#include <stdbool.h>

#include "arch/cpu/bug.h"
#include "kernel/console/console.h"
#include "kernel/task/task.h"

syscall_function_t syscall_table[SYSCALL_COUNT]; /* arch/entry/entry.asm reads it too */
syscall_function_t syscall_extra_table[EXTRA_SYSCALL_COUNT];
static uint64_t noted[SYSCALL_COUNT / 64]; /* unknown numbers that were reported already */

static long not_implemented(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint32_t number = (uint32_t)task_frame(current())->error_code;
    uint64_t bit = 1ul << number % 64;

    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    if (!(__atomic_fetch_or(&noted[number / 64], bit, __ATOMIC_RELAXED) & bit))
        kprintf(KERN_NOTICE "%s[%d]: system call %u is not there: ENOSYS (said once)\n",
                console_name((char[16]){0}, 16, current()->name), current()->tid, number);
    return -ENOSYS;
}

long syscall_not_there(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return -ENOSYS;
}

void syscall_init(void)
{
    for (unsigned int i = 0; i < SYSCALL_COUNT; i++)
        syscall_table[i] = not_implemented;
    for (unsigned int i = 0; i < EXTRA_SYSCALL_COUNT; i++)
        syscall_extra_table[i] = syscall_not_there;
    for (const struct syscall_entry *entry = syscalls_start; entry < syscalls_end; entry++) {
        uint64_t extra = entry->number - EXTRA_SYSCALL_FIRST;
        bool is_extra = extra < EXTRA_SYSCALL_COUNT;
        syscall_function_t *slot =
            is_extra ? &syscall_extra_table[extra] : &syscall_table[entry->number];

        assert((is_extra || entry->number < SYSCALL_COUNT) &&
               *slot == (is_extra ? syscall_not_there : not_implemented));
        *slot = entry->function;
    }
}
