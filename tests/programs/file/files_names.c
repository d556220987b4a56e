// SPDX-License-Identifier: MIT
/*
 * Names: making and removing directories and links, renaming, and reading directories.
 */
#include "tests/programs/show.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char bytes[64];

static void touch(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0644);

    if (fd < 0 || write(fd, name, strlen(name)) < 0)
        say("%s: %s", name, strerror(errno));
    close(fd);
}

static long links_of(const char *name)
{
    struct stat status;

    return lstat(name, &status) ? -1 : (long)status.st_nlink;
}

/* The names in a directory with their types, sorted. */
static void list(const char *name)
{
    struct dirent **entries;
    int count = scandir(name, &entries, NULL, alphasort);
    char line[400] = "";

    for (int i = 0; i < count; i++) {
        int type = entries[i]->d_type;

        snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s%s", entries[i]->d_name,
                 type == DT_DIR    ? "/"
                 : type == DT_LNK  ? "@"
                 : type == DT_FIFO ? "|"
                                   : "");
        free(entries[i]);
    }
    if (count < 0)
        say("%s: %s", name, strerror(errno));
    else
        say("%s:%s", name, line);
}

static void directories(void)
{
    section("mkdir and rmdir");
    SHOW(mkdir("a", 0755));
    SHOW(mkdir("a", 0755));
    SHOW(mkdir("a/b/c", 0755));
    SHOW(mkdir("a/b", 0700));
    SHOW(mkdir("a/b/", 0700));
    SHOW(mkdir("c/", 0700));
    SHOW(mkdir("", 0700));
    SHOW(mkdir(".", 0700));
    SHOW(mkdir("..", 0700));
    SHOW(mkdir("/", 0700));
    SHOW(links_of("a"));
    touch("file");
    SHOW(mkdir("file", 0700));
    SHOW(mkdir("file/x", 0700));
    SHOW(rmdir("file"));
    SHOW(rmdir("none"));
    SHOW(rmdir("a"));
    SHOW(rmdir("a/b/."));
    SHOW(rmdir("a/b/.."));
    SHOW(rmdir("."));
    SHOW(rmdir("/"));
    SHOW(rmdir("a/b/"));
    SHOW(links_of("a"));
    SHOW(rmdir("a"));
    SHOW(rmdir("c"));
    list(".");
}

static void hard_links(void)
{
    section("link and unlink");
    SHOW(link("file", "second"));
    SHOW(links_of("file"));
    SHOW(link("file", "second"));
    SHOW(link("none", "third"));
    SHOW(link("file", "none/third"));
    SHOW(link("file", "third/"));
    SHOW(mkdir("dir", 0755));
    SHOW(link("dir", "dir2"));
    SHOW(unlink("dir"));
    SHOW(unlink("none"));
    SHOW(unlink("file/"));
    SHOW(unlink("dir/"));
    SHOW(unlink(""));
    SHOW(unlink("second"));
    SHOW(links_of("file"));
    SHOW(symlink("file", "soft"));
    SHOW(link("soft", "hard"));
    SHOW(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    list(".");
    SHOW(unlinkat(AT_FDCWD, "hard", 0));
    SHOW(unlinkat(AT_FDCWD, "followed", AT_REMOVEDIR));
    SHOW(unlinkat(AT_FDCWD, "followed", 0));
    SHOW(unlinkat(AT_FDCWD, "dir", 0));
    SHOW(unlinkat(AT_FDCWD, "dir", 0x1000));
    SHOW(unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR));
    SHOW(unlinkat(99, "dir", 0));
    int fd = open("gone", O_RDWR | O_CREAT, 0644);
    SHOW(unlink("gone"));
    SHOW(write(fd, "still", 5));
    SHOW(pread(fd, bytes, 10, 0));
    struct stat status;
    SHOW(fstat(fd, &status));
    SHOW(status.st_nlink);
    SHOW(close(fd));
}

static void symbolic_links(void)
{
    char target[PATH_MAX + 2];

    section("symlink and readlink");
    memset(bytes, '#', sizeof(bytes));
    SHOW(readlink("soft", bytes, sizeof(bytes)));
    say("%.6s", bytes);
    SHOW(readlink("soft", bytes, 2));
    SHOW(readlink("soft", bytes, 0));
    SHOW(readlink("file", bytes, 10));
    SHOW(readlink("none", bytes, 10));
    SHOW(readlink("soft/", bytes, 10));
    SHOW(symlink("x", "soft"));
    SHOW(symlink("", "empty"));
    SHOW(symlink("x", ""));
    memset(target, 't', sizeof(target));
    target[PATH_MAX] = 0;
    SHOW(symlink(target, "long"));
    target[PATH_MAX - 1] = 0;
    SHOW(symlink(target, "long"));
    SHOW(unlink("long"));
    SHOW(symlink("dir/in", "into"));
    SHOW(mkdir("dir", 0755));
    touch("dir/in");
    SHOW(access("into", F_OK));
    SHOW(unlink("into"));
    SHOW(access("dir/in", F_OK));
    for (int i = 0; i < 45; i++) {
        char from[16], to[16];

        snprintf(to, sizeof(to), i ? "chain%d" : "file", i - 1);
        snprintf(from, sizeof(from), "chain%d", i);
        if (symlink(to, from))
            say("%s: %s", from, strerror(errno));
    }
    SHOW(access("chain39", F_OK));
    SHOW(access("chain40", F_OK));
    for (int i = 0; i < 45; i++) {
        char from[16];

        snprintf(from, sizeof(from), "chain%d", i);
        unlink(from);
    }
    SHOW(readlinkat(AT_FDCWD, "soft", bytes, 20));
    int fd = open("soft", O_PATH | O_NOFOLLOW);
    SHOW(readlinkat(fd, "", bytes, 20));
    SHOW(close(fd));
}

static void renames(void)
{
    section("rename");
    touch("one");
    touch("two");
    SHOW(rename("one", "two"));
    SHOW(access("one", F_OK));
    SHOW(rename("one", "three"));
    SHOW(rename("two", "two"));
    SHOW(link("two", "same"));
    SHOW(rename("two", "same"));
    SHOW(links_of("two"));
    SHOW(rename("two", "dir"));
    SHOW(rename("dir", "two"));
    SHOW(mkdir("empty", 0755));
    SHOW(rename("empty", "dir"));
    SHOW(rename("dir", "empty"));
    list("empty");
    SHOW(mkdir("empty/sub", 0755));
    SHOW(rename("empty", "empty/sub/deeper"));
    SHOW(rename("empty/sub", "."));
    SHOW(rename(".", "other"));
    SHOW(rename("empty/sub", "sub"));
    SHOW(links_of("empty"));
    SHOW(rename("sub", "sub2/"));
    SHOW(rename("two", "two2/"));
    SHOW(rename("none/x", "y"));
    SHOW(rename("soft", "soft2"));
    SHOW(readlink("soft2", bytes, 10));
    section("long links");
    static char target[4000];
    memset(target, '/', sizeof(target) - 1);
    memcpy(target, ".", 1);
    SHOW(symlink(target, "long"));
    SHOW(mkdir("long/inner", 0755));
    SHOW(symlink("long/long/long/inner", "longer"));
    SHOW(links_of("longer/../inner"));
    SHOW(rmdir("inner"));
    SHOW(unlink("longer"));
    SHOW(unlink("long"));
    section("renameat2");
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "two", AT_FDCWD, "same", 1));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "two", AT_FDCWD, "new", 1));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "none", 3));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "none", 2));
    SHOW(mkdir("left", 0755));
    SHOW(mkdir("left/inner", 0755));
    touch("left/inner/file");
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "left/inner", 2));
    list("left");
    list("new");
    SHOW(links_of("left"));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "left/inner", AT_FDCWD, "new", 2));
    list("left");
    SHOW(links_of("left"));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "left", AT_FDCWD, "left/inner", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "left/inner", AT_FDCWD, "left", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new/", AT_FDCWD, "left", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "left", AT_FDCWD, "new/", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "left/", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "left", AT_FDCWD, "new", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, "none", 8));
    list(".");
}

/* What is wrong with the way to a name comes before what is wrong with the name. */
static void long_names(void)
{
    char name[300] = "";

    section("names too long");
    memset(name, 'x', 256);
    SHOW(rename(name, "none/inner"));
    SHOW(rename("none/inner", name));
    SHOW(rename(name, "."));
    SHOW(rename("none", name));
    SHOW(rename(name, "none"));
    SHOW(rename("new", name));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "new", AT_FDCWD, name, 2));
}

static void reading_directories(void)
{
    char name[32];
    int seen = 0, count = 0;

    section("reading a directory");
    SHOW(mkdir("many", 0755));
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "many/entry-%d", i);
        touch(name);
    }
    DIR *dir = opendir("many");
    for (struct dirent *entry; (entry = readdir(dir)); count++) {
        int number;

        if (sscanf(entry->d_name, "entry-%d", &number) == 1)
            seen += number;
    }
    SHOW(count);
    SHOW(seen);
    rewinddir(dir);
    SHOW(readdir(dir) != NULL);
    SHOW(fstatat(dirfd(dir), "entry-7", &(struct stat){0}, 0));
    long at = telldir(dir);
    struct dirent *entry = readdir(dir);
    strcpy(name, entry->d_name);
    readdir(dir);
    seekdir(dir, at);
    SHOW(strcmp(readdir(dir)->d_name, name));
    while (readdir(dir))
        ;
    touch("many/late");
    SHOW(readdir(dir) != NULL);
    rewinddir(dir);
    SHOW(readdir(dir) != NULL);
    SHOW(closedir(dir));
    dir = opendir("many");
    count = 0;
    for (struct dirent *next; (next = readdir(dir));)
        if (next->d_name[0] != '.')
            count += unlinkat(dirfd(dir), next->d_name, 0) == 0;
    SHOW(count);
    SHOW(rmdir("many"));
    SHOW(syscall(SYS_getdents64, dirfd(dir), bytes, sizeof(bytes)));
    SHOW(closedir(dir));
    SHOW(opendir("none") != NULL);
    SHOW(opendir("same") != NULL);
    int fd = open(".", O_RDONLY);
    SHOW(syscall(SYS_getdents64, fd, bytes, 10));
    SHOW(syscall(SYS_getdents64, fd, nowhere, 100));
    SHOW(syscall(SYS_getdents64, 99, bytes, 64));
    SHOW(close(fd));
    fd = open("same", O_RDONLY);
    SHOW(syscall(SYS_getdents64, fd, bytes, 64));
    SHOW(close(fd));
}

/* A record of getdents(2), which no header has: the type is in its last byte. */
struct old_record {
    unsigned long inode, next;
    unsigned short size;
    char name[];
};

static void show_old(const char *records, long size, const char *name)
{
    const struct old_record *record;

    for (long at = 0; at < size; at += record->size) {
        record = (const void *)(records + at);
        if (!strcmp(record->name, name))
            say("%s: type %d, %d bytes", name, records[at + record->size - 1], record->size);
    }
}

static void old_records(void)
{
    static char records[1024] __attribute__((aligned(8)));

    section("getdents");
    SHOW(mkdir("old", 0755));
    SHOW(mkdir("old/directory", 0755));
    SHOW(symlink("nowhere", "old/link"));
    SHOW(mknod("old/a_file", S_IFREG | 0600, 0));
    int fd = open("old", O_RDONLY);
    SHOW(syscall(SYS_getdents, fd, records, 10));
    SHOW(syscall(SYS_getdents, fd, nowhere, 100));
    long size = syscall(SYS_getdents, fd, records, sizeof(records));
    SHOW(size);
    show_old(records, size, ".");
    show_old(records, size, "..");
    show_old(records, size, "directory");
    show_old(records, size, "link");
    show_old(records, size, "a_file");
    SHOW(syscall(SYS_getdents, fd, records, sizeof(records)));
    SHOW(close(fd));
    SHOW(syscall(SYS_getdents, 99, records, 64));
    SHOW(rmdir("old/directory"));
    SHOW(unlink("old/link"));
    SHOW(unlink("old/a_file"));
    SHOW(rmdir("old"));
}

static void working_directory(void)
{
    char start[PATH_MAX], path[PATH_MAX];

    section("the working directory");
    SHOW(getcwd(start, sizeof(start)) == start);
    SHOW(mkdir("w", 0755));
    SHOW(chdir("w"));
    SHOW(getcwd(path, sizeof(path)) && !strcmp(path + strlen(start), "/w"));
    SHOW(chdir("./../w/."));
    SHOW(getcwd(path, 3) == NULL);
    SHOW(syscall(SYS_getcwd, path, 3));
    SHOW(rmdir("../w"));
    SHOW(syscall(SYS_getcwd, path, sizeof(path)));
    SHOW(open("new", O_RDWR | O_CREAT, 0644));
    SHOW(mkdir("new", 0755));
    SHOW(access(".", F_OK));
    list(".");
    SHOW(chdir(".."));
    SHOW(chdir("same"));
    SHOW(chdir("none"));
    SHOW(chdir(""));
    SHOW(fchdir(99));
    SHOW(chdir(start));
    SHOW(realpath("./empty/../soft2", path) == NULL);
    SHOW(chdir("/"));
    SHOW(chdir("/.."));
    SHOW(getcwd(path, sizeof(path)) != NULL);
    say("%s", path);
    SHOW(chdir(start));
}

static void others(void)
{
    section("other kinds");
    SHOW(mkfifo("fifo", 0644));
    SHOW(mkfifo("fifo", 0644));
    SHOW(mknod("node", S_IFREG | 0600, 0));
    SHOW(mknod("bad", S_IFDIR | 0600, 0));
    SHOW(mknod("bad", S_IFMT | 0600, 0));
    SHOW(mknod("null", S_IFCHR | 0666, 0x103));
    int fd = open("null", O_WRONLY);
    SHOW(write(fd, "x", 1));
    SHOW(close(fd));
    list(".");
}

int main(void)
{
    umask(022);
    show_enter();
    directories();
    hard_links();
    symbolic_links();
    renames();
    long_names();
    reading_directories();
    old_records();
    working_directory();
    others();
    show_leave();
    return 0;
}
