// SPDX-License-Identifier: MIT
/* The initramfs from good and from damaged archives; files, directories and paths in tmpfs. */
#include "fs/root/root.h"

#include <asm/errno.h>

#include "arch/cpu/types.h"
#include "fs/more/status.h"
#include "fs/more/tmpfs_more.h"
#include "fs/node/path.h"
#include "fs/tmpfs/tmpfs.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/scratch.h"

#define DIRECTORY (S_IFDIR | 0755)
#define FILE      (S_IFREG | 0644)
#define LINK      (S_IFLNK | 0777)

/*
 * Runs a test twice: what was in use after the first time must be in use after the second. Slabs
 * that the caches keep go back before.
 */
static void run_without_leak(void (*test)(void))
{
    struct page_counters before, after;
    uint64_t objects;

    test();
    slab_release_empty();
    page_read_counters(&before);
    objects = slab_objects_in_use();
    test();
    slab_release_empty();
    page_read_counters(&after);
    EXPECT_EQUAL(slab_objects_in_use(), objects);
    EXPECT_EQUAL(after.free, before.free);
}

static bool is_file(struct node *root, const char *path, const char *content)
{
    const char *found = scratch_read(root, path);

    return found && !strcmp(found, content);
}

static uint32_t mode_of(struct node *root, const char *path)
{
    struct node *node;
    uint32_t mode;

    if (path_lookup(root, path, PATH_NO_FOLLOW, &node))
        return 0;
    mode = node->mode;
    node_put(node);
    return mode;
}

/* ---- archives ---- */

static struct archive archive;

static void make_archive(void)
{
    static const struct archive_file files[] = {
        {.name = ".", .mode = DIRECTORY},
        {.name = "dir", .mode = S_IFDIR | 0700},
        {.name = "dir/file", .mode = S_IFREG | 0640, .data = "content"},
        {.name = "/dir/empty", .mode = FILE},
        {.name = "link", .mode = LINK, .data = "dir/file"},
        {.name = "one", .mode = FILE, .inode = 7, .links = 2},
        {.name = "two", .mode = FILE, .inode = 7, .links = 2, .data = "both"},
    };

    archive.size = 0;
    for (unsigned int i = 0; i < array_size(files); i++)
        archive_add(&archive, &files[i]);
    archive_end(&archive);
}

static void unpack_all_kinds(void)
{
    struct node *root = scratch_create();

    make_archive();
    EXPECT_EQUAL(initramfs_unpack(root, archive.bytes, archive.size), 0);
    EXPECT_EQUAL(mode_of(root, "dir"), S_IFDIR | 0700);
    EXPECT_EQUAL(mode_of(root, "dir/file"), S_IFREG | 0640);
    EXPECT(is_file(root, "dir/file", "content"));
    EXPECT(is_file(root, "dir/empty", ""));
    EXPECT_EQUAL(mode_of(root, "link"), LINK);
    EXPECT(is_file(root, "link", "content"));
    EXPECT(is_file(root, "one", "both"));
    EXPECT(is_file(root, "two", "both"));
    scratch_free(root);
}

KTEST(initramfs_unpacks_all_kinds)
{
    run_without_leak(unpack_all_kinds);
}

KTEST(initramfs_second_archive_replaces)
{
    static const struct archive_file file = {
        .name = "dir/file", .mode = S_IFREG | 0755, .data = "newer"};
    struct node *root = scratch_create();

    make_archive();
    archive_add(&archive, &file);
    archive_end(&archive);
    EXPECT_EQUAL(initramfs_unpack(root, archive.bytes, archive.size), 0);
    EXPECT(is_file(root, "dir/file", "newer"));
    EXPECT_EQUAL(mode_of(root, "dir/file"), S_IFREG | 0755);
    EXPECT(is_file(root, "two", "both"));
    scratch_free(root);
}

/* What was unpacked before the damage stays, and nothing behind it appears. */
static void unpack_truncated(void)
{
    size_t ends[] = {1, 5, 6, 109, 110, 111, 115, 240, 360, 363, 500};

    make_archive();
    for (unsigned int i = 0; i < array_size(ends); i++) {
        struct node *root = scratch_create();

        EXPECT_EQUAL(initramfs_unpack(root, archive.bytes, ends[i]), -EINVAL);
        EXPECT(!scratch_read(root, "two"));
        if (ends[i] == 500)
            EXPECT(is_file(root, "dir/file", "content"));
        scratch_free(root);
    }
}

KTEST(initramfs_truncated)
{
    run_without_leak(unpack_truncated);
}

/* Header fields at their extremes; offsets count from the start of the third entry, dir/file. */
static void unpack_damaged_fields(void)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *bytes;
    } damages[] = {
        {"magic", 0, "070707"},
        {"compressed", 0, "\x1f\x8b"},
        {"no digit", 14, "g"},
        {"no file type", 14, "00000000"},
        {"size of data", 54, "FFFFFFFF"},
        {"size of name, 0", 94, "00000000"},
        {"size of name, too short", 94, "00000004"},
        {"size of name, huge", 94, "FFFFFFFF"},
        {"name of nothing", 110, "//////////"},
        {"directory of no name before", 110, "one/file"},
    };
    size_t third;

    make_archive();
    for (third = 0; memcmp(archive.bytes + third + 110, "dir/file", 8);)
        third += 4;
    for (unsigned int i = 0; i < array_size(damages); i++) {
        struct node *root = scratch_create();

        make_archive();
        memcpy(archive.bytes + third + damages[i].offset, damages[i].bytes,
               strlen(damages[i].bytes));
        if (!EXPECT(initramfs_unpack(root, archive.bytes, archive.size) < 0))
            ktest_note("accepted: %s", damages[i].name);
        EXPECT(mode_of(root, "dir"));
        EXPECT(!scratch_read(root, "dir/file"));
        scratch_free(root);
    }
}

KTEST(initramfs_damaged_fields)
{
    run_without_leak(unpack_damaged_fields);
}

/* What stands in the way of one file leaves the others alone. */
static void unpack_conflicts(void)
{
    static const struct archive_file files[] = {
        {.name = "dir", .mode = DIRECTORY},
        {.name = "missing/file", .mode = FILE, .data = "lost"},
        {.name = "dir", .mode = FILE, .data = "not over a directory"},
        {.name = "loop", .mode = LINK, .data = "loop"},
        {.name = "loop/file", .mode = FILE, .data = "lost"},
        {.name = "socket", .mode = S_IFSOCK | 0644},
        {.name = "device", .mode = S_IFCHR | 0600, .inode = 9, .links = 2},
        {.name = "device as a file", .mode = FILE, .inode = 9, .links = 2, .data = "lost"},
        {.name = "dir/file", .mode = FILE, .data = "kept"},
    };
    struct node *root = scratch_create();

    archive.size = 0;
    for (unsigned int i = 0; i < array_size(files); i++)
        archive_add(&archive, &files[i]);
    archive_end(&archive);
    EXPECT_EQUAL(initramfs_unpack(root, archive.bytes, archive.size), -ENOENT);
    EXPECT_EQUAL(mode_of(root, "dir"), DIRECTORY);
    EXPECT(is_file(root, "dir/file", "kept"));
    EXPECT(!mode_of(root, "socket"));
    EXPECT(!mode_of(root, "device as a file"));
    scratch_free(root);
}

KTEST(initramfs_conflicts)
{
    run_without_leak(unpack_conflicts);
}

/* ---- paths ---- */

static void walk_paths(void)
{
    static const struct {
        const char *path;
        int error;
    } cases[] = {
        {"dir/file", 0},
        {"dir//file", 0},
        {"./dir/./file", 0},
        {"dir/../dir/file", 0},
        {"link", 0},
        {"dir/", 0},
        {"dir/file/", -ENOTDIR},
        {"link/", -ENOTDIR},
        {"dir/file/more", -ENOTDIR},
        {"dir/file/..", -ENOTDIR},
        {"nothing", -ENOENT},
        {"nothing/..", -ENOENT},
        {"", -ENOENT},
    };
    struct node *root = scratch_create();
    char name[NAME_MAX + 2];

    make_archive();
    initramfs_unpack(root, archive.bytes, archive.size);
    for (unsigned int i = 0; i < array_size(cases); i++) {
        struct node *node;
        int error = path_lookup(root, cases[i].path, PATH_FOLLOW, &node);

        if (!EXPECT_EQUAL(error, cases[i].error))
            ktest_note("path: %s", cases[i].path);
        if (!error)
            node_put(node);
    }
    memset(name, 'n', sizeof(name));
    name[NAME_MAX + 1] = '\0';
    struct node *node;
    EXPECT_EQUAL(path_lookup(root, name, PATH_FOLLOW, &node), -ENAMETOOLONG);
    name[NAME_MAX] = '\0';
    EXPECT_EQUAL(path_lookup(root, name, PATH_FOLLOW, &node), -ENOENT);
    scratch_free(root);
}

KTEST(paths_lead_where_they_should)
{
    run_without_leak(walk_paths);
}

/* ---- contents ---- */

static long write_at(struct node *node, const char *bytes, size_t size, uint64_t offset)
{
    struct iovec segment = {(void *)(uintptr_t)bytes, size};
    struct io_iter from;

    io_iter_kernel(&from, &segment);
    return tmpfs_file_write(node, &from, &offset);
}

static bool reads(struct node *node, uint64_t offset, size_t size, const char *expected)
{
    char bytes[64];
    struct iovec segment = {bytes, size};
    struct io_iter to;

    io_iter_kernel(&to, &segment);
    return object_read(tmpfs_node(node)->object, &to, &offset) == (long)size &&
           !memcmp(bytes, expected, size);
}

/* Holes read as zeros, a cut leaves no old bytes behind, and only what was written takes pages. */
static void write_with_holes(void)
{
    static const uint64_t far = 5ul << 30;
    static const char zeros[16];
    struct node *node;
    struct stat status;

    EXPECT_EQUAL(tmpfs_create_unlinked(&node), 0);
    EXPECT_EQUAL(write_at(node, "far away", 8, far), 8);
    node_status(node, &status);
    EXPECT_EQUAL(status.st_size, far + 8);
    EXPECT_EQUAL(status.st_blocks, PAGE_SIZE / 512);
    EXPECT(reads(node, far, 8, "far away"));
    EXPECT(reads(node, 0, 16, zeros));
    EXPECT(reads(node, far - 8, 8, zeros));
    EXPECT_EQUAL(write_at(node, "near", 4, PAGE_SIZE - 2), 4);
    EXPECT(reads(node, PAGE_SIZE - 2, 4, "near"));

    EXPECT_EQUAL(node->operations->resize(node, PAGE_SIZE - 1), 0);
    EXPECT_EQUAL(node->operations->resize(node, far), 0);
    EXPECT(reads(node, PAGE_SIZE - 2, 4, "n\0\0"));
    node_status(node, &status);
    EXPECT_EQUAL(status.st_blocks, PAGE_SIZE / 512);
    EXPECT_EQUAL(write_at(node, "x", 1, OBJECT_SIZE_MAX), -EFBIG);
    node_put(node);
}

KTEST(files_with_holes)
{
    run_without_leak(write_with_holes);
}

/* Pages at every height of the tree, found again and given back. */
static void grow_tree(void)
{
    static const uint64_t indices[] = {
        0, 1, 511, 512, 513, 512 * 512, 1ul << 27, (1ul << 36) + 5, 1ul << 45, 1ul << 50};
    struct memory_object *object = object_create();
    struct page *page;

    for (unsigned int i = 0; i < array_size(indices); i++) {
        EXPECT_EQUAL(object_page(object, indices[i], true, &page), 0);
        *(uint64_t *)page_address(page) = indices[i];
        page_put(page);
    }
    EXPECT_EQUAL(object->pages, array_size(indices));
    for (unsigned int i = 0; i < array_size(indices); i++) {
        EXPECT_EQUAL(object_page(object, indices[i], false, &page), 0);
        if (!EXPECT(page))
            continue;
        EXPECT_EQUAL(*(uint64_t *)page_address(page), indices[i]);
        page_put(page);
    }
    EXPECT_EQUAL(object_page(object, 2, false, &page), 0);
    EXPECT(!page);
    EXPECT_EQUAL(object_page(object, 1ul << 51, true, &page), -EFBIG);

    object->size = OBJECT_SIZE_MAX;
    object_set_size(object, 512 * PAGE_SIZE);
    object_drop_tail(object);
    EXPECT_EQUAL(object->pages, 3);
    object_put(object);
}

KTEST(object_tree)
{
    run_without_leak(grow_tree);
}
