// SPDX-License-Identifier: MIT
/*
 * The report of an access that was not to be:
 *
 *     ==== kernel panic: KASAN: bug: use after free: a write of 8 bytes at ffff888001a2b040
 *     access   ffffffff8010a2b3  futex_wake+0x43
 *     object   kmalloc-64, 40 bytes at ffff888001a2b040; 0 bytes in it
 *     allocated and freed by whom, then what every panic tells
 */
#include "arch/cpu/check.h"
#include "arch/cpu/layout.h"
#include "kernel/console/console.h"
#include "kernel/console/symbols.h"
#include "kernel/report/panic.h"
#include "kernel/report/report.h"
#include "sanitizers/kasan_shadow.h"

void (*kasan_catch)(const struct kasan_bug *bug);

/* The byte that says why; of 8 bytes that are accessible in part it is the next one. */
static uint8_t reason(uintptr_t bad)
{
    uint8_t shadow = *kasan_shadow_of(bad);

    return shadow < KASAN_GRANULE ? *kasan_shadow_of(bad + KASAN_GRANULE) : shadow;
}

static const char *name_of(uint8_t shadow)
{
    switch (shadow) {
    case KASAN_STACK_LEFT:
    case KASAN_STACK_MIDDLE:
    case KASAN_STACK_RIGHT:
        return "outside a variable on the stack";
    case KASAN_GLOBAL:
        return "outside a global variable";
    case KASAN_SLAB_FREE:
        return "use after free";
    case KASAN_SLAB_ZONE:
    case KASAN_PAGE_ZONE:
        return "outside an object";
    case KASAN_FREED_STACK:
        return "use of a freed stack";
    case KASAN_PAGE_FREE:
        return "use of a freed page";
    default:
        return "outside what may be accessed";
    }
}

static const char *kind_of_bug(const struct kasan_bug *bug)
{
    if (bug->bad < UPPER_HALF)
        return "no kernel address";
    uint8_t shadow = reason(bug->bad);
    if (bug->kind != KASAN_FREE)
        return name_of(shadow);
    return shadow == KASAN_SLAB_FREE ? "double free" : "free of what is no object";
}

static const struct kasan_bug *reported; /* that a panic is about */

static void tell(const struct trap_frame *frame)
{
    const struct kasan_bug *bug = reported;
    uintptr_t offset = 0;

    if (frame || !bug)
        return;
    const char *name = symbol_lookup(bug->rip - 1, &offset);

    kprintf(REPORT_LABEL "%016lx  %s+0x%lx\n", "access", bug->rip, name ? name : "?", offset + 1);
    if (bug->bad >= UPPER_HALF)
        kasan_describe(bug);
}

ATTACH(panic_report, tell);

void kasan_report(enum kasan_kind kind, uintptr_t address, size_t size, uintptr_t rip)
{
    static const char *const kinds[] = {"read", "write", "free"};
    struct kasan_bug bug = {
        .kind = kind,
        .address = address,
        .size = size,
        .bad = kasan_first_bad(address, size),
        .rip = rip,
    };

    bug.what = kind_of_bug(&bug);
    if (kasan_catch) {
        kasan_catch(&bug);
        return;
    }
    kasan_is_on = false; /* what follows is not to be reported within it */
    reported = &bug;
    if (kind == KASAN_FREE)
        panic("KASAN: bug: %s: of %016lx", bug.what, address);
    panic("KASAN: bug: %s: a %s of %zu bytes at %016lx", bug.what, kinds[kind], size, address);
}
