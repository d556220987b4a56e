; SPDX-License-Identifier: MIT
;
; void pkey_update(uint32_t keep, uint32_t set)
;
; PKRU = (PKRU & keep) | set, as a restartable sequence: if the kernel changes PKRU on behalf of
; another thread between the reading and the writing (pkey_set_all()), it moves this thread back to
; the start. So nothing before WRPKRU may change what the start needs: EDI and ESI.

global pkey_update
global pkey_update_end

section .text
bits 64

pkey_update:
        xor ecx, ecx
        rdpkru                          ; EAX; EDX = 0, which WRPKRU wants
        and eax, edi
        or eax, esi
        wrpkru
pkey_update_end:
        ret

section .note.GNU-stack noalloc noexec nowrite progbits
