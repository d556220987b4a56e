// SPDX-License-Identifier: MIT
/*
 * The vDSO in a process with a closed key: no WRPKRU is in it, and its pkey_set() is the system
 * call, for who has found it before as for who comes later. Latchkey's own; Linux has neither.
 */
#include "tests/ring3/keys/update.h"
#include "tests/ring3/tasks.h"

#include <sys/auxv.h>

#include "libc/include/latchkey/syscalls.h"

#define TRAP_FLAG 0x100ul

extern char **environ;

static int key, other_key;

static long policy(unsigned int set, unsigned int clear)
{
    return raw_call(__NR_pkey_policy, (uintptr_t)key, set, clear, 0);
}

/* ---- instructions that write PKRU ---- */

static bool is_wrpkru(const unsigned char *at)
{
    return at[0] == 0x0f && at[1] == 0x01 && at[2] == 0xef;
}

/* 0F AE /5 with a memory operand. */
static bool is_xrstor(const unsigned char *at)
{
    return at[0] == 0x0f && at[1] == 0xae && (at[2] >> 3 & 7) == 5 && at[2] < 0xc0;
}

/* The areas of the image, whose size is its segment's, wherever it is in memory. */
static unsigned int count_writers(const char *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff);
    const unsigned char *bytes = (const unsigned char *)image;
    unsigned int count = 0;

    for (size_t at = 0; at + 3 <= segment->p_memsz; at++)
        count += is_wrpkru(bytes + at) || is_xrstor(bytes + at);
    return count;
}

static char *image(void)
{
    return (char *)getauxval(AT_SYSINFO_EHDR);
}

static void no_writer(void)
{
    EXPECT_EQUAL(count_writers(image()), 1);
    EXPECT_EQUAL(policy(PKEY_GUARDED | PKEY_KEPT, 0), 0);
    EXPECT_EQUAL(count_writers(image()), 1);
    EXPECT_EQUAL(policy(PKEY_CLOSED, 0), PKEY_GUARDED | PKEY_KEPT);
    EXPECT_EQUAL(count_writers(image()), 0);
    EXPECT_EQUAL(policy(0, PKEY_CLOSED), PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT);
    EXPECT_EQUAL(count_writers(image()), 0);
}

static void nor_where_it_was_moved(void)
{
    char *old = image();
    char *target = map_lonely_pages(1, PROT_NONE);

    EXPECT_SUCCESS(mprotect(old, PAGE, READ_WRITE | PROT_EXEC));
    old[1] = old[1]; /* a copy of its own */
    EXPECT(mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    EXPECT_EQUAL(count_writers(target), 1);
    EXPECT_EQUAL(policy(PKEY_CLOSED, 0), 0);
    EXPECT_EQUAL(count_writers(target), 0);
}

static void expect_none(void)
{
    EXPECT_EQUAL(count_writers(image()), 0);
    EXPECT_EQUAL(vdso_pkey_set(key, 0), 0);
    EXPECT_EQUAL(vdso_pkey_set(key, PKEY_DISABLE_ACCESS), 0);
    EXPECT_EQUAL(vdso_pkey_set(key, 0), -EACCES);
}

static void count_in_new_program(void)
{
    char *const words[] = {"vdso_closed", "count", NULL};

    execve("/proc/self/exe", words, environ);
}

static void children_and_programs(void)
{
    EXPECT_EQUAL(policy(PKEY_CLOSED, 0), 0);
    run_in_child(expect_none);
    EXPECT_EXITED(count_in_new_program, 1);
}

/* ---- its answers ---- */

static void answers(void)
{
    int freed = pkey_alloc(0, 0);

    pkey_free(freed);
    EXPECT_EQUAL(policy(PKEY_CLOSED, 0), 0);
    for (unsigned int rights = 0; rights < 4; rights++) {
        uint32_t others = pkru_read() & ~PKRU_ALL(other_key);
        EXPECT_EQUAL(vdso_pkey_set(other_key, rights), 0);
        EXPECT_EQUAL(pkru_read(), others | rights << (2 * other_key));
    }
    /* An int and an unsigned int: the upper halves of their registers are anybody's. */
    int (*with_whole_registers)(unsigned long, unsigned long) = (void *)vdso_pkey_set;
    EXPECT_EQUAL(with_whole_registers(1ul << 32 | (unsigned int)other_key, 1ul << 63), 0);
    EXPECT_EQUAL(own(other_key), 0);
    EXPECT_EQUAL(vdso_pkey_set(freed, 0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(16, 0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(-1, 0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(other_key, 4), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(key, PKEY_DISABLE_WRITE), 0);
    EXPECT_EQUAL(own(key), PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(vdso_pkey_set(key, 0), -EACCES);
    EXPECT_EQUAL(own(key), PKEY_DISABLE_WRITE);
}

/* ---- A thread that is inside when it changes ---- */

static volatile unsigned int steps, close_at;

static void close_at_one_step(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    steps++;
    if (steps == close_at)
        policy(PKEY_CLOSED, 0);
}

static void be_inside(void)
{
    int result;

    handle(SIGTRAP, close_at_one_step, 0);
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
    result = vdso_pkey_set(other_key, PKEY_DISABLE_WRITE);
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
    EXPECT_EQUAL(result, 0);
    EXPECT_EQUAL(own(other_key), PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(own(key), 0);
    _exit(!ktap_passing() ? 1 : steps >= close_at ? 2 : 3);
}

static void at_each_instruction(void)
{
    int status;

    close_at = 0;
    do {
        close_at++;
        status = status_of(be_inside);
    } while (status == 2 << 8);
    EXPECT_EQUAL(status, 3 << 8);
    EXPECT(close_at > 10);
}

/* Others use it all the while; the one that closes the key has the right to it. */
static volatile bool stop;

static void set_until_stopped(void *argument)
{
    volatile unsigned long *errors = argument;

    for (unsigned int i = 0; !stop; i++) {
        *errors += vdso_pkey_set(other_key, i & 3) != 0 || own(other_key) != (i & 3);
        if (i % 64 == 0)
            raw_call(__NR_sched_yield, 0, 0, 0, 0);
    }
}

static void by_other_threads(void)
{
    static volatile unsigned long errors[4];
    static volatile uint32_t alive[4];

    for (size_t i = 0; i < COUNT(alive); i++) {
        char *stack = map_pages(4, READ_WRITE);
        alive[i] = 1;
        start_task(THREAD_TASK, stack + 4 * PAGE, set_until_stopped, (void *)&errors[i],
                   (uint32_t *)&alive[i]);
    }
    usleep(20000);
    EXPECT_EQUAL(policy(PKEY_CLOSED, 0), 0);
    usleep(20000);
    stop = true;
    for (size_t i = 0; i < COUNT(alive); i++) {
        while (alive[i])
            sched_yield();
        EXPECT_EQUAL(errors[i], 0);
    }
}

/* ---- the table: each in a child, as it is for good ---- */

#define IN_CHILD(test)          \
    static void do_##test(void) \
    {                           \
        run_in_child(test);     \
    }

IN_CHILD(no_writer)
IN_CHILD(nor_where_it_was_moved)
IN_CHILD(children_and_programs)
IN_CHILD(answers)
IN_CHILD(by_other_threads)

static const struct ktap_test tests[] = {
    {"the first closed key takes WRPKRU out, for good", do_no_writer},
    {"also where the image was moved and written to", do_nor_where_it_was_moved},
    {"a child has none, a new program has it", do_children_and_programs},
    {"its pkey_set() answers as the system call", do_answers},
    {"a thread that is inside gets what it asks for, at each instruction", at_each_instruction},
    {"and threads that run", do_by_other_threads},
};

int main(int argc, char **argv)
{
    const char *skip_reason = without_pku();

    (void)argv;
    if (argc > 1)
        return (int)count_writers(image());
    probe_init();
    find_pkey_set();
    if (!skip_reason && !vdso_pkey_set)
        skip_reason = "Linux has no such function";
    if (!skip_reason) {
        key = pkey_alloc(0, 0);
        other_key = pkey_alloc(0, 0);
    }
    return ktap_run(tests, COUNT(tests), skip_reason);
}
