// SPDX-License-Identifier: MIT
/*
 * Who a task is: its users, groups and capabilities, kept and changed by Linux's rules. They decide
 * who may become, trace and signal whom, and what may be done with a file (fs/permission.h).
 */
#ifndef KERNEL_CREDENTIALS_H
#define KERNEL_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

struct task;

#define GROUPS_MAX 32 /* supplementary ones; Linux has 65536 */

#define CAPABILITIES_ALL ((1ul << (CAP_LAST_CAP + 1)) - 1)

/* Users or groups. */
struct identity {
    uint32_t real, effective, saved, file;
};

struct capabilities {
    uint64_t permitted, effective, inheritable, bounding;
};

struct credentials {
    struct identity user, group;
    struct capabilities capabilities;
    bool keeps_capabilities; /* PR_SET_KEEPCAPS */
    unsigned int group_count;
    uint32_t groups[GROUPS_MAX];
};

/* Root's, for the first program and the kernel's own tasks. */
void credentials_init(struct credentials *credentials);

/* Whether they have a capability, CAP_* of <linux/capability.h>, in effect. */
bool credentials_allow(const struct credentials *credentials, unsigned int capability);

/* The same of the running task. */
bool task_may(unsigned int capability);

/* The lowest address at which it may map: vm.mmap_min_addr, or any with CAP_SYS_RAWIO. */
uintptr_t credentials_lowest_address(void);

/* Whether they are those of a member of the group, as files see it. */
bool credentials_are_of_group(const struct credentials *credentials, uint32_t group);

/*
 * Whether the running thread may see and change another one's registers and memory: ptrace(2),
 * "Ptrace access mode checking", with the real users as there for PTRACE_MODE_ATTACH_REALCREDS.
 */
bool credentials_may_trace(const struct task *task);

/* Whether it may send another one a signal, change how it is scheduled, see and set its limits. */
bool credentials_may_signal(const struct task *task);
bool credentials_may_schedule(const struct task *task);
bool credentials_may_limit(const struct task *task);

/* Whether it acts as the other one's user, which alone lets it schedule no more capable one. */
bool credentials_match_user(const struct task *task);

/* What changes when a program is executed. */
void credentials_exec(struct credentials *credentials);

#endif
