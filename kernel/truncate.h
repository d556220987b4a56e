// SPDX-License-Identifier: MIT
/*
 * Making files shorter: what programs have mapped of the end goes first, so that an access there
 * is SIGBUS and nobody keeps a page that the file no longer has.
 */
#ifndef KERNEL_TRUNCATE_H
#define KERNEL_TRUNCATE_H

#include <stdint.h>

struct memory_object;

/* Sets the size of an object that programs may have mapped, and drops the pages beyond it. */
void truncate_object(struct memory_object *object, uint64_t size);

#endif
