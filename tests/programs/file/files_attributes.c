// SPDX-License-Identifier: MIT
/*
 * What stat and its kin say, and chmod, chown, utimens, access, umask, statfs.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <utime.h>

static struct stat status;

static void show(const char *name)
{
    if (lstat(name, &status)) {
        say("%s: %s", name, strerror(errno));
        return;
    }
    say("%s: mode %o, links %ld, uid %d, gid %d, size %ld, blocks %ld of %ld", name, status.st_mode,
        (long)status.st_nlink, (int)status.st_uid, (int)status.st_gid,
        S_ISDIR(status.st_mode) ? 0 : (long)status.st_size, (long)status.st_blocks,
        (long)status.st_blksize);
}

static void kinds(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0640), ends[2];

    section("kinds of files");
    SHOW(write(fd, "12345", 5));
    show("file");
    SHOW(ftruncate(fd, 5000));
    show("file");
    SHOW(symlink("file", "link"));
    show("link");
    SHOW(mkdir("dir", 0750));
    SHOW(lstat("dir", &status));
    SHOW(status.st_mode);
    SHOW(mkfifo("fifo", 0600));
    show("fifo");
    SHOW(stat("/dev/null", &status));
    say("%d:%d", (int)major(status.st_rdev), (int)minor(status.st_rdev));
    SHOW(pipe(ends));
    SHOW(fstat(ends[0], &status));
    say("%o %ld %ld", status.st_mode, (long)status.st_nlink, (long)status.st_size);
    ino_t inode = status.st_ino;
    SHOW(fstat(ends[1], &status));
    SHOW(status.st_ino == inode);
    SHOW(stat("link", &status));
    inode = status.st_ino;
    SHOW(fstat(fd, &status));
    SHOW(status.st_ino == inode);
    SHOW(lstat("link", &status));
    SHOW(status.st_ino == inode);
    SHOW(stat("file/", &status));
    SHOW(stat("none", &status));
    SHOW(stat("", &status));
    SHOW(fstat(99, &status));
    SHOW(fstatat(AT_FDCWD, "", &status, 0));
    SHOW(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH));
    SHOW(S_ISDIR(status.st_mode));
    SHOW(fstatat(fd, "", &status, AT_EMPTY_PATH));
    SHOW(status.st_size);
    SHOW(fstatat(AT_FDCWD, "link", &status, AT_SYMLINK_NOFOLLOW));
    SHOW(status.st_size);
    SHOW(fstatat(AT_FDCWD, "link", &status, 0x8));
    SHOW(close(fd));
}

static void modes(void)
{
    int fd = open("file", O_RDONLY);

    section("chmod");
    SHOW(chmod("file", 0604));
    show("file");
    SHOW(chmod("file", 07777));
    show("file");
    SHOW(chmod("link", 0600));
    show("file");
    show("link");
    SHOW(fchmod(fd, 0444));
    show("file");
    SHOW(fchmodat(AT_FDCWD, "file", 0644, 0));
    SHOW(chmod("none", 0644));
    SHOW(fchmod(99, 0644));
    SHOW(close(fd));
    section("umask");
    SHOW(umask(0));
    SHOW(umask(0777777) == 0);
    SHOW(umask(027));
    SHOW(close(open("masked", O_CREAT | O_RDWR, 0777)));
    show("masked");
    SHOW(mkdir("maskdir", 01777));
    SHOW(stat("maskdir", &status));
    SHOW(status.st_mode);
    umask(022);
}

static void owners(void)
{
    section("chown");
    SHOW(chown("file", 5, 6));
    show("file");
    SHOW(chown("file", (uid_t)-1, 7));
    show("file");
    SHOW(lchown("link", 8, 9));
    show("link");
    show("file");
    SHOW(chmod("file", 06755));
    SHOW(chown("file", 0, 0));
    show("file");
    SHOW(chown("none", 0, 0));
}

static void show_times(const char *name)
{
    if (lstat(name, &status))
        say("%s: %s", name, strerror(errno));
    else
        say("%s: accessed %ld.%09ld, modified %ld.%09ld", name, (long)status.st_atim.tv_sec,
            status.st_atim.tv_nsec, (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void times(void)
{
    struct timespec both[2] = {{1000, 5}, {2000, 6}};
    struct timeval micro[2] = {{3000, 7}, {4000, 8}};
    struct utimbuf seconds = {5000, 6000};
    int fd = open("file", O_RDWR);

    section("times");
    SHOW(utimensat(AT_FDCWD, "file", both, 0));
    show_times("file");
    both[0].tv_nsec = UTIME_OMIT;
    both[1].tv_sec = 77;
    SHOW(utimensat(AT_FDCWD, "file", both, 0));
    show_times("file");
    both[0].tv_nsec = 1000000000;
    SHOW(utimensat(AT_FDCWD, "file", both, 0));
    both[0].tv_nsec = 1;
    SHOW(utimensat(AT_FDCWD, "link", both, AT_SYMLINK_NOFOLLOW));
    show_times("link");
    show_times("file");
    SHOW(utimes("file", micro));
    show_times("file");
    SHOW(utime("file", &seconds));
    show_times("file");
    /* C libraries ask utimensat() for these; older ones did not. */
    SHOW(syscall(SYS_utimes, "file", micro));
    show_times("file");
    SHOW(syscall(SYS_utime, "file", &seconds));
    show_times("file");
    SHOW(syscall(SYS_futimesat, fd, NULL, micro));
    show_times("file");
    micro[1].tv_usec = 1000000;
    SHOW(syscall(SYS_futimesat, AT_FDCWD, "file", micro));
    SHOW(syscall(SYS_utimes, "none", NULL));
    SHOW(syscall(SYS_utimes, NULL, NULL));
    SHOW(syscall(SYS_utime, "file", 8));
    SHOW(syscall(SYS_utime, "link", NULL));
    SHOW(futimens(fd, both));
    show_times("file");
    SHOW(write(fd, "new", 3));
    SHOW(fstat(fd, &status));
    SHOW(status.st_mtim.tv_sec > 1000000 && status.st_atim.tv_sec == 1000);
    SHOW(utimensat(AT_FDCWD, "file", NULL, 0));
    SHOW(stat("file", &status));
    SHOW(status.st_mtim.tv_sec == status.st_atim.tv_sec && status.st_mtim.tv_sec > 1000000);
    both[0].tv_nsec = UTIME_NOW;
    both[1].tv_sec = -5;
    SHOW(futimens(fd, both));
    SHOW(fstat(fd, &status));
    SHOW(status.st_mtim.tv_sec);
    SHOW(utimensat(AT_FDCWD, "none", NULL, 0));
    SHOW(utimensat(99, "none", NULL, 0));
    SHOW(futimens(99, NULL));
    both[1].tv_sec = 100;
    SHOW(futimens(fd, both));
    SHOW(chmod("file", 0600));
    SHOW(stat("file", &status));
    SHOW(status.st_mtim.tv_sec);
    SHOW(status.st_ctim.tv_sec > 1000000);
    SHOW(close(fd));
}

/* Which of its times a call changes, of a file or directory whose times were all long ago. */
static void show_changes(const char *what, const char *name, long result)
{
    static const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};

    if (result < 0 || stat(name, &status))
        say("%s: %s", what, strerror(errno));
    else
        say("%s:%s%s", what, status.st_atim.tv_sec > 1000 ? " accessed" : "",
            status.st_mtim.tv_sec > 1000 ? " modified" : "");
    if (utimensat(AT_FDCWD, name, long_ago, 0))
        say("%s: %s", name, strerror(errno));
}

/* By a mapping: made, read, written to for the first time and again. */
static void changed_by_mapping(int fd, int sharing)
{
    volatile char *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, sharing, fd, 0);

    show_changes("mmap", "file", (void *)place == MAP_FAILED ? -1 : 0);
    place[0] = 'm';
    show_changes("a write to it", "file", 0);
    place[1] = 'n';
    show_changes("another", "file", 0);
    show_changes("munmap", "file", munmap((void *)place, 4096));
}

static void changed_times(void)
{
    int fd = open("file", O_RDWR);
    char byte;

    section("times that calls change");
    show_changes("at first", "file", 0);
    show_changes("at first", "dir", 0);
    show_changes("read", "file", read(fd, &byte, 1));
    show_changes("write", "file", pwrite(fd, "x", 1, 0));
    changed_by_mapping(fd, MAP_PRIVATE);
    changed_by_mapping(fd, MAP_SHARED);
    show_changes("ftruncate", "file", ftruncate(fd, 3));
    show_changes("chmod", "file", chmod("file", 0644));
    show_changes("link", "file", link("file", "dir/link"));
    show_changes("the directory of that", "dir", 0);
    show_changes("rename in it", "dir", rename("dir/link", "dir/name"));
    show_changes("unlink in it", "dir", unlink("dir/name"));
    show_changes("mkdir in it", "dir", mkdir("dir/in", 0755));
    show_changes("rmdir in it", "dir", rmdir("dir/in"));
    show_changes("chmod of it", "dir", chmod("dir", 0755));
    close(fd);
}

static void permissions(void)
{
    section("access");
    SHOW(access("file", F_OK));
    SHOW(access("file", R_OK | W_OK));
    SHOW(access("file", X_OK));
    SHOW(chmod("file", 0100));
    SHOW(access("file", R_OK | X_OK));
    SHOW(access("none", F_OK));
    SHOW(access("file/x", F_OK));
    SHOW(access("file", 8));
    SHOW(access("dir", X_OK));
    SHOW(faccessat(AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW));
    SHOW(faccessat(AT_FDCWD, "link", F_OK, AT_EACCESS));
    SHOW(faccessat(99, "link", F_OK, 0));
}

static void extended(void)
#ifdef STATX_BASIC_STATS
{
    struct statx all;

    section("statx");
    SHOW(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &all));
    SHOW((all.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    SHOW(all.stx_size);
    SHOW(all.stx_mode);
    SHOW(all.stx_nlink);
    SHOW(statx(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_SIZE, &all));
    SHOW(all.stx_size);
    SHOW(statx(AT_FDCWD, "none", 0, STATX_SIZE, &all));
    SHOW(statx(AT_FDCWD, "file", 0x8, STATX_SIZE, &all));
    SHOW(statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_TYPE, &all));
    SHOW(S_ISDIR(all.stx_mode));
}
#else
{
    section("statx is not in this C library");
}
#endif

static void file_systems(void)
{
    struct statfs fs;
    struct statvfs vfs;

    section("statfs");
    SHOW(statfs("file", &fs));
    SHOW(fs.f_type == 0x01021994);
    SHOW(fs.f_bsize);
    SHOW(fs.f_namelen);
    SHOW(fs.f_bfree <= fs.f_blocks);
    SHOW(statfs("none", &fs));
    SHOW(fstatfs(99, &fs));
    SHOW(statfs("/proc", &fs));
    SHOW(fs.f_type == 0x9fa0);
    SHOW(statvfs(".", &vfs));
    SHOW(vfs.f_namemax);
    SHOW(pathconf(".", _PC_NAME_MAX));
    SHOW(pathconf(".", _PC_PIPE_BUF));
}

int main(void)
{
    umask(022);
    show_enter();
    kinds();
    modes();
    owners();
    times();
    changed_times();
    permissions();
    extended();
    file_systems();
    show_leave();
    return 0;
}
