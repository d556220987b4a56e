// SPDX-License-Identifier: MIT
/* XSAVE images as others than the CPU give and take them: debuggers, and a CPU without XSAVE. */
#ifndef ARCH_BOARD_FPU_IMAGE_H
#define ARCH_BOARD_FPU_IMAGE_H

/* Of an image, as arch/fpu/fpu.h draws it. */
#define XSAVE_XMM      160
#define XSAVE_XMM_SIZE 256
#define XSAVE_XCOMP_BV 520
#define XSAVE_HEADER   512

/*
 * An image as a debugger sees it: components that the image holds as initial are written out,
 * and the components in use are named at XSAVE_SOFTWARE. out has fpu_layout.size bytes.
 */
void fpu_image_export(const void *image, void *out);

/* Takes such an image: -EINVAL when XRSTOR would refuse it. PKRU's bit clear makes PKRU 0. */
int fpu_image_import(void *image, const void *in);

/* The same for the legacy area alone; the rest of the image stays. */
int fpu_image_import_legacy(void *image, const void *in);

#endif
