; SPDX-License-Identifier: MIT
;
; The door to the kernel. Linux takes the number in rax and six arguments in rdi, rsi, rdx, r10, r8
; and r9; rcx and r11 are lost; the result is in rax.

bits 64
section .text

extern libc_result

; long syscall(long number, ...): the arguments of a C call move up by one register.
global syscall:function
syscall:
    mov rax, rdi
    mov rdi, rsi
    mov rsi, rdx
    mov rdx, rcx
    mov r10, r8
    mov r8, r9
    mov r9, [rsp + 8]
    syscall
    mov rdi, rax
    jmp libc_result

; A handler returns to this address, which the kernel put under its frame.
; void libc_signal_return(void)
global libc_signal_return:function
libc_signal_return:
    mov eax, 15                         ; rt_sigreturn
    syscall
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
