// SPDX-License-Identifier: MIT
/*
 * Which CPU this is, by a segment's limit (vdso/vvar.h). Every x86-64 has LSL, so there is one way:
 * RDPID and RDTSCP would be as quick, and would need an MSR to be set on each CPU that has them.
 */
#include "vdso/vdso.h"

#include "vdso/vvar.h"

int __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused)
{
    unsigned int number;

    (void)unused;
    __asm__ volatile("lsl %1, %0" : "=r"(number) : "r"(CPU_NUMBER_SELECTOR) : "cc");
    if (cpu)
        *cpu = number;
    if (node)
        *node = 0; /* memory is the same from everywhere */
    return 0;
}

VDSO_ALIAS(getcpu, __vdso_getcpu);
