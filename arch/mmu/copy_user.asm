; SPDX-License-Identifier: MIT
;
; The copies to and from user memory. A fault in them that cannot be resolved continues at the fixup
; in the exception table.

%macro SMAP_PATCH 1
%%here: db 0x0f, 0x1f, 0x00             ; nop dword [rax], until usercopy_enable_smap()
        [section .smap]
        dq %%here, %1
        __?SECT?__
%endmacro
%define STAC_IF_SMAP SMAP_PATCH 0xcb
%define CLAC_IF_SMAP SMAP_PATCH 0xca

%macro ON_FAULT 2
        [section .extable]
        dq %1, %2, 0
        __?SECT?__
%endmacro

section .text
bits 64

; size_t usercopy_copy(uintptr_t destination, uintptr_t source, size_t size)
;
; Copies eight bytes at a time, then the rest. If a copy of eight faults, the rest is tried byte by
; byte, so that the count of bytes not copied is exact even if the eight straddle the page's end.
global usercopy_copy
usercopy_copy:
        STAC_IF_SMAP
        mov rcx, rdx
        shr rcx, 3
        and edx, 7
.eights:
        rep movsq
        mov ecx, edx
.bytes:
        rep movsb
.done:
        mov rax, rcx
        CLAC_IF_SMAP
        ret
.eights_faulted:
        lea rcx, [rcx * 8 + rdx]
        jmp .bytes
        ON_FAULT .eights, .eights_faulted
        ON_FAULT .bytes, .done

; size_t usercopy_clear(uintptr_t destination, size_t size)
global usercopy_clear
usercopy_clear:
        STAC_IF_SMAP
        xor eax, eax
        mov rcx, rsi
        shr rcx, 3
        and esi, 7
.eights:
        rep stosq
        mov ecx, esi
.bytes:
        rep stosb
.done:
        mov rax, rcx
        CLAC_IF_SMAP
        ret
.eights_faulted:
        lea rcx, [rcx * 8 + rsi]
        jmp .bytes
        ON_FAULT .eights, .eights_faulted
        ON_FAULT .bytes, .done
