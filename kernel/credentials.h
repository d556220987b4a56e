// SPDX-License-Identifier: MIT
/*
 * Who a task is: its users, groups and capabilities, kept and changed by Linux's rules. They decide
 * who may become whom, and nothing else: no file and no process is refused to anybody.
 */
#ifndef KERNEL_CREDENTIALS_H
#define KERNEL_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

#define GROUPS_MAX 32 /* supplementary ones; Linux has 65536 */

#define CAPABILITIES_ALL ((1ul << (CAP_LAST_CAP + 1)) - 1)

/* Users or groups. */
struct identity {
    uint32_t real, effective, saved, file;
};

struct capabilities {
    uint64_t permitted, effective, inheritable;
};

struct credentials {
    struct identity user, group;
    struct capabilities capabilities;
    bool keeps_capabilities; /* PR_SET_KEEPCAPS */
    unsigned int group_count;
    uint32_t groups[GROUPS_MAX];
};

/* Root's, for the first program. */
void credentials_init(struct credentials *credentials);

/* What changes when a program is executed. */
void credentials_exec(struct credentials *credentials);

#endif
