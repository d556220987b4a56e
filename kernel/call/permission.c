// SPDX-License-Identifier: MIT
#include "kernel/call/permission.h"

#include "mm/space/mmap.h"

uintptr_t credentials_lowest_address(void)
{
    return task_may(CAP_SYS_RAWIO) ? 0 : mmap_min_addr;
}
