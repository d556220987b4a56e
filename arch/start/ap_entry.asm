; SPDX-License-Identifier: MIT
;
; Where the other CPUs enter the kernel, from boot/ap_trampoline.asm. Each finds its slot, and in it
; its stack, by its APIC id: that of cpu_apic_id(), from leaf 0xB if EBX is not 0 there, else from
; leaf 1. A CPU without a slot was not asked for, and stops.

SLOT_APIC_ID        equ 0               ; struct ap_slot in arch/start/start.h
SLOT_STACK          equ 8
SLOT_SIZE           equ 128

extern ap_slots, ap_slot_count, ap_root, ap_main

section .text
bits 64

global ap_entry
ap_entry:
        mov rax, [ap_root]              ; without the identity map of the trampoline
        mov cr3, rax

        xor eax, eax
        cpuid
        cmp eax, 0xb
        jb .by_leaf_1
        mov eax, 0xb
        xor ecx, ecx
        cpuid
        test ebx, ebx
        jnz .find
.by_leaf_1:
        mov eax, 1
        cpuid
        shr ebx, 24
        mov edx, ebx

; EDX = this CPU's APIC id.
.find:
        mov rdi, [ap_slots]
        mov ecx, [ap_slot_count]
        jrcxz .stop
.next:
        cmp [rdi + SLOT_APIC_ID], edx
        je .found
        add rdi, SLOT_SIZE
        loop .next
.stop:
        cli
        hlt
        jmp .stop

.found:
        xor eax, eax
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov fs, eax
        mov gs, eax
        mov rsp, [rdi + SLOT_STACK]
        xor ebp, ebp                    ; where a backtrace ends
        call ap_main
