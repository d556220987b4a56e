// SPDX-License-Identifier: MIT
/*
 * The vDSO in processes: the image (vdso/) and its page of variables, which exec maps into each.
 * The room owns both; what the image does is vdso/'s.
 *
 * Both are memory objects of which all processes map the same pages: the variables for reading
 * alone, the image so that a debugger's breakpoints get a copy. Programs may move or unmap them;
 * the kernel never goes there.
 */
#ifndef KERNEL_VDSO_VDSO_H
#define KERNEL_VDSO_VDSO_H

#include <stdint.h>

struct address_space;

/*
 * Changes the image, wherever the space has it mapped, for one without WRPKRU, whose pkey_set() is
 * the system call; for good, and with what the program has written to it gone.
 */
void vdso_close(struct address_space *space);

#endif
