// SPDX-License-Identifier: MIT
/*
 * Names: where paths lead, what may be made, moved and removed there, and what is said otherwise.
 *
 *   d/  d/f (a file)  d/sub/  link -> d/f  dlink -> d  loop -> loop  dangling -> nothing
 */
#include "tests/ring3/scratch.h"

static const char *const names[] = {"d",     "d/f",  "d/sub",    "link",
                                    "dlink", "loop", "dangling", "nothing"};
static char directory[64];

static void make_tree(void)
{
    EXPECT_SUCCESS(make_directory("d"));
    close(make_file("d/f", "file"));
    EXPECT_SUCCESS(make_directory("d/sub"));
    EXPECT_SUCCESS(make_symlink("d/f", "link"));
    EXPECT_SUCCESS(make_symlink("d", "dlink"));
    EXPECT_SUCCESS(make_symlink("loop", "loop"));
    EXPECT_SUCCESS(make_symlink("nothing", "dangling"));
}

static void opening(void)
{
    static const struct {
        const char *path;
        int flags;
        int error;
    } cases[] = {
        {"d/f", O_RDWR, 0},
        {"./d/../d//sub/../f", O_RDWR, 0},
        {"link", O_RDWR, 0},
        {"dlink/f", O_RDWR, 0},
        {"dlink/", O_RDONLY | O_NOFOLLOW, 0},
        {"link", O_PATH | O_NOFOLLOW, 0},
        {"", O_RDONLY, ENOENT},
        {"nothing", O_RDONLY, ENOENT},
        {"nothing/..", O_RDONLY, ENOENT},
        {"dangling", O_RDONLY, ENOENT},
        {"d/f/", O_RDONLY, ENOTDIR},
        {"link/", O_RDONLY, ENOTDIR},
        {"d/f/more", O_RDONLY, ENOTDIR},
        {"d/f/..", O_RDONLY, ENOTDIR},
        {"d/f", O_RDONLY | O_DIRECTORY, ENOTDIR},
        {"link", O_RDONLY | O_NOFOLLOW | O_DIRECTORY, ENOTDIR},
        {"link", O_RDONLY | O_NOFOLLOW, ELOOP},
        {"loop", O_RDONLY, ELOOP},
        {"loop/more", O_RDONLY, ELOOP},
        {"d", O_WRONLY, EISDIR},
        {"d", O_RDONLY | O_TRUNC, EISDIR},
        {"d", O_RDONLY | O_CREAT, EISDIR},
        {"new/", O_WRONLY | O_CREAT, EISDIR},
        {"d/f/", O_WRONLY | O_CREAT, EISDIR},
        {"d/f", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"dangling", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"nothing/new", O_WRONLY | O_CREAT, ENOENT},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int file;

        if (!EXPECT_ERROR(file = open(cases[i].path, cases[i].flags, 0644), cases[i].error))
            ktap_note("path \"%s\", flags %#x", cases[i].path, cases[i].flags);
        if (file >= 0)
            close(file);
    }
}

static void long_names(void)
{
    static char path[2 * 4096];

    memset(path, 'n', 256);
    EXPECT_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
    path[255] = '\0';
    EXPECT_ERROR(open(path, O_RDONLY), ENOENT);
    for (size_t i = 0; i < 4096; i += 2)
        memcpy(path + i, "./", 2);
    EXPECT_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
    path[4094] = '\0';
    EXPECT_SUCCESS(close(open(path, O_RDONLY)));
}

static void creating_through_a_link(void)
{
    int file;

    EXPECT_SUCCESS(file = open("dangling", O_WRONLY | O_CREAT, 0600));
    close(file);
    EXPECT_SUCCESS(access("nothing", F_OK));
    EXPECT_SUCCESS(unlink("nothing"));
}

static void making(void)
{
    EXPECT_ERROR(make_directory("d"), EEXIST);
    EXPECT_ERROR(make_directory("dangling"), EEXIST);
    EXPECT_ERROR(make_directory("."), EEXIST);
    EXPECT_ERROR(make_directory("/"), EEXIST);
    EXPECT_ERROR(make_directory("nothing/new"), ENOENT);
    EXPECT_ERROR(make_directory("d/f/new"), ENOTDIR);
    EXPECT_SUCCESS(make_directory("new/"));
    EXPECT_SUCCESS(remove_directory("new/"));
    EXPECT_ERROR(make_symlink("", "new"), ENOENT);
    EXPECT_ERROR(make_symlink("d", "new/"), ENOENT);
    EXPECT_ERROR(make_symlink("d", "link"), EEXIST);
    EXPECT_ERROR(make_link("d", "new"), EPERM);
    EXPECT_ERROR(make_link("nothing", "new"), ENOENT);
    EXPECT_ERROR(make_link("d/f", "link"), EEXIST);
}

static void removing(void)
{
    EXPECT_ERROR(unlink("d"), EISDIR);
    EXPECT_ERROR(unlink("d/."), EISDIR);
    EXPECT_ERROR(unlink("d/f/"), ENOTDIR);
    EXPECT_ERROR(unlink("link/"), ENOTDIR);
    EXPECT_ERROR(unlink("nothing"), ENOENT);
    EXPECT_ERROR(unlink("d/f/more"), ENOTDIR);
    EXPECT_ERROR(remove_directory("d"), ENOTEMPTY);
    EXPECT_ERROR(remove_directory("d/f"), ENOTDIR);
    EXPECT_ERROR(remove_directory("dlink"), ENOTDIR);
    EXPECT_ERROR(remove_directory("d/sub/."), EINVAL);
    EXPECT_ERROR(remove_directory("d/sub/.."), ENOTEMPTY);
    EXPECT_ERROR(remove_directory("/"), EBUSY);
    EXPECT_ERROR(syscall(__NR_unlinkat, AT_FDCWD, "d", 1), EINVAL);
}

static void moving(void)
{
    EXPECT_SUCCESS(move("d/f", "d/f"));
    EXPECT_SUCCESS(move("d/f", "d/sub/g"));
    EXPECT_ERROR(access("d/f", F_OK), ENOENT);
    EXPECT_SUCCESS(move("d/sub/g", "d/f"));
    EXPECT_ERROR(move("d", "d/sub/d"), EINVAL);
    EXPECT_ERROR(move("d/sub", "d"), ENOTEMPTY);
    EXPECT_ERROR(move("d/f", "d"), ENOTEMPTY);
    EXPECT_ERROR(move("d/sub", "d/f"), ENOTDIR);
    EXPECT_ERROR(move("link", "d/sub"), EISDIR);
    EXPECT_ERROR(move("d/f", "new/"), ENOTDIR);
    EXPECT_ERROR(move("nothing", "new"), ENOENT);
    EXPECT_ERROR(move("d/.", "new"), EBUSY);
    EXPECT_ERROR(syscall(__NR_renameat2, AT_FDCWD, "link", AT_FDCWD, "d/f", 1), EEXIST);
    EXPECT_ERROR(syscall(__NR_renameat2, AT_FDCWD, "link", AT_FDCWD, "d/f", 1 << 10), EINVAL);
}

static void moving_over_a_file(void)
{
    int old = make_file("new", "newer");
    struct stat status;

    EXPECT_SUCCESS(make_link("d/f", "d/sub/kept"));
    EXPECT_SUCCESS(move("new", "d/f"));
    EXPECT_ERROR(access("new", F_OK), ENOENT);
    EXPECT_SUCCESS(stat("d/f", &status));
    EXPECT_EQUAL(status.st_size, 5);
    EXPECT_EQUAL(status.st_nlink, 1);
    EXPECT_SUCCESS(stat("d/sub/kept", &status));
    EXPECT_EQUAL(status.st_size, 4);
    EXPECT_SUCCESS(move("d/sub/kept", "d/f"));
    EXPECT(holds(old, 0, "newer"));
    close(old);
}

static void counting_links(void)
{
    struct stat status;

    EXPECT_SUCCESS(make_link("d/f", "d/g"));
    EXPECT_SUCCESS(stat("d/f", &status));
    EXPECT_EQUAL(status.st_nlink, 2);
    EXPECT_SUCCESS(unlink("d/g"));
    EXPECT_SUCCESS(stat("d/f", &status));
    EXPECT_EQUAL(status.st_nlink, 1);
}

static void reading_links(void)
{
    char target[8];

    memset(target, '#', sizeof(target));
    EXPECT_EQUAL(syscall(__NR_readlink, "link", target, sizeof(target)), 3);
    EXPECT(!memcmp(target, "d/f#", 4));
    EXPECT_EQUAL(syscall(__NR_readlink, "link", target, 2), 2);
    EXPECT_ERROR(syscall(__NR_readlink, "link", target, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_readlink, "d/f", target, sizeof(target)), EINVAL);
    EXPECT_ERROR(syscall(__NR_readlink, "link/", target, sizeof(target)), ENOTDIR);
}

static void starting_from_a_descriptor(void)
{
    int folder = open("d", O_RDONLY | O_DIRECTORY);
    int file = openat(folder, "f", O_RDONLY);

    EXPECT_SUCCESS(file);
    EXPECT_SUCCESS(close(openat(folder, "../link", O_RDONLY)));
    EXPECT_SUCCESS(close(openat(-1, "/dev/null", O_RDONLY)));
    EXPECT_ERROR(openat(-1, "f", O_RDONLY), EBADF);
    EXPECT_ERROR(openat(file, "f", O_RDONLY), ENOTDIR);
    close(file);
    close(folder);
}

static void working_directory(void)
{
    char path[128], here[128];

    EXPECT_EQUAL(syscall(__NR_getcwd, here, sizeof(here)), strlen(directory) + 1);
    EXPECT(!strcmp(here, directory));
    EXPECT_ERROR(syscall(__NR_getcwd, path, strlen(directory)), ERANGE);
    EXPECT_ERROR(syscall(__NR_chdir, "d/f"), ENOTDIR);
    EXPECT_SUCCESS(syscall(__NR_chdir, "dlink/sub"));
    syscall(__NR_getcwd, path, sizeof(path));
    EXPECT(!strcmp(path + strlen(directory), "/d/sub"));

    /* Moved with whoever stands in it; removed under them, it has no name and takes no more. */
    EXPECT_SUCCESS(move("../sub", "../other"));
    syscall(__NR_getcwd, path, sizeof(path));
    EXPECT(!strcmp(path + strlen(directory), "/d/other"));
    EXPECT_SUCCESS(remove_directory("../other"));
    EXPECT_ERROR(syscall(__NR_getcwd, path, sizeof(path)), ENOENT);
    EXPECT_ERROR(open("new", O_WRONLY | O_CREAT, 0644), ENOENT);
    EXPECT_SUCCESS(syscall(__NR_chdir, ".."));
    EXPECT_SUCCESS(make_directory("sub"));
    EXPECT_SUCCESS(syscall(__NR_chdir, here));
}

static const struct ktap_test tests[] = {
    {"the tree can be made", make_tree},
    {"opening says what is wrong with a path", opening},
    {"a name has at most 255 bytes and a path 4095", long_names},
    {"a file is created at the end of a dangling link", creating_through_a_link},
    {"making says what is in the way", making},
    {"removing says what it is not for", removing},
    {"renaming says what it is not for", moving},
    {"renaming over a file takes its name and not its bytes", moving_over_a_file},
    {"each name counts as a link", counting_links},
    {"readlink gives as much as fits", reading_links},
    {"openat starts from its directory", starting_from_a_descriptor},
    {"the working directory has a name as long as it has a place", working_directory},
};

int main(void)
{
    int status;

    probe_init();
    enter_scratch(directory, sizeof(directory));
    status = ktap_run(tests, COUNT(tests), NULL);
    leave_scratch(directory, names, COUNT(names));
    return status;
}
