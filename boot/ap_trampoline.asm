; SPDX-License-Identifier: MIT
;
; The first instructions of every CPU but the boot CPU: from real mode to 64-bit kernel code.
;
; A copy of this page is made below 1 MiB, where a start-up interrupt can name it, and the words at
; its end are filled in (struct ap_trampoline_words in arch/start/smp.c). All CPUs go through it at
; the same time, so it writes nothing and has no stack. EBX = where the copy is.

CR0_PE              equ 1 << 0
CR0_ET              equ 1 << 4
CR0_PG              equ 1 << 31
CR4_PAE             equ 1 << 5
MSR_EFER            equ 0xc0000080
EFER_LME_NXE        equ (1 << 8) | (1 << 11)

%define IN_PAGE(label) (label - ap_trampoline)

section .rodata.ap_trampoline progbits alloc noexec nowrite align=16
global ap_trampoline, ap_trampoline_words, ap_trampoline_end

bits 16
ap_trampoline:
        cli
        cld
        xor ebx, ebx
        mov bx, cs
        mov ds, bx
        shl ebx, 4
        o32 lgdt [IN_PAGE(gdt_pointer)] ; without o32 it takes 24 bits of the base
        mov eax, CR0_PE | CR0_ET
        mov cr0, eax
        jmp dword far [IN_PAGE(protected_mode)]

; The steps from protected mode to long mode: SDM vol. 3A, 9.8.5.
bits 32
in_protected_mode:
        mov eax, 0x18
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov eax, CR4_PAE
        mov cr4, eax
        mov eax, [ebx + IN_PAGE(root)]
        mov cr3, eax
        mov ecx, MSR_EFER
        mov eax, EFER_LME_NXE
        xor edx, edx
        wrmsr
        mov eax, CR0_PG | CR0_PE | CR0_ET
        mov cr0, eax
        jmp far [ebx + IN_PAGE(long_mode)]

bits 64
in_long_mode:
        mov ebx, ebx                    ; the upper half is undefined after the change of mode
        jmp [rbx + IN_PAGE(entry)]

align 8
gdt:
        dq 0
        dq 0x00cf9a000000ffff           ; 0x08: 32-bit code
        dq 0x00af9a000000ffff           ; 0x10: 64-bit code
        dq 0x00cf92000000ffff           ; 0x18: data
gdt_end:

; struct ap_trampoline_words: offsets become addresses when the page's own is added to them.
align 8
ap_trampoline_words:
entry:          dq 0                    ; of the kernel, 64 bits
root:           dd 0                    ; page tables that show this page where it is
protected_mode: dd IN_PAGE(in_protected_mode)
                dw 0x08
gdt_pointer:    dw gdt_end - gdt - 1
                dd IN_PAGE(gdt)
long_mode:      dd IN_PAGE(in_long_mode)
                dw 0x10
ap_trampoline_end:
