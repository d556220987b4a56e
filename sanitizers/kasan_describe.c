// SPDX-License-Identifier: MIT
/* What an address belongs to, in the rows of a report. */
#include "arch/cpu/layout.h"
#include "kernel/console/console.h"
#include "kernel/console/symbols.h"
#include "kernel/report/report.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/table/kernel_map.h"
#include "sanitizers/kasan_abi.h"
#include "sanitizers/kasan_shadow.h"

/* The object that an address in a slab belongs to, used or not, with the red zone behind it. */
struct slab_place {
    const struct slab_cache *cache;
    const void *object;
};

/* False for the slab's own part. It takes no lock. */
static bool slab_find(const void *address, struct slab_place *place)
{
    const struct slab *slab = slab_of(address);
    size_t offset = (size_t)((const char *)address - (const char *)slab);

    if (!slab || offset < slab->cache->first_object)
        return false;
    offset -= (offset - slab->cache->first_object) % slab->cache->stride;
    *place = (struct slab_place){slab->cache, (const char *)slab + offset};
    return true;
}

static void tell_object(const struct slab_place *place, uintptr_t bad)
{
    const struct kasan_object *known = kasan_object_of(place->cache, place->object);
    uintptr_t start = (uintptr_t)place->object;
    bool was_used = known->state != KASAN_NEVER_USED;
    size_t size = was_used ? known->size : place->cache->object_size;

    kprintf(REPORT_LABEL "%s, %zu bytes at %016lx; %lu bytes %s\n", "object", place->cache->name,
            size, start, bad < start + size ? bad - start : bad - start - size,
            bad < start + size ? "in it" : "past its end");
    if (!was_used) {
        kprintf(REPORT_LABEL "it was never given out\n", "");
        return;
    }
    kasan_trace_print("given to", known->allocated_at);
    if (known->freed_at)
        kasan_trace_print("freed by", known->freed_at);
}

static void tell_page(const struct page *page, uintptr_t bad)
{
    kprintf(REPORT_LABEL "a page at %016lx; %lu bytes in it\n", "object",
            align_down(bad, PAGE_SIZE), bad % PAGE_SIZE);
    kasan_trace_print("given to", kasan_page_traces(page)->allocated_at);
    if (kasan_page_traces(page)->freed_at)
        kasan_trace_print("freed by", kasan_page_traces(page)->freed_at);
}

/* Slabs know what is in them; what else lies in the direct map is a page. */
static void tell_direct_map(uintptr_t bad)
{
    struct page *page = page_find(direct_map_paddr((const void *)bad));
    uint8_t shadow = *kasan_shadow_of(align_down(bad, KASAN_GRANULE) + KASAN_GRANULE - 1);
    struct slab_place place;

    if (shadow < KASAN_GRANULE)
        shadow = *kasan_shadow_of(bad + KASAN_GRANULE);
    if (!page)
        return;
    if ((shadow == KASAN_SLAB_FREE || shadow == KASAN_SLAB_ZONE) &&
        slab_find((const void *)bad, &place))
        tell_object(&place, bad);
    else
        tell_page(page, bad);
}

/* ---- stacks ---- */

static size_t read_number(const char **text)
{
    size_t number = 0;

    while (**text == ' ')
        ++*text;
    while (**text >= '0' && **text <= '9')
        number = number * 10 + (size_t)(*(*text)++ - '0');
    return number;
}

/* The last variable that begins at or before an offset of the frame. */
static void tell_variable(const struct kasan_frame *frame, size_t offset)
{
    const char *text = frame->variables;
    const char *name = NULL;
    size_t length = 0, start = 0, size = 0;

    for (size_t left = read_number(&text); left; left--) {
        size_t at = read_number(&text);
        size_t bytes = read_number(&text);
        size_t letters = read_number(&text);
        if (at <= offset) {
            start = at;
            size = bytes;
            name = text + 1;
            length = letters;
        }
        text += 1 + letters;
    }
    if (name)
        kprintf(REPORT_LABEL "%.*s, %zu bytes; %zu bytes past its end\n", "", (int)length, name,
                size, offset >= start + size ? offset - start - size : 0);
}

/* The frame's first words lie at the foot of its lowest red zone. */
static void tell_stack(uintptr_t bad)
{
    uintptr_t at = align_down(bad, KASAN_GRANULE);
    uintptr_t lowest = at > KERNEL_STACK_SIZE ? at - KERNEL_STACK_SIZE : 0;
    uintptr_t offset;

    while (at > lowest && *kasan_shadow_of(at) != KASAN_STACK_LEFT)
        at -= KASAN_GRANULE;
    while (at > lowest && *kasan_shadow_of(at - KASAN_GRANULE) == KASAN_STACK_LEFT)
        at -= KASAN_GRANULE;
    const struct kasan_frame *frame = (const struct kasan_frame *)at;
    if (at <= lowest || frame->magic != KASAN_FRAME_MAGIC)
        return;
    const char *function = symbol_lookup(frame->function, &offset);
    kprintf(REPORT_LABEL "on the stack, %lu bytes into the frame of %s\n", "object", bad - at,
            function ? function : "?");
    tell_variable(frame, bad - at);
}

void kasan_describe(const struct kasan_bug *bug)
{
    uintptr_t bad = bug->bad;
    uint8_t shadow = *kasan_shadow_of(bad);

    if (bad - DIRECT_MAP_BASE < DIRECT_MAP_SIZE)
        tell_direct_map(bad);
    else if (!kasan_describe_global(bad) && (shadow < KASAN_GRANULE || shadow < KASAN_GLOBAL))
        tell_stack(bad);
}
