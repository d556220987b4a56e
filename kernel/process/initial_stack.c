// SPDX-License-Identifier: MIT
#include "kernel/process/exec.h"

#include <asm/errno.h>
#include <asm/hwcap2.h>
#include <asm/mman.h>
#include <linux/auxvec.h>

#include "arch/cpu/cpu.h"
#include "kernel/call/permission.h"
#include "kernel/call/random.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"
#include "mm/space/fault.h"
#include "mm/space/mmap.h"

#define STACK_START_SIZE 0x21000ul /* what is mapped below the strings at first, as on Linux */

static const char platform_name[] = "x86_64";

static void plan_stack(const struct exec_arguments *arguments, struct stack_plan *plan)
{
    plan->path = STACK_TOP - sizeof(uint64_t) - strlen(arguments->path) - 1;
    plan->strings = plan->path - arguments->size;
    plan->platform = align_down(plan->strings - sizeof(platform_name), 16);
    plan->random = plan->platform - 16;
    plan->vector_bytes =
        (1 + arguments->argc + 1 + arguments->envc + 1) * sizeof(uint64_t) + AUXV_BYTES;
    plan->rsp = align_down(plan->random - plan->vector_bytes, 16);
}

static void fill_auxv(uint64_t *auxv, const struct elf_image *image, uintptr_t vdso,
                      const struct stack_plan *plan)
{
    struct task_identity own = task_identity_of(current());
    uint32_t eax, ebx, ecx, edx;

    __cpuid(1, eax, ebx, ecx, edx);
    const uint64_t entries[][2] = {
        {AT_SYSINFO_EHDR, vdso},
        {AT_HWCAP, edx},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_PHDR, image->headers_address},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, image->header_count},
        {AT_BASE, image->base},
        {AT_FLAGS, 0},
        {AT_ENTRY, image->entry},
        {AT_UID, own.user},
        {AT_EUID, own.effective_user},
        {AT_GID, own.group},
        {AT_EGID, own.effective_group},
        {AT_SECURE, own.user != own.effective_user || own.group != own.effective_group},
        {AT_RANDOM, plan->random},
        {AT_HWCAP2, cpu_state.cr4 & CR4_FSGSBASE ? HWCAP2_FSGSBASE : 0},
        {AT_EXECFN, plan->path},
        {AT_PLATFORM, plan->platform},
        {AT_MINSIGSTKSZ, signal_frame_size()},
        {AT_NULL, 0},
    };
    _Static_assert(sizeof(entries) == AUXV_BYTES, "the plan has place for it");
    memcpy(auxv, entries, sizeof(entries));
}

/* Writes pointers to consecutive strings, then NULL, and advances all three. */
static void add_pointers(uint64_t **at, unsigned int count, const char **string, uintptr_t *address)
{
    for (unsigned int i = 0; i < count; i++) {
        size_t size = strlen(*string) + 1;
        *(*at)++ = *address;
        *string += size;
        *address += size;
    }
    *(*at)++ = 0;
}

int initial_stack_write(struct address_space *space, const struct elf_image *image,
                        const struct exec_arguments *arguments, struct stack_plan *plan)
{
    unsigned char random[16];
    const char *string = arguments->strings;

    plan_stack(arguments, plan);
    if (STACK_TOP - plan->rsp > EXEC_ARGUMENTS_MAX)
        return -E2BIG;

    uint64_t *vector = kmalloc(plan->vector_bytes);
    if (!vector)
        return -ENOMEM;
    uint64_t *at = vector;
    uintptr_t address = plan->strings;
    *at++ = arguments->argc;
    add_pointers(&at, arguments->argc, &string, &address);
    add_pointers(&at, arguments->envc, &string, &address);
    fill_auxv(at, image, space->vdso, plan);

    random_bytes(random, sizeof(random));
    bool failed = space_fill(space, plan->path, arguments->path, strlen(arguments->path) + 1) ||
                  space_fill(space, plan->strings, arguments->strings, arguments->size) ||
                  space_fill(space, plan->platform, platform_name, sizeof(platform_name)) ||
                  space_fill(space, plan->random, random, sizeof(random)) ||
                  space_fill(space, plan->rsp, vector, plan->vector_bytes);
    kfree(vector);
    return failed ? -ENOMEM : 0;
}

int initial_stack_map(struct address_space *space, const struct exec_arguments *arguments)
{
    size_t size = STACK_START_SIZE +
                  align_up(arguments->size + PAGE_SIZE + (arguments->argc + arguments->envc) * 8ul,
                           PAGE_SIZE);
    struct map_request request = {
        .address = STACK_TOP - size,
        .size = size,
        .prot = PROT_READ | PROT_WRITE,
        .max_prot = PROT_READ | PROT_WRITE | PROT_EXEC,
        .fixed = true,
        .no_replace = true,
        .vma_flags = VMA_GROWS_DOWN,
        .name = "[stack]",
    };
    uintptr_t address;

    return space_map(space, &request, &address);
}
