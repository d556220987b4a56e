; SPDX-License-Identifier: MIT
;
; A function call that an exception can end: the trap hook makes the frame return to
; guard_landing with RSP as it was left in *rsp.

section .text
bits 64

; bool guard_call(void (*function)(void *), void *argument, uint64_t *rsp)
;
; Whether the function returned.
global guard_call
guard_call:
        push rbp
        push rbx
        push r12
        push r13
        push r14
        push r15
        sub rsp, 8
        mov [rdx], rsp
        mov rax, rdi
        mov rdi, rsi
        call rax
        mov eax, 1
.out:   add rsp, 8
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbx
        pop rbp
        ret

global guard_landing
guard_landing:
        cld
        xor eax, eax
        jmp guard_call.out
