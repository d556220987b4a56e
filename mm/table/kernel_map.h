// SPDX-License-Identifier: MIT
/*
 * The kernel's own map: the upper half of every address space.
 *
 * Text is readable and executable, constants readable, data and all of RAM (the direct map)
 * readable and writable: nothing is writable and executable, nothing is reachable from ring 3.
 */
#ifndef MM_TABLE_KERNEL_MAP_H
#define MM_TABLE_KERNEL_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/types.h"

/*
 * Builds the final tables and switches to them; the early ones, and the identity map, are gone
 * afterwards. page_init() must have run. Returns 0 or -ENOMEM.
 */
int kernel_map_init(void);

/* The kernel's root table, with an empty lower half: loaded while no program runs. */
paddr_t kernel_map_root(void);

/* Makes a page the root of new tables: the upper half the kernel's, the lower one empty. */
void kernel_map_share(paddr_t root);

/*
 * Tables that map the kernel, and one page of low RAM executable at its own physical address, so
 * that a CPU can turn paging on there. *root is below 4 GiB. Returns 0 or -ENOMEM.
 */
int kernel_map_identity(paddr_t page, paddr_t *root);

/*
 * Maps device registers, uncached and for ever. NULL if the window or memory is full, or the
 * address is wider than this CPU supports.
 */
void *device_map(paddr_t address, size_t size);

/* The same for memory of a device that is only written to: stores may be combined (WC). */
void *device_map_combining(paddr_t address, size_t size);

/* Maps the firmware's memory, read-only and for ever, in the same window. NULL likewise. */
const void *firmware_map(paddr_t address, size_t size);

/* The address checker's red zones make stack frames larger. */
#ifdef LATCHKEY_KASAN
#define KERNEL_STACK_ORDER 3
#else
#define KERNEL_STACK_ORDER 2
#endif
#define KERNEL_STACK_SIZE (4096 << KERNEL_STACK_ORDER)

/*
 * A kernel stack of KERNEL_STACK_SIZE bytes above an unmapped guard page: its lowest address, or
 * 0 when memory is out. Freed stacks are kept for the next task.
 */
uintptr_t kernel_stack_alloc(void);
void kernel_stack_free(uintptr_t stack);

/* Above all stacks that have been made: lock: kernel map, none to read. */
extern uintptr_t kernel_stack_next;

#endif
