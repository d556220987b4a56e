// SPDX-License-Identifier: MIT
/*
 * pkey_release(): a key is freed only when no memory is under it. Latchkey's own; Linux says
 * ENOSYS.
 */
#include "tests/ring3/tasks.h"

#include "libc/include/latchkey/syscalls.h"

#define STACK_SIZE (4 * PAGE)
#define RACE_PAGES 8
#define ROUNDS     1500

static int key, other_key; /* both open when a test begins */

static long release(int of, unsigned int how, int new_key)
{
    return raw_call(__NR_pkey_release, (uintptr_t)of, how, (uintptr_t)new_key, 0);
}

static void take_keys(void)
{
    key = pkey_alloc(0, 0);
    other_key = pkey_alloc(0, 0);
}

static void give_keys_back(void)
{
    pkey_free(key);
    pkey_free(other_key);
    pkru_write(PKRU_INIT);
}

static char *pages_under_key(size_t count)
{
    char *pages = map_lonely_pages(count, READ_WRITE);

    memset(pages, 42, count * PAGE);
    EXPECT_SUCCESS(pkey_mprotect(pages, count * PAGE, READ_WRITE, key));
    return pages;
}

static void unused_key(void)
{
    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 0), 0);
    EXPECT_ERROR(pkey_free(key), EINVAL);
    EXPECT_EQUAL(pkey_alloc(0, 0), key);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_DENY, 0), 0);
    EXPECT_EQUAL(pkey_alloc(0, 0), key);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, other_key), 0);
    EXPECT_ERROR(pkey_free(key), EINVAL);
}

static void refuses_in_use(void)
{
    char *pages = pages_under_key(3);

    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 0), -EBUSY);
    munmap(pages, PAGE);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    EXPECT_SUCCESS(pkey_mprotect(pages + 2 * PAGE, PAGE, READ_WRITE, 0));
    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 0), -EBUSY);
    munmap(pages + PAGE, PAGE);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 0), 0);
    munmap(pages + 2 * PAGE, PAGE);
}

/* Several areas, one of them not touched yet; what was in the pages stays there. */
static void denies(void)
{
    char *pages = pages_under_key(4);
    char *untouched = map_lonely_pages(1, READ_WRITE);

    EXPECT_SUCCESS(pkey_mprotect(pages + PAGE, PAGE, PROT_READ, key));
    EXPECT_SUCCESS(pkey_mprotect(pages + 2 * PAGE, PAGE, READ_WRITE, other_key));
    EXPECT_SUCCESS(pkey_mprotect(untouched, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(release(key, PKEY_RELEASE_DENY, 0), 0);
    EXPECT_SEGV(read_fault(pages), SEGV_ACCERR);
    EXPECT_SEGV(read_fault(pages + PAGE), SEGV_ACCERR);
    EXPECT_ALLOWED(write_fault(pages + 2 * PAGE));
    EXPECT_SEGV(read_fault(pages + 3 * PAGE), SEGV_ACCERR);
    EXPECT_SEGV(read_fault(untouched), SEGV_ACCERR);
    pkru_write(~3u);
    EXPECT_SUCCESS(mprotect(pages, PAGE, READ_WRITE));
    EXPECT_ALLOWED(read_fault(pages));
    EXPECT_EQUAL(pages[0], 42);
    munmap(pages, 4 * PAGE);
    munmap(untouched, PAGE);
}

static void moves(void)
{
    char *pages = pages_under_key(2);

    EXPECT_SUCCESS(mprotect(pages + PAGE, PAGE, PROT_READ));
    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, other_key), 0);
    pkey_set(key, PKEY_DISABLE_ACCESS);
    EXPECT_ALLOWED(write_fault(pages));
    EXPECT_SEGV(write_fault(pages + PAGE), SEGV_ACCERR);
    EXPECT_EQUAL(pages[PAGE], 42);
    pkey_set(other_key, PKEY_DISABLE_ACCESS);
    EXPECT_KEY_FAULT(read_fault(pages), other_key);
    EXPECT_KEY_FAULT(read_fault(pages + PAGE), other_key);
    munmap(pages, 2 * PAGE);
}

static void moves_to_key_0(void)
{
    char *page = pages_under_key(1);

    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, 0), 0);
    pkru_write(~3u);
    EXPECT_ALLOWED(write_fault(page));
    munmap(page, PAGE);
}

static void a_child_has_its_own(void)
{
    EXPECT_EQUAL(release(key, PKEY_RELEASE_DENY, 0), 0);
}

static void childs_memory_does_not_count(void)
{
    char *page = pages_under_key(1);

    run_in_child(a_child_has_its_own);
    EXPECT_ALLOWED(read_fault(page));
    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 0), -EBUSY);
    munmap(page, PAGE);
}

static void bad_arguments(void)
{
    char *page = pages_under_key(1);

    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE + 1, 0), -EINVAL);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_REFUSE, 1), -EINVAL);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_DENY, other_key), -EINVAL);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, key), -EINVAL);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, 15), -EINVAL);
    EXPECT_EQUAL(release(key, PKEY_RELEASE_MOVE, -1), -EINVAL);
    EXPECT_EQUAL(release(0, PKEY_RELEASE_DENY, 0), -EINVAL);
    EXPECT_EQUAL(release(-1, PKEY_RELEASE_DENY, 0), -EINVAL);
    EXPECT_EQUAL(release(15, PKEY_RELEASE_DENY, 0), -EINVAL);
    pkey_set(key, PKEY_DISABLE_ACCESS);
    EXPECT_KEY_FAULT(read_fault(page), key);
    munmap(page, PAGE);
}

static void execute_only_key(void)
{
    char *code = map_code();
    struct fault fault;

    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    fault = read_fault(code);
    EXPECT_EQUAL(fault.code, SEGV_PKUERR);
    EXPECT_EQUAL(release(fault.key, PKEY_RELEASE_DENY, 0), -EINVAL);
    munmap(code, PAGE);
}

static void execute_only_key_is_not_released(void)
{
    run_in_child(execute_only_key); /* such a key is there for good */
}

/* ---- against a task that puts memory under the key meanwhile ---- */

static char *race_pages;
static volatile bool stop;
static volatile unsigned long successes;

static void put_under_key(void *argument)
{
    (void)argument;
    for (unsigned int i = 0; !stop; i = (i + 1) % RACE_PAGES) {
        uintptr_t page = (uintptr_t)race_pages + i * PAGE;

        if (raw_call(__NR_pkey_mprotect, page, PAGE, READ_WRITE, (uintptr_t)key) == 0)
            successes++;
        raw_call(__NR_pkey_mprotect, page, PAGE, READ_WRITE, 0);
    }
}

/* A page that is under the key although it is free could be anybody's with the next pkey_alloc().
 */
static unsigned int pages_left_under_key(void)
{
    unsigned int left = 0;

    for (unsigned int i = 0; i < RACE_PAGES; i++)
        left += read_fault(race_pages + i * PAGE).code == SEGV_PKUERR;
    return left;
}

static void nothing_comes_under_a_key_meanwhile(void)
{
    char *stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);
    unsigned int left = 0, busy = 0;
    int status = -1;

    race_pages = map_lonely_pages(RACE_PAGES, READ_WRITE);
    stop = false;
    pid_t task = (pid_t)start_task(CHILD_TASK, stack + STACK_SIZE, put_under_key, NULL, NULL);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        if (i % 2 && release(key, PKEY_RELEASE_REFUSE, 0) != 0)
            busy++;
        if (release(key, PKEY_RELEASE_DENY, 0) != 0)
            EXPECT_ERROR(pkey_free(key), EINVAL);
        pkru_write(~3u);
        left += pages_left_under_key();
        EXPECT_EQUAL(pkey_alloc(0, 0), key);
        if (i % 16 == 0)
            sched_yield();
    }
    stop = true;
    EXPECT_EQUAL(waitpid(task, &status, 0), task);
    EXPECT_EQUAL(left, 0);
    EXPECT(successes > 0);
    ktap_note("%lu pages came under the key; it was refused %u times", successes, busy);
    munmap(race_pages, RACE_PAGES * PAGE);
    munmap(stack, STACK_SIZE);
}

/* ---- the table ---- */

static void with_keys(void (*run)(void))
{
    take_keys();
    run();
    give_keys_back();
}

#define WITH_KEYS(test)         \
    static void do_##test(void) \
    {                           \
        with_keys(test);        \
    }

WITH_KEYS(unused_key)
WITH_KEYS(refuses_in_use)
WITH_KEYS(denies)
WITH_KEYS(moves)
WITH_KEYS(moves_to_key_0)
WITH_KEYS(childs_memory_does_not_count)
WITH_KEYS(bad_arguments)
WITH_KEYS(execute_only_key_is_not_released)
WITH_KEYS(nothing_comes_under_a_key_meanwhile)

static const struct ktap_test tests[] = {
    {"a key without memory is freed", do_unused_key},
    {"PKEY_RELEASE_REFUSE: EBUSY while an area is under the key", do_refuses_in_use},
    {"PKEY_RELEASE_DENY: all its memory is PROT_NONE, and keeps its contents", do_denies},
    {"PKEY_RELEASE_MOVE: all its memory is under the other key, protected as before", do_moves},
    {"PKEY_RELEASE_MOVE to key 0", do_moves_to_key_0},
    {"a child's memory under the key is not in the way", do_childs_memory_does_not_count},
    {"bad keys and flags: EINVAL, and nothing has changed", do_bad_arguments},
    {"the execute-only key: EINVAL", do_execute_only_key_is_not_released},
    {"no memory comes under a key while it is released", do_nothing_comes_under_a_key_meanwhile},
};

int main(void)
{
    const char *skip_reason = without_pku();

    probe_init();
    if (!skip_reason && release(-1, 0, 0) == -ENOSYS)
        skip_reason = "Linux has no such call";
    return ktap_run(tests, COUNT(tests), skip_reason);
}
