// SPDX-License-Identifier: MIT
/*
 * Another process's memory, by the direct map: for the loader, ptrace, /proc/PID/mem and
 * process_vm_*. The caller's PKRU is asked for nothing but its own memory under closed keys
 * (mm/policy.h).
 */
#ifndef MM_ACCESS_H
#define MM_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "mm/address_space.h"

/*
 * All return the number of bytes moved, up to the first page that is not there or refuses. These
 * two are forced (mm/fault.h, PAGE_FORCED): a debugger also writes to code.
 */
size_t space_read(struct address_space *space, uintptr_t address, void *buffer, size_t size);
size_t space_write(struct address_space *space, uintptr_t address, const void *buffer, size_t size);

/* And these obey the protection of the areas, as process_vm_readv and process_vm_writev do. */
size_t space_read_allowed(struct address_space *space, uintptr_t address, void *buffer,
                          size_t size);
size_t space_write_allowed(struct address_space *space, uintptr_t address, const void *buffer,
                           size_t size);

#endif
