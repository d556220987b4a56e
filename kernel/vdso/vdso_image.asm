; SPDX-License-Identifier: MIT
;
; The vDSO as the Makefile links it, constant data of the kernel.

global vdso_image
global vdso_image_end

section .rodata
align 16
vdso_image:
        incbin VDSO_IMAGE
vdso_image_end:
