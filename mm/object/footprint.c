// SPDX-License-Identifier: MIT
#include "mm/object/footprint.h"

#include "mm/object/object.h"

void footprint_add_object(struct footprint *footprint, struct memory_object *object)
{
    const struct object_owner_operations *operations = object->owner_operations;

    if (object->counted_by == footprint->count || (operations && !operations->is_nameless(object)))
        return;
    object->counted_by = footprint->count;
    footprint->files += object->pages + object->tables;
}
