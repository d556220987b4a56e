// SPDX-License-Identifier: MIT
#include "kernel/dump/dump.h"

#include "fs/more/node_path.h"
#include "kernel/channel/channel.h"
#include "kernel/report/report.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/access/access.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"

_Static_assert(sizeof(struct dump_mapping) == DUMP_CONTENT_MAX, "a frame holds it");
_Static_assert(sizeof(struct dump_stack) == DUMP_CONTENT_MAX, "a frame holds it");

int dump_send(enum dump_kind kind, const void *content, size_t size)
{
    static struct {
        struct dump_header header;
        uint8_t content[DUMP_CONTENT_MAX];
    } payload;

    if (!channel_is_connected())
        return 0;
    payload.header = (struct dump_header){.tid = (uint32_t)current()->tid, .kind = (uint8_t)kind};
    if (size)
        memcpy(payload.content, content, size);
    return frame_send_waiting(FRAME_DUMP, &payload, sizeof(payload.header) + size, true);
}

/* ---- where code is mapped from ---- */

/* Bytes of the name; 0: it has none, or one that is too long. */
static size_t put_name(const struct vma *vma, char *path, size_t size)
{
    struct node *node = vma->object ? vma->object->owner : NULL;

    if (node)
        return node_path(node, path, size) < 0 ? 0 : strlen(path);
    size = vma->name ? strlen(vma->name) : 0;
    if (size)
        memcpy(path, vma->name, size);
    return size;
}

/* Fills in the first mapping of code from an address on. Returns its size, or 0: there is none. */
static size_t find_mapping(struct address_space *space, uintptr_t from,
                           struct dump_mapping *mapping)
{
    size_t length = 0;

    space_lock_read(space);
    for (const struct vma *vma = vma_find(&space->vmas, from); vma && !length; vma = vma->next) {
        if (!(vma->prot & PROT_EXEC))
            continue;
        length = put_name(vma, mapping->path, sizeof(mapping->path));
        mapping->start = vma->start;
        mapping->end = vma->end;
        mapping->offset = vma->object ? vma->object_page << PAGE_SHIFT : 0;
    }
    space_unlock_read(space);
    return length ? offsetof(struct dump_mapping, path) + length : 0;
}

static int send_mappings(struct address_space *space)
{
    static struct dump_mapping mapping;
    uintptr_t from = 0;
    int error = 0;

    for (unsigned int i = 0; i < DUMP_MAPPINGS_MAX && !error; i++) {
        size_t size = find_mapping(space, from, &mapping);
        if (!size)
            break;
        error = dump_send(DUMP_MAPPING, &mapping, size);
        from = mapping.end;
    }
    return error;
}

/* ---- the stack ---- */

/* From the stack pointer up; of a stack that has run over, from the first page that is there. */
static uintptr_t stack_start(struct address_space *space, uintptr_t rsp)
{
    uintptr_t start = rsp & ~7ul;

    if (rsp >= USER_END)
        return USER_END;
    space_lock_read(space);
    const struct vma *vma = vma_find(&space->vmas, start);
    if (vma && vma->start > start)
        start = vma->flags & VMA_GROWS_DOWN ? vma->start : USER_END;
    space_unlock_read(space);
    return start;
}

static void send_stack(struct address_space *space, uintptr_t rsp)
{
    static struct dump_stack stack;
    uintptr_t at = stack_start(space, rsp);
    uintptr_t end = at + DUMP_STACK_MAX;

    while (at < end) {
        size_t count = end - at < sizeof(stack.bytes) ? end - at : sizeof(stack.bytes);
        size_t size = space_read(space, at, stack.bytes, count);
        stack.address = at;
        if (!size || dump_send(DUMP_STACK, &stack, offsetof(struct dump_stack, bytes) + size))
            break;
        at += size;
    }
}

static void dump(const struct fault_facts *facts)
{
    struct address_space *space = current()->space;

    if (!dump_send(DUMP_BEGIN, NULL, 0) && !send_mappings(space))
        send_stack(space, facts->frame->rsp);
}

ATTACH(fault_report, dump);
