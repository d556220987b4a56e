// SPDX-License-Identifier: MIT
/*
 * Permissions: what modes, owners, groups and sticky directories allow whom. A child becomes
 * another user and tries.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define OWNER    1000
#define MEMBER   1001 /* of GROUP */
#define STRANGER 1002
#define GROUP    100

static void become(uid_t user)
{
    const gid_t groups[] = {GROUP};

    if (setgroups(user == STRANGER ? 0 : 1, groups) || setresgid(user, user, user) ||
        setresuid(user, user, user))
        say("become %u: %s", user, strerror(errno));
}

/* Does something as another user. */
static void as(uid_t user, void (*what)(void))
{
    pid_t pid;

    say("-- as %s", user == OWNER ? "owner" : user == MEMBER ? "member" : "stranger");
    pid = fork();
    if (!pid) {
        become(user);
        what();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void as_each(void (*what)(void))
{
    as(OWNER, what);
    as(MEMBER, what);
    as(STRANGER, what);
}

static void make(const char *name, mode_t mode, uid_t user, gid_t group)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600);

    if (fd < 0 || fchown(fd, user, group) || fchmod(fd, mode))
        say("%s: %s", name, strerror(errno));
    close(fd);
}

static void make_directory(const char *name, mode_t mode, uid_t user, gid_t group)
{
    if (mkdir(name, 0700) || chown(name, user, group) || chmod(name, mode))
        say("%s: %s", name, strerror(errno));
}

static void show_mode(const char *name)
{
    struct stat status;

    if (lstat(name, &status))
        say("%s: %s", name, strerror(errno));
    else
        say("%s: mode %o, user %u, group %u", name, status.st_mode, status.st_uid, status.st_gid);
}

/* ---- files ---- */

static void try_opening(const char *name)
{
    static const int ways[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_NOATIME,
                               O_PATH};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        int fd = open(name, ways[i]);

        say("open %s %o: %s", name, ways[i], fd < 0 ? strerror(errno) : "works");
        close(fd);
    }
    for (int bits = 0; bits < 8; bits++)
        say("access %s %d: %s", name, bits, access(name, bits) ? strerror(errno) : "yes");
}

static void use_files(void)
{
    try_opening("f640");
    try_opening("f025");
    try_opening("f700");
    SHOW(truncate("f640", 0));
    SHOW(execl("f640", "f640", NULL));
    SHOW(access("f640", R_OK | W_OK));
}

static void attributes(void)
{
    static const struct timespec fixed[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    SHOW(chmod("f640", 02640));
    show_mode("f640");
    SHOW(chown("f640", (uid_t)-1, GROUP));
    SHOW(chown("f640", (uid_t)-1, 7));
    SHOW(chown("f640", OWNER, (gid_t)-1));
    SHOW(chown("f640", STRANGER, (gid_t)-1));
    SHOW(chown("f640", (uid_t)-1, (gid_t)-1));
    SHOW(utimensat(AT_FDCWD, "f640", NULL, 0));
    SHOW(utimensat(AT_FDCWD, "f640", fixed, 0));
    SHOW(utimensat(AT_FDCWD, "f666", NULL, 0));
    SHOW(utimensat(AT_FDCWD, "f666", fixed, 0));
    SHOW(chmod("f640", 0640));
}

static void files(void)
{
    section("files");
    make("f640", 0640, OWNER, GROUP);
    make("f025", 0025, OWNER, GROUP);
    make("f700", 0700, OWNER, GROUP);
    make("f666", 0666, 0, 0);
    as_each(use_files);
    as_each(attributes);
    section("root");
    try_opening("f025");
    SHOW(access("f640", X_OK));
}

/* ---- bits that run a program as another user ---- */

static void change_contents(void)
{
    int fd = open("program", O_WRONLY);

    SHOW(write(fd, "", 0));
    show_mode("program");
    SHOW(write(fd, "x", 1));
    show_mode("program");
    close(fd);
    SHOW(truncate("truncated", 5));
    show_mode("truncated");
}

static void set_id(void)
{
    section("bits that run a program as another user");
    make("program", 06777, 0, 0);
    make("truncated", 06777, 0, 0);
    as(STRANGER, change_contents);
    make("given", 06711, 0, 0);
    SHOW(chown("given", OWNER, GROUP));
    show_mode("given");
    make("locking", 06701, 0, 0);
    SHOW(chown("locking", OWNER, GROUP));
    show_mode("locking");
    SHOW(mkdir("given-directory", 0755));
    SHOW(chmod("given-directory", 06755));
    SHOW(chown("given-directory", OWNER, GROUP));
    show_mode("given-directory");
}

/* ---- directories ---- */

static void use_directories(void)
{
    SHOW(open("search/file", O_RDONLY) >= 0);
    SHOW(open("search", O_RDONLY | O_DIRECTORY) >= 0);
    SHOW(open("list/file", O_RDONLY) >= 0);
    SHOW(open("list", O_RDONLY | O_DIRECTORY) >= 0);
    SHOW(open("list/none", O_RDONLY) >= 0);
    SHOW(access("list/./file", F_OK));
    SHOW(chdir("list"));
    SHOW(chdir("search"));
    SHOW(close(open("new", O_CREAT | O_WRONLY, 0600)));
    SHOW(mkdir("new-directory", 0700));
    SHOW(symlink("x", "link"));
    SHOW(mknod("device", S_IFCHR | 0600, 0x103));
    SHOW(unlink("file"));
    SHOW(rmdir("file"));
    SHOW(rename("file", "other"));
}

static void use_sticky(void)
{
    SHOW(unlink("sticky/root"));
    SHOW(rename("sticky/root", "sticky/other"));
    SHOW(close(open("sticky/mine", O_CREAT | O_EXCL | O_WRONLY, 0600)));
    SHOW(rename("sticky/mine", "sticky/root"));
    SHOW(unlink("sticky/owner"));
    SHOW(unlink("sticky/mine"));
    SHOW(mknod("sticky/device", S_IFCHR | 0600, 0x103));
}

static void use_moves(void)
{
    SHOW(mkdir("open/mine", 0500));
    SHOW(rename("open/mine", "open/sub/mine"));
    SHOW(rename("open/mine", "open/still"));
    SHOW(rename("open/file", "open/moved"));
    SHOW(rename("open/moved", "open/file"));
    SHOW(rename("open/file", "search/file"));
    SHOW(rmdir("open/still"));
}

static void use_inheriting(void)
{
    SHOW(close(open("inherit/file", O_CREAT | O_WRONLY, 02770)));
    show_mode("inherit/file");
    SHOW(mkdir("inherit/directory", 0700));
    show_mode("inherit/directory");
    SHOW(rmdir("inherit/directory"));
    SHOW(unlink("inherit/file"));
}

static void directories(void)
{
    section("directories");
    make_directory("search", 0711, OWNER, GROUP);
    make("search/file", 0666, OWNER, GROUP);
    make_directory("list", 0744, OWNER, GROUP);
    make("list/file", 0666, OWNER, GROUP);
    as_each(use_directories);
    section("sticky");
    make_directory("sticky", 01777, 0, 0);
    make("sticky/root", 0666, 0, 0);
    make("sticky/owner", 0666, OWNER, GROUP);
    as(STRANGER, use_sticky);
    as(OWNER, use_sticky);
    section("moving");
    make_directory("open", 0777, 0, 0);
    make_directory("open/sub", 0777, 0, 0);
    make("open/file", 0666, 0, 0);
    as(STRANGER, use_moves);
    section("inheriting a group");
    make_directory("inherit", 02777, OWNER, GROUP);
    as_each(use_inheriting);
}

/* ---- of whom access() asks ---- */

static void real_and_effective(void)
{
    section("real and effective users");
    if (setresuid(OWNER, STRANGER, 0))
        say("setresuid: %s", strerror(errno));
    SHOW(access("f700", R_OK));
    SHOW(faccessat(AT_FDCWD, "f700", R_OK, AT_EACCESS));
    SHOW(open("f700", O_RDONLY) >= 0);
    if (setresuid(0, OWNER, 0))
        say("setresuid: %s", strerror(errno));
    SHOW(access("f025", R_OK));
    SHOW(faccessat(AT_FDCWD, "f025", R_OK, AT_EACCESS));
}

int main(void)
{
    umask(0);
    show_enter();
    SHOW(chmod(".", 0755));
    files();
    set_id();
    directories();
    in_child("real and effective", real_and_effective);
    show_leave();
    return 0;
}
