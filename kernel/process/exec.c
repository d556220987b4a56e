// SPDX-License-Identifier: MIT
#include "kernel/process/exec.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/console/console.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"
#include "mm/space/mmap.h"

/* Builds the new address space; on an error nothing of it is left. */
static int build_space(struct elf_image *image, struct exec_arguments *arguments,
                       struct address_space **result, struct stack_plan *plan)
{
    struct address_space *space = space_create();
    int error;

    if (!space)
        return -ENOMEM;
    TELL(space_is_made, space, current()->space, false);
    error = elf_map(image, space);
    if (!error)
        error = initial_stack_map(space, arguments);
    if (!error)
        error = ASK(exec_maps, space, image, arguments);
    if (!error)
        error = initial_stack_write(space, image, arguments, plan);
    if (error) {
        space_put(space);
        return error;
    }
    space->brk_start = space->brk = image->end;
    *result = space;
    return 0;
}

static void set_name(struct task *task, const char *path)
{
    const char *slash = strrchr(path, '/');

    strlcpy(task->name, slash ? slash + 1 : path, sizeof(task->name));
}

/* The task switches over to the new program. Nothing can fail from here on. */
static void change_over(struct address_space *space, const struct elf_image *image,
                        const struct exec_arguments *arguments, const struct stack_plan *plan)
{
    struct task *task = current();
    struct process *process = task->process;
    struct address_space *old = task->space;
    struct trap_frame *frame = task_frame(task);

    thread_leave_space();
    irq_disable(); /* a switch back to this task loads task->space */
    task->space = space;
    space_load(space);
    irq_enable();
    if (old)
        space_put(old);
    process->rights = (struct rights_state){0};
    task->rights = (struct thread_rights){0};
    process->exit_signal = SIGCHLD;
    file_table_close_on_exec(task->files);
    signal_actions_reset(process->actions);
    task->signals.stack = (stack_t){.ss_flags = task->signals.stack.ss_flags};
    task->signals.disarmed = (stack_t){0};
    TELL(exec_commits, task, &(struct exec_facts){image->file, arguments, plan});
    set_name(task, arguments->path);

    memset(frame, 0, sizeof(*frame));
    frame->rip = image->start;
    frame->rsp = plan->rsp;
    frame->cs = USER_CS;
    frame->ss = USER_SS;
    frame->rflags = RFLAGS_IF | RFLAGS_FIXED;
    task->fs_base = task->gs_base = 0;
    task_load_bases(task);
    fpu_reset(); /* PKRU takes its init value with the rest */
    if (keys_execute_only(&space->key_map) >= 0)
        keys_take_execute_only(&space->key_map); /* init_pkru= may have left it open */
}

/* Programs choose the path: so it is cut, and what could steer a terminal is masked. */
static void tell_problem(const struct exec_arguments *arguments)
{
    char path[128];

    if (!ASK(message_comes, MESSAGE_EXEC))
        kprintf(KERN_NOTICE "%s cannot be run: %s\n",
                console_name(path, sizeof(path), arguments->path), arguments->problem);
}

/* The program is the task's alone from here on. */
static int leave_others(void)
{
    const struct process *process = current_process();
    int answer = ASK(exec_leaves_others);

    if (!answer && (process->live_threads > 1 || process->leader != current()))
        return -EAGAIN;
    return answer < 0 ? answer : 0;
}

int exec_file(struct file *file, struct exec_arguments *arguments)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct elf_image *image = kmalloc(sizeof(*image));
    struct address_space *space = NULL;
    struct stack_plan plan;
    int tid = current()->tid; /* exec makes it the process's pid */

    arguments->problem = NULL;
    if (!image)
        return -ENOMEM;
    int error = elf_read(file, image, &arguments->problem);
    if (!error)
        error = build_space(image, arguments, &space, &plan);
    if (error == -EEXIST)
        error = -ENOEXEC;
    if (arguments->problem)
        tell_problem(arguments);
    if (!error) {
        error = leave_others();
        if (error)
            space_put(space);
    }
    if (!error) {
        change_over(space, image, arguments, &plan);
        TELL(exec_is_over, tid);
    } else if (cpu_state.pku) {
        write_pkru(pkru); /* mapping an execute-only segment has denied its key */
    }
    kfree(image);
    return error;
}
