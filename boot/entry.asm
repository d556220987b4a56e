; SPDX-License-Identifier: MIT
;
; The first instructions: from the boot loader's 32-bit protected mode to 64-bit C.
;
; Two ways in, each with its own entry point:
;   multiboot2_entry  GRUB: EAX = magic, EBX = information (Multiboot2 specification, 3.3)
;   pvh_entry         QEMU -kernel: EBX = hvm_start_info (Xen, docs/misc/pvh)
; Both leave paging off, interrupts off and flat segments. The rest is common: have rooms above the
; line refuse a CPU that cannot run the kernel, build early page tables, enter long mode, call
; boot_main().
;
; Early tables, by 2 MiB pages, all of them of the first 4 GiB of physical memory:
;   0                        the same, so that the code goes on when paging is turned on
;   DIRECT_MAP_BASE          the same again, where C looks for physical memory
;   KERNEL_BASE              the first GiB, where the kernel is linked
; They are writable and executable; mm/table/kernel_map.c replaces them before anything else runs.

KERNEL_BASE         equ 0xffffffff80000000
DIRECT_MAP_PML4     equ 273                 ; 0xffff888000000000 >> 39 & 511
KERNEL_PDPT         equ 510                 ; 0xffffffff80000000 >> 30 & 511

BOOT_MULTIBOOT2     equ 0                   ; enum boot_protocol in boot/boot_main.h
BOOT_PVH            equ 1

PTE_P               equ 1 << 0
PTE_W               equ 1 << 1
PTE_PS              equ 1 << 7
CR0_PE_MP_ET_NE_WP_PG equ 0x80010033
CR4_PAE             equ 1 << 5
MSR_EFER            equ 0xc0000080
EFER_LME_NXE        equ (1 << 8) | (1 << 11)

; ---------------------------------------------------------------- headers

section .boot.header progbits alloc noexec nowrite align=8
multiboot2_header:
        dd 0xe85250d6                       ; magic
        dd 0                                ; architecture: i386, 32-bit protected mode
        dd .end - multiboot2_header
        dd 0x100000000 - (0xe85250d6 + (.end - multiboot2_header))
        dw 5, 1                             ; framebuffer tag, optional: of any size and depth
        dd 20
        dd 0, 0, 0
        align 8, db 0
        dw 0, 0                             ; end tag
        dd 8
.end:

section .boot.note progbits alloc noexec nowrite align=4
        dd 4, 8, 18                         ; name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
        db "Xen", 0
        dq pvh_entry

; ---------------------------------------------------------------- 32 bits

section .boot.text progbits alloc exec nowrite align=16
bits 32
extern boot_checks_start, boot_checks_end   ; in linker.ld

global multiboot2_entry
multiboot2_entry:
        mov ebp, BOOT_MULTIBOOT2
        jmp start

pvh_entry:
        mov ebp, BOOT_PVH

; EBP = protocol, EBX = the loader's information, EAX = its magic number.
start:
        mov esp, boot_stack32.top
        mov esi, eax
        rdtsc
        mov [entry_tsc], eax
        mov [entry_tsc + 4], edx

        ; Functions of rooms above, which each return if they have nothing against going on. They
        ; keep all registers but EAX, ECX and EDX.
        mov edi, boot_checks_start
.check:
        cmp edi, boot_checks_end
        je .checked
        call [edi]
        add edi, 4
        jmp .check
.checked:
        ; 2,048 entries of 2 MiB in four tables, one after the other
        mov edi, early_pd
        mov eax, PTE_P | PTE_W | PTE_PS
        mov ecx, 4 * 512
.fill:
        mov [edi], eax
        add eax, 0x200000
        add edi, 8
        loop .fill

        mov eax, early_pd + (PTE_P | PTE_W)
        mov [early_pdpt], eax
        mov [early_pdpt_kernel + 8 * KERNEL_PDPT], eax
        add eax, 4096
        mov [early_pdpt + 8], eax
        add eax, 4096
        mov [early_pdpt + 16], eax
        add eax, 4096
        mov [early_pdpt + 24], eax
        mov dword [early_pml4], early_pdpt + (PTE_P | PTE_W)
        mov dword [early_pml4 + 8 * DIRECT_MAP_PML4], early_pdpt + (PTE_P | PTE_W)
        mov dword [early_pml4 + 8 * 511], early_pdpt_kernel + (PTE_P | PTE_W)

        mov eax, CR4_PAE                    ; and not LA57, which firmware may have had on: the
        mov cr4, eax                        ; tables have four levels, and paging is off here
        mov eax, early_pml4
        mov cr3, eax
        mov ecx, MSR_EFER
        mov eax, EFER_LME_NXE
        xor edx, edx
        wrmsr
        mov eax, CR0_PE_MP_ET_NE_WP_PG
        mov cr0, eax
        lgdt [early_gdt.pointer]
        jmp 0x10:start64

; ---------------------------------------------------------------- 64 bits

bits 64
extern boot_main
extern boot_stack_top

start64:
        xor eax, eax
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov fs, eax
        mov gs, eax
        mov rsp, boot_stack_top
        mov edi, ebp                        ; protocol
        mov esi, ebx                        ; information, upper half cleared
        mov rdx, [entry_tsc]
        xor ebp, ebp                        ; where a backtrace ends
        mov rax, boot_main
        call rax
.halt:
        cli
        hlt
        jmp .halt

; ---------------------------------------------------------------- data

section .boot.data progbits alloc noexec write align=16
early_gdt:
        dq 0
        dq 0
        dq 0x00af9a000000ffff               ; 0x10: 64-bit code, ring 0
.pointer:
        dw $ - early_gdt - 1
        dd early_gdt

entry_tsc:
        dq 0

section .boot.bss nobits alloc noexec write align=4096
early_pml4:         resb 4096
early_pdpt:         resb 4096
early_pdpt_kernel:  resb 4096
early_pd:           resb 4 * 4096
boot_stack32:       resb 256
.top:
