; SPDX-License-Identifier: MIT
;
; The functions for probe(). None touches the stack, so that after a fault at any instruction a
; RET leads back to the caller.

section .text
bits 64

global probe_start
probe_start:

global probe_read
probe_read:
        mov rax, [rdi]
        ret

global probe_write
probe_write:
        mov [rdi], rsi
        ret

global probe_rdpkru
probe_rdpkru:
        mov rax, -1
        mov rdx, -1
        mov rcx, rdi
        rdpkru
        shl rdx, 32
        or rax, rdx
        ret

global probe_wrpkru
probe_wrpkru:
        mov rax, rdi
        mov rcx, rsi
        wrpkru
        ret

global probe_rdmsr
probe_rdmsr:
        mov rcx, rdi
        rdmsr
        shl rdx, 32
        or rax, rdx
        ret

global probe_wrmsr
probe_wrmsr:
        mov rcx, rdi
        mov rax, rsi
        mov rdx, rsi
        shr rdx, 32
        wrmsr
        ret

global probe_end
probe_end:

global probe_leave
probe_leave:
        ret
