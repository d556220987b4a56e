// SPDX-License-Identifier: MIT
/*
 * Which emulator this machine is, if it is one whose differences from silicon are known. Nothing
 * is forgiven to any other processor.
 */
#ifndef BRINGUP_EMULATOR_H
#define BRINGUP_EMULATOR_H

enum emulator {
    EMULATOR_NONE,
    EMULATOR_TCG,   /* QEMU without KVM */
    EMULATOR_BOCHS, /* 2.7 */
};

enum emulator emulator_detect(void);

#endif
