// SPDX-License-Identifier: MIT
// Names: what makes, moves, removes and looks at them, and what files are.

#include <fcntl.h>
#include <unistd.h>

#include "libc/include/latchkey/syscalls.h"
#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/values.h"

#define STATX_ALL_BITS 0xfff

/* ---- arguments ---- */

static uint64_t access_mode(const struct use *use)
{
    return some_bits(use, R_OK | W_OK | X_OK);
}

DEFINE_CHOICE(access_flags, 0, 0, AT_EACCESS, AT_SYMLINK_NOFOLLOW)
DEFINE_CHOICE(chmod_flags, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH)
DEFINE_CHOICE(stat_flags, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT)
DEFINE_CHOICE(link_flags, 0, AT_SYMLINK_FOLLOW)
DEFINE_CHOICE(rename_flags, 0, 0, 0, 1 /* RENAME_NOREPLACE */, 2 /* RENAME_EXCHANGE */)
DEFINE_CHOICE(node_type, 0100666, 0010666, 0, 0020666, 0140666)
DEFINE_CHOICE(owner, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX)

static uint64_t statx_mask(const struct use *use)
{
    return some_bits(use, STATX_ALL_BITS);
}

static uint64_t path_directory_or_file(const struct use *use)
{
    return one_in(3) ? path_own(use) : path_empty_directory(use);
}

/* AT_REMOVEDIR half of the time. */
DEFINE_CHOICE(unlink_flags, 0, 0, AT_REMOVEDIR)

static uint64_t path_to_unlink(const struct use *use)
{
    return one_in(2) ? path_new(use) : path_file(use);
}

static uint64_t path_to_move(const struct use *use)
{
    return one_in(2) ? path_own(use) : path_new(use);
}

/* Two times; a fraction may say "now" or "leave it". */
static uint64_t file_times(const struct use *use)
{
    struct fuzz_time *times = scratch_take(2 * sizeof(*times));

    for (int i = 0; i < 2; i++) {
        times[i].seconds = (long)random_small(UINT64_C(1) << 34);
        times[i].fraction =
            one_in(3) ? (1 << 30) - 1 - (long)random_below(2) : (long)random_below(1000000000);
        if (use->wild && one_in(4))
            times[i].fraction = (long)wild_value();
    }
    return one_in(4) ? 0 : (uint64_t)times;
}

static uint64_t umask_bits(const struct use *use)
{
    return some_bits(use, 0777);
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(access, TAKES(path_any, access_mode)),
    CALL(faccessat, TAKES(fd_directory, path_any, access_mode)),
    CALL(faccessat2, TAKES(fd_directory, path_any, access_mode, access_flags)),
    CALL(stat, TAKES(path_any, buffer)),
    CALL(lstat, TAKES(path_any, buffer)),
    CALL(fstat, TAKES(fd_any, buffer)),
    CALL(newfstatat, TAKES(fd_directory, path_any, buffer, stat_flags)),
    CALL(statx, TAKES(fd_directory, path_any, stat_flags, statx_mask, buffer)),
    CALL(statfs, TAKES(path_any, buffer)),
    CALL(fstatfs, TAKES(fd_any, buffer)),
    CALL(getcwd, TAKES(buffer, buffer_size)),
    CALL(chdir, TAKES(path_directory)),
    CALL(fchdir, TAKES(fd_directory)),
    CALL(mkdir, TAKES(path_new, file_mode)),
    CALL(mkdirat, TAKES(fd_directory, path_new, file_mode)),
    CALL(rmdir, TAKES(path_directory_or_file)),
    CALL(mknod, TAKES(path_new, node_type, zero)),
    CALL(mknodat, TAKES(fd_directory, path_new, node_type, zero)),
    CALL(unlink, TAKES(path_to_unlink)),
    CALL(unlinkat, TAKES(fd_directory, path_to_unlink, unlink_flags)),
    CALL(link, TAKES(path_file, path_new)),
    CALL(linkat, TAKES(fd_directory, path_file, fd_directory, path_new, link_flags)),
    CALL(symlink, TAKES(path_own, path_new)),
    CALL(symlinkat, TAKES(path_own, fd_directory, path_new)),
    CALL(readlink, TAKES(path_link, buffer, buffer_size)),
    CALL(readlinkat, TAKES(fd_directory, path_link, buffer, buffer_size)),
    CALL(rename, TAKES(path_to_move, path_to_move)),
    CALL(renameat, TAKES(fd_directory, path_to_move, fd_directory, path_to_move)),
    CALL(renameat2, TAKES(fd_directory, path_to_move, fd_directory, path_to_move, rename_flags)),
    CALL(truncate, TAKES(path_file, file_offset)),
    CALL(chmod, TAKES(path_own, file_mode)),
    CALL(fchmod, TAKES(fd_file, file_mode)),
    CALL(fchmodat, TAKES(fd_directory, path_own, file_mode)),
    CALL(fchmodat2, TAKES(fd_directory, path_own, file_mode, chmod_flags)),
    CALL(chown, TAKES(path_own, owner, owner)),
    CALL(lchown, TAKES(path_own, owner, owner)),
    CALL(fchown, TAKES(fd_file, owner, owner)),
    CALL(fchownat, TAKES(fd_directory, path_own, owner, owner, stat_flags)),
    CALL(utimensat, TAKES(fd_directory, path_own, file_times, stat_flags)),
    CALL(futimesat, TAKES(fd_directory, path_own, file_times)),
    CALL(utimes, TAKES(path_own, file_times)),
    CALL(utime, TAKES(path_own, file_times)),
    CALL(umask, TAKES(umask_bits)),
    CALL(setxattr, TAKES(path_own, path_own, buffer, buffer_size, zero), .counts = EOPNOTSUPP),
    CALL(getxattr, TAKES(path_own, path_own, buffer, buffer_size), .counts = EOPNOTSUPP),
    CALL(removexattr, TAKES(path_own, path_own), .counts = EOPNOTSUPP),
    CALL(listxattr, TAKES(path_own, buffer, buffer_size)),
    CALL(lsetxattr, TAKES(path_own, path_own, buffer, buffer_size, zero), .counts = EOPNOTSUPP),
    CALL(lgetxattr, TAKES(path_own, path_own, buffer, buffer_size), .counts = EOPNOTSUPP),
    CALL(lremovexattr, TAKES(path_own, path_own), .counts = EOPNOTSUPP),
    CALL(llistxattr, TAKES(path_own, buffer, buffer_size)),
    CALL(fsetxattr, TAKES(fd_file, path_own, buffer, buffer_size, zero), .counts = EOPNOTSUPP),
    CALL(fgetxattr, TAKES(fd_file, path_own, buffer, buffer_size), .counts = EOPNOTSUPP),
    CALL(fremovexattr, TAKES(fd_file, path_own), .counts = EOPNOTSUPP),
    CALL(flistxattr, TAKES(fd_file, buffer, buffer_size)),
    CALL(sync, .flags = CALL_RARE),
};

const struct call_table name_calls = {calls, COUNT(calls)};
