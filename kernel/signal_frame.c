// SPDX-License-Identifier: MIT
/*
 * The frame of a signal handler, and PKRU's way through it.
 *
 *   high  red zone (128 bytes), or the top of the alternate stack
 *         magic2          4 bytes behind the image
 *         XSAVE image     64-byte aligned; its software bytes (464) say size and components
 *         siginfo
 *         ucontext        registers, blocked signals, alternate stack
 *   low   return address  the handler's RET goes to SA_RESTORER, which calls rt_sigreturn
 *
 * Delivery (Linux 6.12 and later): the interrupted PKRU is kept, all keys are opened while the
 * frame is written, so that a stack under a key that is denied will do; the kept value goes into
 * the image with its bit in XSTATE_BV set, and the handler runs with the init value. Both are put
 * there by hand, and XSAVE is not asked for PKRU: it would save that all keys are open, and with
 * the bit clear rt_sigreturn would open them.
 *
 * Return: XRSTOR reads the frame under the handler's own PKRU and loads the frame's.
 *
 * Closed keys are not opened for the frame, and kept keys (mm/policy.h) neither take the init value
 * nor get a right back that the handler has not.
 */
#include "kernel/signal.h"

#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#include "arch/cpu.h"
#include "arch/descriptors.h"
#include "arch/fpu.h"
#include "arch/pkru.h"
#include "arch/usercopy.h"
#include "kernel/registers.h"
#include "kernel/rights.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/address_space.h"

struct signal_frame {
    uint64_t return_address;
    struct ucontext context;
    siginfo_t info;
};

_Static_assert(sizeof(struct signal_frame) == 440, "Linux's struct rt_sigframe");

#define RED_ZONE    128
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

/* ---- the alternate stack ---- */

/* Without one its size is 0. */
static bool is_within_alternate_stack(const struct signal_state *state, uintptr_t rsp)
{
    return rsp > state->stack_base && rsp - state->stack_base <= state->stack_size;
}

/* One that is left by its first handler's start is never in use, wherever the stack pointer is. */
static bool is_on_alternate_stack(const struct signal_state *state, uintptr_t rsp)
{
    return !(state->stack_flags & (int)SS_AUTODISARM) && is_within_alternate_stack(state, rsp);
}

static int alternate_stack_flags(const struct signal_state *state, uintptr_t rsp)
{
    int flags = state->stack_flags & (int)SS_AUTODISARM;

    if (!state->stack_size)
        return flags | SS_DISABLE;
    return flags | (is_on_alternate_stack(state, rsp) ? SS_ONSTACK : 0);
}

static int set_alternate_stack(const stack_t *stack, uintptr_t rsp)
{
    struct signal_state *state = &current()->signals;
    int mode = stack->ss_flags & ~(int)SS_AUTODISARM;

    if (is_on_alternate_stack(state, rsp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode != SS_DISABLE && stack->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    bool disable = mode == SS_DISABLE;
    state->stack_base = disable ? 0 : (uintptr_t)stack->ss_sp;
    state->stack_size = disable ? 0 : stack->ss_size;
    state->stack_flags = stack->ss_flags;
    state->disarmed = (stack_t){0}; /* it is back, or another has taken its place */
    return 0;
}

static void disarm_alternate_stack(struct signal_state *state)
{
    state->disarmed = (stack_t){.ss_sp = (void *)state->stack_base,
                                .ss_flags = state->stack_flags,
                                .ss_size = state->stack_size};
    state->stack_base = 0;
    state->stack_size = 0;
    state->stack_flags = SS_DISABLE;
}

static bool is_disarmed(const stack_t *stack)
{
    const stack_t *disarmed = &current()->signals.disarmed;

    return stack->ss_sp == disarmed->ss_sp && stack->ss_size == disarmed->ss_size &&
           stack->ss_flags == disarmed->ss_flags;
}

/*
 * The one that a frame has. PKRU is still the handler's: without the rights to kept keys it gets
 * back what was disarmed for it, and names no other.
 */
static void return_alternate_stack(const stack_t *stack, uintptr_t rsp)
{
    if (!policy_denies_handlers(&current()->space->policies) || is_disarmed(stack))
        set_alternate_stack(stack, rsp);
}

SYSCALL2(sigaltstack, uintptr_t, new_stack, uintptr_t, old_stack)
{
    struct signal_state *state = &current()->signals;
    uintptr_t rsp = task_frame(current())->rsp;
    stack_t stack;
    stack_t old = {.ss_sp = (void *)state->stack_base,
                   .ss_flags = alternate_stack_flags(state, rsp),
                   .ss_size = state->stack_size};

    if (new_stack) {
        if (copy_from_user(&stack, new_stack, sizeof(stack)))
            return -EFAULT;
        if (policy_denies_handlers(&current()->space->policies))
            return -EACCES;
        int error = set_alternate_stack(&stack, rsp);
        if (error)
            return error;
    }
    if (old_stack && copy_to_user(old_stack, &old, sizeof(old)))
        return -EFAULT;
    return 0;
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
    bool inside = is_on_alternate_stack(state, frame->rsp);
    bool entering = (action->sa_flags & SA_ONSTACK) && !inside && state->stack_size;
    uintptr_t rsp = entering ? state->stack_base + state->stack_size : frame->rsp - RED_ZONE;

    place->image = align_down(rsp - fpu_frame_size(), FPU_ALIGN);
    place->frame =
        align_down(place->image - sizeof(struct signal_frame), FRAME_ALIGN) - sizeof(uint64_t);
    return !(inside || entering) || is_within_alternate_stack(state, place->frame);
}

/* What struct trap_frame and struct sigcontext name alike. */
/* clang-format off */
#define REGISTERS(X)                                                                               \
    X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) X(rdi) X(rsi) X(rbp) X(rbx) X(rdx)       \
    X(rax) X(rcx) X(rsp) X(rip)
/* clang-format on */
#define PUT(name) user_put(frame->name, &to->name, fault);
#define GET(name) user_get(&frame->name, &from->name, fault);

/*
 * What follows writes to user memory, in a range that is known to be that: false after a fault that
 * could not be resolved.
 */
static bool put_registers(struct sigcontext *to, const struct trap_frame *frame)
{
    const struct task *task = current();

    REGISTERS(PUT)
    user_put(frame->rflags, &to->eflags, fault);
    user_put(frame->cs, &to->cs, fault);
    user_put(0, &to->gs, fault);
    user_put(0, &to->fs, fault);
    user_put(frame->ss, &to->ss, fault);
    user_put(task->fault_error_code, &to->err, fault);
    user_put(task->fault_vector, &to->trapno, fault);
    user_put(task->fault_address, &to->cr2, fault);
    return true;
fault:
    return false;
}

static bool put_context(struct ucontext *to, const struct trap_frame *frame, uintptr_t image,
                        signal_set_t blocked_before)
{
    const struct signal_state *state = &current()->signals;

    user_put(UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_layout.xcr0 ? UC_FP_XSTATE : 0),
             &to->uc_flags, fault);
    user_put(NULL, &to->uc_link, fault);
    user_put(state->stack_base, &to->uc_stack.ss_sp, fault);
    user_put(state->stack_flags, &to->uc_stack.ss_flags, fault);
    user_put(state->stack_size, &to->uc_stack.ss_size, fault);
    user_put(blocked_before, &to->uc_mcontext.oldmask, fault);
    user_put(image, &to->uc_mcontext.fpstate, fault);
    user_put(blocked_before, &to->uc_sigmask, fault);
    return put_registers(&to->uc_mcontext, frame);
fault:
    return false;
}

/*
 * What stands in an image before the CPU saves its registers there, but for what is 0. The
 * interrupted PKRU is written by hand: the register has all keys open.
 */
static bool put_image(uintptr_t image, uint32_t pkru)
{
    struct _fpx_sw_bytes *software = (struct _fpx_sw_bytes *)(image + XSAVE_SOFTWARE);
    uint64_t changes = current_process()->rights.changes;

    user_put(FP_XSTATE_MAGIC1, &software->magic1, fault);
    user_put(fpu_frame_size(), &software->extended_size, fault);
    user_put(fpu_layout.xcr0, &software->xfeatures, fault);
    user_put(fpu_layout.size, &software->xstate_size, fault);
    user_put(changes, &software->padding[0], fault);
    user_put(changes >> 32, &software->padding[1], fault);
    user_put(FP_XSTATE_MAGIC2, (uint32_t *)(image + fpu_layout.size), fault);
    if (fpu_layout.pkru_offset) {
        user_put(XFEATURE_PKRU, (uint64_t *)(image + XSAVE_XSTATE_BV), fault);
        user_put(pkru, (uint32_t *)(image + fpu_layout.pkru_offset), fault);
    }
    return true;
fault:
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
    user_put(action->sa_restorer, &out->return_address, fault);
    written = put_context(&out->context, frame, place->image, blocked_before) &&
              (!fpu_layout.xcr0 || put_image(place->image, pkru));
fault:
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
    if (state->stack_flags & (int)SS_AUTODISARM)
        disarm_alternate_stack(state);
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

/* ---- return ---- */

/* What follows reads user memory, likewise: false after a fault. */
static bool get_registers(struct trap_frame *frame, const struct sigcontext *from)
{
    uint64_t rflags;
    uint16_t cs, ss;

    REGISTERS(GET)
    user_get(&rflags, &from->eflags, fault);
    user_get(&cs, &from->cs, fault);
    user_get(&ss, &from->ss, fault);
    /* Forged selectors stay ring 3's, and IRETQ refuses those that name no segment. */
    frame->cs = cs | 3u;
    frame->ss = ss | 3u;
    frame->rflags = (frame->rflags & ~USER_RFLAGS) | (rflags & USER_RFLAGS);
    return true;
fault:
    return false;
}

/*
 * Of *to what is used here. Both ends of the context are read before its registers, so that of one
 * which cannot be read none are taken.
 */
static bool take_context(struct ucontext *to, struct trap_frame *frame, const struct ucontext *from)
{
    bool taken = false;

    if (!user_range_ok((uintptr_t)from, sizeof(*from)))
        return false;
    user_access_begin();
    user_get(&to->uc_sigmask, &from->uc_sigmask, fault);
    user_get(&to->uc_flags, &from->uc_flags, fault);
    user_get(&to->uc_stack.ss_sp, &from->uc_stack.ss_sp, fault);
    user_get(&to->uc_stack.ss_flags, &from->uc_stack.ss_flags, fault);
    user_get(&to->uc_stack.ss_size, &from->uc_stack.ss_size, fault);
    user_get(&to->uc_mcontext.fpstate, &from->uc_mcontext.fpstate, fault);
    taken = get_registers(frame, &from->uc_mcontext);
fault:
    user_access_end();
    return taken;
}

/* Whether the software bytes and both magic numbers tell of a whole XSAVE image. */
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

int signal_frame_restore(struct trap_frame *frame)
{
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;
    uintptr_t rsp = frame->rsp;
    uintptr_t place = rsp - sizeof(uint64_t); /* the handler's RET took the address off */
    struct ucontext context;
    uint64_t changes;

    if (!take_context(&context, frame,
                      (const void *)(place + offsetof(struct signal_frame, context))))
        return -EFAULT;
    signal_set_blocked(context.uc_sigmask);
    return_alternate_stack(&context.uc_stack, rsp);
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
