// SPDX-License-Identifier: MIT
/*
 * Holes of memory objects: where they are, making them, and holes that take memory, so that a
 * later write to them finds it.
 *
 * The room owns what is done with holes. It leaves the pages and their tree to mm/object/.
 */
#ifndef MM_HOLE_HOLES_H
#define MM_HOLE_HOLES_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/object/object.h"

/*
 * Makes a page that is there for nobody until object_page() is to create it: a hole that takes
 * memory. Errors as there; it is no error when there is a page.
 */
int object_reserve(struct memory_object *object, uint64_t index);
/* Takes the pages of [first, end) back that are there for nobody yet. */
void object_drop_reserved(struct memory_object *object, uint64_t first, uint64_t end);

/* The first index from this one on that has a page, or that has none. */
uint64_t object_next(struct memory_object *object, uint64_t index, bool present);

/* Fills bytes [start, end) with zeros. Pages that are there stay, since they may be mapped. */
void object_clear(struct memory_object *object, uint64_t start, uint64_t end);

#endif
