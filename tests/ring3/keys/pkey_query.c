// SPDX-License-Identifier: MIT
/*
 * pkey_query(): what is under a key, and which thread has which rights to it. Latchkey's own; Linux
 * says ENOSYS.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/threads.h"

#include <linux/futex.h>

#include "libc/include/latchkey/syscalls.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define KEYS      16
#define QUESTIONS 100

static int key, other_key;

static long query(int of, void *usage, size_t size, struct pkey_thread *told, size_t count)
{
    return syscall(__NR_pkey_query, of, usage, size, told, count);
}

static struct pkey_usage usage_of(int of)
{
    struct pkey_usage usage;

    memset(&usage, 0xff, sizeof(usage));
    EXPECT_EQUAL(query(of, &usage, sizeof(usage), NULL, 0), 1);
    return usage;
}

#define EXPECT_USAGE(of, pages, in_areas, there_4k, there_2m)       \
    do {                                                            \
        struct pkey_usage got = usage_of(of);                       \
        EXPECT_EQUAL(got.mapped, (pages)*PAGE);                     \
        EXPECT_EQUAL(got.areas, in_areas);                          \
        EXPECT_EQUAL(got.present_4k, (size_t)(there_4k)*PAGE);      \
        EXPECT_EQUAL(got.present_2m, (size_t)(there_2m)*HUGE_PAGE); \
        EXPECT_EQUAL(got.flags, 0);                                 \
    } while (0)

static void put_under_key(void *start, size_t size, int under)
{
    EXPECT_SUCCESS(pkey_mprotect(start, size, READ_WRITE, under));
}

/* ---- memory ---- */

static void memory(void)
{
    char *pages = map_lonely_pages(8, READ_WRITE);

    EXPECT_USAGE(key, 0, 0, 0, 0);
    put_under_key(pages, 8 * PAGE, key);
    EXPECT_USAGE(key, 8, 1, 0, 0);
    pages[0] = 1;
    pages[3 * PAGE] = 1;
    EXPECT_USAGE(key, 8, 1, 2, 0);
    put_under_key(pages + PAGE, 2 * PAGE, other_key);
    EXPECT_USAGE(key, 6, 2, 2, 0);
    EXPECT_USAGE(other_key, 2, 1, 0, 0);
    EXPECT_SUCCESS(mprotect(pages + 3 * PAGE, PAGE, PROT_NONE));
    EXPECT_USAGE(key, 6, 3, 2, 0);
    EXPECT_SUCCESS(madvise(pages, PAGE, MADV_DONTNEED));
    EXPECT_USAGE(key, 6, 3, 1, 0);
    munmap(pages, 8 * PAGE);
    EXPECT_USAGE(key, 0, 0, 0, 0);
}

/* A page that was only read is the page of zeros, whose leaf has the key like any other. */
static void zeros(void)
{
    char *pages = map_lonely_pages(2, READ_WRITE);

    put_under_key(pages, 2 * PAGE, key);
    EXPECT_ALLOWED(read_fault(pages));
    EXPECT_USAGE(key, 2, 1, 1, 0);
    munmap(pages, 2 * PAGE);
}

static void large_pages(void)
{
    char *room = map_pages(3 * HUGE_PAGE / PAGE, READ_WRITE);
    char *large = room + (-(uintptr_t)room & (HUGE_PAGE - 1));
    size_t pages = HUGE_PAGE / PAGE;

    EXPECT_SUCCESS(madvise(large, 2 * HUGE_PAGE, MADV_HUGEPAGE));
    put_under_key(large, 2 * HUGE_PAGE, key);
    large[0] = 1;
    EXPECT_USAGE(key, 2 * pages, 1, 0, 1);
    large[HUGE_PAGE] = 1;
    EXPECT_USAGE(key, 2 * pages, 1, 0, 2);
    put_under_key(large, PAGE, other_key);
    EXPECT_USAGE(key, 2 * pages - 1, 1, pages - 1, 1);
    EXPECT_USAGE(other_key, 1, 1, 1, 0);
    munmap(room, 3 * HUGE_PAGE);
}

/* What is under all keys together is all that there is. */
static void all_keys(void)
{
    char *page = map_pages(1, READ_WRITE);
    size_t sum = 0;

    put_under_key(page, PAGE, key);
    EXPECT(read_file("/proc/self/status") > 0);
    sum += usage_of(0).mapped + usage_of(key).mapped + usage_of(other_key).mapped;
    EXPECT_EQUAL(sum, (size_t)number_behind("VmSize:") << 10);
    munmap(page, PAGE);
}

static void look_at_code(void)
{
    char *code = map_code();
    struct pkey_usage usage;
    int of;

    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    of = read_fault(code).key;
    usage = usage_of(of);
    EXPECT_EQUAL(usage.flags, PKEY_EXECUTE_ONLY);
    EXPECT_EQUAL(usage.mapped, PAGE);
    EXPECT_EQUAL(usage.present_4k, PAGE);
}

static void execute_only_key(void)
{
    run_in_child(look_at_code); /* such a key is there for good */
}

static void forked(void)
{
    EXPECT_USAGE(key, 4, 1, 1, 0);
}

static void children_have_their_own(void)
{
    char *pages = map_lonely_pages(4, READ_WRITE);

    put_under_key(pages, 4 * PAGE, key);
    pages[0] = 1;
    run_in_child(forked);
    munmap(pages, 4 * PAGE);
}

/* ---- arguments ---- */

static void not_allocated(void)
{
    int freed = pkey_alloc(0, 0);
    struct pkey_usage usage;

    EXPECT_SUCCESS(pkey_free(freed));
    const int keys[] = {freed, KEYS - 1, KEYS, -1, INT32_MIN};
    for (unsigned int i = 0; i < COUNT(keys); i++)
        EXPECT_ERROR(query(keys[i], &usage, sizeof(usage), NULL, 0), EBADF);
}

static void sizes(void)
{
    struct {
        struct pkey_usage usage;
        uint64_t later[3];
    } larger;

    EXPECT_ERROR(query(key, &larger, PKEY_USAGE_LEAST - 1, NULL, 0), EINVAL);
    EXPECT_ERROR(query(key, &larger, PAGE + 1, NULL, 0), EINVAL);
    memset(&larger, 0xff, sizeof(larger));
    EXPECT_EQUAL(query(key, &larger, sizeof(larger) - sizeof(uint64_t), NULL, 0), 1);
    EXPECT_EQUAL(larger.usage.mapped, 0);
    EXPECT_EQUAL(larger.later[0], 0);
    EXPECT_EQUAL(larger.later[1], 0);
    EXPECT_EQUAL(larger.later[2], UINT64_MAX);
    EXPECT_EQUAL(query(key, NULL, 0, NULL, 0), 1);
}

static void bad_addresses(void)
{
    char *page = map_pages(1, READ_WRITE);
    struct pkey_usage usage;

    EXPECT_ERROR(query(key, hole(), sizeof(usage), NULL, 0), EFAULT);
    EXPECT_ERROR(query(key, &usage, sizeof(usage), (struct pkey_thread *)hole(), 1), EFAULT);
    EXPECT_ERROR(query(key, (void *)USER_END, sizeof(usage), NULL, 0), EFAULT);
    put_under_key(page, PAGE, key);
    pkey_set(key, PKEY_DISABLE_WRITE);
    EXPECT_ERROR(query(0, page, sizeof(usage), NULL, 0), EFAULT);
    pkey_set(key, 0);
    munmap(page, PAGE);
}

/* ---- threads ---- */

static volatile bool enough;
static uint32_t sleep_here;
static volatile pid_t tids[THREADS];

static unsigned int rights_for(unsigned int number)
{
    return number & 3;
}

static void set_own_rights(const struct thread *thread, unsigned int rights)
{
    uint32_t pkru = pkru_read() & ~PKRU_ALL(key);

    pkru_write(pkru | rights << (2 * key));
    tids[thread->number] = (pid_t)raw_call(__NR_gettid, 0, 0, 0, 0);
}

static void run_with_rights(void *argument)
{
    struct thread *thread = argument;

    set_own_rights(thread, rights_for(thread->number));
    while (!enough)
        thread->errors += (pkru_read() >> (2 * key) & 3) != rights_for(thread->number);
}

static void sleep_with_rights(void *argument)
{
    const struct thread *thread = argument;

    set_own_rights(thread, rights_for(thread->number));
    while (!enough)
        raw_call(__NR_futex, (uintptr_t)&sleep_here, FUTEX_WAIT, 0, 0);
}

static void change_all_the_while(void *argument)
{
    set_own_rights(argument, 0);
    while (!enough) {
        pkru_write(PKRU_INIT & ~PKRU_ALL(key));
        pkru_write(PKRU_INIT);
    }
}

static void start_and_wait(void (*function)(void *))
{
    enough = false;
    sleep_here = 0;
    memset((void *)tids, 0, sizeof(tids));
    start_threads(function);
    for (unsigned int i = 0; i < THREADS; i++)
        while (!tids[i])
            yield();
}

static void end_and_count(void)
{
    enough = true;
    sleep_here = 1;
    syscall(__NR_futex, &sleep_here, FUTEX_WAKE, THREADS);
    EXPECT_EQUAL(end_threads(), 0);
}

/* The rights that were told of a thread; -1 if none were. */
static int told_rights(const struct pkey_thread *told, pid_t tid)
{
    for (unsigned int i = 0; i < THREADS + 1; i++)
        if (told[i].tid == tid)
            return (int)told[i].rights;
    return -1;
}

static void ask_threads(void (*function)(void *))
{
    struct pkey_thread told[THREADS + 1];

    start_and_wait(function);
    for (unsigned int turn = 0; turn < QUESTIONS && ktap_passing(); turn++) {
        EXPECT_EQUAL(query(key, NULL, 0, told, COUNT(told)), THREADS + 1);
        EXPECT_EQUAL(told_rights(told, getpid()), turn & 3);
        for (unsigned int i = 0; i < THREADS; i++)
            EXPECT_EQUAL(told_rights(told, tids[i]), rights_for(i));
        pkey_set(key, (turn + 1) & 3);
    }
    end_and_count();
    pkey_set(key, 0);
}

static void threads_that_run(void)
{
    ask_threads(run_with_rights);
}

static void threads_that_sleep(void)
{
    ask_threads(sleep_with_rights);
}

static void threads_that_change(void)
{
    struct pkey_thread told[THREADS + 1];

    start_and_wait(change_all_the_while);
    for (unsigned int turn = 0; turn < QUESTIONS && ktap_passing(); turn++) {
        EXPECT_EQUAL(query(key, NULL, 0, told, COUNT(told)), THREADS + 1);
        for (unsigned int i = 1; i < THREADS + 1; i++)
            EXPECT(told[i].rights == 0 || told[i].rights == PKEY_DISABLE_ACCESS);
        if (turn % 16 == 0)
            yield();
    }
    end_and_count();
}

static void room_for_fewer(void)
{
    struct pkey_thread told[THREADS];

    memset(told, 0xff, sizeof(told));
    start_and_wait(sleep_with_rights);
    EXPECT_EQUAL(query(key, NULL, 0, NULL, 0), THREADS + 1);
    EXPECT_EQUAL(query(key, NULL, 0, told, 2), THREADS + 1);
    EXPECT_EQUAL(told[0].tid, getpid());
    EXPECT_EQUAL(told[0].rights, 0);
    EXPECT_EQUAL(told[1].rights, told_rights(told, told[1].tid));
    EXPECT_EQUAL(told[2].tid, -1);
    end_and_count();
    EXPECT_EQUAL(query(key, NULL, 0, told, 2), 1);
}

static void without_keys(void)
{
    EXPECT_ERROR(query(0, NULL, 0, NULL, 0), EBADF);
}

static const struct ktap_test tests[] = {
    {"what is mapped under a key, and what of it is there", memory},
    {"pages of zeros are there, too", zeros},
    {"pages of 2 MiB are told apart, and what becomes of them", large_pages},
    {"all keys have all memory", all_keys},
    {"the execute-only key can be asked about", execute_only_key},
    {"a child has memory of its own under the key", children_have_their_own},
    {"a key that is not allocated: EBADF", not_allocated},
    {"a size of 0 asks for less, and a larger one gets zeros", sizes},
    {"bad addresses: EFAULT", bad_addresses},
    {"the rights of threads that run", threads_that_run},
    {"the rights of threads that sleep", threads_that_sleep},
    {"rights that change meanwhile are what they once were", threads_that_change},
    {"more threads than there is room for", room_for_fewer},
};

static const struct ktap_test tests_without_keys[] = {
    {"without protection keys: EBADF", without_keys},
};

int main(void)
{
    const char *skip_reason =
        query(-1, NULL, 0, NULL, 0) < 0 && errno == ENOSYS ? "Linux has no such call" : NULL;

    probe_init();
    if (!pkru_enabled())
        return ktap_run(tests_without_keys, COUNT(tests_without_keys), skip_reason);
    key = pkey_alloc(0, 0);
    other_key = pkey_alloc(0, 0);
    return ktap_run(tests, COUNT(tests), skip_reason);
}
