// SPDX-License-Identifier: MIT
#include "kernel/exec.h"

#include <asm/errno.h>
#include <asm/hwcap2.h>
#include <asm/mman.h>
#include <linux/auxvec.h>

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/descriptors.h"
#include "arch/fpu.h"
#include "arch/pkru.h"
#include "kernel/console.h"
#include "kernel/elf.h"
#include "kernel/file.h"
#include "kernel/log_limit.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/ptrace.h"
#include "kernel/random.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/unshare.h"
#include "kernel/vdso.h"
#include "libc/include/string.h"
#include "mm/access.h"
#include "mm/keys.h"
#include "mm/mmap.h"
#include "mm/slab.h"

#define STACK_START_SIZE 0x21000ul /* what is mapped below the strings at first, as on Linux */
#define AUXV_MAX         24
#define CLOCK_TICKS      100 /* times() counts these a second */

/*
 * The initial stack (System V ABI, AMD64 supplement, 3.4.1), from the top down:
 *
 *   STACK_TOP  8 zero bytes
 *              path, environment strings, argument strings
 *              "x86_64", 16 random bytes
 *              auxiliary vector, ending with AT_NULL
 *              environment pointers, NULL
 *              argument pointers, NULL
 *   RSP ->     argc                                          16-byte aligned
 */
struct stack_plan {
    uintptr_t path, strings, platform, random;
    uintptr_t rsp;
    size_t vector_bytes; /* argc, the pointers and the auxiliary vector */
    size_t auxv_bytes;
};

static const char platform_name[] = "x86_64";

static void plan_stack(const struct exec_arguments *arguments, size_t auxv_bytes,
                       struct stack_plan *plan)
{
    plan->path = STACK_TOP - sizeof(uint64_t) - strlen(arguments->path) - 1;
    plan->strings = plan->path - arguments->size;
    plan->platform = align_down(plan->strings - sizeof(platform_name), 16);
    plan->random = plan->platform - 16;
    plan->vector_bytes =
        (1 + arguments->argc + 1 + arguments->envc + 1) * sizeof(uint64_t) + auxv_bytes;
    plan->auxv_bytes = auxv_bytes;
    plan->rsp = align_down(plan->random - plan->vector_bytes, 16);
}

static size_t fill_auxv(uint64_t *auxv, const struct elf_image *image, uintptr_t vdso,
                        const struct stack_plan *plan)
{
    const struct identity *user = &current()->credentials.user;
    const struct identity *group = &current()->credentials.group;
    uint32_t eax, ebx, ecx, edx;

    __cpuid(1, eax, ebx, ecx, edx);
    const uint64_t entries[][2] = {
        {AT_SYSINFO_EHDR, vdso},
        {AT_HWCAP, edx},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_PHDR, image->headers},
        {AT_PHENT, ELF_HEADER_SIZE},
        {AT_PHNUM, image->header_count},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, image->entry},
        {AT_UID, user->real},
        {AT_EUID, user->effective},
        {AT_GID, group->real},
        {AT_EGID, group->effective},
        {AT_SECURE, user->real != user->effective || group->real != group->effective},
        {AT_RANDOM, plan->random},
        {AT_HWCAP2, cpu_state.cr4 & CR4_FSGSBASE ? HWCAP2_FSGSBASE : 0},
        {AT_EXECFN, plan->path},
        {AT_PLATFORM, plan->platform},
        {AT_MINSIGSTKSZ, signal_frame_size()},
        {AT_NULL, 0},
    };
    _Static_assert(sizeof(entries) <= AUXV_MAX * 16, "the caller's array");
    memcpy(auxv, entries, sizeof(entries));
    return sizeof(entries);
}

/* Pointers to consecutive strings, then NULL. Moves both on. */
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

static int write_stack(struct address_space *space, const struct elf_image *image,
                       const struct exec_arguments *arguments, struct stack_plan *plan)
{
    uint64_t auxv[2 * AUXV_MAX];
    unsigned char random[16];
    const char *string = arguments->strings;

    size_t auxv_bytes = fill_auxv(auxv, image, space->vdso, plan); /* for its size */
    plan_stack(arguments, auxv_bytes, plan);
    fill_auxv(auxv, image, space->vdso, plan);
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
    memcpy(at, auxv, auxv_bytes);

    random_bytes(random, sizeof(random));
    size_t path_size = strlen(arguments->path) + 1;
    bool written =
        space_write(space, plan->path, arguments->path, path_size) == path_size &&
        space_write(space, plan->strings, arguments->strings, arguments->size) == arguments->size &&
        space_write(space, plan->platform, platform_name, sizeof(platform_name)) ==
            sizeof(platform_name) &&
        space_write(space, plan->random, random, sizeof(random)) == sizeof(random) &&
        space_write(space, plan->rsp, vector, plan->vector_bytes) == plan->vector_bytes;
    kfree(vector);
    return written ? 0 : -ENOMEM;
}

static int map_stack(struct address_space *space, const struct exec_arguments *arguments)
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
        .area_flags = AREA_GROWS_DOWN,
        .name = "[stack]",
    };
    uintptr_t address;

    return space_map(space, &request, &address);
}

/* The whole new address space, or an error and nothing. */
static int build_space(const struct elf_image *image, const struct exec_arguments *arguments,
                       struct address_space **result, struct stack_plan *plan)
{
    struct address_space *space = space_create();
    int error;

    if (!space)
        return -ENOMEM;
    space_inherit_mdwe(space, current()->space);
    error = elf_map(image, space);
    if (!error)
        error = map_stack(space, arguments);
    if (!error)
        error = vdso_map(space);
    if (!error)
        error = write_stack(space, image, arguments, plan);
    if (error) {
        space_put(space);
        return error;
    }
    space->brk_start = image->end;
    space->brk = image->end;
    *result = space;
    return 0;
}

static void set_name(struct task *task, const char *path)
{
    const char *slash = strrchr(path, '/');

    strlcpy(task->name, slash ? slash + 1 : path, sizeof(task->name));
}

/* Where the strings lie, for /proc: argv's first. */
static void note_strings(struct process *process, const struct exec_arguments *arguments,
                         const struct stack_plan *plan)
{
    const char *string = arguments->strings;

    for (unsigned int i = 0; i < arguments->argc; i++)
        string += strlen(string) + 1;
    process->arguments[0] = plan->strings;
    process->arguments[1] = plan->strings + (size_t)(string - arguments->strings);
    process->environment[0] = process->arguments[1];
    process->environment[1] = plan->strings + arguments->size;
    process->auxv[1] = plan->rsp + plan->vector_bytes;
    process->auxv[0] = process->auxv[1] - plan->auxv_bytes;
}

/* From here on nothing fails: the task changes over. */
static void change_over(struct address_space *space, const struct elf_image *image,
                        const struct exec_arguments *arguments, const struct stack_plan *plan)
{
    struct task *task = current();
    struct process *process = task->process;
    struct address_space *old = task->space;
    struct trap_frame *frame = task_frame(task);

    thread_leave_space();
    usage_leave_space(task);
    irq_disable();
    task->space = space;
    process_apply_limits(process);
    space_load(space);
    irq_enable();
    if (old)
        space_put(old);
    process_end_vfork(process);
    posix_timers_delete(process);
    process->has_execed = true;
    process->rights = (struct rights_state){0};
    task->rights = (struct thread_rights){0};
    process->exit_signal = SIGCHLD;
    process->control.is_not_dumpable = !arguments->is_readable; /* nor is its memory to be read */
    if (process->executable)
        file_put(process->executable);
    process->executable = image->file;
    file_get(image->file);
    file_table_close_on_exec(task->files);
    signal_actions_reset(process->actions);
    task->signals.stack_base = task->signals.stack_size = 0;
    task->signals.disarmed = (stack_t){0};
    credentials_exec(&task->credentials);
    set_name(task, arguments->path);
    note_strings(process, arguments, plan);

    memset(frame, 0, sizeof(*frame));
    frame->rip = image->entry;
    frame->rsp = plan->rsp;
    frame->cs = USER_CS;
    frame->ss = USER_SS;
    frame->rflags = RFLAGS_IF | RFLAGS_FIXED;
    task->fs_base = 0;
    task->gs_base = 0;
    wrmsr(MSR_FS_BASE, 0);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    fpu_reset(); /* PKRU takes its init value with the rest */
    if (keys_execute_only(&space->key_map) >= 0)
        keys_take_execute_only(&space->key_map); /* which init_pkru= may have left open */
}

/* A path may be long, and it is the program's own word. */
static void tell_problem(const struct exec_arguments *arguments)
{
    char path[128];

    if (log_limit_admits(LOG_LIMIT_EXEC))
        kprintf(KERN_NOTICE "%s cannot be run: %s\n",
                console_name(path, sizeof(path), arguments->path), arguments->problem);
}

/*
 * What the task shared with its other threads is its own when they have ended, and keeps the locks
 * of bytes with its descriptors: only what another process shares is copied. There is no way back
 * to the old program without its threads, so it ends where that finds no memory.
 */
static int leave_others(void)
{
    int error = process_end_other_threads();

    if (error)
        return error;
    error = unshare_files();
    if (!error)
        error = unshare_actions();
    if (error)
        signal_send(current(), SIGKILL);
    return error;
}

int exec_file(struct file *file, struct exec_arguments *arguments)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct elf_image *image = kmalloc(sizeof(*image));
    struct address_space *space;
    struct stack_plan plan;
    int tid = current()->tid; /* which becomes the process's */

    arguments->problem = NULL;
    if (!image)
        return -ENOMEM;
    int error = elf_read(file, image, &arguments->problem);
    if (error) {
        tell_problem(arguments);
    } else {
        error = build_space(image, arguments, &space, &plan);
        if (error == -EEXIST)
            error = -ENOEXEC;
    }
    if (!error) {
        error = leave_others();
        if (error)
            space_put(space);
    }
    if (!error) {
        change_over(space, image, arguments, &plan);
        ptrace_exec(tid);
    } else if (cpu_state.pku) {
        write_pkru(pkru); /* an execute-only segment denied its key already */
    }
    kfree(image);
    return error;
}
