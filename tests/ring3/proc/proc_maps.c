// SPDX-License-Identifier: MIT
/*
 * /proc/PID/maps and smaps: what is said of the test's own mappings, and of their keys.
 */
#include "tests/ring3/proc.h"

#include <stdint.h>
#include <sys/stat.h>

#define NAME_COLUMN 73
#define HUGE_PAGE   ((size_t)2 << 20)
#define FILE_PATH   "/tmp/latchkey maps"

/* A line of maps, taken apart. */
struct line {
    uintptr_t start, end;
    char permissions[5];
    unsigned long offset, major, minor, inode;
    const char *name; /* ends with the line; NULL: none */
};

static struct line parse(const char *text)
{
    struct line line = {0};
    const char *end = text + strcspn(text, "\n");
    char *at;

    line.start = strtoul(text, &at, 16);
    line.end = strtoul(at + 1, &at, 16);
    memcpy(line.permissions, at + 1, 4);
    line.offset = strtoul(at + 6, &at, 16);
    line.major = strtoul(at + 1, &at, 16);
    line.minor = strtoul(at + 1, &at, 16);
    line.inode = strtoul(at + 1, &at, 10);
    if (end - text > NAME_COLUMN)
        line.name = text + NAME_COLUMN;
    return line;
}

/* Whether a line of smaps begins an area: with an address, and so in lower case. */
static bool begins_area(const char *text)
{
    return (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f');
}

static const char *next_line(const char *text)
{
    text += strcspn(text, "\n");
    return *text != '\0' ? text + 1 : text;
}

/* The line of the area that holds the address, in the last file read; NULL: there is none. */
static const char *line_of(const void *address)
{
    const char *text = proc_text;

    for (; *text != '\0'; text = next_line(text)) {
        struct line line;

        if (!begins_area(text))
            continue;
        line = parse(text);
        if (line.start <= (uintptr_t)address && (uintptr_t)address < line.end)
            return text;
    }
    return NULL;
}

/* The area that holds the address as maps says now; all zeros when there is none. */
static struct line map_of(const void *address)
{
    const char *text;

    EXPECT(read_file("/proc/self/maps") > 0);
    text = line_of(address);
    return text != NULL ? parse(text) : (struct line){0};
}

static void expect_area(const char *pages, size_t count, const char *permissions)
{
    struct line line = map_of(pages);

    EXPECT_EQUAL(line.start, (uintptr_t)pages);
    EXPECT_EQUAL(line.end, (uintptr_t)pages + count * PAGE);
    if (!EXPECT(strcmp(line.permissions, permissions) == 0))
        ktap_note("%s", line.permissions);
}

/* ---- maps ---- */

static void protections(void)
{
    static const struct {
        int protection;
        const char *permissions;
    } cases[] = {
        {PROT_NONE, "---p"},
        {PROT_READ, "r--p"},
        {READ_WRITE, "rw-p"},
        {PROT_WRITE, "-w-p"},
        {PROT_READ | PROT_EXEC, "r-xp"},
        {READ_WRITE | PROT_EXEC, "rwxp"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *pages = map_lonely_pages(3, cases[i].protection);

        expect_area(pages, 3, cases[i].permissions);
        munmap(pages, 3 * PAGE);
    }
}

static void parts_of_a_mapping(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    mprotect(pages + PAGE, PAGE, PROT_READ);
    expect_area(pages, 1, "rw-p");
    expect_area(pages + PAGE, 1, "r--p");
    expect_area(pages + 2 * PAGE, 1, "rw-p");
    mprotect(pages + PAGE, PAGE, READ_WRITE);
    expect_area(pages, 3, "rw-p");
    munmap(pages, 3 * PAGE);
    EXPECT_EQUAL(map_of(pages).start, 0);
}

static void keys_part_areas(void)
{
    char *pages;
    int key;

    if (skipped_without_pku())
        return;
    pages = map_lonely_pages(2, READ_WRITE);
    key = pkey_alloc(0, 0);
    pkey_mprotect(pages + PAGE, PAGE, READ_WRITE, key);
    expect_area(pages, 1, "rw-p");
    expect_area(pages + PAGE, 1, "rw-p");
    pkey_mprotect(pages + PAGE, PAGE, READ_WRITE, 0);
    expect_area(pages, 2, "rw-p");
    pkey_free(key);
    munmap(pages, 2 * PAGE);
}

static void anonymous_memory_has_no_name(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);
    struct line line = map_of(page);

    EXPECT_EQUAL(line.offset, 0);
    EXPECT_EQUAL(line.major, 0);
    EXPECT_EQUAL(line.minor, 0);
    EXPECT_EQUAL(line.inode, 0);
    EXPECT(line.name == NULL);
    munmap(page, PAGE);
}

static void shared_memory(void)
{
    char *page = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct line line = map_of(page);

    EXPECT(strcmp(line.permissions, "rw-s") == 0);
    EXPECT(line.name != NULL && same_line(line.name, "/dev/zero (deleted)"));
    munmap(page, PAGE);
}

static int make_file(void)
{
    int file;

    mkdir("/tmp", 0777);
    file = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
    EXPECT_SUCCESS(ftruncate(file, 4 * PAGE));
    return file;
}

static void a_file(void)
{
    int file = make_file();
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 2 * PAGE);
    struct line line = map_of(pages);
    struct stat status;

    fstat(file, &status);
    close(file);
    EXPECT(strcmp(line.permissions, "r--s") == 0);
    EXPECT_EQUAL(line.offset, 2 * PAGE);
    EXPECT_EQUAL(line.major, status.st_dev >> 8);
    EXPECT_EQUAL(line.minor, status.st_dev & 0xff);
    EXPECT_EQUAL(line.inode, status.st_ino);
    EXPECT(line.name != NULL && same_line(line.name, FILE_PATH));
    unlink(FILE_PATH);
    line = map_of(pages);
    EXPECT(line.name != NULL && same_line(line.name, FILE_PATH " (deleted)"));
    munmap(pages, 2 * PAGE);
}

static void the_second_part_of_a_file(void)
{
    int file = make_file();
    char *pages = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);

    close(file);
    unlink(FILE_PATH);
    munmap(pages, 3 * PAGE);
    EXPECT_EQUAL(map_of(pages + 3 * PAGE).offset, 3 * PAGE);
    munmap(pages + 3 * PAGE, PAGE);
}

static void heap_and_stack(void)
{
    char *heap = sbrk((intptr_t)PAGE);
    struct line line = map_of(heap + PAGE - 1);

    EXPECT(line.name != NULL && same_line(line.name, "[heap]"));
    EXPECT(strcmp(line.permissions, "rw-p") == 0);
    line = map_of(&line);
    EXPECT(line.name != NULL && same_line(line.name, "[stack]"));
    sbrk(-(intptr_t)PAGE);
}

static void the_program(void)
{
    char path[256];
    struct line line = map_of((const void *)(uintptr_t)the_program);

    EXPECT(strcmp(line.permissions, "r-xp") == 0);
    EXPECT(read_target("/proc/self/exe", path, sizeof(path)) > 0);
    EXPECT(line.name != NULL && same_line(line.name, path));
}

static void ascending_and_apart(void)
{
    uintptr_t last = 0;

    EXPECT(read_file("/proc/self/maps") > 0);
    for (const char *text = proc_text; *text != '\0'; text = next_line(text)) {
        struct line line = parse(text);

        EXPECT(last <= line.start && line.start < line.end);
        last = line.end;
    }
}

static void the_same_by_single_bytes(void)
{
    static char whole[TEXT_SIZE];

    EXPECT(read_file("/proc/self/maps") > 0);
    memcpy(whole, proc_text, TEXT_SIZE);
    EXPECT(read_file_by("/proc/self/maps", 1) > 0);
    EXPECT(strcmp(whole, proc_text) == 0);
}

static void a_thousand_areas(void)
{
    char *pages = map_lonely_pages(2000, READ_WRITE);

    for (size_t i = 0; i < 2000; i += 2)
        mprotect(pages + i * PAGE, PAGE, PROT_READ);
    expect_area(pages + 1998 * PAGE, 1, "r--p");
    expect_area(pages + 1999 * PAGE, 1, "rw-p");
    munmap(pages, 2000 * PAGE);
}

/* ---- smaps ---- */

/* Reads smaps; the lines from that of the address's area on. */
static const char *smaps_of(const void *address)
{
    const char *text;

    EXPECT(read_file("/proc/self/smaps") > 0);
    text = line_of(address);
    EXPECT(text != NULL);
    return text != NULL ? next_line(text) : "";
}

static long size_in(const char *area, const char *label)
{
    const char *at = behind_label(area, label);

    return at != NULL ? strtol(at, NULL, 10) : -1;
}

static void order_of_the_labels(void)
{
    static const char *const labels[] = {
        "Size:",          "KernelPageSize:", "MMUPageSize:",   "Rss:",
        "Pss:",           "Shared_Clean:",   "Shared_Dirty:",  "Private_Clean:",
        "Private_Dirty:", "Referenced:",     "Anonymous:",     "LazyFree:",
        "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:",
        "Swap:",          "SwapPss:",        "Locked:",        "THPeligible:",
        "ProtectionKey:", "VmFlags:",
    };
    char *page = map_lonely_pages(1, READ_WRITE);
    const char *at = smaps_of(page);

    for (size_t i = 0; i < COUNT(labels); i++) {
        const char *next;

        if (strcmp(labels[i], "ProtectionKey:") == 0 && !pkru_enabled())
            continue;
        next = behind_label(at, labels[i]);
        if (!EXPECT(next != NULL && !begins_area(at)))
            ktap_note("%s", labels[i]);
        at = next != NULL ? next_line(next) : at;
    }
    EXPECT(*at == '\0' || begins_area(at));
    munmap(page, PAGE);
}

static void exact_lines(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);
    const char *area;

    *page = 1;
    area = smaps_of(page);
    EXPECT(same_line(area, "Size:                  4 kB"));
    area = behind_label(area, "ProtectionKey:");
    if (pkru_enabled())
        EXPECT(area != NULL && same_line(area, "         0"));
    munmap(page, PAGE);
}

static void touched_pages_count(void)
{
    char *pages = map_lonely_pages(10, READ_WRITE);
    const char *area;

    pages[0] = pages[PAGE] = pages[9 * PAGE] = 1;
    area = smaps_of(pages);
    EXPECT_EQUAL(size_in(area, "Size:"), 40);
    EXPECT_EQUAL(size_in(area, "KernelPageSize:"), 4);
    EXPECT_EQUAL(size_in(area, "Rss:"), 12);
    EXPECT_EQUAL(size_in(area, "Pss:"), 12);
    EXPECT_EQUAL(size_in(area, "Private_Dirty:"), 12);
    EXPECT_EQUAL(size_in(area, "Anonymous:"), 12);
    madvise(pages, PAGE, MADV_DONTNEED);
    EXPECT_EQUAL(size_in(smaps_of(pages), "Rss:"), 8);
    munmap(pages, 10 * PAGE);
}

static void the_page_of_zeros_does_not_count(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);

    EXPECT_ALLOWED(read_fault(page));
    EXPECT_EQUAL(size_in(smaps_of(page), "Rss:"), 0);
    munmap(page, PAGE);
}

static char *shared_with_parent;

static void child_shares(void)
{
    const char *area = smaps_of(shared_with_parent);

    EXPECT_EQUAL(size_in(area, "Rss:"), 8);
    EXPECT_EQUAL(size_in(area, "Pss:"), 4);
    EXPECT_EQUAL(size_in(area, "Shared_Dirty:"), 8);
    shared_with_parent[0] = 2;
    area = smaps_of(shared_with_parent);
    EXPECT_EQUAL(size_in(area, "Shared_Dirty:"), 4);
    EXPECT_EQUAL(size_in(area, "Private_Dirty:"), 4);
}

static void pages_shared_by_fork(void)
{
    shared_with_parent = map_lonely_pages(2, READ_WRITE);
    shared_with_parent[0] = shared_with_parent[PAGE] = 1;
    run_in_child(child_shares);
    munmap(shared_with_parent, 2 * PAGE);
}

static void large_pages(void)
{
    char *pages = map_pages(2 * HUGE_PAGE / PAGE, READ_WRITE);
    char *large = (char *)(((uintptr_t)pages + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));

    madvise(large, HUGE_PAGE, MADV_HUGEPAGE);
    *large = 1;
    if (size_in(smaps_of(large), "Rss:") == 4)
        ktap_skip("large pages are off, or there is none left");
    else
        EXPECT_EQUAL(size_in(smaps_of(large), "AnonHugePages:"), 2048);
    munmap(pages, 2 * HUGE_PAGE);
}

static void keys(void)
{
    char *pages;
    int key;

    if (skipped_without_pku())
        return;
    pages = map_lonely_pages(16, READ_WRITE);
    while ((key = pkey_alloc(0, PKEY_DISABLE_ACCESS)) > 0)
        pkey_mprotect(pages + (size_t)key * PAGE, PAGE, PROT_READ, key);
    for (key = 0; key < 16; key++) {
        const char *area = smaps_of(pages + (size_t)key * PAGE);

        EXPECT_EQUAL(size_in(area, "ProtectionKey:"), key);
        if (key > 0)
            pkey_free(key);
    }
    munmap(pages, 16 * PAGE);
}

static void no_keys_without_pku(void)
{
    if (pkru_enabled()) {
        ktap_skip("%s", with_pku());
        return;
    }
    EXPECT(behind_label(smaps_of(no_keys_without_pku), "ProtectionKey:") == NULL);
}

static void flags(void)
{
    char *page = map_lonely_pages(1, PROT_READ);
    const char *found = behind_label(smaps_of(page), "VmFlags:");

    EXPECT(found != NULL && strncmp(found, " rd mr mw me ", 13) == 0);
    munmap(page, PAGE);
}

static const struct ktap_test tests[] = {
    {"the permissions of private mappings", protections},
    {"a change of protection parts a mapping, and joins it again", parts_of_a_mapping},
    {"so does a change of key", keys_part_areas},
    {"anonymous memory: no offset, device, inode or name", anonymous_memory_has_no_name},
    {"shared memory is called a deleted /dev/zero", shared_memory},
    {"a file: offset, device, inode, path; and when it is deleted", a_file},
    {"what is left of a file's mapping has its own offset", the_second_part_of_a_file},
    {"the heap and the stack have names", heap_and_stack},
    {"code is the program's file", the_program},
    {"areas ascend and do not overlap", ascending_and_apart},
    {"reading by single bytes gives the same", the_same_by_single_bytes},
    {"a thousand areas", a_thousand_areas},
    {"smaps: the labels in Linux's order", order_of_the_labels},
    {"smaps: lines to the letter", exact_lines},
    {"smaps: touched pages count, until they are given back", touched_pages_count},
    {"smaps: a page only read is not resident", the_page_of_zeros_does_not_count},
    {"smaps: pages shared by fork, and one written", pages_shared_by_fork},
    {"smaps: a page of 2 MiB", large_pages},
    {"smaps: the key of each page", keys},
    {"smaps: no keys on a machine without", no_keys_without_pku},
    {"smaps: flags", flags},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
