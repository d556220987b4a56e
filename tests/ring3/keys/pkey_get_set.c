// SPDX-License-Identifier: MIT
/*
 * pkey_get() and pkey_set() as system calls: the same rights that the instructions see, of keys
 * that are allocated and no others. Latchkey's own; Linux says ENOSYS.
 */
#include "tests/ring3/threads.h"

#include "libc/include/latchkey/syscalls.h"

#define TURNS 2000

static int key, other_key;

static long get(int of)
{
    return raw_call(__NR_pkey_get, (uintptr_t)of, 0, 0, 0);
}

static long set(int of, unsigned long rights)
{
    return raw_call(__NR_pkey_set, (uintptr_t)of, rights, 0, 0);
}

/* Every right of both keys, by one way in and by the other out. */
static void same_register(void)
{
    for (unsigned int both = 0; both < 16; both++) {
        EXPECT_EQUAL(set(key, both & 3), 0);
        EXPECT_EQUAL(set(other_key, both >> 2), 0);
        EXPECT_EQUAL(pkey_get(key), both & 3);
        EXPECT_EQUAL(pkey_get(other_key), both >> 2);
        EXPECT_SUCCESS(pkey_set(key, both >> 2));
        EXPECT_EQUAL(get(key), both >> 2);
        EXPECT_EQUAL(get(other_key), both >> 2);
    }
}

static void only_that_key(void)
{
    uint32_t before;

    EXPECT_EQUAL(set(key, 0), 0);
    before = pkru_read();
    EXPECT_EQUAL(set(key, PKEY_DISABLE_WRITE), 0);
    EXPECT_EQUAL(pkru_read(), before | PKRU_WD(key));
    EXPECT_EQUAL(get(0), 0);
    EXPECT_EQUAL(set(0, 0), 0);
}

static void enforced(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(set(key, 0), 0);
    EXPECT_ALLOWED(write_fault(page));
    EXPECT_EQUAL(set(key, PKEY_DISABLE_WRITE), 0);
    EXPECT_ALLOWED(read_fault(page));
    EXPECT_KEY_FAULT(write_fault(page), key);
    EXPECT_EQUAL(set(key, PKEY_DISABLE_ACCESS), 0);
    EXPECT_KEY_FAULT(read_fault(page), key);
    munmap(page, PAGE);
}

static void not_allocated(void)
{
    int freed = pkey_alloc(0, PKEY_DISABLE_WRITE);
    uint32_t before;

    EXPECT_SUCCESS(pkey_free(freed));
    before = pkru_read();
    const int keys[] = {freed, 15, 16, -1, 1 << 30};
    for (unsigned int i = 0; i < COUNT(keys); i++) {
        EXPECT_EQUAL(get(keys[i]), -EINVAL);
        EXPECT_EQUAL(set(keys[i], 0), -EINVAL);
    }
    EXPECT_EQUAL(pkru_read(), before);
}

static void bad_rights(void)
{
    uint32_t before = pkru_read();

    EXPECT_EQUAL(set(key, 4), -EINVAL);
    EXPECT_EQUAL(set(key, 1ul << 32), -EINVAL);
    EXPECT_EQUAL(pkru_read(), before);
}

static void take_execute_only_key(void)
{
    char *code = map_code();
    struct fault fault;

    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    fault = read_fault(code);
    EXPECT_EQUAL(fault.code, SEGV_PKUERR);
    EXPECT_EQUAL(get(fault.key), -EINVAL);
    EXPECT_EQUAL(set(fault.key, 0), -EINVAL);
    EXPECT_KEY_FAULT(read_fault(code), fault.key);
}

static void execute_only_key(void)
{
    run_in_child(take_execute_only_key); /* such a key is there for good */
}

static void set_and_look(void *argument)
{
    struct thread *thread = argument;

    for (unsigned int i = 0; i < TURNS; i++) {
        unsigned int rights = (i + thread->number) & 3;
        thread->errors += set(key, rights) != 0;
        if (i % 8 == 0)
            yield();
        thread->errors += get(key) != (long)rights;
    }
}

static void threads_have_their_own(void)
{
    EXPECT_EQUAL(set(key, PKEY_DISABLE_WRITE), 0);
    start_threads(set_and_look);
    EXPECT_EQUAL(end_threads(), 0);
    EXPECT_EQUAL(get(key), PKEY_DISABLE_WRITE);
}

static void without_keys(void)
{
    EXPECT_EQUAL(get(0), -EINVAL);
    EXPECT_EQUAL(set(0, 0), -EINVAL);
}

static const struct ktap_test tests[] = {
    {"the calls and the instructions see the same register", same_register},
    {"no other key's rights change", only_that_key},
    {"rights that the call sets are enforced", enforced},
    {"a key that is not allocated: EINVAL", not_allocated},
    {"rights that there are not: EINVAL", bad_rights},
    {"the execute-only key: EINVAL", execute_only_key},
    {"each thread has its own", threads_have_their_own},
};

static const struct ktap_test tests_without_keys[] = {
    {"without protection keys: EINVAL", without_keys},
};

int main(void)
{
    const char *skip_reason = get(0) == -ENOSYS ? "Linux has no such calls" : NULL;

    probe_init();
    if (!pkru_enabled())
        return ktap_run(tests_without_keys, COUNT(tests_without_keys), skip_reason);
    key = pkey_alloc(0, 0);
    other_key = pkey_alloc(0, 0);
    return ktap_run(tests, COUNT(tests), skip_reason);
}
