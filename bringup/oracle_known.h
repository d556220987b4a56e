// SPDX-License-Identifier: MIT
/*
 * What emulators are known to decide otherwise than the SDM. Each difference has a name and a
 * prediction of its own, as strict as the true one, so that nothing else passes under its name.
 */
#ifndef BRINGUP_ORACLE_KNOWN_H
#define BRINGUP_ORACLE_KNOWN_H

#include "bringup/emulator.h"
#include "bringup/oracle.h"

struct oracle_known {
    enum emulator emulator;
    const char *what;
    struct oracle_verdict (*predict)(const struct oracle_case *c);
};

#define ORACLE_KNOWN_COUNT 4

extern const struct oracle_known oracle_known[ORACLE_KNOWN_COUNT];

/*
 * Whether PKRU may hold these rights to key 0. Where keys are judged on supervisor pages, the
 * kernel could not write to its own.
 */
bool oracle_may_set_key_0(enum emulator emulator, uint32_t rights);

#endif
