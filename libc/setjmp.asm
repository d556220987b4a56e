; SPDX-License-Identifier: MIT
;
; setjmp and longjmp: the registers that a function must keep, the stack pointer and the return
; address; with sigsetjmp the signal mask too. The layout is jmp_buf of <setjmp.h>.

bits 64
section .text

HAS_MASK        equ 64
MASK            equ 72
SIG_SETMASK     equ 2
RT_SIGPROCMASK  equ 14

; int setjmp(jmp_buf)
global setjmp:function
setjmp:
    xor esi, esi

; int sigsetjmp(sigjmp_buf, int save_mask)
global sigsetjmp:function
sigsetjmp:
    mov [rdi], rbx
    mov [rdi + 8], rbp
    mov [rdi + 16], r12
    mov [rdi + 24], r13
    mov [rdi + 32], r14
    mov [rdi + 40], r15
    lea rax, [rsp + 8]                  ; rsp after the return
    mov [rdi + 48], rax
    mov rax, [rsp]
    mov [rdi + 56], rax
    movsxd rsi, esi
    mov [rdi + HAS_MASK], rsi
    test esi, esi
    jz .done
    lea rdx, [rdi + MASK]
    xor edi, edi
    xor esi, esi                        ; no new mask: read it only
    mov r10d, 8
    mov eax, RT_SIGPROCMASK
    syscall
.done:
    xor eax, eax
    ret

; void siglongjmp(sigjmp_buf, int value) and void longjmp(jmp_buf, int value)
global siglongjmp:function
global longjmp:function
siglongjmp:
longjmp:
    mov r8, rdi
    mov r9d, esi
    cmp qword [r8 + HAS_MASK], 0
    je .jump
    mov edi, SIG_SETMASK
    lea rsi, [r8 + MASK]
    xor edx, edx
    mov r10d, 8
    mov eax, RT_SIGPROCMASK
    syscall
.jump:
    mov rbx, [r8]
    mov rbp, [r8 + 8]
    mov r12, [r8 + 16]
    mov r13, [r8 + 24]
    mov r14, [r8 + 32]
    mov r15, [r8 + 40]
    mov rsp, [r8 + 48]
    mov eax, r9d
    cmp eax, 1                          ; 0 becomes 1: sets carry only for 0
    adc eax, 0
    jmp [r8 + 56]

section .note.GNU-stack noalloc noexec nowrite progbits
