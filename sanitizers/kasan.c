// SPDX-License-Identifier: MIT
/*
 * The shadow: poisoning, and the checks that the compiler does not make in place.
 *
 * Each 8 bytes of kernel memory have a byte in the shadow: 0 when all of them may be accessed, 1 to
 * 7 when the first so many may, anything else when none may; it says why not (kasan_shadow.h). Who
 * owns memory says what is whose (arch/cpu/check.h); what is known of an object lies in the red
 * zone behind it.
 *
 * The room owns what the compilers' checkers call, the pattern in free memory, and failures on
 * request; each is part of builds that ask for it. It leaves the checks that DEBUG=1 makes of locks
 * and translations to arch/lock/ and arch/mmu/, and the panic to kernel/report/.
 */
#include "arch/cpu/check.h"

#include "arch/cpu/layout.h"
#include "sanitizers/kasan_abi.h"
#include "sanitizers/kasan_shadow.h"

bool kasan_is_on;

void kasan_poison(uintptr_t start, size_t size, enum kasan_shadow why)
{
    if (kasan_is_on)
        __real_memset(kasan_shadow_of(start), why, size / KASAN_GRANULE);
}

void kasan_unpoison(uintptr_t start, size_t size)
{
    if (!kasan_is_on)
        return;
    __real_memset(kasan_shadow_of(start), 0, size / KASAN_GRANULE);
    if (size % KASAN_GRANULE)
        *kasan_shadow_of(start + size) = size % KASAN_GRANULE;
}

/* ---- checks ---- */

/* Whether the byte at an address may be accessed. */
static bool is_good(uintptr_t address)
{
    uint8_t shadow = *kasan_shadow_of(address);

    return shadow == 0 || (shadow < KASAN_GRANULE && address % KASAN_GRANULE < shadow);
}

uintptr_t kasan_first_bad(uintptr_t start, size_t size)
{
    uintptr_t last = start + size - 1;
    uintptr_t at = start;

    if (start < UPPER_HALF || last < start)
        return start ? start : 1;
    /* Of each 8 bytes the last that is accessed tells of those before it. */
    for (; at <= last; at = align_down(at, KASAN_GRANULE) + KASAN_GRANULE) {
        uintptr_t end = align_down(at, KASAN_GRANULE) + KASAN_GRANULE - 1;
        if (!is_good(end < last ? end : last))
            break;
    }
    if (at > last)
        return 0;
    while (at < last && is_good(at))
        at++;
    return at;
}

static void check(enum kasan_kind kind, uintptr_t address, size_t size, uintptr_t rip)
{
    if (kasan_is_on && size && kasan_first_bad(address, size))
        kasan_report(kind, address, size, rip);
}

void kasan_check_read(const void *address, size_t size)
{
    check(KASAN_READ, (uintptr_t)address, size, CALLER);
}

void kasan_check_write(void *address, size_t size)
{
    check(KASAN_WRITE, (uintptr_t)address, size, CALLER);
}

/* ---- what the compiler calls ---- */

/* Instead of a check in place, where a function has very many. */
#define CHECKS(size)                                            \
    void __asan_load##size##_noabort(uintptr_t address)         \
    {                                                           \
        check(KASAN_READ, address, size, CALLER);               \
    }                                                           \
    void __asan_store##size##_noabort(uintptr_t address)        \
    {                                                           \
        check(KASAN_WRITE, address, size, CALLER);              \
    }                                                           \
    void __asan_report_load##size##_noabort(uintptr_t address)  \
    {                                                           \
        check(KASAN_READ, address, size, CALLER);               \
    }                                                           \
    void __asan_report_store##size##_noabort(uintptr_t address) \
    {                                                           \
        check(KASAN_WRITE, address, size, CALLER);              \
    }

CHECKS(1)
CHECKS(2)
CHECKS(4)
CHECKS(8)
CHECKS(16)

void __asan_loadN_noabort(uintptr_t address, size_t size)
{
    check(KASAN_READ, address, size, CALLER);
}

void __asan_storeN_noabort(uintptr_t address, size_t size)
{
    check(KASAN_WRITE, address, size, CALLER);
}

void __asan_report_load_n_noabort(uintptr_t address, size_t size)
{
    check(KASAN_READ, address, size, CALLER);
}

void __asan_report_store_n_noabort(uintptr_t address, size_t size)
{
    check(KASAN_WRITE, address, size, CALLER);
}

/*
 * Frames that a function without return leaves behind keep their red zones: nothing runs on them
 * any more until the stack is another task's, and then it is cleared as a whole.
 */
void __asan_handle_no_return(void)
{
}

/* An array whose size is known only when it is made: a red zone before and behind it. */
void __asan_alloca_poison(uintptr_t address, size_t size)
{
    size_t rounded = align_up(size, KASAN_GRANULE);
    uintptr_t end = align_up(address + size, KASAN_ALLOCA_ZONE);

    kasan_unpoison(address, size);
    kasan_poison(address - KASAN_ALLOCA_ZONE, KASAN_ALLOCA_ZONE, KASAN_STACK_LEFT);
    kasan_poison(address + rounded, end + KASAN_ALLOCA_ZONE - (address + rounded),
                 KASAN_STACK_RIGHT);
}

void __asan_allocas_unpoison(uintptr_t top, uintptr_t bottom)
{
    if (top && top <= bottom)
        kasan_unpoison(top, bottom - top);
}
