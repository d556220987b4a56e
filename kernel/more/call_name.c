// SPDX-License-Identifier: MIT
#include "kernel/more/call_name.h"

#include <stddef.h>

#include "kernel/call/syscall.h"

const char *syscall_name(uint64_t number)
{
    for (const struct syscall_entry *entry = syscalls_start; entry < syscalls_end; entry++)
        if (entry->number == number)
            return entry->name;
    return NULL;
}
