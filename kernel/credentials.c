// SPDX-License-Identifier: MIT
#include "kernel/credentials.h"

#include "arch/usercopy.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/mmap.h"

#define BIT(capability) (1ul << (capability))
#define FILE_CAPABILITIES                                                                 \
    (BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | \
     BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_OVERRIDE))

#define UNCHANGED UINT32_MAX /* -1 as an argument */

void credentials_init(struct credentials *credentials)
{
    *credentials = (struct credentials){.capabilities = {.permitted = CAPABILITIES_ALL,
                                                         .effective = CAPABILITIES_ALL,
                                                         .bounding = CAPABILITIES_ALL}};
}

void credentials_exec(struct credentials *credentials)
{
    struct capabilities *capabilities = &credentials->capabilities;
    struct identity *user = &credentials->user, *group = &credentials->group;

    user->saved = user->file = user->effective;
    group->saved = group->file = group->effective;
    capabilities->permitted =
        !user->real || !user->effective ? capabilities->bounding | capabilities->inheritable : 0;
    capabilities->effective = user->effective ? 0 : capabilities->permitted;
    credentials->keeps_capabilities = false;
}

static struct credentials *own(void)
{
    return &current()->credentials;
}

bool credentials_allow(const struct credentials *credentials, unsigned int capability)
{
    return credentials->capabilities.effective & 1ul << capability;
}

bool task_may(unsigned int capability)
{
    return credentials_allow(own(), capability);
}

uintptr_t credentials_lowest_address(void)
{
    return task_may(CAP_SYS_RAWIO) ? 0 : mmap_min_addr;
}

bool credentials_are_of_group(const struct credentials *credentials, uint32_t group)
{
    if (credentials->group.file == group)
        return true;
    for (unsigned int i = 0; i < credentials->group_count; i++)
        if (credentials->groups[i] == group)
            return true;
    return false;
}

/* ---- Users and groups ---- */

static bool has(const struct identity *identity, uint32_t id)
{
    return id == identity->real || id == identity->effective || id == identity->saved;
}

static bool has_root(const struct identity *user)
{
    return has(user, 0);
}

/* Who could trace the process before it was another user's shall not see what it does as that one.
 */
static void change_traceability(const struct identity *old, const struct identity *new)
{
    if (old->effective != new->effective || old->file != new->file)
        current_process()->control.is_not_dumpable = true;
}

/* capabilities(7), "Effect of user ID changes on capabilities". */
static void set_user(struct identity new)
{
    struct credentials *credentials = own();
    struct capabilities *capabilities = &credentials->capabilities;
    const struct identity *old = &credentials->user;

    if (has_root(old) && !has_root(&new)) {
        capabilities->effective = 0;
        if (!credentials->keeps_capabilities)
            capabilities->permitted = 0;
    }
    if (!old->effective && new.effective)
        capabilities->effective = 0;
    if (old->effective && !new.effective)
        capabilities->effective = capabilities->permitted;
    change_traceability(old, &new);
    credentials->user = new;
}

static void set_group(struct identity new)
{
    change_traceability(&own()->group, &new);
    own()->group = new;
}

/* setuid and setgid. */
static long set_id(struct identity new, uint32_t id, bool privileged, void (*set)(struct identity))
{
    if (id == UNCHANGED)
        return -EINVAL;
    if (privileged)
        new.real = new.saved = id;
    else if (id != new.real && id != new.saved)
        return -EPERM;
    new.effective = new.file = id;
    set(new);
    return 0;
}

static long set_two(struct identity new, uint32_t real, uint32_t effective, bool privileged,
                    void (*set)(struct identity))
{
    const struct identity old = new;

    if (real != UNCHANGED) {
        if (!privileged && real != old.real && real != old.effective)
            return -EPERM;
        new.real = real;
    }
    if (effective != UNCHANGED) {
        if (!privileged && !has(&old, effective))
            return -EPERM;
        new.effective = effective;
    }
    if (real != UNCHANGED || (effective != UNCHANGED && effective != old.real))
        new.saved = new.effective;
    new.file = new.effective;
    set(new);
    return 0;
}

static long set_three(struct identity new, uint32_t real, uint32_t effective, uint32_t saved,
                      bool privileged, void (*set)(struct identity))
{
    const struct identity old = new;

    if (!privileged && ((real != UNCHANGED && !has(&old, real)) ||
                        (effective != UNCHANGED && !has(&old, effective)) ||
                        (saved != UNCHANGED && !has(&old, saved))))
        return -EPERM;
    if (real != UNCHANGED)
        new.real = real;
    if (effective != UNCHANGED)
        new.effective = effective;
    if (saved != UNCHANGED)
        new.saved = saved;
    new.file = new.effective;
    set(new);
    return 0;
}

/* The old one, whether or not it was allowed, as Linux. */
static long set_file(struct identity *identity, uint32_t id, bool privileged)
{
    const struct identity old = *identity;

    if (id != UNCHANGED && (privileged || id == old.file || has(identity, id)))
        identity->file = id;
    change_traceability(&old, identity);
    return old.file;
}

static long show(const struct identity *identity, uintptr_t real, uintptr_t effective,
                 uintptr_t saved)
{
    if (copy_to_user(real, &identity->real, sizeof(uint32_t)) ||
        copy_to_user(effective, &identity->effective, sizeof(uint32_t)) ||
        copy_to_user(saved, &identity->saved, sizeof(uint32_t)))
        return -EFAULT;
    return 0;
}

PARALLEL_SYSCALL0(getuid)
{
    return own()->user.real;
}

PARALLEL_SYSCALL0(geteuid)
{
    return own()->user.effective;
}

PARALLEL_SYSCALL0(getgid)
{
    return own()->group.real;
}

PARALLEL_SYSCALL0(getegid)
{
    return own()->group.effective;
}

PARALLEL_SYSCALL3(getresuid, uintptr_t, real, uintptr_t, effective, uintptr_t, saved)
{
    return show(&own()->user, real, effective, saved);
}

PARALLEL_SYSCALL3(getresgid, uintptr_t, real, uintptr_t, effective, uintptr_t, saved)
{
    return show(&own()->group, real, effective, saved);
}

SYSCALL1(setuid, uint32_t, id)
{
    return set_id(own()->user, id, task_may(CAP_SETUID), set_user);
}

SYSCALL1(setgid, uint32_t, id)
{
    return set_id(own()->group, id, task_may(CAP_SETGID), set_group);
}

SYSCALL2(setreuid, uint32_t, real, uint32_t, effective)
{
    return set_two(own()->user, real, effective, task_may(CAP_SETUID), set_user);
}

SYSCALL2(setregid, uint32_t, real, uint32_t, effective)
{
    return set_two(own()->group, real, effective, task_may(CAP_SETGID), set_group);
}

SYSCALL3(setresuid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    return set_three(own()->user, real, effective, saved, task_may(CAP_SETUID), set_user);
}

SYSCALL3(setresgid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    return set_three(own()->group, real, effective, saved, task_may(CAP_SETGID), set_group);
}

/* The capabilities about files go with root's user for files, and come back with it. */
SYSCALL1(setfsuid, uint32_t, id)
{
    struct capabilities *capabilities = &own()->capabilities;
    const uint32_t old = (uint32_t)set_file(&own()->user, id, task_may(CAP_SETUID));

    if (!old && own()->user.file)
        capabilities->effective &= ~FILE_CAPABILITIES;
    if (old && !own()->user.file)
        capabilities->effective |= capabilities->permitted & FILE_CAPABILITIES;
    return old;
}

SYSCALL1(setfsgid, uint32_t, id)
{
    return set_file(&own()->group, id, task_may(CAP_SETGID));
}

SYSCALL2(getgroups, int, room, uintptr_t, groups)
{
    const struct credentials *credentials = own();
    int count = (int)credentials->group_count;

    if (room < 0 || (room && room < count))
        return -EINVAL;
    if (room && copy_to_user(groups, credentials->groups, (size_t)count * sizeof(uint32_t)))
        return -EFAULT;
    return count;
}

/* They are kept in ascending order, and so are seen. */
static void insert_group(struct credentials *credentials, uint32_t group)
{
    unsigned int place = credentials->group_count++;

    for (; place && credentials->groups[place - 1] > group; place--)
        credentials->groups[place] = credentials->groups[place - 1];
    credentials->groups[place] = group;
}

SYSCALL2(setgroups, int, count, uintptr_t, groups)
{
    struct credentials *credentials = own();
    uint32_t copy[GROUPS_MAX];

    if (!task_may(CAP_SETGID))
        return -EPERM;
    if (count < 0 || count > GROUPS_MAX)
        return -EINVAL;
    if (copy_from_user(copy, groups, (size_t)count * sizeof(uint32_t)))
        return -EFAULT;
    credentials->group_count = 0;
    for (int i = 0; i < count; i++)
        insert_group(credentials, copy[i]);
    return 0;
}

/* ---- Tracing ---- */

static bool is_wholly(const struct identity *identity, uint32_t id)
{
    return identity->real == id && identity->effective == id && identity->saved == id;
}

bool credentials_may_trace(const struct task *task)
{
    const struct credentials *theirs = &task->credentials;

    if (task->process == current_process() || task_may(CAP_SYS_PTRACE))
        return true;
    return is_wholly(&theirs->user, own()->user.real) &&
           is_wholly(&theirs->group, own()->group.real) &&
           !task->process->control.is_not_dumpable &&
           !(theirs->capabilities.permitted & ~own()->capabilities.permitted);
}

bool credentials_may_signal(const struct task *task)
{
    const struct identity *theirs = &task->credentials.user, *ours = &own()->user;

    return task->process == current_process() || ours->effective == theirs->saved ||
           ours->effective == theirs->real || ours->real == theirs->saved ||
           ours->real == theirs->real || task_may(CAP_KILL);
}

bool credentials_match_user(const struct task *task)
{
    const struct identity *theirs = &task->credentials.user;
    uint32_t user = own()->user.effective;

    return user == theirs->effective || user == theirs->real;
}

bool credentials_may_schedule(const struct task *task)
{
    if (task_may(CAP_SYS_NICE))
        return true;
    return credentials_match_user(task) &&
           !(task->credentials.capabilities.permitted & ~own()->capabilities.permitted);
}

bool credentials_may_limit(const struct task *task)
{
    return task->process == current_process() ||
           (is_wholly(&task->credentials.user, own()->user.real) &&
            is_wholly(&task->credentials.group, own()->group.real)) ||
           task_may(CAP_SYS_RESOURCE);
}

/* ---- Capabilities ---- */

/* How many words of each set a version of the structure has. A bad one is told the good one. */
static int words_of(uintptr_t user_header, struct __user_cap_header_struct *header)
{
    const uint32_t preferred = _LINUX_CAPABILITY_VERSION_3;

    if (copy_from_user(header, user_header, sizeof(*header)))
        return -EFAULT;
    if (header->version == _LINUX_CAPABILITY_VERSION_1)
        return _LINUX_CAPABILITY_U32S_1;
    if (header->version == _LINUX_CAPABILITY_VERSION_2 ||
        header->version == _LINUX_CAPABILITY_VERSION_3)
        return _LINUX_CAPABILITY_U32S_3;
    return copy_to_user(user_header, &preferred, sizeof(preferred)) ? -EFAULT : -EINVAL;
}

SYSCALL2(capget, uintptr_t, user_header, uintptr_t, data)
{
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_header_struct header;
    int words = words_of(user_header, &header);

    if (!data && words != -EFAULT)
        return 0;
    if (words < 0)
        return words;
    if (header.pid < 0)
        return -EINVAL;
    const struct task *task = header.pid ? task_find(header.pid) : current();
    if (!task)
        return -ESRCH;
    const struct capabilities *capabilities = &task->credentials.capabilities;
    for (int i = 0; i < words; i++)
        set[i] = (struct __user_cap_data_struct){
            .effective = (uint32_t)(capabilities->effective >> 32 * i),
            .permitted = (uint32_t)(capabilities->permitted >> 32 * i),
            .inheritable = (uint32_t)(capabilities->inheritable >> 32 * i),
        };
    return copy_to_user(data, set, (size_t)words * sizeof(set[0])) ? -EFAULT : 0;
}

SYSCALL2(capset, uintptr_t, user_header, uintptr_t, data)
{
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct __user_cap_header_struct header;
    struct capabilities *old = &own()->capabilities;
    int words = words_of(user_header, &header);

    if (words < 0)
        return words;
    if (header.pid && header.pid != current()->tid)
        return -EPERM;
    if (copy_from_user(set, data, (size_t)words * sizeof(set[0])))
        return -EFAULT;
    struct capabilities new = {
        .effective = (set[0].effective | (uint64_t)set[1].effective << 32) & CAPABILITIES_ALL,
        .permitted = (set[0].permitted | (uint64_t)set[1].permitted << 32) & CAPABILITIES_ALL,
        .inheritable = (set[0].inheritable | (uint64_t)set[1].inheritable << 32) & CAPABILITIES_ALL,
    };
    if ((new.permitted & ~old->permitted) || (new.effective & ~new.permitted))
        return -EPERM;
    if (!task_may(CAP_SETPCAP) && (new.inheritable & ~(old->inheritable | old->permitted)))
        return -EPERM;
    if (new.inheritable & ~(old->inheritable | old->bounding))
        return -EPERM;
    new.bounding = old->bounding;
    *old = new;
    return 0;
}
