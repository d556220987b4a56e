// SPDX-License-Identifier: MIT
/*
 * GDT, TSS and IDT: what the CPU needs to enter the kernel.
 *
 * Selectors are Linux's, because ring-3 programs see them in signal frames and by ptrace.
 */
#ifndef ARCH_DESCRIPTORS_H
#define ARCH_DESCRIPTORS_H

#define KERNEL_CS   0x10
#define KERNEL_SS   0x18
#define SYSRET_BASE 0x23 /* SYSRET makes SS = 0x2b and CS = 0x33 of it; no descriptor is there */
#define USER_SS     0x2b
#define USER_CS     0x33
#define TSS_SS      0x40

/*
 * Loads the boot CPU's descriptor tables and GS base. Exceptions are caught from here on; the
 * stacks of #DF, NMI and #MC are static.
 */
void descriptors_init(void);

#endif
