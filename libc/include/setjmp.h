// SPDX-License-Identifier: MIT
/*
 * Jumps out of functions. Neither jump changes PKRU, nor the rights it grants: a siglongjmp out of
 * a handler goes on with the handler's.
 */
#ifndef LIBC_SETJMP_H
#define LIBC_SETJMP_H

#include <signal.h>

/* rbx, rbp, r12 to r15, rsp, rip; then whether the mask was saved, and the mask. */
typedef struct {
    unsigned long registers[8];
    unsigned long has_mask;
    sigset_t mask;
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

int setjmp(jmp_buf state) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf state, int value);
int sigsetjmp(sigjmp_buf state, int save_mask) __attribute__((returns_twice));
_Noreturn void siglongjmp(sigjmp_buf state, int value);

#endif
