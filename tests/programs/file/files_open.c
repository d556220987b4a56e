// SPDX-License-Identifier: MIT
/*
 * open: which flags make, cut, refuse and follow what; the modes of new files; O_PATH; *at.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char bytes[32];

static void make_file(const char *name, const char *content)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || write(fd, content, strlen(content)) < 0)
        say("%s: %s", name, strerror(errno));
    close(fd);
}

/* Of a descriptor only whether there is one, which is closed again. */
static int opened(int fd)
{
    return fd < 0 ? -1 : close(fd);
}

static long mode_of(const char *name)
{
    struct stat status;

    return lstat(name, &status) ? -1 : (long)(status.st_mode & 07777);
}

static long size_of(const char *name)
{
    struct stat status;

    return stat(name, &status) ? -1 : status.st_size;
}

static void making(void)
{
    section("making files");
    SHOW(opened(open("none", O_RDONLY)));
    SHOW(opened(open("none/file", O_RDWR | O_CREAT, 0644)));
    SHOW(opened(open("", O_RDONLY)));
    SHOW(opened(open(nowhere, O_RDONLY)));
    SHOW(opened(open("new", O_RDWR | O_CREAT, 0644)));
    SHOW(opened(open("new", O_RDWR | O_CREAT, 0600)));
    SHOW(opened(open("new", O_RDWR | O_CREAT | O_EXCL, 0644)));
    SHOW(opened(open("new2", O_RDONLY | O_CREAT | O_EXCL, 0444)));
    SHOW(opened(open("new2", O_WRONLY)));
    SHOW(opened(open("new/", O_RDONLY)));
    SHOW(opened(open("new/x", O_RDONLY)));
    SHOW(opened(open("new3/", O_RDWR | O_CREAT, 0644)));
    SHOW(opened(open("odd", O_WRONLY | O_CREAT, 07777)));
    SHOW(mode_of("new"));
    SHOW(mode_of("new2"));
    SHOW(mode_of("odd"));
    SHOW(umask(077));
    SHOW(opened(creat("masked", 0666)));
    SHOW(mode_of("masked"));
    SHOW(umask(022));
}

static void cutting(void)
{
    section("O_TRUNC and O_APPEND");
    make_file("file", "0123456789");
    SHOW(opened(open("file", O_WRONLY)));
    SHOW(size_of("file"));
    SHOW(opened(open("file", O_WRONLY | O_TRUNC)));
    SHOW(size_of("file"));
    make_file("file", "0123456789");
    SHOW(opened(open("file", O_RDONLY | O_TRUNC)));
    SHOW(size_of("file"));
    make_file("file", "01234");
    int fd = open("file", O_RDWR | O_APPEND);
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(write(fd, "abc", 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pwrite(fd, "def", 3, 0));
    SHOW(pread(fd, bytes, 20, 0));
    say("%s", bytes);
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW(pwrite(fd, "X", 1, 0));
    SHOW(pread(fd, bytes, 20, 0));
    say("%s", bytes);
    SHOW(close(fd));
}

static void directions(void)
{
    int fd = open("file", O_RDONLY);

    section("the way of opening");
    SHOW(write(fd, "x", 1));
    SHOW(ftruncate(fd, 0));
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(close(fd));
    fd = open("file", O_WRONLY);
    SHOW(read(fd, bytes, 1));
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(close(fd));
    fd = open("file", O_ACCMODE);
    SHOW(fd >= 0);
    SHOW(read(fd, bytes, 1));
    SHOW(write(fd, bytes, 1));
    SHOW(close(fd));
    SHOW(close(fd));
}

static void directories(void)
{
    section("directories");
    SHOW(mkdir("dir", 0755));
    SHOW(opened(open("dir", O_RDONLY)));
    SHOW(opened(open("dir", O_RDONLY | O_DIRECTORY)));
    SHOW(opened(open("dir/", O_RDONLY)));
    SHOW(opened(open("dir", O_WRONLY)));
    SHOW(opened(open("dir", O_RDWR)));
    SHOW(opened(open("dir", O_RDONLY | O_CREAT, 0644)));
    SHOW(opened(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0644)));
    SHOW(opened(open("dir", O_RDONLY | O_TRUNC)));
    SHOW(opened(open("file", O_RDONLY | O_DIRECTORY)));
    SHOW(opened(open("none", O_RDONLY | O_DIRECTORY)));
    SHOW(opened(open("dir/none", O_RDONLY | O_CREAT | O_DIRECTORY, 0644)));
    int fd = open("dir", O_RDONLY);
    SHOW(read(fd, bytes, 1));
    SHOW(write(fd, bytes, 1));
    SHOW(ftruncate(fd, 0));
    SHOW(opened(openat(fd, "in", O_RDWR | O_CREAT, 0644)));
    SHOW(opened(open("dir/in", O_RDONLY)));
    SHOW(opened(openat(fd, "../file", O_RDONLY)));
    SHOW(opened(openat(fd, "/", O_RDONLY)));
    SHOW(opened(openat(99, "file", O_RDONLY)));
    SHOW(opened(openat(99, "/", O_RDONLY)));
    SHOW(close(fd));
    fd = open("file", O_RDONLY);
    SHOW(opened(openat(fd, "x", O_RDONLY)));
    SHOW(opened(openat(fd, "", O_RDONLY)));
    SHOW(close(fd));
}

static void links(void)
{
    section("symbolic links");
    SHOW(symlink("file", "link"));
    SHOW(symlink("nothing", "dangling"));
    SHOW(symlink("loop", "loop"));
    SHOW(symlink("dir", "dirlink"));
    SHOW(opened(open("link", O_RDONLY)));
    SHOW(opened(open("link", O_RDONLY | O_NOFOLLOW)));
    SHOW(opened(open("link", O_RDONLY | O_NOFOLLOW | O_PATH)));
    SHOW(opened(open("dirlink/in", O_RDONLY | O_NOFOLLOW)));
    SHOW(opened(open("dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY)));
    SHOW(opened(open("dirlink/", O_RDONLY | O_NOFOLLOW | O_DIRECTORY)));
    SHOW(opened(open("loop", O_RDONLY)));
    SHOW(opened(open("loop/x", O_RDONLY)));
    SHOW(opened(open("dangling", O_RDONLY)));
    SHOW(opened(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644)));
    SHOW(opened(open("dangling", O_RDWR | O_CREAT, 0644)));
    SHOW(size_of("nothing"));
}

static void paths_only(void)
{
    int fd = open("file", O_PATH);

    section("O_PATH");
    SHOW(read(fd, bytes, 1));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(fchmod(fd, 0600));
    SHOW(ftruncate(fd, 0));
    SHOW(fcntl(fd, F_GETFL) & O_PATH);
    SHOW(fcntl(fd, F_SETFL, O_APPEND));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(ioctl(fd, FIONREAD, bytes));
    struct stat status;
    SHOW(fstat(fd, &status));
    SHOW(status.st_size);
    SHOW(fstatat(fd, "", &status, AT_EMPTY_PATH));
    int again = dup(fd);
    SHOW(again >= 0);
    SHOW(close(again));
    SHOW(close(fd));
    fd = open("dir", O_PATH);
    SHOW(opened(openat(fd, "in", O_RDONLY)));
    SHOW(fchdir(fd));
    SHOW(chdir(".."));
    SHOW(close(fd));
}

static void numbers(void)
{
    struct rlimit few = {20, 20};
    int count = 0, last = 0, ends[2];

    section("descriptors");
    int lowest = open("file", O_RDONLY);
    close(lowest);
    int fd = open("file", O_RDONLY | O_CLOEXEC);
    SHOW(fd == lowest);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(close(fd));
    SHOW(setrlimit(RLIMIT_NOFILE, &few));
    while ((fd = open("file", O_RDONLY)) >= 0) {
        last = fd;
        count++;
    }
    say("then: %s", strerror(errno));
    SHOW(count > 0 && last == 19);
    SHOW(dup(0));
    SHOW(fcntl(0, F_DUPFD, 20));
    SHOW(dup2(0, 20));
    SHOW(pipe(ends));
}

static void temporary(void)
{
    char name[] = "temp-XXXXXX";
    int fd;

    section("temporary files");
    fd = mkstemp(name);
    SHOW(fd >= 0);
    SHOW(mode_of(name));
    SHOW(close(fd));
    FILE *file = tmpfile();
    SHOW(file != NULL);
    SHOW(fprintf(file, "hello"));
    rewind(file);
    SHOW(fgetc(file));
    SHOW(fclose(file));
    SHOW(opened(open(".", O_RDONLY | O_TMPFILE, 0600)));
    SHOW(opened(open("file", O_RDWR | O_TMPFILE, 0600)));
    SHOW(opened(open("/proc", O_RDWR | O_TMPFILE, 0600)));
    fd = open(".", O_RDWR | O_TMPFILE, 0600);
    SHOW(write(fd, "nameless", 8));
    struct stat status;
    SHOW(fstat(fd, &status));
    SHOW(status.st_nlink);
    SHOW(status.st_mode);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    SHOW(size_of("named"));
    SHOW(fstat(fd, &status));
    SHOW(status.st_nlink);
    SHOW(unlink("named"));
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    SHOW(close(fd));
    fd = open(".", O_RDWR | O_TMPFILE | O_EXCL, 0600);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    SHOW(close(fd));
}

static void long_names(void)
{
    static char name[5000];

    section("long names");
    memset(name, 'n', 255);
    SHOW(opened(open(name, O_RDWR | O_CREAT, 0644)));
    name[255] = 'n';
    SHOW(opened(open(name, O_RDWR | O_CREAT, 0644)));
    for (int i = 0; i < 4094; i += 2)
        memcpy(name + i, "./", 2);
    name[4094] = 0;
    SHOW(opened(open(name, O_RDONLY)));
    name[4094] = '.';
    SHOW(opened(open(name, O_RDONLY)));
    name[4095] = '/';
    SHOW(opened(open(name, O_RDONLY)));
}

static void devices(void)
{
    section("devices");
    SHOW(opened(open("/dev/null", O_RDWR | O_TRUNC | O_CREAT, 0644)));
    SHOW(opened(open("/dev/null/x", O_RDWR)));
    int fd = open("/dev/zero", O_RDWR);
    memset(bytes, 'x', sizeof(bytes));
    SHOW(read(fd, bytes, 4));
    SHOW(bytes[3] + bytes[4]);
    SHOW(write(fd, bytes, 4));
    SHOW(lseek(fd, 100, SEEK_SET));
    SHOW(close(fd));
    fd = open("/dev/full", O_RDWR);
    SHOW(write(fd, "x", 1));
    SHOW(read(fd, bytes, 4));
    SHOW(close(fd));
    fd = open("/dev/null", O_RDWR);
    SHOW(read(fd, bytes, 4));
    SHOW(write(fd, bytes, 4));
    SHOW(lseek(fd, 100, SEEK_END));
    SHOW(close(fd));
    fd = open("/dev/urandom", O_RDONLY);
    SHOW(read(fd, bytes, 16));
    SHOW(close(fd));
}

int main(void)
{
    umask(022);
    show_enter();
    making();
    cutting();
    directions();
    directories();
    links();
    paths_only();
    temporary();
    long_names();
    devices();
    SHOW_CHILD(numbers());
    show_leave();
    return 0;
}
