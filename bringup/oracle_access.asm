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

; From here to oracle_stubs_end there is a copy for ring 3.
;
; The accesses, run in both rings. A fetch needs none: it begins at its target, where there is an
; INT3.
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

; ---------------------------------------------------------------- system calls

; For oracle_call(), in ring 3. SYSCALL leads to oracle_syscall or oracle_sysret.

CALLS       equ 100
TIMED_CALLS equ 64

; PKRU = EDI, then system calls up to the first that changes it. RAX: PKRU as ring 3 had it after
; the last, and in the upper half as ring 0 had it.
global oracle_call_keeping
oracle_call_keeping:
        mov eax, edi
        xor ecx, ecx
        xor edx, edx
        wrpkru
        mov esi, CALLS
.call:  syscall
        xor ecx, ecx
        rdpkru
        cmp eax, edi
        jne .end
        cmp r8d, edi
        jne .end
        dec esi
        jnz .call
.end:   shl r8, 32
        or rax, r8
        int3

; RAX: ticks of the TSC for a system call and its return.
global oracle_call_timed
oracle_call_timed:
        lfence
        rdtsc
        lfence
        shl rdx, 32
        or rax, rdx
        mov r9, rax
        mov esi, TIMED_CALLS
.call:  syscall
        dec esi
        jnz .call
        lfence
        rdtsc
        lfence
        shl rdx, 32
        or rax, rdx
        sub rax, r9
        xor edx, edx
        mov ecx, TIMED_CALLS
        div rcx
        int3

global oracle_stubs_end
oracle_stubs_end:

; Where MSR_LSTAR points meanwhile: on ring 3's stack, which is not used, with GS as ring 3 has it.
; The first gives PKRU in R8D.
global oracle_syscall
oracle_syscall:
        mov r10, rcx
        xor ecx, ecx
        rdpkru
        mov r8d, eax
        mov rcx, r10
global oracle_sysret
oracle_sysret:
        o64 sysret
