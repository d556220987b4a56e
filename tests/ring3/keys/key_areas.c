// SPDX-License-Identifier: MIT
/*
 * Which areas and pages are under which key after pkey_mprotect, mprotect, mmap, mremap, brk and
 * fork.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>

static int key, other_key; /* both with access disabled while a test runs */

/* The key that the page is under, as a read tells; 0 if the read is allowed. */
static int key_of(const char *page)
{
    struct fault fault = read_fault(page);

    if (fault.signal == 0)
        return 0;
    return fault.code == SEGV_PKUERR ? fault.key : -1;
}

/* Pages that are present, only ever read, and not touched yet get the key alike. */
static void every_page_gets_the_key(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    pages[0] = 1;
    EXPECT_ALLOWED(read_fault(pages + PAGE));
    EXPECT_SUCCESS(pkey_mprotect(pages, 3 * PAGE, READ_WRITE, key));
    for (int i = 0; i < 3; i++)
        EXPECT_EQUAL(key_of(pages + i * PAGE), key);
    pkey_set(key, 0);
    for (int i = 0; i < 3; i++)
        EXPECT_ALLOWED(write_fault(pages + i * PAGE));
    pkey_set(key, PKEY_DISABLE_ACCESS);
    for (int i = 0; i < 3; i++)
        EXPECT_EQUAL(key_of(pages + i * PAGE), key);
    munmap(pages, 3 * PAGE);
}

static void every_key_reaches_its_page(void)
{
    int keys[PKRU_KEYS];
    int count = 0;
    char *page = map_pages(1, READ_WRITE);

    page[0] = 1;
    while (count < PKRU_KEYS && (keys[count] = pkey_alloc(0, PKEY_DISABLE_ACCESS)) > 0)
        count++;
    EXPECT_EQUAL(count, 13);
    for (int i = 0; i < count; i++) {
        EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, keys[i]));
        EXPECT_EQUAL(key_of(page), keys[i]);
    }
    for (int i = 0; i < count; i++)
        pkey_free(keys[i]);
    munmap(page, PAGE);
}

static void minus_1_keeps_the_key(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, PROT_READ, -1));
    EXPECT_EQUAL(key_of(page), key);
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_NONE));
    EXPECT_EQUAL(key_of(page), key);
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_WRITE));
    EXPECT_EQUAL(key_of(page), key);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, 0));
    EXPECT_EQUAL(key_of(page), 0);
    munmap(page, PAGE);
}

static void minus_1_keeps_each_areas_key(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(pages, PAGE, READ_WRITE, key));
    EXPECT_SUCCESS(pkey_mprotect(pages + 2 * PAGE, PAGE, READ_WRITE, other_key));
    EXPECT_SUCCESS(mprotect(pages, 3 * PAGE, PROT_READ));
    EXPECT_SUCCESS(mprotect(pages, 3 * PAGE, READ_WRITE));
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), 0);
    EXPECT_EQUAL(key_of(pages + 2 * PAGE), other_key);
    munmap(pages, 3 * PAGE);
}

static void splits_and_merges(void)
{
    char *pages = map_lonely_pages(5, READ_WRITE);

    memset(pages, 1, 5 * PAGE);
    EXPECT_SUCCESS(pkey_mprotect(pages + PAGE, 3 * PAGE, READ_WRITE, key));
    EXPECT_SUCCESS(pkey_mprotect(pages + 2 * PAGE, PAGE, READ_WRITE, other_key));
    EXPECT_EQUAL(key_of(pages), 0);
    EXPECT_EQUAL(key_of(pages + PAGE), key);
    EXPECT_EQUAL(key_of(pages + 2 * PAGE), other_key);
    EXPECT_EQUAL(key_of(pages + 3 * PAGE), key);
    EXPECT_EQUAL(key_of(pages + 4 * PAGE), 0);
    EXPECT_SUCCESS(pkey_mprotect(pages, 5 * PAGE, READ_WRITE, 0));
    for (int i = 0; i < 5; i++)
        EXPECT_EQUAL(pages[i * PAGE], 1);
    munmap(pages, 5 * PAGE);
}

/* The translation is in the TLB with the old key when the new one is set. */
static void new_key_counts_at_once(void)
{
    char *page = map_pages(1, READ_WRITE);

    pkey_set(key, 0);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    for (int i = 0; i < 100; i++) {
        page[0] = 1;
        pkey_mprotect(page, PAGE, READ_WRITE, other_key);
        if (!EXPECT_EQUAL(key_of(page), other_key))
            break;
        pkey_mprotect(page, PAGE, READ_WRITE, key);
    }
    pkey_set(key, PKEY_DISABLE_ACCESS);
    munmap(page, PAGE);
}

static void new_mapping_is_under_key_0(void)
{
    char *page = map_pages(1, READ_WRITE);

    pkey_mprotect(page, PAGE, READ_WRITE, key);
    EXPECT(mmap(page, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == page);
    EXPECT_EQUAL(key_of(page), 0);
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    munmap(page, PAGE);
    EXPECT(mmap(page, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == page);
    EXPECT_EQUAL(key_of(page), 0);
    munmap(page, PAGE);
}

static void neighbour_does_not_take_the_key(void)
{
    char *pages = map_lonely_pages(2, READ_WRITE);

    munmap(pages + PAGE, PAGE);
    pkey_mprotect(pages, PAGE, READ_WRITE, key);
    mmap(pages + PAGE, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0);
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), 0);
    munmap(pages, 2 * PAGE);
}

static void shared_memory_has_a_key_per_mapping(void)
{
    char *page = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!EXPECT(page != MAP_FAILED))
        return;
    page[0] = 1;
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(key_of(page), key);
    munmap(page, PAGE);
}

static void remap_keeps_the_key(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);
    char *larger;

    if (skipped_without_room("mm/range"))
        return;
    page[0] = 1;
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    larger = mremap(page, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    if (!EXPECT(larger != MAP_FAILED))
        return;
    EXPECT_EQUAL(key_of(larger), key);
    EXPECT_EQUAL(key_of(larger + 2 * PAGE), key);
    munmap(larger, 3 * PAGE);
}

static void heap_can_have_a_key(void)
{
    uintptr_t end = (uintptr_t)sbrk(0);
    char *page = (char *)((end + PAGE - 1) & ~(PAGE - 1));

    EXPECT_SUCCESS(brk(page + PAGE));
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(key_of(page), key);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, 0));
    EXPECT_SUCCESS(brk((void *)end));
}

static char *inherited;

static void child_sees_inherited_key(void)
{
    EXPECT_EQUAL(key_of(inherited), key);
    EXPECT_SUCCESS(pkey_mprotect(inherited, PAGE, READ_WRITE, 0));
}

static void fork_keeps_keys_of_areas(void)
{
    inherited = map_pages(1, READ_WRITE);
    inherited[0] = 1;
    pkey_mprotect(inherited, PAGE, READ_WRITE, key);
    run_in_child(child_sees_inherited_key);
    EXPECT_EQUAL(key_of(inherited), key);
    munmap(inherited, PAGE);
}

/* The number behind "ProtectionKey:" for the area that starts at page; -1 if there is none. */
static int key_in_smaps(const char *page)
{
    static char text[65536];
    int file = open("/proc/self/smaps", O_RDONLY);
    size_t size = 0;
    ssize_t count = 0;
    char start[20];
    const char *line;

    do {
        size += (size_t)count;
        count = read(file, text + size, sizeof(text) - 1 - size);
    } while (count > 0);
    close(file);
    text[size] = '\0';
    snprintf(start, sizeof(start), "%zx-", (size_t)page);
    line = strstr(text, start);
    if (line != NULL)
        line = strstr(line, "\nProtectionKey:  ");
    return line == NULL ? -1 : atoi(line + strlen("\nProtectionKey:  "));
}

static void smaps_shows_the_key(void)
{
    char *page;

    if (skipped_without_room("fs/proc"))
        return;
    if (access("/proc/self/smaps", R_OK) != 0) {
        ktap_skip("there is no /proc/self/smaps");
        return;
    }
    page = map_lonely_pages(1, READ_WRITE);
    EXPECT_EQUAL(key_in_smaps(page), 0);
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    EXPECT_EQUAL(key_in_smaps(page), key);
    munmap(page, PAGE);
}

static const struct ktap_test tests[] = {
    {"pages present, read only once and untouched all get the key", every_page_gets_the_key},
    {"every key from 3 to 15 arrives in the page's entry", every_key_reaches_its_page},
    {"key -1 and mprotect keep the key, through PROT_NONE too", minus_1_keeps_the_key},
    {"mprotect over several areas keeps each one's key", minus_1_keeps_each_areas_key},
    {"areas are split where the key changes, and keep their content", splits_and_merges},
    {"a new key counts at once for a page in use", new_key_counts_at_once},
    {"a new mapping in the place of an old one is under key 0", new_mapping_is_under_key_0},
    {"areas with different keys do not merge", neighbour_does_not_take_the_key},
    {"shared memory can be under a key", shared_memory_has_a_key_per_mapping},
    {"mremap keeps the key", remap_keeps_the_key},
    {"a page of the heap can be under a key", heap_can_have_a_key},
    {"fork copies the keys of the areas", fork_keeps_keys_of_areas},
    {"smaps shows the key", smaps_shows_the_key},
};

int main(void)
{
    const char *reason = without_pku();

    probe_init();
    if (reason == NULL) {
        key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
        other_key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    }
    return ktap_run(tests, COUNT(tests), reason);
}
