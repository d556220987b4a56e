// SPDX-License-Identifier: MIT
/*
 * Another process's memory, by the direct map: for the loader, ptrace and process_vm_*. The
 * caller's PKRU is not asked, nor is the protection of the pages.
 */
#ifndef MM_ACCESS_H
#define MM_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "mm/address_space.h"

/* Both return the number of bytes moved, up to the first page that is not there. */
size_t space_read(struct address_space *space, uintptr_t address, void *buffer, size_t size);
size_t space_write(struct address_space *space, uintptr_t address, const void *buffer, size_t size);

#endif
