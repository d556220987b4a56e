; SPDX-License-Identifier: MIT
;
; A thread's rights to a protection key, by the instructions.
;
; int __vdso_pkey_get(int key)
; int __vdso_pkey_set(int key, unsigned int rights)
;
; The second is a restartable sequence as a whole (kernel/keys/rights.h has the reason): the kernel
; finds its bounds in the symbol table, and may send a thread that is in it back to its start. So
; it changes neither EDI nor ESI, nor the stack. The kernel knows no other such sequence.

%define HAS_KEYS 0                      ; vdso/vvar.h
%define EINVAL   22
%define KEY_MAX  15
%define PKEY_SET 1002                   ; libc/include/latchkey/syscalls.h
%define ALL      3                      ; PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE

extern vvar
global __vdso_pkey_get:function (__vdso_pkey_get.end - __vdso_pkey_get)
global __vdso_pkey_set:function (__vdso_pkey_set.end - __vdso_pkey_set)

section .text
bits 64

__vdso_pkey_get:
        cmp dword [rel vvar + HAS_KEYS], 0
        je invalid
        cmp edi, KEY_MAX
        ja invalid
        xor ecx, ecx
        rdpkru
        lea ecx, [rdi + rdi]
        shr eax, cl
        and eax, ALL
        ret
.end:

__vdso_pkey_set:
        cmp dword [rel vvar + HAS_KEYS], 0
        je invalid
        cmp edi, KEY_MAX
        ja invalid
        cmp esi, ALL
        ja invalid
        lea ecx, [rdi + rdi]
        mov r8d, ALL
        shl r8d, cl
        not r8d                         ; what stays
        mov r9d, esi
        shl r9d, cl                     ; what is set
        xor ecx, ecx
        rdpkru                          ; EAX; EDX = 0, which WRPKRU wants
        and eax, r8d
        or eax, r9d
        wrpkru
        xor eax, eax
        ret
.end:
; Right behind it, as kernel/vdso/vdso.c has it: what the function is in a process with a closed
; key, where nothing of the kernel's is to execute WRPKRU. From wherever in it a thread comes here,
; EDI and ESI are the arguments; the call takes all of RSI, whose upper half is anything.
        mov esi, esi
        mov eax, PKEY_SET
        syscall
        ret

invalid:
        mov eax, -EINVAL
        ret
code_end:

;
; How to unwind from either, for debuggers and for handlers of signals that come here (DWARF 4,
; 6.4; Linux Standard Base, Core: .eh_frame). RSP does not change from the call to the return.
;
DW_EH_PE_pcrel_sdata4 equ 0x1b
DW_CFA_def_cfa        equ 0x0c
DW_CFA_offset         equ 0x80          ; and the register
DWARF_RSP             equ 7
DWARF_RETURN_ADDRESS  equ 16

section .eh_frame progbits alloc noexec nowrite align=8
cie:
        dd .end - .id
.id:    dd 0
        db 1, "zR", 0
        db 1                            ; code is counted in bytes
        db -8 & 0x7f                    ; and data in units of -8
        db DWARF_RETURN_ADDRESS
        db 1, DW_EH_PE_pcrel_sdata4     ; of addresses in the FDE
        db DW_CFA_def_cfa, DWARF_RSP, 8
        db DW_CFA_offset | DWARF_RETURN_ADDRESS, 1
        align 8, db 0
.end:
fde:
        dd .end - .cie
.cie:   dd .cie - cie
        dd __vdso_pkey_get - $
        dd code_end - __vdso_pkey_get
        db 0
        align 8, db 0
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
