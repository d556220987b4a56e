// SPDX-License-Identifier: MIT
/*
 * openat2: which structures and flags it takes, and what its resolve flags forbid on the way.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* openat2(2). Not every C library's headers know them. */
struct way {
    uint64_t flags, mode, resolve;
    uint64_t later; /* of a structure longer than today's */
};

#define OPENAT2        437
#define WAY_SIZE       24
#define NO_XDEV        0x01
#define NO_MAGICLINKS  0x02
#define NO_SYMLINKS    0x04
#define BENEATH        0x08
#define IN_ROOT        0x10
#define CACHED         0x20
#define ALL_RESTRAINTS 6

static int directory;

static long open_way(const char *path, const struct way *way, size_t size)
{
    long fd = syscall(OPENAT2, directory, path, way, size);

    if (fd >= 0)
        close((int)fd);
    return fd < 0 ? fd : 0;
}

/* With these flags, this mode and these restraints. */
static long try(const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    const struct way way = {.flags = flags, .mode = mode, .resolve = resolve};

    return open_way(path, &way, WAY_SIZE);
}

static void structures(void)
{
    const struct way way = {.flags = O_RDONLY}, longer = {.flags = O_RDONLY, .later = 1};

    section("structures");
    SHOW(open_way("file", &way, WAY_SIZE));
    SHOW(open_way("file", &way, WAY_SIZE - 1));
    SHOW(open_way("file", &way, sizeof(way)));
    SHOW(open_way("file", &longer, sizeof(way)));
    SHOW(open_way("file", &way, 4097));
    SHOW(open_way("file", nowhere, WAY_SIZE));
    SHOW(open_way(nowhere, &way, WAY_SIZE));
}

static void flags(void)
{
    section("flags");
    SHOW(try("file", 1 << 25, 0, 0));
    SHOW(try("file", 1ul << 40, 0, 0));
    SHOW(try("file", O_RDONLY, 0644, 0));
    SHOW(try("file", O_RDONLY | O_CREAT, 0644, 0));
    SHOW(try("file", O_RDONLY | O_CREAT, 010644, 0));
    SHOW(try("new", O_WRONLY | O_CREAT | O_EXCL, 0600, 0));
    SHOW(try("inner", O_RDONLY | O_CREAT | O_DIRECTORY, 0644, 0));
    SHOW(try("inner", O_RDWR | O_TMPFILE, 0644, 0));
    SHOW(try("inner", O_RDONLY | O_TMPFILE, 0644, 0));
    SHOW(try("file", O_PATH, 0, 0));
    SHOW(try("file", O_PATH | O_RDWR, 0, 0));
    SHOW(try("file", O_PATH | O_CREAT, 0, 0));
    SHOW(try("file", O_RDONLY, 0, 0x80));
    SHOW(try("file", O_RDONLY, 0, BENEATH | IN_ROOT));
    SHOW(try("file", O_RDWR | O_TRUNC, 0, CACHED));
    SHOW(try("file", O_RDWR | O_CREAT, 0600, CACHED));
}

static void restraints(void)
{
    static const struct {
        const char *name;
        uint64_t bits;
    } all[ALL_RESTRAINTS] = {
        {"none", 0},
        {"no_xdev", NO_XDEV},
        {"no_magiclinks", NO_MAGICLINKS},
        {"no_symlinks", NO_SYMLINKS},
        {"beneath", BENEATH},
        {"in_root", IN_ROOT},
    };
    static const char *const paths[] = {
        "file",       "inner/../file", "inner/../../outside", "..",          "/outside",
        "link",       "link-out",      "inner/x/..",          "inner/link",  "inner/..",
        "/proc",      "link-proc",     "/proc/self/fd/0",     "/proc/self",  "/file",
        "link-dir/x", "../base/file",  "link-loop",           "/proc/../..", "/",
    };

    section("restraints");
    for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
        for (size_t i = 0; i < ALL_RESTRAINTS; i++) {
            errno = 0;
            try(paths[p], O_PATH, 0, all[i].bits);
            say("%s, %s: %s", paths[p], all[i].name, errno ? strerror(errno) : "open");
        }
    }
    SHOW(try("link-absolute", O_PATH, 0, 0));
    SHOW(try("link-absolute", O_PATH, 0, BENEATH));
    SHOW(try("link-absolute", O_PATH, 0, IN_ROOT));
    SHOW(try("link", O_PATH | O_NOFOLLOW, 0, NO_SYMLINKS));
    SHOW(try("link-new", O_WRONLY | O_CREAT, 0600, BENEATH));
    SHOW(try("/made", O_WRONLY | O_CREAT, 0600, IN_ROOT));
    SHOW(access("made", F_OK));
}

static void make(const char *name)
{
    close(open(name, O_CREAT | O_WRONLY, 0644));
}

int main(void)
{
    char path[128];

    show_enter();
    snprintf(path, sizeof(path), "%s/base/file", show_directory);
    make("outside");
    if (mkdir("base", 0755) || chdir("base") || mkdir("inner", 0755))
        say("mkdir: %s", strerror(errno));
    make("file");
    make("inner/x");
    if (symlink("file", "link") || symlink("../outside", "link-out") ||
        symlink(path, "link-absolute") || symlink("../file", "inner/link") ||
        symlink("/proc", "link-proc") || symlink("inner", "link-dir") ||
        symlink("link-loop", "link-loop") || symlink("../new", "link-new"))
        say("symlink: %s", strerror(errno));
    directory = open(".", O_RDONLY | O_DIRECTORY);
    structures();
    flags();
    restraints();
    close(directory);
    show_leave();
    return 0;
}
