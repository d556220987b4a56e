// SPDX-License-Identifier: MIT
/*
 * The access() calls: what a file would allow the real user, on whose behalf a program that runs as
 * another asks.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/more/path_more.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

/* The running task's credentials as access() asks for them: of the real user. */
static struct credentials real_credentials(void)
{
    struct credentials real = *credentials_of(current());

    real.user.file = real.user.real;
    real.group.file = real.group.real;
    real.capabilities.effective = real.user.real ? 0 : real.capabilities.permitted;
    return real;
}

static long access_at(int fd, uintptr_t path, unsigned int mode, unsigned int flags)
{
    const struct credentials own = *credentials_of(current());
    enum path_flags how = flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;
    struct node *node;
    long error;

    if (mode & ~(MAY_READ | MAY_WRITE | MAY_EXECUTE))
        return -EINVAL;
    if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH)
        how |= PATH_EMPTY;
    /* The way to the file is the real user's, too. */
    if (!(flags & AT_EACCESS))
        *credentials_of(current()) = real_credentials();
    error = path_lookup_user(fd, path, how, &node);
    if (!error) {
        error = node_permission(node, mode);
        node_put(node);
    }
    *credentials_of(current()) = own;
    return error;
}

SYSCALL2(access, uintptr_t, path, unsigned int, mode)
{
    return access_at(AT_FDCWD, path, mode, 0);
}

SYSCALL3(faccessat, int, fd, uintptr_t, path, unsigned int, mode)
{
    return access_at(fd, path, mode, 0);
}

SYSCALL4(faccessat2, int, fd, uintptr_t, path, unsigned int, mode, unsigned int, flags)
{
    return access_at(fd, path, mode, flags);
}
