// SPDX-License-Identifier: MIT
/* The register structures of the ABI that uapi headers do not have in this form. */
#ifndef KERNEL_REGISTERS_H
#define KERNEL_REGISTERS_H

#include <stdint.h>

/* Linux's user_regs_struct: ptrace(2), and NT_PRSTATUS. The order of struct trap_frame. */
struct user_registers {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t orig_rax;
    uint64_t rip, cs, eflags, rsp, ss;
    uint64_t fs_base, gs_base;
    uint64_t ds, es, fs, gs;
};

/* Bytes of Linux's struct user, of which PTRACE_PEEKUSR reads words. */
#define USER_AREA_SIZE 912

/*
 * The bits of RFLAGS that a program may set by a signal frame or have set by a tracer:
 * CF PF AF ZF SF TF DF OF RF AC.
 */
#define USER_RFLAGS 0x50dd5ul

#endif
