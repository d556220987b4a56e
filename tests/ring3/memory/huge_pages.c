// SPDX-License-Identifier: MIT
/*
 * Pages of the pool of huge ones (MAP_HUGETLB) across fork, when the pool is used up, and when a
 * range cuts one in two.
 */
#include "tests/ring3/proc.h"

#define POOL_SIZE "/proc/sys/vm/nr_hugepages"
#define HUGE_PAGE ((size_t)2 << 20)

static char *pages; /* of the running test */

static long pool_size(void)
{
    return read_file(POOL_SIZE) > 0 ? strtol(proc_text, NULL, 10) : -1;
}

/* Makes the pool this large and maps pages of it; false: the test is skipped. */
static bool map_huge(const char *pool, size_t count)
{
    if (pool_size() != 0 || write_file(POOL_SIZE, pool) != 0 ||
        pool_size() != strtol(pool, NULL, 10)) {
        ktap_skip("not on Linux, where the pool is not ours");
        return false;
    }
    pages = mmap(NULL, count * HUGE_PAGE, READ_WRITE, PRIVATE | MAP_HUGETLB, -1, 0);
    return EXPECT(pages != MAP_FAILED);
}

static void unmap_huge(size_t count)
{
    EXPECT_SUCCESS(munmap(pages, count * HUGE_PAGE));
    EXPECT_SUCCESS(write_file(POOL_SIZE, "0"));
}

/* KiB behind a label in the running test's first area in smaps. */
static long size_of(const char *label)
{
    char start[24];
    const char *at;

    snprintf(start, sizeof(start), "%lx-", (unsigned long)pages);
    read_file("/proc/self/smaps");
    at = behind_label(behind_label(proc_text, start), label);
    return at ? strtol(at, NULL, 10) : -1;
}

static void write_in_child(void)
{
    EXPECT_EQUAL(size_of("Shared_Hugetlb:"), 2048);
    EXPECT_EQUAL(size_of("Private_Hugetlb:"), 0);
    EXPECT_EQUAL(pages[HUGE_PAGE - 1], 'p');
    pages[0] = 'c';
    EXPECT_EQUAL(pages[HUGE_PAGE - 1], 'p');
    EXPECT_EQUAL(size_of("Shared_Hugetlb:"), 0);
    EXPECT_EQUAL(size_of("Private_Hugetlb:"), 2048);
}

static void a_write_after_fork_copies(void)
{
    if (!map_huge("2", 1))
        return;
    memset(pages, 'p', HUGE_PAGE);
    EXPECT_EQUAL(size_of("Private_Hugetlb:"), 2048);
    run_in_child(write_in_child);
    EXPECT_EQUAL(pages[0], 'p');
    pages[0] = 'q';
    EXPECT_EQUAL(size_of("Private_Hugetlb:"), 2048);
    unmap_huge(1);
}

static void write_to_it(void)
{
    *(volatile char *)pages = 'c';
}

static void without_a_page_for_the_copy(void)
{
    if (!map_huge("1", 1))
        return;
    pages[0] = 'p';
    EXPECT_KILLED(write_to_it, SIGBUS);
    EXPECT_EQUAL(pages[0], 'p');
    unmap_huge(1);
}

static void none_is_cut_in_two(void)
{
    if (!map_huge("2", 2))
        return;
    EXPECT_ERROR(mprotect(pages, PAGE, PROT_READ), EINVAL);
    EXPECT_ERROR(mprotect(pages + PAGE, HUGE_PAGE, PROT_READ), EINVAL);
    EXPECT_ERROR(munmap(pages + HUGE_PAGE / 2, HUGE_PAGE), EINVAL);
    EXPECT_SUCCESS(mprotect(pages + HUGE_PAGE, HUGE_PAGE, PROT_READ));
    EXPECT_ALLOWED(write_fault(pages));
    EXPECT_SEGV(write_fault(pages + HUGE_PAGE), SEGV_ACCERR);
    unmap_huge(2);
}

static void a_key_is_for_all_of_one(void)
{
    int key;

    if (skipped_without_pku() || !map_huge("2", 2))
        return;
    key = (int)syscall(__NR_pkey_alloc, 0, 0);
    EXPECT_ERROR(syscall(__NR_pkey_mprotect, pages, PAGE, READ_WRITE, key), EINVAL);
    EXPECT_SUCCESS(syscall(__NR_pkey_mprotect, pages, HUGE_PAGE, READ_WRITE, key));
    EXPECT_ALLOWED(write_fault(pages));
    pkru_write(pkru_read() | PKRU_ALL(key));
    EXPECT_KEY_FAULT(write_fault(pages + HUGE_PAGE - 1), key);
    EXPECT_ALLOWED(write_fault(pages + HUGE_PAGE));
    pkru_write(pkru_read() & ~PKRU_ALL(key));
    EXPECT_SUCCESS(syscall(__NR_pkey_free, key));
    unmap_huge(2);
}

static const struct ktap_test tests[] = {
    {"a write after fork copies a private huge page", a_write_after_fork_copies},
    {"no huge page is left for the copy: SIGBUS", without_a_page_for_the_copy},
    {"mprotect and munmap cut none in two: EINVAL", none_is_cut_in_two},
    {"a key is for all of a huge page", a_key_is_for_all_of_one},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
