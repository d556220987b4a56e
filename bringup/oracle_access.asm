; SPDX-License-Identifier: MIT
;
; One memory access at either privilege level, begun by IRETQ and ended by an exception: the page
; fault that the access causes, or the INT3 behind it. Either way the trap hook makes the frame
; return to oracle_landing, in ring 0, with RSP as it was left in start->rsp.

section .text
bits 64

; void oracle_enter(uintptr_t address, uint64_t value, struct oracle_start *start)
;
; Carries out what is at start->rip with RDI = address and RAX = value. The code there changes no
; register but RAX, and the way through the exception keeps the others.
START_RIP    equ 0
START_CS     equ 8
START_RFLAGS equ 16
START_SS     equ 24
START_RSP    equ 32

global oracle_enter
oracle_enter:
        mov rax, rsi
        mov [rdx + START_RSP], rsp
        mov rcx, rsp
        push qword [rdx + START_SS]
        push rcx
        push qword [rdx + START_RFLAGS]
        push qword [rdx + START_CS]
        push qword [rdx + START_RIP]
        test byte [rdx + START_CS], 3
        jz .go
        swapgs                          ; the exception's way in swaps it back
.go:    iretq

global oracle_landing
oracle_landing:
        ret

; The accesses, run here in ring 0 and from a copy in ring 3. A fetch needs none: it begins at its
; target, where there is an INT3.
ORACLE_STUB_SIZE equ 16

global oracle_stubs
        align ORACLE_STUB_SIZE
oracle_stubs:
        mov rax, [rdi]
        int3
        align ORACLE_STUB_SIZE
        mov [rdi], rax
        int3
        align ORACLE_STUB_SIZE
