// SPDX-License-Identifier: MIT
/*
 * A tmpfs has a limit: pages in files and nodes. What statfs says, who gets ENOSPC and SIGBUS, and
 * what is as before afterwards.
 *
 * On Linux the test mounts a small one of its own; Latchkey has one, of half of all memory, and
 * counts the tables that lead to a file's pages, too.
 */
#include <asm/statfs.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "tests/ring3/scratch.h"

#define CLONE_NEWNS 0x20000

#define BLOCKS_ON_LINUX 256
#define OPTIONS         "size=1m,nr_inodes=200"
#define BLOCKS_MAX      65536 /* of a tmpfs that is filled */
#define NODES_MAX       10000

#define SPARE 4 /* pages that filling leaves */

#define FAR    (1l << 52) /* an offset that five tables lead to */
#define TABLES 5

static char folder[64];
static char pages[8 * PAGE];

static bool mount_own(void)
{
    return syscall(__NR_unshare, CLONE_NEWNS) == 0 &&
           syscall(__NR_mount, "none", "/", NULL, 0ul | MS_REC | MS_PRIVATE, NULL) == 0 &&
           syscall(__NR_mount, "none", folder, "tmpfs", 0ul, OPTIONS) == 0 &&
           syscall(__NR_chdir, folder) == 0;
}

static struct statfs usage(void)
{
    struct statfs status;

    memset(&status, 0, sizeof(status));
    EXPECT_SUCCESS(syscall(__NR_statfs, ".", &status));
    return status;
}

static long blocks_free(void)
{
    return (long)usage().f_bfree;
}

static int create(const char *name)
{
    return open(name, O_CREAT | O_RDWR, 0600);
}

static long allocate(int fd, long start, long length)
{
    return syscall(__NR_fallocate, fd, 0, start, length);
}

/* How many tables lead to the first pages of a file. */
static long tables(long count)
{
    long lowest = (count + 511) / 512;

    if (!is_latchkey() || count < 2)
        return 0;
    return lowest + (lowest > 1);
}

/* How many pages a file can have that takes no more blocks than that. */
static long pages_in(long blocks)
{
    long count = blocks;

    while (count + tables(count) > blocks)
        count--;
    return count;
}

/* All but SPARE pages are taken. */
static void fill(void)
{
    static char target[200];
    int fd = create("filler");

    EXPECT_SUCCESS(allocate(fd, 0, pages_in(blocks_free() - SPARE) * (long)PAGE));
    memset(target, 'x', sizeof(target) - 1);
    if (blocks_free() == SPARE + 1) /* with one page more there would be a further table, too */
        EXPECT_SUCCESS(syscall(__NR_symlink, target, "filler-link"));
    EXPECT_EQUAL(blocks_free(), SPARE);
    close(fd);
}

static void remove_filler(void)
{
    unlink("filler");
    unlink("filler-link");
}

/* ---- pages ---- */

static unsigned long half_of_memory(void)
{
    static char text[8192];
    int fd = open("/sys/kernel/debug/latchkey/counters", O_RDONLY);
    const char *line;

    EXPECT(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    line = strstr(text, "\npages ");
    EXPECT(line);
    return line ? strtoul(line + strlen("\npages "), NULL, 10) / 2 : 0;
}

static void test_size(void)
{
    struct statfs status = usage();

    EXPECT_EQUAL(status.f_type, TMPFS_MAGIC);
    EXPECT_EQUAL(status.f_bsize, PAGE);
    EXPECT_EQUAL(status.f_blocks, is_latchkey() ? half_of_memory() : BLOCKS_ON_LINUX);
    EXPECT_EQUAL(status.f_bavail, status.f_bfree);
    EXPECT(status.f_bfree <= status.f_blocks);
    EXPECT(status.f_ffree <= status.f_files);
}

static void test_what_counts(void)
{
    struct statfs before = usage();
    int fd = create("file");

    EXPECT_EQUAL(usage().f_ffree, before.f_ffree - 1);
    EXPECT_EQUAL(write(fd, pages, 3 * PAGE + 1), 3 * PAGE + 1);
    EXPECT_EQUAL(blocks_free(), before.f_bfree - 4 - tables(4));
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, 1l << 40)); /* a hole */
    EXPECT_EQUAL(blocks_free(), before.f_bfree - 4 - tables(4));
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, PAGE));
    EXPECT_EQUAL(blocks_free(), before.f_bfree - 1);
    EXPECT_SUCCESS(syscall(__NR_link, "file", "name"));
    EXPECT_EQUAL(usage().f_ffree, before.f_ffree - 2);
    EXPECT_SUCCESS(unlink("file"));
    EXPECT_EQUAL(usage().f_ffree, before.f_ffree - 1);
    EXPECT_SUCCESS(unlink("name")); /* but it is open */
    EXPECT_EQUAL(usage().f_ffree, before.f_ffree - 1);
    EXPECT_EQUAL(blocks_free(), before.f_bfree - 1);
    close(fd);
    EXPECT_EQUAL(usage().f_ffree, before.f_ffree);
    EXPECT_EQUAL(blocks_free(), before.f_bfree);
}

/* Pages far from each other, with tables of their own. */
static void test_far_pages(void)
{
    long far = is_latchkey() ? 1 + TABLES : 1;
    long before = blocks_free();
    int fd = create("file");

    EXPECT_EQUAL(syscall(__NR_pwrite64, fd, "x", 1l, FAR), 1);
    EXPECT_EQUAL(blocks_free(), before - far);
    EXPECT_EQUAL(syscall(__NR_pwrite64, fd, "x", 1l, 2 * FAR), 1); /* the highest is there */
    EXPECT_EQUAL(blocks_free(), before - far - (is_latchkey() ? TABLES : 1));
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, FAR + 1));
    EXPECT_EQUAL(blocks_free(), before - far);
    EXPECT_EQUAL(write(fd, "x", 1), 1);
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, 1l));
    EXPECT_EQUAL(blocks_free(), before - 1);
    unlink("file");
    close(fd);
    EXPECT_EQUAL(blocks_free(), before);
}

/* What does not fit with its tables leaves none of them. */
static void write_far(void)
{
    int fd = create("file");

    if (is_latchkey()) {
        EXPECT_ERROR(syscall(__NR_pwrite64, fd, "x", 1l, FAR), ENOSPC);
        EXPECT_EQUAL(blocks_free(), SPARE);
        EXPECT_EQUAL(write(fd, pages, PAGE), PAGE);
        EXPECT_ERROR(syscall(__NR_pwrite64, fd, "x", 1l, FAR), ENOSPC);
    } else {
        EXPECT_EQUAL(syscall(__NR_pwrite64, fd, "x", 1l, FAR), 1);
    }
    EXPECT_EQUAL(blocks_free(), SPARE - 1);
    unlink("file");
    close(fd);
}

/* A write that fits in part is short, and the next one is told. */
static void write_until_full(void)
{
    int fd = create("file");

    EXPECT_EQUAL(write(fd, pages, 6 * PAGE), pages_in(SPARE) * PAGE);
    EXPECT_EQUAL(blocks_free(), 0);
    EXPECT_ERROR(write(fd, pages, 1), ENOSPC);
    EXPECT_EQUAL(syscall(__NR_pwrite64, fd, pages, PAGE, 0l), PAGE); /* is there already */
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, 100 * PAGE));         /* needs nothing */
    EXPECT_EQUAL(syscall(__NR_pread64, fd, pages, PAGE, 50l * PAGE), PAGE);
    EXPECT_ERROR(allocate(fd, 0, 5 * PAGE), ENOSPC);
    EXPECT_SUCCESS(allocate(fd, 0, pages_in(SPARE) * PAGE));
    EXPECT_SUCCESS(unlink("file"));
    EXPECT_EQUAL(blocks_free(), 0);
    close(fd);
    EXPECT_EQUAL(blocks_free(), SPARE);
}

/* What cannot be had as a whole is not kept in part. */
static void allocate_too_much(void)
{
    int fd = create("file");

    EXPECT_EQUAL(write(fd, pages, 1), 1);
    EXPECT_ERROR(allocate(fd, 0, (SPARE + 1) * PAGE), ENOSPC);
    EXPECT_EQUAL(blocks_free(), SPARE - 1);
    EXPECT_ERROR(allocate(fd, 0, 1l << 40), ENOSPC);
    EXPECT_EQUAL(blocks_free(), SPARE - 1);
    EXPECT_SUCCESS(allocate(fd, 0, pages_in(SPARE) * PAGE));
    EXPECT_EQUAL(blocks_free(), 0);
    close(fd);
    unlink("file");
}

/* What an earlier call has got is kept, behind the place where a later one fails. */
static void allocate_before_another(void)
{
    int fd = create("file");
    struct stat status;
    long left;

    EXPECT_SUCCESS(allocate(fd, 6 * PAGE, PAGE));
    left = blocks_free();
    EXPECT_ERROR(allocate(fd, 0, 8 * PAGE), ENOSPC);
    EXPECT_EQUAL(blocks_free(), left);
    EXPECT_SUCCESS(syscall(__NR_fstat, fd, &status));
    EXPECT_EQUAL(status.st_blocks, PAGE / 512);
    close(fd);
    unlink("file");
}

/* A hole for which there is no page. */
static void touch_holes(void)
{
    int fd = create("file");
    char *shared, *private;
    struct fault fault;

    EXPECT_EQUAL(write(fd, pages, SPARE * PAGE), pages_in(SPARE) * PAGE);
    EXPECT_SUCCESS(syscall(__NR_ftruncate, fd, 100 * PAGE));
    shared = mmap(NULL, 100 * PAGE, READ_WRITE, MAP_SHARED, fd, 0);
    private = mmap(NULL, 100 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT_ALLOWED(write_fault(shared));
    fault = write_fault(shared + 50 * PAGE);
    EXPECT_EQUAL(fault.signal, SIGBUS);
    EXPECT_EQUAL(fault.code, BUS_ADRERR);
    EXPECT_EQUAL(fault.address, (uintptr_t)shared + 50 * PAGE);
    EXPECT_EQUAL(read_fault(shared + 51 * PAGE).signal, SIGBUS);
    EXPECT_EQUAL(write_fault(private + 52 * PAGE).signal, SIGBUS);
    EXPECT_ERROR(syscall(__NR_pread64, fd, shared + 53 * PAGE, 8l, 0l), EFAULT);
    EXPECT_ALLOWED(write_fault(private)); /* a copy is memory, and not the file's */
    munmap(shared, 100 * PAGE);
    munmap(private, 100 * PAGE);
    close(fd);
    unlink("file");
}

/* A memfd is no file of this tmpfs. */
static void use_memfd(void)
{
    int fd = (int)syscall(__NR_memfd_create, "memfd", 0);
    struct statfs status;

    EXPECT_EQUAL(write(fd, pages, sizeof(pages)), sizeof(pages));
    EXPECT_EQUAL(blocks_free(), SPARE);
    EXPECT_SUCCESS(syscall(__NR_fstatfs, fd, &status));
    EXPECT_EQUAL(status.f_type, TMPFS_MAGIC);
    EXPECT_EQUAL(status.f_blocks, 0);
    EXPECT_EQUAL(status.f_files, 0);
    close(fd);
}

/* A target of more than 127 bytes takes a page. */
static void make_links(void)
{
    int fd = create("file");
    long count = pages_in(SPARE - 1) * (long)PAGE;
    char target[200];

    memset(target, 'x', sizeof(target));
    EXPECT_EQUAL(write(fd, pages, count), count);
    target[128] = '\0';
    EXPECT_SUCCESS(syscall(__NR_symlink, target, "long"));
    EXPECT_EQUAL(blocks_free(), 0);
    EXPECT_ERROR(syscall(__NR_symlink, target, "longer"), ENOSPC);
    target[127] = '\0';
    EXPECT_SUCCESS(syscall(__NR_symlink, target, "short"));
    EXPECT_SUCCESS(unlink("long"));
    EXPECT_EQUAL(blocks_free(), 1);
    unlink("short");
    close(fd);
    unlink("file");
}

static void when_full(void (*run)(void))
{
    long before = blocks_free();

    if (before > BLOCKS_MAX) {
        ktap_skip("it is too large to be filled");
        return;
    }
    fill();
    run();
    EXPECT_EQUAL(blocks_free(), SPARE);
    remove_filler();
    EXPECT_EQUAL(blocks_free(), before);
}

static void test_write(void)
{
    when_full(write_until_full);
}

static void test_far_write(void)
{
    when_full(write_far);
}

static void test_allocate(void)
{
    when_full(allocate_too_much);
}

static void test_earlier(void)
{
    when_full(allocate_before_another);
}

static void test_mappings(void)
{
    when_full(touch_holes);
}

static void test_memfd(void)
{
    when_full(use_memfd);
}

static void test_links(void)
{
    when_full(make_links);
}

/* ---- nodes ---- */

static const char *numbered(unsigned int number)
{
    static char name[16];

    snprintf(name, sizeof(name), "node-%u", number);
    return name;
}

static void test_nodes(void)
{
    unsigned long left = usage().f_ffree;

    if (left > NODES_MAX) {
        ktap_skip("it may have too many nodes");
        return;
    }
    for (unsigned int i = 0; i < left; i++)
        EXPECT_SUCCESS(syscall(__NR_mknod, numbered(i), 0100600, 0));
    EXPECT_EQUAL(usage().f_ffree, 0);
    EXPECT_ERROR(create("file"), ENOSPC);
    EXPECT_ERROR(mkdir("directory", 0700), ENOSPC);
    EXPECT_ERROR(syscall(__NR_symlink, "x", "link"), ENOSPC);
    EXPECT_ERROR(syscall(__NR_link, numbered(0), "name"), ENOSPC);
    EXPECT_SUCCESS(syscall(__NR_rename, numbered(0), "moved"));
    EXPECT_SUCCESS(unlink("moved"));
    EXPECT_SUCCESS(syscall(__NR_link, numbered(1), "name"));
    EXPECT_SUCCESS(syscall(__NR_rename, numbered(2), "name")); /* one name less of node 1 */
    EXPECT_EQUAL(usage().f_ffree, 1);
    unlink("name");
    for (unsigned int i = 1; i < left; i++)
        unlink(numbered(i));
    EXPECT_EQUAL(usage().f_ffree, left);
}

/* A node that the machine was started with does not count, but its further names do. */
static void test_names_of_first_files(void)
{
    unsigned long left = usage().f_ffree;
    char program[256] = "";

    if (!is_latchkey()) {
        ktap_skip("here all files of a tmpfs count");
        return;
    }
    EXPECT(syscall(__NR_readlink, "/proc/self/exe", program, sizeof(program) - 1) > 0);
    EXPECT_SUCCESS(syscall(__NR_link, program, "name"));
    EXPECT_EQUAL(usage().f_ffree, left - 1);
    EXPECT_SUCCESS(syscall(__NR_link, "name", "another"));
    EXPECT_EQUAL(usage().f_ffree, left - 2);
    close(create("file"));
    EXPECT_SUCCESS(syscall(__NR_renameat2, AT_FDCWD, "name", AT_FDCWD, "file", RENAME_EXCHANGE));
    EXPECT_EQUAL(usage().f_ffree, left - 3);
    EXPECT_SUCCESS(syscall(__NR_rename, "another", "moved"));
    EXPECT_EQUAL(usage().f_ffree, left - 3);
    EXPECT_SUCCESS(syscall(__NR_rename, "name", "file")); /* one name of the program less */
    EXPECT_EQUAL(usage().f_ffree, left - 2);
    EXPECT_SUCCESS(unlink("moved"));
    EXPECT_EQUAL(usage().f_ffree, left - 1);
    EXPECT_SUCCESS(unlink("file"));
    EXPECT_EQUAL(usage().f_ffree, left);
}

static const struct ktap_test tests[] = {
    {"statfs tells the limits", test_size},
    {"what counts, and until when", test_what_counts},
    {"tables count that lead to far pages", test_far_pages},
    {"a far page that does not fit leaves no tables", test_far_write},
    {"a write that does not fit is short, then ENOSPC", test_write},
    {"fallocate that does not fit leaves nothing", test_allocate},
    {"and takes nothing that was allocated before", test_earlier},
    {"touching a hole without room is SIGBUS", test_mappings},
    {"a memfd has no part in it", test_memfd},
    {"long targets of symbolic links take a page", test_links},
    {"further names of the first files count", test_names_of_first_files},
    {"there are only so many nodes and names", test_nodes},
};

int main(void)
{
    int status;

    probe_init();
    enter_scratch(folder, sizeof(folder));
    if (!is_latchkey() && !mount_own())
        status = ktap_run(tests, COUNT(tests), "this Linux lets us mount no tmpfs");
    else
        status = ktap_run(tests, COUNT(tests), NULL);
    leave_scratch(folder, NULL, 0);
    return status;
}
