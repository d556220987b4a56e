// SPDX-License-Identifier: MIT
/* System calls on a thread's users and groups. */
#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

#define BIT(capability) (1ul << (capability))
#define FILE_CAPABILITIES                                                                 \
    (BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | \
     BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_OVERRIDE))

#define UNCHANGED UINT32_MAX /* -1 as an argument */

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
        control_of(current_process())->is_not_dumpable = true;
}

/* capabilities(7), "Effect of user ID changes on capabilities". */
static void set_user(struct identity new)
{
    struct credentials *credentials = own_credentials();
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
    change_traceability(&own_credentials()->group, &new);
    own_credentials()->group = new;
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
    return own_credentials()->user.real;
}

PARALLEL_SYSCALL0(geteuid)
{
    return own_credentials()->user.effective;
}

PARALLEL_SYSCALL0(getgid)
{
    return own_credentials()->group.real;
}

PARALLEL_SYSCALL0(getegid)
{
    return own_credentials()->group.effective;
}

PARALLEL_SYSCALL3(getresuid, uintptr_t, real, uintptr_t, effective, uintptr_t, saved)
{
    return show(&own_credentials()->user, real, effective, saved);
}

PARALLEL_SYSCALL3(getresgid, uintptr_t, real, uintptr_t, effective, uintptr_t, saved)
{
    return show(&own_credentials()->group, real, effective, saved);
}

SYSCALL1(setuid, uint32_t, id)
{
    return set_id(own_credentials()->user, id, task_may(CAP_SETUID), set_user);
}

SYSCALL1(setgid, uint32_t, id)
{
    return set_id(own_credentials()->group, id, task_may(CAP_SETGID), set_group);
}

SYSCALL2(setreuid, uint32_t, real, uint32_t, effective)
{
    return set_two(own_credentials()->user, real, effective, task_may(CAP_SETUID), set_user);
}

SYSCALL2(setregid, uint32_t, real, uint32_t, effective)
{
    return set_two(own_credentials()->group, real, effective, task_may(CAP_SETGID), set_group);
}

SYSCALL3(setresuid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    return set_three(own_credentials()->user, real, effective, saved, task_may(CAP_SETUID),
                     set_user);
}

SYSCALL3(setresgid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    return set_three(own_credentials()->group, real, effective, saved, task_may(CAP_SETGID),
                     set_group);
}

/* The capabilities about files go with root's user for files, and come back with it. */
SYSCALL1(setfsuid, uint32_t, id)
{
    struct capabilities *capabilities = &own_credentials()->capabilities;
    const uint32_t old = (uint32_t)set_file(&own_credentials()->user, id, task_may(CAP_SETUID));

    if (!old && own_credentials()->user.file)
        capabilities->effective &= ~FILE_CAPABILITIES;
    if (old && !own_credentials()->user.file)
        capabilities->effective |= capabilities->permitted & FILE_CAPABILITIES;
    return old;
}

SYSCALL1(setfsgid, uint32_t, id)
{
    return set_file(&own_credentials()->group, id, task_may(CAP_SETGID));
}

SYSCALL2(getgroups, int, room, uintptr_t, groups)
{
    const struct credentials *credentials = own_credentials();
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
    struct credentials *credentials = own_credentials();
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
