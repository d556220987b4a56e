; SPDX-License-Identifier: MIT
;
; Every way into the kernel and out of it, in one section.
;
; Every entry pushes a struct trap_frame (arch/cpu/trap.h) on the kernel stack and calls C code:
; trap_dispatch() for exceptions and interrupts, the call's own function for SYSCALL. Interrupts are
; off on entry and on exit. Whether an entry or exit needs SWAPGS follows from the saved CS, not
; from GS. #DB, NMI, #DF and #MC may come between an entry and its SWAPGS, so for them CS cannot
; tell; see paranoid_entry.
;
; Entries execute CLAC because an exception leaves EFLAGS.AC as ring 3 had it. It is a NOP of three
; bytes until usercopy_enable_smap() patches it.

PERCPU_KERNEL_STACK equ 8
PERCPU_USER_RSP     equ 16
PERCPU_CURRENT      equ 24
PERCPU_SYSTEM_CALLS equ 40

TASK_WORK           equ 0               ; and TASK_TOLD_OF_CALLS behind it, for one comparison
TASK_TOLD_OF_CALLS  equ 4
SYSCALL_COUNT       equ 512

USER_SS             equ 0x2b
USER_CS             equ 0x33
VECTOR_GP           equ 13
VECTOR_SYSCALL      equ 0x100
MSR_GS_BASE         equ 0xc0000101

FRAME_VECTOR        equ 0
FRAME_RAX           equ 11 * 8
FRAME_RBX           equ 6 * 8
FRAME_ERROR         equ 16 * 8
FRAME_RIP           equ 17 * 8
FRAME_CS            equ 18 * 8
FRAME_SIZE          equ 22 * 8

extern trap_dispatch
extern syscall_table
extern syscall_slow
extern syscall_end

%macro CLAC_IF_SMAP 0
%%here: db 0x0f, 0x1f, 0x00             ; nop dword [rax]
        [section .smap]
        dq %%here, 0xca                 ; 0f 01 ca: CLAC
        __?SECT?__
%endmacro

; All but RDI, which the stub has pushed, and the vector, which is in EDI.
%macro PUSH_REGISTERS 0
        push rsi
        push rdx
        push rcx
        push rax
        push r8
        push r9
        push r10
        push r11
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
%endmacro

; From r15 on; leaves the error code on top.
%macro POP_REGISTERS 0
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        pop r11
        pop r10
        pop r9
        pop r8
        pop rax
        pop rcx
        pop rdx
        pop rsi
        pop rdi
%endmacro

section .text.entry progbits alloc exec nowrite align=64
bits 64

; ---------------------------------------------------------------- vectors

; One entry of 16 bytes for each vector. The CPU pushes an error code for 8, 10-14, 17, 21, 29, 30
; (SDM vol. 3A, table 6-1; AMD's APM vol. 2, 8.2); the others push 0 in its place.
global vector_entries
vector_entries:
%assign vector 0
%rep 256
        align 16
  %if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
      vector == 29 || vector == 30
  %else
        push 0
  %endif
        push rdi
        mov edi, vector
  %if vector == 1 || vector == 2 || vector == 8 || vector == 18
        jmp near paranoid_entry
  %else
        jmp near trap_entry
  %endif
  %assign vector vector + 1
%endrep
        align 16

; ---------------------------------------------------------------- exceptions and interrupts

trap_entry:
        PUSH_REGISTERS
        push rdi
        cld
        CLAC_IF_SMAP
        test byte [rsp + FRAME_CS], 3
        jz .from_kernel
.from_user:
        swapgs
.dispatch:
        mov rdi, rsp                    ; right above the return address, where a backtrace looks
        call trap_dispatch
        jmp trap_return

; An IRETQ to ring 3 that faults does so in ring 0, but after SWAPGS: GS is ring 3's, so it is
; swapped back. The exception table then sends the frame to iret_failed.
.from_kernel:
        lea rax, [iret_to_user]
        cmp [rsp + FRAME_RIP], rax
        je .from_user
        jmp .dispatch

; The exit for every frame that SYSCALL did not build, or that was changed since. A new task starts
; here too, with RSP at its frame.
global trap_return
trap_return:
        test byte [rsp + FRAME_CS], 3
        jz trap_return_to_kernel
        add rsp, 8
        POP_REGISTERS
        add rsp, 8
        swapgs
global iret_to_user
iret_to_user:
        iretq
trap_return_to_kernel:
        add rsp, 8
        POP_REGISTERS
        add rsp, 8
        iretq

; A frame that IRETQ refuses (CS, SS or RIP) is reported as #GP at that frame, from ring 3. RSP is
; at the five words of IRETQ and the registers are the program's. GS is the kernel's: the entry of
; the fault swapped it, and its exit, to ring 0, did not swap it back.
iret_failed:
        push 0
        push rdi
        mov edi, VECTOR_GP
        PUSH_REGISTERS
        push rdi
        or byte [rsp + FRAME_CS], 3
        jmp trap_entry.dispatch

        [section .extable]
        dq iret_to_user, iret_failed, 0
        __?SECT?__

; #DF, NMI, #MC and #DB: on a stack of its own (arch/cpu/descriptors.h), at any instruction.
;
; From ring 3, GS is ring 3's for certain, so it continues like any trap: the frame moves to the
; task's kernel stack. The task may then sleep or be switched away, and the next exception of this
; kind finds the interrupt stack free.
;
; From ring 0, it may have come before or after a SWAPGS, and neither CS nor the GS base tells
; which: with FSGSBASE ring 3 can set any base. So the base found is not trusted: this CPU's, which
; is at the top of the stack, is loaded, and the one found is restored on exit. Nothing on this path
; may sleep or read KERNEL_GS_BASE.
;
; PKRU needs no such care: it does not apply to supervisor pages (SDM vol. 3A, 4.6.2), and a handler
; on this path accesses no others.
paranoid_entry:
        PUSH_REGISTERS
        push rdi
        cld
        CLAC_IF_SMAP
        test byte [rsp + FRAME_CS], 3
        jnz .from_user
        mov ecx, MSR_GS_BASE
        rdmsr
        shl rdx, 32
        or rax, rdx
        mov rbx, rax
        mov rax, [rsp + FRAME_SIZE]
        mov rdx, rax
        shr rdx, 32
        wrmsr
        mov rdi, rsp
        call trap_dispatch
        mov rax, rbx
        mov rdx, rbx
        shr rdx, 32
        mov ecx, MSR_GS_BASE
        wrmsr
        jmp trap_return_to_kernel
.from_user:
        swapgs
        mov rsi, rsp
        mov rsp, [gs:PERCPU_KERNEL_STACK]
        sub rsp, FRAME_SIZE
        mov rdi, rsp
        mov ecx, FRAME_SIZE / 8
        rep movsq
        jmp trap_entry.dispatch

; ---------------------------------------------------------------- system calls

; RCX = return address, R11 = RFLAGS, RSP still ring 3's; IF, DF, AC and TF are cleared by SFMASK.
;
; The exit is SYSRET while the frame's vector is VECTOR_SYSCALL. RIP is then what SYSCALL put there,
; which is canonical because USER_END is a page below 2^47: SYSRET to another would be #GP in ring 0
; (SDM vol. 2B, SYSRET). Code that changes a register in a frame, except RAX, clears the vector
; (frame_is_changed()), and the exit is IRETQ. So SYSRET need not load RBP and R12 to R15 from the
; frame: C code preserves them. The call's function gets its arguments in their registers; only the
; fourth has to move, from R10 to RCX.
global syscall_entry
syscall_entry:
        swapgs
        mov [gs:PERCPU_USER_RSP], rsp
        mov rsp, [gs:PERCPU_KERNEL_STACK]
        push USER_SS
        push qword [gs:PERCPU_USER_RSP]
        push r11
        push USER_CS
        push rcx
        push rax                        ; error_code: the call's number
        push rdi
        PUSH_REGISTERS
        push VECTOR_SYSCALL
        inc qword [gs:PERCPU_SYSTEM_CALLS]
        mov rbx, [gs:PERCPU_CURRENT]
%ifdef LATCHKEY_DEBUG
        jmp .slow                       ; so that syscall_end() looks for stale translations
%endif
        cmp dword [rbx + TASK_TOLD_OF_CALLS], 0
        jne .slow
        cmp eax, SYSCALL_COUNT
        jae .slow
        mov eax, eax                    ; only the low half counts, as on Linux
        mov rcx, r10
        sti
        call [syscall_table + rax * 8]
        mov [rsp + FRAME_RAX], rax
        cli
        cmp qword [rbx + TASK_WORK], 0
        jne .end
        cmp dword [rsp + FRAME_VECTOR], VECTOR_SYSCALL
        jne trap_return
        add rsp, FRAME_RBX
        pop rbx
        pop r11
        pop r10
        pop r9
        pop r8
        pop rax
        pop rcx
        pop rdx
        pop rsi
        pop rdi
        mov rsp, [rsp + 8 + 3 * 8]      ; past the error code, rip, cs, rflags
        swapgs
        o64 sysret
.slow:
        mov rdi, rsp
        call syscall_slow
        jmp trap_return
.end:
        mov rdi, rsp
        call syscall_end
        jmp trap_return

; ---------------------------------------------------------------- switching

; void context_switch(uintptr_t *save_rsp, uintptr_t load_rsp)
;
; Pushes the callee-saved registers on the running kernel stack, and continues on the other, which
; was left in the same way. A new task's stack is prepared so that RET goes to task_start.
global context_switch
context_switch:
        push rbp
        push rbx
        push r12
        push r13
        push r14
        push r15
        mov [rdi], rsp
        mov rsp, rsi
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbx
        pop rbp
        ret

; First instructions of a new task: R12 = function or 0, R13 = its argument, trap frame above.
extern task_started
global task_start
task_start:
        xor ebp, ebp
        call task_started
        test r12, r12
        jz trap_return
        mov rdi, r13
        call r12
        jmp trap_return
