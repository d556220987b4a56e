// SPDX-License-Identifier: MIT
/*
 * Making files shorter. An object does not know its areas: files are mapped often and truncated
 * while mapped hardly ever, so it is the truncation that looks through all address spaces.
 */
#include "kernel/truncate.h"

#include "kernel/task.h"
#include "mm/address_space.h"
#include "mm/area.h"
#include "mm/object.h"

/* Private copies of the object's pages go too, as on Linux. */
static void zap_area_locked(struct address_space *space, const struct area *area, uint64_t first)
{
    uint64_t end_page = area->object_page + ((area->end - area->start) >> PAGE_SHIFT);
    uintptr_t start = area->start;

    if (first >= end_page)
        return;
    if (first > area->object_page)
        start += (first - area->object_page) << PAGE_SHIFT;
    space_zap_locked(space, start, area->end);
}

static void zap_space(struct address_space *space, const struct memory_object *object,
                      uint64_t first)
{
    struct area *area;

    space_lock_write(space);
    RB_FOREACH (area, area_tree, &space->areas)
        if (area->object == object)
            zap_area_locked(space, area, first);
    space_unlock_write(space);
}

/*
 * The size first: a fault that still saw the old one held its space's lock, so that what it mapped
 * is there to be found; a later one is refused. The pages last, when nobody has them.
 */
void truncate_object(struct memory_object *object, uint64_t size)
{
    uint64_t first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    struct task *task;

    bool longer = size > object_size(object);
    object_set_size(object, size);
    if (longer)
        return;
    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->space)
            zap_space(task->space, object, first);
    object_drop_tail(object);
}
