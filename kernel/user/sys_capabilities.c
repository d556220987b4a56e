// SPDX-License-Identifier: MIT
/* System calls on a thread's capabilities. */
#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

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
    const struct capabilities *capabilities = &credentials_of(task)->capabilities;
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
    struct capabilities *old = &own_credentials()->capabilities;
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
