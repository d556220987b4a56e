; SPDX-License-Identifier: MIT
;
; Where the kernel enters a program. By the ABI (System V, AMD64 supplement, 3.4.1) rsp is 16-byte
; aligned and points at argc; rbp is zeroed to mark the outermost frame.

bits 64
section .text

extern libc_start

global _start:function
_start:
    xor ebp, ebp
    mov rdi, rsp
    call libc_start

section .note.GNU-stack noalloc noexec nowrite progbits
