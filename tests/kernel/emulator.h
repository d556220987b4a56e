// SPDX-License-Identifier: MIT
/*
 * Whether the processor is QEMU's TCG, some of whose differences from silicon are known. Nothing
 * is forgiven to any other processor; Bochs has no mark by which to know it, and needs none.
 */
#ifndef TESTS_KERNEL_EMULATOR_H
#define TESTS_KERNEL_EMULATOR_H

#include <stdbool.h>

bool emulator_is_tcg(void);

#endif
