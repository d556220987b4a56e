// SPDX-License-Identifier: MIT
/*
 * Global variables. The compiler puts a red zone behind each, and for each file a function into
 * .init_array that hands over a table of them.
 */
#include "arch/cpu/check.h"
#include "kernel/console/console.h"
#include "kernel/report/report.h"
#include "sanitizers/kasan_abi.h"
#include "sanitizers/kasan_shadow.h"

#define FILES_MAX 512

extern void (*const constructors_start[])(void);
extern void (*const constructors_end[])(void);

static struct {
    const struct kasan_global *globals;
    size_t count;
} files[FILES_MAX];

static unsigned int file_count;

/* The shadow is written whether or not checks have begun. */
static void poison_zone(const struct kasan_global *global)
{
    size_t accessible = align_up(global->size, KASAN_GRANULE);

    __real_memset(kasan_shadow_of(global->start + accessible), KASAN_GLOBAL,
                  (global->size_with_zone - accessible) / KASAN_GRANULE);
    if (global->size % KASAN_GRANULE)
        *kasan_shadow_of(global->start + global->size) = global->size % KASAN_GRANULE;
}

void __asan_register_globals(const struct kasan_global *globals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        poison_zone(&globals[i]);
    if (file_count < FILES_MAX) {
        files[file_count].globals = globals;
        files[file_count++].count = count;
    }
}

/* Nothing is ever unloaded; the compiler names it all the same. */
void __asan_unregister_globals(const struct kasan_global *globals, size_t count)
{
    (void)globals;
    (void)count;
}

void kasan_register_globals(void)
{
    for (void (*const *constructor)(void) = constructors_start; constructor < constructors_end;
         constructor++)
        (*constructor)();
}

static const struct kasan_global *find(uintptr_t address)
{
    for (unsigned int i = 0; i < file_count; i++)
        for (size_t k = 0; k < files[i].count; k++)
            if (address - files[i].globals[k].start < files[i].globals[k].size_with_zone)
                return &files[i].globals[k];
    return NULL;
}

bool kasan_describe_global(uintptr_t address)
{
    const struct kasan_global *global = find(address);

    if (!global)
        return false;
    kprintf(REPORT_LABEL "global variable %s of %s, %zu bytes at %016lx\n", "object", global->name,
            global->file, global->size, global->start);
    kprintf(REPORT_LABEL "%lu bytes past its end\n", "", address - global->start - global->size);
    return true;
}
