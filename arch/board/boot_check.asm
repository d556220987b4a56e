; SPDX-License-Identifier: MIT
;
; Refuses a loader or a CPU with which the kernel cannot run, and says why on the first serial port:
; boot/entry.asm calls this in 32-bit mode, before it has built any tables.

MULTIBOOT2_MAGIC    equ 0x36d76289
BOOT_MULTIBOOT2     equ 0                   ; enum boot_protocol in boot/boot_main.h
CPUID_LM            equ 1 << 29             ; 0x80000001 EDX
CPUID_NX            equ 1 << 20
COM1                equ 0x3f8
EXIT_PORT           equ 0xf4                ; isa-debug-exit
EXIT_PANIC          equ 3

section .boot.checks progbits alloc noexec nowrite align=4
        dd check

section .boot.text progbits alloc exec nowrite align=16
bits 32

; EBP = protocol, ESI = the loader's magic number.
check:
        cmp ebp, BOOT_MULTIBOOT2
        jne .check_cpu
        cmp esi, MULTIBOOT2_MAGIC
        mov eax, not_multiboot2
        jne refuse
.check_cpu:
        push ebx
        mov eax, 0x80000000
        cpuid
        cmp eax, 0x80000001
        mov eax, no_long_mode
        jb refuse
        mov eax, 0x80000001
        cpuid
        mov eax, no_long_mode
        test edx, CPUID_LM
        jz refuse
        mov eax, no_nx
        test edx, CPUID_NX
        jz refuse
        pop ebx
        ret

; Says why and stops. EAX = the message. The wait for the transmitter has a limit, so a machine
; without the port stops just as well.
refuse:
        mov esi, eax
        mov dx, COM1 + 3
        mov al, 3                           ; 8 bits, no parity
        out dx, al
.next:
        lodsb
        test al, al
        jz .stop
        mov ah, al
        mov ecx, 100000
.wait:
        mov dx, COM1 + 5
        in al, dx
        test al, 0x20
        jnz .send
        loop .wait
.send:
        mov al, ah
        mov dx, COM1
        out dx, al
        jmp .next
.stop:
        mov al, EXIT_PANIC
        out EXIT_PORT, al
.halt:
        cli
        hlt
        jmp .halt

section .boot.data progbits alloc noexec write align=16
not_multiboot2:
        db "Latchkey: started with a wrong magic number in EAX. It wants a Multiboot2 loader, "
        db "such as GRUB's multiboot2 command, or PVH.", 13, 10, 0
no_long_mode:
        db "Latchkey: this CPU has no long mode (CPUID 80000001h EDX bit 29 is 0). "
        db "It wants an x86-64 CPU.", 13, 10, 0
no_nx:
        db "Latchkey: this CPU has no execute-disable bit, or the firmware turned it off "
        db "(CPUID 80000001h EDX bit 20 is 0).", 13, 10, 0
