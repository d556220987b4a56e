// SPDX-License-Identifier: MIT
/*
 * Objects of the slab allocator.
 *
 *   | object: size asked for | rest | struct kasan_object | to the alignment | next object ...
 *   |<----- accessible ----->|<------------- red zone -------------------->|
 *
 * A freed object waits in its cache's quarantine until as many bytes have been freed after it: so
 * a late access to it is found, and not one to its next owner's memory.
 */
#include "arch/cpu/check.h"
#include "mm/page/slab.h"
#include "sanitizers/kasan_shadow.h"

#define QUARANTINE_MAX 65536 /* bytes of objects, for each cache */

_Static_assert(sizeof(struct kasan_object) == 24, "kasan_object_stride()");

size_t kasan_object_stride(size_t size)
{
    return align_up(size, KASAN_GRANULE) + sizeof(struct kasan_object) + KASAN_RED_ZONE;
}

struct kasan_object *kasan_object_of(const struct slab_cache *cache, const void *object)
{
    return (struct kasan_object *)((uintptr_t)object + align_up(cache->object_size, KASAN_GRANULE));
}

void kasan_slab_made(void *slab, size_t header, size_t size)
{
    size_t start = align_up(header, KASAN_GRANULE);

    _Static_assert(KASAN_NEVER_USED == 0, "every object's state");
    __real_memset((char *)slab + start, 0, size - start);
    kasan_poison((uintptr_t)slab + start, size - start, KASAN_SLAB_ZONE);
}

void kasan_object_allocated(const struct slab_cache *cache, void *object, size_t size)
{
    uintptr_t start = (uintptr_t)object;
    size_t accessible = align_up(size, KASAN_GRANULE);

    if (!kasan_is_on)
        return;
    *kasan_object_of(cache, object) = (struct kasan_object){
        .size = (uint32_t)size,
        .state = KASAN_IN_USE,
        .allocated_at = kasan_trace_keep((uintptr_t)__builtin_frame_address(0)),
    };
    kasan_unpoison(start, size);
    kasan_poison(start + accessible, cache->stride - accessible, KASAN_SLAB_ZONE);
}

bool kasan_object_freed(const struct slab_cache *cache, void *object)
{
    struct kasan_object *known = kasan_object_of(cache, object);
    uintptr_t start = (uintptr_t)object;

    if (!kasan_is_on)
        return true;
    if (known->state != KASAN_IN_USE) {
        kasan_report(KASAN_FREE, start, 1, (uintptr_t)__builtin_return_address(0));
        return false;
    }
    kasan_poison(start, align_up(cache->object_size, KASAN_GRANULE), KASAN_SLAB_FREE);
    known->state = KASAN_FREED;
    known->freed_at = kasan_trace_keep((uintptr_t)__builtin_frame_address(0));
    return true;
}

void *kasan_quarantine_take(struct slab_cache *cache)
{
    struct kasan_quarantine *quarantine = &cache->quarantine;
    void *object = quarantine->oldest;

    if (!object)
        return NULL;
    quarantine->oldest = kasan_object_of(cache, object)->next;
    if (!quarantine->oldest)
        quarantine->newest = NULL;
    quarantine->bytes -= cache->stride;
    return object;
}

void *kasan_quarantine_swap(struct slab_cache *cache, void *object)
{
    struct kasan_quarantine *quarantine = &cache->quarantine;

    if (!kasan_is_on)
        return object;
    kasan_object_of(cache, object)->next = NULL;
    if (quarantine->newest)
        kasan_object_of(cache, quarantine->newest)->next = object;
    else
        quarantine->oldest = object;
    quarantine->newest = object;
    quarantine->bytes += cache->stride;
    return quarantine->bytes > QUARANTINE_MAX ? kasan_quarantine_take(cache) : NULL;
}
