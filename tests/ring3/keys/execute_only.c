// SPDX-License-Identifier: MIT
/*
 * Execute-only memory: PROT_EXEC alone takes a key of the kernel's choice. Each test runs in a
 * child, because an address space keeps that key for life.
 */
#include "tests/ring3/ring3.h"

static int answer(const char *code)
{
    return ((int (*)(void))(uintptr_t)code)();
}

/* Makes the code execute-only and returns the key it is under then. */
static int make_execute_only(char *code)
{
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    return read_fault(code).key;
}

static void can_be_called_not_read(void)
{
    char *code = map_code();
    int key = make_execute_only(code);

    EXPECT(key > 0);
    EXPECT_EQUAL(answer(code), 42);
    EXPECT_KEY_FAULT(read_fault(code), key);
    EXPECT_KEY_FAULT(write_fault(code), key);
}

static void takes_lowest_free_key(void)
{
    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_SUCCESS(pkey_free(1));
    EXPECT_EQUAL(make_execute_only(map_code()), 1);
    EXPECT_EQUAL(pkey_alloc(0, 0), 3);
}

static void sets_access_disable_only(void)
{
    uint32_t before = 0;
    int key;

    pkru_write(before);
    key = make_execute_only(map_code());
    EXPECT_EQUAL(pkru_read(), before | PKRU_AD(key));
}

static void leaves_denied_access_alone(void)
{
    uint32_t before;
    int key = make_execute_only(map_code());

    pkey_set(key, PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE);
    before = pkru_read();
    EXPECT_EQUAL(make_execute_only(map_code()), key);
    EXPECT_EQUAL(pkru_read(), before);
}

static void denies_access_again(void)
{
    int key = make_execute_only(map_code());

    pkey_set(key, 0);
    EXPECT_EQUAL(make_execute_only(map_code()), key);
    EXPECT_EQUAL(pkey_get(key), PKEY_DISABLE_ACCESS);
}

static void one_key_per_address_space(void)
{
    char *code = map_code();
    char *mapped;
    int key = make_execute_only(code);

    EXPECT_EQUAL(make_execute_only(map_code()), key);
    mapped = mmap(NULL, PAGE, PROT_EXEC, PRIVATE, -1, 0);
    EXPECT_KEY_FAULT(read_fault(mapped), key);
    EXPECT_EQUAL(pkey_alloc(0, 0), key + 1);
}

static void mmap_makes_it(void)
{
    char *page = mmap(NULL, PAGE, PROT_EXEC, PRIVATE, -1, 0);

    EXPECT_KEY_FAULT(read_fault(page), 1);
    EXPECT_EQUAL(pkru_read(), first_pkru | PKRU_AD(1));
}

static void pkey_mprotect_makes_it(void)
{
    char *code = map_code();

    EXPECT_SUCCESS(pkey_mprotect(code, PAGE, PROT_EXEC, -1));
    EXPECT_KEY_FAULT(read_fault(code), 1);
    EXPECT_EQUAL(answer(code), 42);
}

static void the_calls_refuse_its_key(void)
{
    char *page = map_pages(1, READ_WRITE);
    int key = make_execute_only(map_code());

    EXPECT_ERROR(pkey_free(key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, READ_WRITE, key), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_EXEC, key), EINVAL);
}

static void counts_as_allocated(void)
{
    make_execute_only(map_code());
    for (int key = 2; key < PKRU_KEYS; key++)
        EXPECT_EQUAL(pkey_alloc(0, 0), key);
    EXPECT_ERROR(pkey_alloc(0, 0), ENOSPC);
}

static void outlives_its_areas(void)
{
    char *code = map_code();
    int key = make_execute_only(code);

    munmap(code, PAGE);
    EXPECT_ERROR(pkey_free(key), EINVAL);
    EXPECT_EQUAL(pkey_alloc(0, 0), key + 1);
    EXPECT_EQUAL(make_execute_only(map_code()), key);
}

static void use_up_keys(void)
{
    while (pkey_alloc(0, 0) >= 0)
        ;
}

static void without_a_key_mmap_is_readable(void)
{
    char *page;

    use_up_keys();
    page = mmap(NULL, PAGE, PROT_EXEC, PRIVATE, -1, 0);
    EXPECT_ALLOWED(read_fault(page));
}

static void without_a_key_mprotect_keeps_the_old(void)
{
    char *code = map_code();
    char *other = map_code();

    EXPECT_EQUAL(pkey_alloc(0, PKEY_DISABLE_ACCESS), 1);
    EXPECT_SUCCESS(pkey_mprotect(code, PAGE, PROT_READ | PROT_EXEC, 1));
    use_up_keys();
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    EXPECT_KEY_FAULT(read_fault(code), 1);
    EXPECT_SUCCESS(mprotect(other, PAGE, PROT_EXEC));
    EXPECT_ALLOWED(read_fault(other));
}

static void leaving_it_means_key_0(void)
{
    char *code = map_code();

    make_execute_only(code);
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_READ | PROT_EXEC));
    EXPECT_ALLOWED(read_fault(code));
    make_execute_only(code);
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_NONE));
    EXPECT_SEGV(read_fault(code), SEGV_ACCERR);
}

static void replaces_a_users_key(void)
{
    char *code = map_code();

    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    EXPECT_EQUAL(pkey_alloc(0, PKEY_DISABLE_ACCESS), 2);
    EXPECT_SUCCESS(pkey_mprotect(code, PAGE, PROT_READ | PROT_EXEC, 2));
    EXPECT_KEY_FAULT(read_fault(code), 2);
    EXPECT_EQUAL(make_execute_only(code), 3);
    EXPECT_SUCCESS(mprotect(code, PAGE, READ_WRITE));
    EXPECT_ALLOWED(write_fault(code));
}

static void a_named_key_stays(void)
{
    char *code = map_code();
    int key = pkey_alloc(0, PKEY_DISABLE_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(code, PAGE, PROT_EXEC, key));
    EXPECT_ALLOWED(read_fault(code));
    EXPECT_KEY_FAULT(write_fault(code), key);
    EXPECT_EQUAL(answer(code), 42);
}

static void other_protections_are_not(void)
{
    char *code = map_code();

    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC | PROT_READ));
    EXPECT_ALLOWED(read_fault(code));
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC | SEMAPHORE));
    EXPECT_ALLOWED(read_fault(code));
    EXPECT_EQUAL(pkey_alloc(0, 0), 1);
    make_execute_only(code);
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC | SEMAPHORE));
    EXPECT_ALLOWED(read_fault(code));
}

static char *inherited;

static void child_has_the_key(void)
{
    EXPECT_KEY_FAULT(read_fault(inherited), 1);
    EXPECT_EQUAL(answer(inherited), 42);
    EXPECT_ERROR(pkey_free(1), EINVAL);
    EXPECT_EQUAL(pkey_alloc(0, 0), 2);
    EXPECT_EQUAL(make_execute_only(map_code()), 1);
}

static void fork_inherits_it(void)
{
    inherited = map_code();
    EXPECT_EQUAL(make_execute_only(inherited), 1);
    run_in_child(child_has_the_key);
}

static const struct ktap_test tests[] = {
    {"execute-only memory can be called and not be read", can_be_called_not_read},
    {"the first use takes the lowest free key", takes_lowest_free_key},
    {"the first use sets AD and not WD for the caller", sets_access_disable_only},
    {"a further use leaves PKRU alone if AD is set already", leaves_denied_access_alone},
    {"a further use sets AD again if it was cleared", denies_access_again},
    {"one key serves all execute-only memory of an address space", one_key_per_address_space},
    {"mmap with PROT_EXEC alone makes it", mmap_makes_it},
    {"pkey_mprotect with key -1 makes it", pkey_mprotect_makes_it},
    {"pkey_free and pkey_mprotect refuse its key with EINVAL", the_calls_refuse_its_key},
    {"its key counts as allocated: 14 are left", counts_as_allocated},
    {"its key lives on without areas, and is used again", outlives_its_areas},
    {"with no key left, mmap's is under key 0 and readable", without_a_key_mmap_is_readable},
    {"with no key left, mprotect keeps the old key", without_a_key_mprotect_keeps_the_old},
    {"leaving PROT_EXEC alone moves the area to key 0", leaving_it_means_key_0},
    {"it replaces a user's key, and leaving it ends at key 0", replaces_a_users_key},
    {"pkey_mprotect to PROT_EXEC with a key uses that key", a_named_key_stays},
    {"PROT_EXEC with PROT_READ takes no key", other_protections_are_not},
    {"fork inherits the execute-only key", fork_inherits_it},
};

int main(void)
{
    const char *reason = without_pku();

    probe_init();
    ktap_plan(COUNT(tests));
    for (size_t i = 0; i < COUNT(tests); i++) {
        ktap_begin("%s", tests[i].name);
        if (reason != NULL)
            ktap_skip("%s", reason);
        else
            run_in_child(tests[i].run);
        ktap_end();
    }
    return ktap_status();
}
