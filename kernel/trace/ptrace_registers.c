// SPDX-License-Identifier: MIT
/*
 * ptrace on registers: user_regs_struct, the debug registers behind it (kernel/trace/watch.h), and
 * the register sets NT_PRSTATUS, NT_PRFPREG and NT_X86_XSTATE. What is set is checked so that the
 * kernel can load it: selectors stay ring 3's, flags stay those a program may have, an XSAVE image
 * stays one that XRSTOR takes.
 */
#include "kernel/trace/ptrace.h"

#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/uio.h>

#include "arch/board/fpu_image.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal_frame.h"
#include "kernel/task/task.h"
#include "kernel/trace/watch.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* Linux's user_regs_struct: ptrace(2), and NT_PRSTATUS. The order of struct trap_frame. */
struct user_registers {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t orig_rax;
    uint64_t rip, cs, eflags, rsp, ss;
    uint64_t fs_base, gs_base;
    uint64_t ds, es, fs, gs;
};

/* Linux's struct user, of which PTRACE_PEEKUSR reads words: the eight debug registers, and all. */
#define USER_DEBUG_REGISTERS     848
#define USER_DEBUG_REGISTERS_END 912
#define USER_AREA_SIZE           928

_Static_assert(sizeof(struct user_registers) == 27 * 8, "Linux's user_regs_struct");

/* ---- general registers ---- */

static void get_registers(struct task *task, struct user_registers *out)
{
    const struct trap_frame *frame = task_frame(task);

    memset(out, 0, sizeof(*out));
    memcpy(&out->r15, &frame->r15, offsetof(struct user_registers, orig_rax));
    out->orig_rax = frame->vector == VECTOR_SYSCALL ? frame->error_code : (uint64_t)-1;
    out->rip = frame->rip;
    out->cs = frame->cs;
    out->eflags = frame->rflags & ~(trace_of(task)->single_step ? 0x100ul : 0);
    out->rsp = frame->rsp;
    out->ss = frame->ss;
    out->fs_base = task->fs_base;
    out->gs_base = task->gs_base;
}

/* Whether a tracer may set the word at an offset to a value: Linux's rules. */
static bool word_is_sound(size_t offset, uint64_t value)
{
    switch (offset) {
    case offsetof(struct user_registers, cs):
    case offsetof(struct user_registers, ss):
        return (value & 3) == 3; /* of a selector 16 bits count */
    case offsetof(struct user_registers, ds):
    case offsetof(struct user_registers, es):
    case offsetof(struct user_registers, fs):
    case offsetof(struct user_registers, gs):
        return !(uint16_t)value || (value & 3) == 3;
    case offsetof(struct user_registers, fs_base):
    case offsetof(struct user_registers, gs_base):
        return segment_base_ok(value);
    default:
        return true;
    }
}

/*
 * The words from one offset to another are new in *in; the others are what get_registers() gave:
 * they may be what no tracer can set, such as a base in the kernel's half, and stay.
 */
static int set_registers(struct task *task, const struct user_registers *in, size_t from, size_t to)
{
    struct trap_frame *frame = task_frame(task);
    uint64_t changeable = USER_RFLAGS | RFLAGS_NT;
    uint64_t word;

    for (size_t at = from; at < to; at += sizeof(word)) {
        memcpy(&word, (const char *)in + at, sizeof(word));
        if (!word_is_sound(at, word))
            return -EIO;
    }
    memcpy(&frame->r15, &in->r15, offsetof(struct user_registers, orig_rax));
    frame->error_code = in->orig_rax;
    frame->rip = in->rip;
    frame->cs = (uint16_t)in->cs;
    frame->rflags = (frame->rflags & ~changeable) | (in->eflags & changeable);
    frame->rsp = in->rsp;
    frame->ss = (uint16_t)in->ss;
    task->fs_base = in->fs_base;
    task->gs_base = in->gs_base;
    trace_note_change(task);
    return 0;
}

/* ---- register sets ---- */

/* Copies a set of size bytes out, as far as the caller's buffer goes. */
static long put_set(struct iovec *user, const void *set, size_t size)
{
    if (user->iov_len > size)
        user->iov_len = size;
    return copy_to_user((uintptr_t)user->iov_base, set, user->iov_len) ? -EFAULT : 0;
}

static long get_set_xstate(struct task *task, struct iovec *user, bool set)
{
    char *image = kmalloc(fpu_layout.size);
    long result;

    if (!image)
        return -ENOMEM;
    if (!set) {
        fpu_image_export(task->fpu, image);
        result = put_set(user, image, fpu_layout.size);
    } else if (user->iov_len < fpu_layout.size ||
               copy_from_user(image, (uintptr_t)user->iov_base, fpu_layout.size)) {
        result = -EFAULT;
    } else {
        result = fpu_image_import(task->fpu, image);
    }
    kfree(image);
    return result;
}

/* The legacy VMA alone: struct user_fpregs_struct, 512 bytes. */
static long get_set_fpregs(struct task *task, struct iovec *user, bool set)
{
    char *image = kmalloc(fpu_layout.size);
    long result = -EFAULT;

    if (!image)
        return -ENOMEM;
    fpu_image_export(task->fpu, image);
    if (!set)
        result = put_set(user, image, XSAVE_LEGACY);
    else if (user->iov_len >= XSAVE_LEGACY &&
             !copy_from_user(image, (uintptr_t)user->iov_base, XSAVE_LEGACY))
        result = fpu_image_import_legacy(task->fpu, image);
    kfree(image);
    return result;
}

static long get_set_general(struct task *task, struct iovec *user, bool set)
{
    struct user_registers registers;
    size_t size = user->iov_len < sizeof(registers) ? user->iov_len : sizeof(registers);

    get_registers(task, &registers);
    if (!set)
        return put_set(user, &registers, sizeof(registers));
    if (copy_from_user(&registers, (uintptr_t)user->iov_base, size))
        return -EFAULT;
    return set_registers(task, &registers, 0, size);
}

static long register_set(struct task *task, uintptr_t type, uintptr_t vector, bool set)
{
    struct iovec user;
    long result = -EINVAL;

    if (copy_from_user(&user, vector, sizeof(user)))
        return -EFAULT;
    if (user.iov_len % sizeof(uint64_t))
        return -EINVAL;
    if (type == NT_PRSTATUS)
        result = get_set_general(task, &user, set);
    else if (type == NT_PRFPREG)
        result = get_set_fpregs(task, &user, set);
    else if (type == NT_X86_XSTATE && fpu_layout.xcr0)
        result = get_set_xstate(task, &user, set);
    if (!result && copy_to_user(vector, &user, sizeof(user)))
        result = -EFAULT;
    return result;
}

static bool is_debug_register(uintptr_t offset)
{
    return offset >= USER_DEBUG_REGISTERS && offset < USER_DEBUG_REGISTERS_END;
}

/*
 * One word of struct user, which begins with the general registers; what is neither of them nor a
 * debug register reads as 0.
 */
static long peek_user(struct task *task, uintptr_t offset, uintptr_t data)
{
    struct user_registers registers;
    uint64_t word = 0;

    if (offset % sizeof(word) || offset >= USER_AREA_SIZE)
        return -EIO;
    get_registers(task, &registers);
    if (offset < sizeof(registers))
        memcpy(&word, (char *)&registers + offset, sizeof(word));
    else if (is_debug_register(offset))
        word = watch_peek(task, (unsigned int)(offset - USER_DEBUG_REGISTERS) / sizeof(word));
    return copy_to_user(data, &word, sizeof(word)) ? -EFAULT : 0;
}

static long poke_user(struct task *task, uintptr_t offset, uint64_t word)
{
    struct user_registers registers;

    if (offset % sizeof(word))
        return -EIO;
    if (is_debug_register(offset))
        return watch_poke(task, (unsigned int)(offset - USER_DEBUG_REGISTERS) / sizeof(word), word);
    if (offset >= sizeof(registers))
        return -EIO;
    get_registers(task, &registers);
    memcpy((char *)&registers + offset, &word, sizeof(word));
    return set_registers(task, &registers, offset, offset + sizeof(word));
}

long ptrace_get_set(struct task *task, long request, uintptr_t address, uintptr_t data)
{
    struct iovec legacy = {(void *)data, XSAVE_LEGACY};
    struct user_registers registers;

    switch (request) {
    case PTRACE_PEEKUSR:
        return peek_user(task, address, data);
    case PTRACE_POKEUSR:
        return poke_user(task, address, data);
    case PTRACE_GETREGS:
        get_registers(task, &registers);
        return copy_to_user(data, &registers, sizeof(registers)) ? -EFAULT : 0;
    case PTRACE_SETREGS:
        if (copy_from_user(&registers, data, sizeof(registers)))
            return -EFAULT;
        return set_registers(task, &registers, 0, sizeof(registers));
    case PTRACE_GETFPREGS:
    case PTRACE_SETFPREGS:
        return get_set_fpregs(task, &legacy, request == PTRACE_SETFPREGS);
    case PTRACE_GETREGSET:
        return register_set(task, address, data, false);
    case PTRACE_SETREGSET:
        return register_set(task, address, data, true);
    default:
        return -EIO;
    }
}
