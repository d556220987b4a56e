; SPDX-License-Identifier: MIT
;
; Where a thread begins, and where one ends that has no stack any more.

bits 64
section .text

MUNMAP  equ 11
CLONE   equ 56
EXIT    equ 60

extern libc_thread_main

; long libc_clone_thread(flags, stack_end, parent_tid, child_tid, thread_pointer)
global libc_clone_thread:function
libc_clone_thread:
    mov r10, rcx
    mov eax, CLONE
    syscall
    test rax, rax
    jz .in_thread
    ret
.in_thread:
    xor ebp, ebp                        ; the outermost frame
    call libc_thread_main

; void libc_unmap_and_exit(memory, size)
global libc_unmap_and_exit:function
libc_unmap_and_exit:
    mov eax, MUNMAP
    syscall
    xor edi, edi
    mov eax, EXIT
    syscall

section .note.GNU-stack noalloc noexec nowrite progbits
