// SPDX-License-Identifier: MIT
/*
 * The return from a signal handler, and PKRU's way through it: XRSTOR reads the frame under the
 * handler's own PKRU and loads the frame's. Kept keys (struct key_policies) regain no right that
 * the handler lacks.
 */
#include "kernel/signal/signal_frame.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"

#define GET(name) user_get(&frame->name, &from->name, bad_address);

/*
 * These functions read user memory, in a range that was checked to be user memory. They return
 * false after a fault that could not be resolved.
 */
static bool get_registers(struct trap_frame *frame, const struct sigcontext *from)
{
    uint64_t rflags;
    uint16_t cs, ss;

    SIGNAL_REGISTERS(GET)
    user_get(&rflags, &from->eflags, bad_address);
    user_get(&cs, &from->cs, bad_address);
    user_get(&ss, &from->ss, bad_address);
    /* Forged selectors get RPL 3, and IRETQ refuses those that name no segment of ring 3. */
    frame->cs = cs | 3u;
    frame->ss = ss | 3u;
    frame->rflags = (frame->rflags & ~USER_RFLAGS) | (rflags & USER_RFLAGS);
    return true;
bad_address:
    return false;
}

/*
 * Reads the fields of a context that are used here. Its first and last fields are read before its
 * registers: if some of the context cannot be read, no register is changed.
 */
static bool take_context(struct ucontext *to, struct trap_frame *frame, const struct ucontext *from)
{
    bool taken = false;

    if (!user_range_ok((uintptr_t)from, sizeof(*from)))
        return false;
    user_access_begin();
    user_get(&to->uc_sigmask, &from->uc_sigmask, bad_address);
    user_get(&to->uc_flags, &from->uc_flags, bad_address);
    user_get(&to->uc_stack.ss_sp, &from->uc_stack.ss_sp, bad_address);
    user_get(&to->uc_stack.ss_flags, &from->uc_stack.ss_flags, bad_address);
    user_get(&to->uc_stack.ss_size, &from->uc_stack.ss_size, bad_address);
    user_get(&to->uc_mcontext.fpstate, &from->uc_mcontext.fpstate, bad_address);
    taken = get_registers(frame, &from->uc_mcontext);
bad_address:
    user_access_end();
    return taken;
}

/* Whether the software bytes and both magic numbers say that this is a whole XSAVE image. */
static int read_software_bytes(uintptr_t image, bool *extended, uint64_t *components,
                               uint64_t *changes)
{
    struct _fpx_sw_bytes software;
    uint32_t magic2;

    *extended = false;
    if (!fpu_layout.xcr0)
        return 0;
    if (copy_from_user(&software, image + XSAVE_SOFTWARE, sizeof(software)))
        return -EFAULT;
    if (software.magic1 != FP_XSTATE_MAGIC1 || software.xstate_size < XSAVE_MINIMUM ||
        software.xstate_size > fpu_layout.size || software.xstate_size > software.extended_size)
        return 0;
    if (copy_from_user(&magic2, image + software.xstate_size, sizeof(magic2)))
        return -EFAULT;
    *extended = magic2 == FP_XSTATE_MAGIC2;
    *components = software.xfeatures;
    *changes = software.padding[0] | (uint64_t)software.padding[1] << 32;
    return 0;
}

static int restore_image(uintptr_t image, uint64_t *changes)
{
    uint64_t components;
    bool extended;

    *changes = 0;
    if (image == 0) {
        fpu_reset();
        return 0;
    }
    int error = read_software_bytes(image, &extended, &components, changes);
    if (error)
        return error;
    return extended ? fpu_restore_user(image, components) : fpu_restore_user_legacy(image);
}

/* -EFAULT when the frame cannot be read or is not sound. */
static int signal_frame_restore(struct trap_frame *frame)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    uintptr_t rsp = frame->rsp;
    uintptr_t place = rsp - sizeof(uint64_t); /* the handler's RET popped the address */
    struct ucontext context;
    uint64_t changes;

    if (!take_context(&context, frame,
                      (const void *)(place + offsetof(struct signal_frame, context))))
        return -EFAULT;
    signal_set_blocked(context.uc_sigmask);
    signal_stack_return(&context.uc_stack, rsp);
    /* This is orig_rax: the restored registers are those of no system call. */
    frame->error_code = (uint64_t)-1;
    frame_is_changed(frame);
    if (!(context.uc_flags & UC_STRICT_RESTORE_SS))
        frame->ss = USER_SS;
    int error = restore_image((uintptr_t)context.uc_mcontext.fpstate, &changes);
    rights_leave_handler(frame, changes, pkru);
    return error;
}

SYSCALL0(rt_sigreturn)
{
    static const siginfo_t failure = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    struct trap_frame *frame = task_frame(current());

    if (signal_frame_restore(frame))
        signal_force(&failure);
    return (long)frame->rax;
}
