// SPDX-License-Identifier: MIT
/*
 * Why an exception that is no page fault was fatal, in one sentence, as far as the bytes of the
 * instruction and the registers tell; and who sent a signal that no exception caused.
 *
 * The room owns this sentence and the decoding of instructions that it takes, what is said of page
 * faults that had nothing to do with keys or a VMA's rights, and some rows (kernel/explain/
 * report_rows.c, panic_rows.c). It leaves the report itself to kernel/report/.
 */
#include <asm/unistd_64.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/descriptors.h"
#include "arch/cpu/layout.h"
#include "kernel/explain/report_instruction.h"
#include "kernel/report/report.h"
#include "kernel/task/task.h"

/* ---- #GP ---- */

/* Bits 63 to 47 all equal (SDM vol. 1, 3.3.7.1). */
static bool is_canonical(uint64_t value)
{
    return (uint64_t)((int64_t)(value << 16) >> 16) == value;
}

/* The registers that can be no address, as "rax or rdi". Returns whether there are any. */
static bool add_non_canonical(struct report_text *text, const struct trap_frame *frame)
{
    const char *separator = "";

    for (unsigned int number = 0; number < 16; number++) {
        struct named_register candidate = numbered_register(frame, number);
        if (is_canonical(candidate.value))
            continue;
        text_add(text, "%s%s", separator, candidate.name);
        separator = " or ";
    }
    return separator[0];
}

static bool why_pkru_operands(struct report_text *text, const struct opcode *opcode,
                              const struct trap_frame *frame)
{
    bool writes = opcode_is_wrpkru(opcode);

    if (!writes && !opcode_is_rdpkru(opcode))
        return false;
    text_add(text, "%s wants ECX%s to be 0, and ECX was 0x%x", writes ? "WRPKRU" : "RDPKRU",
             writes ? " and EDX" : "", (uint32_t)frame->rcx);
    if (writes)
        text_add(text, " and EDX 0x%x", (uint32_t)frame->rdx);
    return true;
}

static bool why_privileged(struct report_text *text, const struct opcode *opcode)
{
    const char *name = opcode_ring0_only(opcode);

    if (name) {
        text_add(text, "%s is an instruction for ring 0 only", name);
        return true;
    }
    name = opcode_needs_iopl(opcode);
    if (name) {
        text_add(text, "%s needs an I/O privilege that no program has here", name);
        return true;
    }
    name = opcode_hidden_by_umip(opcode);
    if (name && (cpu_state.cr4 & CR4_UMIP))
        text_add(text, "%s is for ring 0 only while CR4.UMIP is on", name);
    return name && (cpu_state.cr4 & CR4_UMIP);
}

/* The error code names a descriptor (SDM vol. 3A, 6.13). */
static void why_selector(struct report_text *text, uint64_t error_code)
{
    uint64_t selector = error_code & ~7ul;

    text_add(text,
             "The program used the segment selector 0x%lx, which names no segment that it may "
             "use so",
             selector | 3);
    if (selector == (SYSRET_BASE & ~7))
        text_add(text, " (for Linux it is 32-bit code, which Latchkey does not run)");
}

static bool why_misaligned(struct report_text *text, const struct opcode *opcode)
{
    const char *name = opcode_wants_alignment(opcode);

    if (name)
        text_add(text,
                 "%s wants an address that is a multiple of 16, and most likely its operand is "
                 "not (a stack pointer that is off by 8 is the usual reason)",
                 name);
    return name;
}

static bool why_bad_address(struct report_text *text, const struct trap_frame *frame)
{
    struct report_text names = {0};

    if (!add_non_canonical(&names, frame))
        return false;
    text_add(text,
             "An address must have bits 63 to 47 all equal, which the value of %s has not: if the "
             "instruction uses it as an address, that is why",
             names.bytes);
    return true;
}

static void why_general_protection(struct report_text *text, const struct fault_facts *facts)
{
    const struct trap_frame *frame = facts->frame;
    struct code_bytes code;
    read_code(facts, &code);
    struct opcode opcode = opcode_of(&code);

    if (frame->cs != USER_CS || frame->ss != USER_SS)
        text_add(text,
                 "The program was to go on with CS 0x%lx and SS 0x%lx, which are not both ring "
                 "3's segments: rt_sigreturn() was given a frame that is not sound",
                 frame->cs, frame->ss);
    else if (frame->rip >= USER_END)
        text_add(
            text,
            "The program was to go on at 0x%lx, which is no address of the user half: a return "
            "address, a pointer to a function or a signal frame was overwritten",
            frame->rip);
    else if (why_pkru_operands(text, &opcode, frame) || why_privileged(text, &opcode))
        return;
    else if (opcode_is_int(&opcode))
        text_add(text, "INT 0x%x asks for an interrupt whose gate is not for ring 3",
                 opcode.bytes[1]);
    else if (frame->error_code)
        why_selector(text, frame->error_code);
    else if (opcode.size && opcode.bytes[0] == 0xc3)
        text_add(text, "The return address on the stack is not canonical: it was overwritten");
    else if (!why_bad_address(text, frame) && !why_misaligned(text, &opcode))
        text_add(text, "The instruction broke a rule of the CPU that its bytes alone do not tell");
}

/* ---- #UD ---- */

static void why_invalid_opcode(struct report_text *text, const struct fault_facts *facts)
{
    struct code_bytes code;
    read_code(facts, &code);
    struct opcode opcode = opcode_of(&code);
    uint8_t first = opcode.size ? opcode.bytes[0] : 0;

    if (!cpu_state.pku && (opcode_is_wrpkru(&opcode) || opcode_is_rdpkru(&opcode)))
        text_add(text, "%s is an invalid opcode while CR4.PKE is 0, and it is 0 because %s",
                 opcode_is_wrpkru(&opcode) ? "WRPKRU" : "RDPKRU", cpu_why_no_keys());
    else if (opcode_is_ud2(&opcode))
        text_add(text, "The program executed UD2, which compilers put where it must never come, "
                       "and for __builtin_trap()");
    else if (first == 0xc4 || first == 0xc5 || first == 0x62)
        text_add(text, "The program executed an instruction of AVX or later, which this CPU does "
                       "not have or the kernel did not enable");
    else
        text_add(text, "The bytes are no instruction that this CPU has: the program was built for "
                       "another CPU, or went astray");
}

/* ---- #DE ---- */

static void why_divide(struct report_text *text, const struct fault_facts *facts)
{
    struct code_bytes code;
    read_code(facts, &code);
    struct opcode opcode = opcode_of(&code);
    struct named_register by;

    if (!opcode_divisor(&opcode, facts->frame, &by))
        text_add(text,
                 "The program divided by zero, or the quotient is too large for its register");
    else if (by.value == 0)
        text_add(text, "The program divided by zero: the divisor is in %s", by.name);
    else
        text_add(text,
                 "The quotient is too large for its register: the divisor, in %s, is not zero",
                 by.name);
}

/* ---- signals that no exception caused ---- */

static void why_sent(struct report_text *text, const struct fault_facts *facts)
{
    const siginfo_t *info = facts->info;
    const struct trap_frame *frame = facts->frame;

    if (info->si_code != SI_KERNEL) {
        /* Codes above 0 are the kernel's, and a program can give them to itself only. */
        if (info->si_code > 0 || info->si_pid == current_process()->pid)
            text_add(text, "The program sent the signal to itself%s",
                     info->si_signo == SIGABRT ? ", as abort() does" : "");
        else
            text_add(text, "Process %d sent the signal", info->si_pid);
    } else if (info->si_signo != SIGSEGV) {
        text_add(text, "The kernel sent the signal for the terminal or for tools/run");
    } else if (frame->error_code == __NR_rt_sigreturn || frame->error_code == UINT64_MAX) {
        text_add(text, "rt_sigreturn() found no frame of a signal that it could restore: the "
                       "handler's stack was overwritten, or its key is denied to the handler");
    } else {
        text_add(text,
                 "The kernel could not write a signal handler's frame: the stack at 0x%lx, or the "
                 "alternate one, has no room that may be written",
                 frame->rsp);
    }
}

static int explain_exception(struct report_text *text, const struct fault_facts *facts)
{
    if (facts->page_fault)
        return 0;
    if (!is_exception(facts)) {
        why_sent(text, facts);
        return 1;
    }
    switch (facts->frame->vector) {
    case VECTOR_GP:
        why_general_protection(text, facts);
        break;
    case VECTOR_UD:
        why_invalid_opcode(text, facts);
        break;
    case VECTOR_DE:
        why_divide(text, facts);
        break;
    case VECTOR_BP:
        text_add(text, "The program executed a breakpoint (INT3), and no debugger takes it");
        break;
    case VECTOR_DB:
        text_add(text, "The program set RFLAGS.TF or a debug register, and no debugger takes the "
                       "trap");
        break;
    case VECTOR_SS:
        text_add(text, "rsp or rbp is no canonical address, and the instruction used it as one");
        break;
    case VECTOR_AC:
        text_add(text, "RFLAGS.AC is set, so an access whose address is no multiple of its size "
                       "was refused");
        break;
    case VECTOR_MF:
    case VECTOR_XM:
        text_add(text, "A floating-point exception that the program has unmasked in %s",
                 facts->frame->vector == VECTOR_MF ? "the x87 control word" : "MXCSR");
        break;
    default:
        text_add(text, "The program caused %s", report_vector_name(facts->frame->vector));
    }
    return 1;
}
ATTACH(fault_reason, explain_exception);
