// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_MDWE): no memory that is writable and executable, for good; and Latchkey's flag for
 * programs that write code and then execute it. What is set stays, so each test is a child.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>

#include "libc/include/latchkey/mdwe.h"

#define READ_EXEC  (PROT_READ | PROT_EXEC)
#define WRITE_EXEC (PROT_WRITE | PROT_EXEC)
#define ALL_RIGHTS (READ_WRITE | PROT_EXEC)
#define BOTH_FLAGS (PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)

static long set_mdwe(unsigned long flags)
{
    return syscall(__NR_prctl, PR_SET_MDWE, flags, 0, 0, 0);
}

static long get_mdwe(void)
{
    return syscall(__NR_prctl, PR_GET_MDWE, 0, 0, 0, 0);
}

static char *map(int protection)
{
    return mmap(NULL, 2 * PAGE, protection, PRIVATE, -1, 0);
}

#define EXPECT_REFUSED(call) EXPECT_ERROR(call, EACCES)

/* ---- the flags ---- */

static void arguments(void)
{
    EXPECT_EQUAL(get_mdwe(), 0);
    EXPECT_ERROR(syscall(__NR_prctl, PR_GET_MDWE, 1, 0, 0, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_prctl, PR_GET_MDWE, 0, 0, 0, 1), EINVAL);
    EXPECT_ERROR(syscall(__NR_prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 1, 0, 0), EINVAL);
    EXPECT_ERROR(set_mdwe(PR_MDWE_NO_INHERIT), EINVAL);
    EXPECT_ERROR(set_mdwe(4), EINVAL);
    EXPECT_ERROR(set_mdwe(1UL << 32), EINVAL);
    EXPECT_SUCCESS(set_mdwe(0));
    EXPECT_EQUAL(get_mdwe(), 0);
}

static void set_for_good(void)
{
    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN));
    EXPECT_EQUAL(get_mdwe(), PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN));
    EXPECT_ERROR(set_mdwe(0), EPERM);
    EXPECT_ERROR(set_mdwe(BOTH_FLAGS), EPERM);
    EXPECT_EQUAL(get_mdwe(), PR_MDWE_REFUSE_EXEC_GAIN);
}

/* ---- what is refused ---- */

static void maps(void)
{
    char *page = map_pages(1, READ_WRITE);

    page[0] = 1;
    set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT_REFUSED((long)map(ALL_RIGHTS));
    EXPECT_REFUSED((long)map(WRITE_EXEC));
    EXPECT_SUCCESS((long)map(READ_EXEC));
    EXPECT_SUCCESS((long)map(READ_WRITE));
    EXPECT_REFUSED((long)mmap(page, PAGE, ALL_RIGHTS, PRIVATE | MAP_FIXED, -1, 0));
    EXPECT_EQUAL(page[0], 1);
}

static void gains_execution(void)
{
    char *data = map_pages(2, READ_WRITE);
    char *code = map_pages(1, READ_EXEC);

    set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT_REFUSED(mprotect(data, PAGE, READ_EXEC));
    EXPECT_REFUSED(mprotect(data, PAGE, PROT_EXEC));
    EXPECT_REFUSED(mprotect(data, PAGE, ALL_RIGHTS));
    EXPECT_REFUSED(mprotect(code, PAGE, ALL_RIGHTS));
    EXPECT_SUCCESS(mprotect(code, PAGE, READ_EXEC));
    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_READ));
    EXPECT_REFUSED(mprotect(code, PAGE, READ_EXEC));
    EXPECT_ALLOWED(write_fault(data));
}

static void what_was_there(void)
{
    char *both = map_pages(2, ALL_RIGHTS);

    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN));
    EXPECT_ALLOWED(write_fault(both));
    EXPECT_REFUSED(mprotect(both, PAGE, ALL_RIGHTS));
    EXPECT_SUCCESS(mprotect(both, PAGE, READ_EXEC));
    EXPECT_REFUSED(mprotect(both, 2 * PAGE, ALL_RIGHTS));
}

static void with_a_key(void)
{
    char *page = map_pages(1, READ_WRITE);
    int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

    set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT_REFUSED(pkey_mprotect(page, PAGE, ALL_RIGHTS, key));
    EXPECT_REFUSED(pkey_mprotect(page, PAGE, READ_EXEC, key));
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, key));
}

static void keys_change_nothing(void)
{
    if (!skipped_without_pku())
        run_in_child(with_a_key);
}

/* ---- who inherits ---- */

static void is_refused(void)
{
    EXPECT_EQUAL(get_mdwe(), PR_MDWE_REFUSE_EXEC_GAIN);
    EXPECT_REFUSED((long)map(ALL_RIGHTS));
}

static void is_free(void)
{
    EXPECT_EQUAL(get_mdwe(), 0);
    EXPECT_SUCCESS((long)map(ALL_RIGHTS));
}

/* The flags that this program finds when it is executed with an argument. */
static void exec_again(void)
{
    char *const words[] = {"mdwe", "tell", NULL};
    char *const none[] = {NULL};

    execve("/proc/self/exe", words, none);
}

static void inherited(void)
{
    set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN);
    run_in_child(is_refused);
    EXPECT_EXITED(exec_again, PR_MDWE_REFUSE_EXEC_GAIN);
}

static void not_inherited(void)
{
    set_mdwe(BOTH_FLAGS);
    run_in_child(is_free);
    EXPECT_EXITED(exec_again, 0);
    EXPECT_EQUAL(get_mdwe(), BOTH_FLAGS);
    EXPECT_REFUSED((long)map(ALL_RIGHTS));
}

/* ---- Latchkey's own flag ---- */

static void both_at_once(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_WRITE_EXEC));
    EXPECT_REFUSED((long)map(ALL_RIGHTS));
    EXPECT_REFUSED(mprotect(page, PAGE, WRITE_EXEC));
    page[0] = (char)0xc3; // ret
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_EXEC));
    EXPECT_ALLOWED(call_fault(page));
    EXPECT_REFUSED(mprotect(page, PAGE, ALL_RIGHTS));
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_WRITE));
    EXPECT_ERROR(set_mdwe(PR_MDWE_REFUSE_EXEC_GAIN), EPERM);
}

static void not_while_there_is_such_memory(void)
{
    char *page = map_pages(1, WRITE_EXEC);

    EXPECT_ERROR(set_mdwe(PR_MDWE_REFUSE_WRITE_EXEC), EBUSY);
    EXPECT_EQUAL(get_mdwe(), 0);
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_EXEC));
    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_WRITE_EXEC | PR_MDWE_NO_INHERIT));
    run_in_child(is_free);
}

/* Code is not writable for the program by another way; for a debugger it is. */
static long patch(pid_t pid, char *code)
{
    static const unsigned char answer_13[] = {0xb8, 13, 0, 0, 0, 0xc3}; /* mov eax, 13; ret */
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int memory = open(path, O_RDWR);
    long result = pwrite(memory, answer_13, sizeof(answer_13), (off_t)(uintptr_t)code);
    close(memory);
    return result;
}

static int answer_of(const char *code)
{
    return ((int (*)(void))(uintptr_t)code)();
}

static void own_code_is_not_patched(void)
{
    char *code = map_code();
    char *data = map_pages(1, PROT_READ);

    EXPECT_SUCCESS(set_mdwe(PR_MDWE_REFUSE_WRITE_EXEC));
    EXPECT_ERROR(patch(getpid(), code), EIO);
    EXPECT_EQUAL(answer_of(code), 42);
    EXPECT_EQUAL(patch(getpid(), data), 6);
}

static void a_debugger_patches(void)
{
    char *code = map_code();
    int status, there[2], back[2];
    char byte = 0;

    EXPECT_SUCCESS(pipe(there));
    EXPECT_SUCCESS(pipe(back));
    pid_t child = fork();
    if (child == 0) {
        set_mdwe(PR_MDWE_REFUSE_WRITE_EXEC);
        _exit(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1 ? answer_of(code) : 1);
    }
    EXPECT_EQUAL(read(there[0], &byte, 1), 1);
    EXPECT_EQUAL(patch(child, code), 6);
    EXPECT_EQUAL(write(back[1], &byte, 1), 1);
    waitpid(child, &status, 0);
    EXPECT_EQUAL(status, 13 << 8);
}

static bool is_linux(void)
{
    if (follows_manual_without_pku())
        return false;
    ktap_skip("Linux has no such flag");
    return true;
}

static void own_flag_refuses(void)
{
    if (!is_linux())
        run_in_child(both_at_once);
}

static void own_flag_is_refused(void)
{
    if (!is_linux())
        run_in_child(not_while_there_is_such_memory);
}

static void own_flag_and_debuggers(void)
{
    if (is_linux())
        return;
    run_in_child(own_code_is_not_patched);
    run_in_child(a_debugger_patches);
}

/* ---- the table ---- */

#define IN_CHILD(test)          \
    static void do_##test(void) \
    {                           \
        run_in_child(test);     \
    }

IN_CHILD(set_for_good)
IN_CHILD(maps)
IN_CHILD(gains_execution)
IN_CHILD(what_was_there)
IN_CHILD(inherited)
IN_CHILD(not_inherited)

static const struct ktap_test tests[] = {
    {"bad arguments: EINVAL", arguments},
    {"what is set is set for good: EPERM", do_set_for_good},
    {"mmap: not writable and executable, and what was there stays", do_maps},
    {"mprotect: nothing becomes executable", do_gains_execution},
    {"memory that was both before stays so until it is changed", do_what_was_there},
    {"pkey_mprotect: the same, whatever the key denies", keys_change_nothing},
    {"fork and exec hand it on", do_inherited},
    {"PR_MDWE_NO_INHERIT: they do not", do_not_inherited},
    {"PR_MDWE_REFUSE_WRITE_EXEC: not both at once, but one after the other", own_flag_refuses},
    {"PR_MDWE_REFUSE_WRITE_EXEC: code is patched by debuggers alone", own_flag_and_debuggers},
    {"PR_MDWE_REFUSE_WRITE_EXEC: EBUSY while there is such memory", own_flag_is_refused},
};

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return (int)get_mdwe();
    probe_init();
    return ktap_run(tests, COUNT(tests),
                    get_mdwe() < 0 ? "Linux before 6.3 has no such call" : NULL);
}
