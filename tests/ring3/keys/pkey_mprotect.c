// SPDX-License-Identifier: MIT
/*
 * pkey_mprotect: its checks, in their order. key_areas tests what it does to areas and pages.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <sys/stat.h>

#define BAD_PROTECTION 0x10
#define FREE_KEY       9 /* never allocated here */

static int key; /* with access disabled */

/* The key that the page is under, as a read tells; 0 if the read is allowed. */
static int key_of(const char *page)
{
    struct fault fault = read_fault(page);

    if (fault.signal == 0)
        return 0;
    return fault.code == SEGV_PKUERR ? fault.key : -1;
}

static void grows_both_ways(void)
{
    char *page = map_pages(1, READ_WRITE);
    int both = PROT_GROWSDOWN | PROT_GROWSUP;

    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ | both, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, 0, PROT_READ | both, key), EINVAL);
    munmap(page, PAGE);
}

static void unaligned(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page + 1, PAGE, PROT_READ, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page + 1, 0, PROT_READ, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page + 4095, 1, PROT_READ, key), EINVAL);
    munmap(page, PAGE);
}

static void no_length(void)
{
    char *page = hole();

    EXPECT_SUCCESS(pkey_mprotect(page, 0, PROT_READ, key));
    EXPECT_SUCCESS(pkey_mprotect(page, 0, BAD_PROTECTION, key));
    EXPECT_SUCCESS(pkey_mprotect(page, 0, PROT_READ, FREE_KEY));
    EXPECT_SUCCESS(pkey_mprotect(page, 0, PROT_READ, 99));
}

static void length_wraps(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, SIZE_MAX, PROT_READ, key), ENOMEM);
    EXPECT_ERROR(pkey_mprotect(page, -(uintptr_t)page, PROT_READ, key), ENOMEM);
    EXPECT_ERROR(pkey_mprotect(page, SIZE_MAX, BAD_PROTECTION, FREE_KEY), ENOMEM);
    munmap(page, PAGE);
}

static void length_is_rounded_up(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(pages, PAGE + 1, READ_WRITE, key));
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), key);
    EXPECT_EQUAL(key_of(pages + 2 * PAGE), 0);
    munmap(pages, 3 * PAGE);
}

static void protection_bits(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, PAGE, BAD_PROTECTION, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ | 0x80000000U, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(hole(), PAGE, BAD_PROTECTION, key), EINVAL);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE | SEMAPHORE, key));
    munmap(page, PAGE);
}

static void unallocated_key(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, FREE_KEY), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, 16), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, -2), EINVAL);
    EXPECT_ERROR(pkey_mprotect(hole(), PAGE, READ_WRITE, FREE_KEY), EINVAL);
    EXPECT_ALLOWED(write_fault(page));
    munmap(page, PAGE);
}

static void key_is_an_int(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_SUCCESS(syscall(__NR_pkey_mprotect, page, PAGE, READ_WRITE, 1L << 32 | key));
    EXPECT_EQUAL(key_of(page), key);
    EXPECT_SUCCESS(syscall(__NR_pkey_mprotect, page, PAGE, READ_WRITE, 0xffffffffL));
    EXPECT_EQUAL(key_of(page), key);
    munmap(page, PAGE);
}

static void no_area(void)
{
    char *pages = map_lonely_pages(2, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(hole(), PAGE, READ_WRITE, key), ENOMEM);
    EXPECT_ERROR(pkey_mprotect(pages - PAGE, 2 * PAGE, READ_WRITE, key), ENOMEM);
    EXPECT_EQUAL(key_of(pages), 0);
    munmap(pages, 2 * PAGE);
}

static void not_a_growing_area(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ | PROT_GROWSDOWN, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ | PROT_GROWSUP, key), EINVAL);
    EXPECT_EQUAL(key_of(page), 0);
    munmap(page, PAGE);
}

static void growing_area(void)
{
    if (skipped_without_room("mm/range"))
        return;
    char *pages = mmap(NULL, 3 * PAGE, READ_WRITE, PRIVATE | MAP_GROWSDOWN, -1, 0);

    if (!EXPECT(pages != MAP_FAILED))
        return;
    EXPECT_SUCCESS(pkey_mprotect(pages + PAGE, PAGE, READ_WRITE | PROT_GROWSDOWN, key));
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), key);
    EXPECT_EQUAL(key_of(pages + 2 * PAGE), 0);
    munmap(pages, 3 * PAGE);
}

static void later_gap(void)
{
    char *pages = map_lonely_pages(4, READ_WRITE);

    munmap(pages + 2 * PAGE, PAGE);
    EXPECT_ERROR(pkey_mprotect(pages, 4 * PAGE, READ_WRITE, key), ENOMEM);
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), key);
    EXPECT_EQUAL(key_of(pages + 3 * PAGE), 0);
    munmap(pages, 4 * PAGE);
}

/* A page of a shared file, opened for reading only. */
static char *map_read_only_file(void *where)
{
    static const char path[] = "/tmp/latchkey-pkey_mprotect";
    static const char content[PAGE];
    char *page = MAP_FAILED;
    int file;

    mkdir("/tmp", 0777);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && write(file, content, PAGE) == (ssize_t)PAGE) {
        int reader = open(path, O_RDONLY);

        page = mmap(where, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, reader, 0);
        close(reader);
    }
    close(file);
    unlink(path);
    return page;
}

static void never_writable(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    if (!EXPECT(map_read_only_file(pages + PAGE) != MAP_FAILED))
        return;
    EXPECT_ERROR(pkey_mprotect(pages, 3 * PAGE, READ_WRITE, key), EACCES);
    EXPECT_EQUAL(key_of(pages), key);
    EXPECT_EQUAL(key_of(pages + PAGE), 0);
    EXPECT_EQUAL(key_of(pages + 2 * PAGE), 0);
    EXPECT_SUCCESS(pkey_mprotect(pages, 3 * PAGE, PROT_READ, key));
    EXPECT_EQUAL(key_of(pages + PAGE), key);
    munmap(pages, 3 * PAGE);
}

static const struct ktap_test tests[] = {
    {"PROT_GROWSDOWN with PROT_GROWSUP is EINVAL, even with length 0", grows_both_ways},
    {"an unaligned address is EINVAL, even with length 0", unaligned},
    {"length 0 succeeds, whatever the key, the protection and the address", no_length},
    {"a length that wraps is ENOMEM, before protection and key are judged", length_wraps},
    {"the length is rounded up to pages", length_is_rounded_up},
    {"protection beyond READ, WRITE, EXEC and SEM is EINVAL, before areas are looked at",
     protection_bits},
    {"a key that is not allocated is EINVAL, before areas are looked at", unallocated_key},
    {"only the low 32 bits of the key count", key_is_an_int},
    {"no area at the start is ENOMEM", no_area},
    {"PROT_GROWSDOWN and PROT_GROWSUP are EINVAL on an area that does not grow",
     not_a_growing_area},
    {"PROT_GROWSDOWN moves the start to the area's start", growing_area},
    {"a later gap is ENOMEM, with the areas before it changed", later_gap},
    {"a mapping that may never be written is EACCES, with the areas before it changed",
     never_writable},
};

int main(void)
{
    const char *reason = without_pku();

    probe_init();
    if (reason == NULL)
        key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    return ktap_run(tests, COUNT(tests), reason);
}
