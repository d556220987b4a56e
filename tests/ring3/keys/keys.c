// SPDX-License-Identifier: MIT
/*
 * pkey_alloc and pkey_free: their checks, which key is given, and what they leave alone.
 */
#include "tests/ring3/ring3.h"

#define LAST_KEY (PKRU_KEYS - 1)

static long raw_alloc(unsigned long flags, unsigned long rights)
{
    return syscall(__NR_pkey_alloc, flags, rights);
}

static void alloc_refuses_flags(void)
{
    EXPECT_ERROR(raw_alloc(1, 0), EINVAL);
    EXPECT_ERROR(raw_alloc(0x80000000, 0), EINVAL);
    EXPECT_ERROR(raw_alloc(1UL << 32, 0), EINVAL);
}

static void alloc_refuses_other_rights(void)
{
    EXPECT_ERROR(raw_alloc(0, 4), EINVAL);
    EXPECT_ERROR(raw_alloc(0, 7), EINVAL);
    EXPECT_ERROR(raw_alloc(0, 1UL << 32), EINVAL);
    EXPECT_ERROR(raw_alloc(0, -1UL), EINVAL);
}

static void refused_alloc_changes_nothing(void)
{
    uint32_t before = pkru_read();

    EXPECT_ERROR(raw_alloc(0, 4), EINVAL);
    EXPECT_ERROR(raw_alloc(1, 0), EINVAL);
    EXPECT_EQUAL(pkru_read(), before);
    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    EXPECT_SUCCESS(pkey_free(1));
    pkru_write(before);
}

static void alloc_gives_lowest_free(void)
{
    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_EQUAL(pkey_alloc(0, 0), 3);
    EXPECT_SUCCESS(pkey_free(2));
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_SUCCESS(pkey_free(1));
    EXPECT_SUCCESS(pkey_free(2));
    EXPECT_SUCCESS(pkey_free(3));
}

static void fifteen_keys_then_enospc(void)
{
    for (int key = 1; key <= LAST_KEY; key++)
        EXPECT_EQUAL(pkey_alloc(0, 0), key);
    EXPECT_ERROR(pkey_alloc(0, 0), ENOSPC);
    EXPECT_ERROR(raw_alloc(1, 0), EINVAL);
    EXPECT_ERROR(raw_alloc(0, 4), EINVAL);
    for (int key = 1; key <= LAST_KEY; key++)
        EXPECT_SUCCESS(pkey_free(key));
}

static void failed_alloc_keeps_pkru(void)
{
    for (int key = 1; key <= LAST_KEY; key++)
        pkey_alloc(0, 0);
    pkru_write(PKRU_INIT);
    EXPECT_ERROR(pkey_alloc(0, 0), ENOSPC);
    EXPECT_EQUAL(pkru_read(), PKRU_INIT);
    for (int key = 1; key <= LAST_KEY; key++)
        pkey_free(key);
}

static void alloc_sets_the_keys_bits_only(void)
{
    static const uint32_t backgrounds[] = {0, PKRU_INIT, 0xfffffffc, 0xaaaaaaa8};

    for (size_t i = 0; i < COUNT(backgrounds); i++) {
        for (uint32_t rights = 0; rights <= 3; rights++) {
            int key;

            pkru_write(backgrounds[i]);
            key = pkey_alloc(0, rights);
            EXPECT_EQUAL(pkru_read(), (backgrounds[i] & ~PKRU_ALL(key)) | rights << (2 * key));
            pkey_free(key);
        }
    }
    pkru_write(PKRU_INIT);
}

static void alloc_sets_the_last_key(void)
{
    for (int key = 1; key < LAST_KEY; key++)
        pkey_alloc(0, 0);
    pkru_write(0);
    EXPECT_EQUAL(pkey_alloc(0, 3), LAST_KEY);
    EXPECT_EQUAL(pkru_read(), 0xc0000000);
    for (int key = 1; key <= LAST_KEY; key++)
        pkey_free(key);
    pkru_write(PKRU_INIT);
}

static void free_refuses_others(void)
{
    EXPECT_ERROR(pkey_free(-1), EINVAL);
    EXPECT_ERROR(pkey_free(INT32_MIN), EINVAL);
    EXPECT_ERROR(pkey_free(16), EINVAL);
    EXPECT_ERROR(pkey_free(INT32_MAX), EINVAL);
    EXPECT_ERROR(pkey_free(1), EINVAL);
    EXPECT_ERROR(pkey_free(15), EINVAL);
}

static void free_twice(void)
{
    int key = pkey_alloc(0, 0);

    EXPECT_SUCCESS(pkey_free(key));
    EXPECT_ERROR(pkey_free(key), EINVAL);
}

static void free_takes_an_int(void)
{
    long key = pkey_alloc(0, 0);

    EXPECT_SUCCESS(syscall(__NR_pkey_free, 1L << 32 | key));
}

static void free_keeps_pkru_and_areas(void)
{
    char *page = map_pages(1, READ_WRITE);
    int key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    uint32_t before = pkru_read();

    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    EXPECT_SUCCESS(pkey_free(key));
    EXPECT_EQUAL(pkru_read(), before);
    EXPECT_ALLOWED(read_fault(page));
    EXPECT_KEY_FAULT(write_fault(page), key);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, key), EINVAL);
    munmap(page, PAGE);
}

static void key_0_can_be_freed(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_SUCCESS(pkey_free(0));
    EXPECT_ERROR(pkey_free(0), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, 0), EINVAL);
    EXPECT_ALLOWED(write_fault(page));
    EXPECT_EQUAL(pkey_alloc(0, 0), 0);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, 0));
}

static void test_key_0_can_be_freed(void)
{
    run_in_child(key_0_can_be_freed);
}

static void child_of_fork_has_the_keys(void)
{
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_SUCCESS(pkey_free(1));
    EXPECT_SUCCESS(pkey_free(2));
}

static void fork_copies_the_keys(void)
{
    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    run_in_child(child_of_fork_has_the_keys);
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_SUCCESS(pkey_free(2));
    EXPECT_SUCCESS(pkey_free(1));
}

static void get_and_set(void)
{
    uint32_t before = pkru_read();

    if (skipped_without_room("kernel/vdso"))
        return;
    EXPECT_SUCCESS(pkey_set(5, PKEY_DISABLE_WRITE));
    EXPECT_EQUAL(pkey_get(5), PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(pkru_read(), (before & ~PKRU_ALL(5)) | PKRU_WD(5));
    EXPECT_ERROR(pkey_set(16, 0), EINVAL);
    EXPECT_ERROR(pkey_set(-1, 0), EINVAL);
    EXPECT_ERROR(pkey_set(5, 4), EINVAL);
    EXPECT_ERROR(pkey_get(16), EINVAL);
    EXPECT_ERROR(pkey_get(-1), EINVAL);
    pkru_write(before);
}

static const struct ktap_test tests[] = {
    {"pkey_alloc: any flag is EINVAL, in all 64 bits", alloc_refuses_flags},
    {"pkey_alloc: rights beyond 3 are EINVAL, in all 64 bits", alloc_refuses_other_rights},
    {"pkey_alloc: a refused call takes no key and leaves PKRU alone",
     refused_alloc_changes_nothing},
    {"pkey_alloc: gives the lowest free key, from 1 on", alloc_gives_lowest_free},
    {"pkey_alloc: 15 keys, then ENOSPC, but bad arguments are still EINVAL",
     fifteen_keys_then_enospc},
    {"pkey_alloc: ENOSPC leaves PKRU alone", failed_alloc_keeps_pkru},
    {"pkey_alloc: sets the two bits of its key in PKRU and no others",
     alloc_sets_the_keys_bits_only},
    {"pkey_alloc: key 15 has the two top bits of PKRU", alloc_sets_the_last_key},
    {"pkey_free: a key below 0, above 15 or not allocated is EINVAL", free_refuses_others},
    {"pkey_free: a key can be freed once", free_twice},
    {"pkey_free: only the low 32 bits of the key count", free_takes_an_int},
    {"pkey_free: changes neither PKRU nor the areas under the key", free_keeps_pkru_and_areas},
    {"pkey_free: key 0 can be freed, and allocated again", test_key_0_can_be_freed},
    {"fork: the child has a copy of the key map", fork_copies_the_keys},
    {"pkey_get and pkey_set: one key's bits in PKRU, EINVAL for what is no key or no right",
     get_and_set},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), without_pku());
}
