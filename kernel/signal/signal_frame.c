// SPDX-License-Identifier: MIT
/*
 * The delivery of a signal, and what it does with PKRU (as Linux 6.12 and later):
 *
 *   1. The interrupted PKRU is remembered, and all keys are opened: the stack may be under a key
 *      that the program has denied itself, and the handler must run all the same.
 *   2. The frame is written. PKRU and its bit in XSTATE_BV are stored by the kernel, not by XSAVE,
 *      because the register has all keys open by then.
 *   3. The handler starts with the init value: it may interrupt any code of the program, and must
 *      not inherit the rights that this code has opened for itself.
 *
 * The exceptions are keys with policies (struct key_policies): closed ones are not opened in step
 * 1, and kept ones keep their rights in step 3.
 */
#include "kernel/signal/signal_frame.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/usercopy.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

#define RED_ZONE    128 /* bytes below RSP that the ABI lets the interrupted function use */
#define FPU_ALIGN   64
#define FRAME_ALIGN 16

static size_t fpu_frame_size(void)
{
    return fpu_layout.size + (fpu_layout.xcr0 ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t signal_frame_size(void)
{
    return align_up(sizeof(struct signal_frame) + FRAME_ALIGN - 1 + fpu_frame_size() + FPU_ALIGN -
                        1,
                    FRAME_ALIGN);
}

/* ---- delivery ---- */

struct frame_place {
    uintptr_t frame; /* of struct signal_frame */
    uintptr_t image; /* of the XSAVE image */
};

/* Where the frame goes; false when the alternate stack is too small for it. */
static bool place_frame(const struct trap_frame *frame, const struct sigaction *action,
                        struct frame_place *place)
{
    const struct signal_state *state = &current()->signals;
    bool inside = signal_stack_is_in_use(state, frame->rsp);
    bool entering = (action->sa_flags & SA_ONSTACK) && !inside && state->stack.ss_size;
    uintptr_t rsp =
        entering ? (uintptr_t)state->stack.ss_sp + state->stack.ss_size : frame->rsp - RED_ZONE;

    place->image = align_down(rsp - fpu_frame_size(), FPU_ALIGN);
    /* As after a CALL, which pushes 8 bytes: the ABI wants RSP + 8 to be a multiple of 16. */
    place->frame =
        align_down(place->image - sizeof(struct signal_frame), FRAME_ALIGN) - sizeof(uint64_t);
    return !(inside || entering) || signal_stack_holds(state, place->frame);
}

#define PUT(name) user_put(frame->name, &to->name, bad_address);

/*
 * These functions write to user memory, in a range that has been checked. They return false after a
 * fault that could not be resolved.
 */
static bool put_registers(struct sigcontext *to, const struct trap_frame *frame)
{
    const struct task *task = current();

    SIGNAL_REGISTERS(PUT)
    user_put(frame->rflags, &to->eflags, bad_address);
    user_put(frame->cs, &to->cs, bad_address);
    user_put(0, &to->gs, bad_address);
    user_put(0, &to->fs, bad_address);
    user_put(frame->ss, &to->ss, bad_address);
    user_put(task->fault_error_code, &to->err, bad_address);
    user_put(task->fault_vector, &to->trapno, bad_address);
    user_put(task->fault_address, &to->cr2, bad_address);
    return true;
bad_address:
    return false;
}

static bool put_context(struct ucontext *to, const struct trap_frame *frame, uintptr_t image,
                        signal_set_t blocked_before)
{
    const struct signal_state *state = &current()->signals;

    user_put(UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_layout.xcr0 ? UC_FP_XSTATE : 0),
             &to->uc_flags, bad_address);
    user_put(NULL, &to->uc_link, bad_address);
    user_put(state->stack.ss_sp, &to->uc_stack.ss_sp, bad_address);
    user_put(state->stack.ss_flags, &to->uc_stack.ss_flags, bad_address);
    user_put(state->stack.ss_size, &to->uc_stack.ss_size, bad_address);
    user_put(blocked_before, &to->uc_mcontext.oldmask, bad_address);
    user_put(image, &to->uc_mcontext.fpstate, bad_address);
    user_put(blocked_before, &to->uc_sigmask, bad_address);
    return put_registers(&to->uc_mcontext, frame);
bad_address:
    return false;
}

/*
 * Stores PKRU in the frame. XSAVE cannot, as the register has all keys open by now. The bit is set
 * too: XRSTOR makes a component without its bit initial, which for PKRU is all keys open again.
 */
static bool put_pkru(uintptr_t image, uint32_t pkru)
{
    if (!fpu_layout.pkru_offset)
        return true;
    user_put(XFEATURE_PKRU, (uint64_t *)(image + XSAVE_XSTATE_BV), bad_address);
    user_put(pkru, (uint32_t *)(image + fpu_layout.pkru_offset), bad_address);
    return true;
bad_address:
    return false;
}

/* Writes what an image must hold before the CPU saves its registers into it; the rest is zero. */
static bool put_image(uintptr_t image)
{
    struct _fpx_sw_bytes *software = (struct _fpx_sw_bytes *)(image + XSAVE_SOFTWARE);
    uint64_t changes = current_process()->rights.changes;

    user_put(FP_XSTATE_MAGIC1, &software->magic1, bad_address);
    user_put(fpu_frame_size(), &software->extended_size, bad_address);
    user_put(fpu_layout.xcr0, &software->xfeatures, bad_address);
    user_put(fpu_layout.size, &software->xstate_size, bad_address);
    user_put(changes, &software->padding[0], bad_address);
    user_put(changes >> 32, &software->padding[1], bad_address);
    user_put(FP_XSTATE_MAGIC2, (uint32_t *)(image + fpu_layout.size), bad_address);
    return true;
bad_address:
    return false;
}

static int write_frame(const struct frame_place *place, const struct trap_frame *frame,
                       const siginfo_t *info, const struct sigaction *action,
                       signal_set_t blocked_before, uint32_t pkru)
{
    struct signal_frame *out = (struct signal_frame *)place->frame;
    bool written = false;

    if (!user_range_ok(place->frame, place->image + fpu_frame_size() - place->frame))
        return -EFAULT;
    if (fpu_layout.xcr0 &&
        clear_user(place->image + XSAVE_SOFTWARE, XSAVE_MINIMUM - XSAVE_SOFTWARE))
        return -EFAULT;
    user_access_begin();
    user_put(action->sa_restorer, &out->return_address, bad_address);
    written = put_context(&out->context, frame, place->image, blocked_before) &&
              (!fpu_layout.xcr0 || (put_image(place->image) && put_pkru(place->image, pkru)));
bad_address:
    user_access_end();
    if (!written || copy_to_user((uintptr_t)&out->info, info, sizeof(*info)))
        return -EFAULT;
    return fpu_save_user(place->image);
}

int signal_frame_setup(struct trap_frame *frame, const siginfo_t *info,
                       const struct sigaction *action, signal_set_t blocked_before)
{
    const struct key_policies *policies = &current()->space->policies;
    struct signal_state *state = &current()->signals;
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    struct frame_place place;

    if (!place_frame(frame, action, &place) || !(action->sa_flags & SA_RESTORER))
        return -EFAULT;
    if (cpu_state.pku)
        write_pkru(pkru & policies->closed);
    if (write_frame(&place, frame, info, action, blocked_before, pkru)) {
        if (cpu_state.pku)
            write_pkru(pkru);
        return -EFAULT;
    }
    fpu_reset(); /* PKRU takes its init value with the rest */
    rights_enter_handler(pkru);
    if (state->stack.ss_flags & (int)SS_AUTODISARM) { /* while the handler runs there is none */
        state->disarmed = state->stack;
        state->stack = (stack_t){.ss_flags = SS_DISABLE};
    }
    frame->rdi = (uint64_t)info->si_signo;
    frame->rsi = place.frame + offsetof(struct signal_frame, info);
    frame->rdx = place.frame + offsetof(struct signal_frame, context);
    frame->rax = 0;
    frame->rsp = place.frame;
    frame->rip = (uintptr_t)action->sa_handler;
    frame->cs = USER_CS;
    frame->ss = USER_SS;
    frame->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    frame_is_changed(frame);
    return 0;
}
