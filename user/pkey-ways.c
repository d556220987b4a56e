// SPDX-License-Identifier: MIT
/*
 * Three ways to get and set the rights to a key, over which the series of 2015 and 2016 argued: the
 * instructions, a function of the vDSO, a system call. What each gives, what it checks, what it
 * costs, and what becomes of it when all threads' rights are set meanwhile.
 *
 * Linux has the first alone; there the others are ENOSYS, and the last part is left out.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "libc/include/latchkey/syscalls.h"
#include "libc/include/latchkey/vdso.h"
#include "user/story.h"

#define EVENTS_FILE "/sys/kernel/debug/latchkey/events"
#define USES        1000
#define TRAP_FLAG   0x100ul

/* ---- the ways ---- */

/* As functions of a C library: 0 or the rights, or -1 with errno. */
struct way {
    const char *name;
    int (*get)(int key);
    int (*set)(int key, unsigned int rights);
};

static int (*vdso_get)(int key);
static int (*vdso_set)(int key, unsigned int rights);

static int result_of(int result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

static int get_by_vdso(int key)
{
    return result_of(vdso_get ? vdso_get(key) : -ENOSYS);
}

static int set_by_vdso(int key, unsigned int rights)
{
    return result_of(vdso_set ? vdso_set(key, rights) : -ENOSYS);
}

static int get_by_call(int key)
{
    return (int)syscall(__NR_pkey_get, key);
}

static int set_by_call(int key, unsigned int rights)
{
    return (int)syscall(__NR_pkey_set, key, rights);
}

/* As glibc has it. */
static int set_by_instructions(int key, unsigned int rights)
{
    if (key < 0 || key >= PKRU_KEYS || rights > (PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE))
        return result_of(-EINVAL);
    pkru_write((pkru_read() & ~PKRU_ALL(key)) | rights << (2 * key));
    return 0;
}

static const struct way ways[] = {
    {"instructions", pkey_get, set_by_instructions},
    {"vDSO", get_by_vdso, set_by_vdso},
    {"system call", get_by_call, set_by_call},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void find_in_vdso(void)
{
    vdso_get = (int (*)(int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_get");
    vdso_set =
        (int (*)(int, unsigned int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_set");
}

/* ---- what they give and check ---- */

static void show_the_ways(int key)
{
    story_step("Writing to key %d is taken away and given back, in each way", key);
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].set(key, PKEY_DISABLE_WRITE) < 0) {
            story_expect(errno == ENOSYS && i > 0, "expected it done, or ENOSYS");
            story_line("%-14s %s, this kernel does not have it", ways[i].name, story_error(errno));
            continue;
        }
        int rights = ways[i].get(key);
        story_line("%-14s get() = %d", ways[i].name, rights);
        story_expect(rights == PKEY_DISABLE_WRITE, "expected %d", PKEY_DISABLE_WRITE);
        story_pkru(pkru_read());
        story_expect_rights(key, PKEY_DISABLE_WRITE);
        ways[i].set(key, 0);
        story_expect_rights(key, 0);
    }
}

/* A line of a table: what is tried, and what comes of it in each way. */
static void tell_row(const char *attempt, const char *const results[WAYS])
{
    story_line("  %-34s  %-12s  %-8s  %s", attempt, results[0], results[1], results[2]);
}

/*
 * expected: of the first and the last way, 0 or an error. The vDSO's is as the first. Returns
 * whether both have refused it.
 */
static bool tell_results(const char *attempt, int key, unsigned int rights, int by_instruction,
                         int by_call)
{
    const char *results[WAYS];
    int errors[WAYS];

    for (size_t i = 0; i < WAYS; i++) {
        errors[i] = ways[i].set(key, rights) < 0 ? errno : 0;
        results[i] = errors[i] ? story_error(errors[i]) : "done";
    }
    tell_row(attempt, results);
    for (size_t i = 0; i < WAYS; i++) {
        int expected = i == WAYS - 1 ? by_call : by_instruction;
        story_expect(errors[i] == expected || (i > 0 && errors[i] == ENOSYS), "expected %s by %s",
                     expected ? story_error(expected) : "it done", ways[i].name);
    }
    return errors[0] && errors[WAYS - 1];
}

static void show_checks(int key)
{
    int freed = pkey_alloc(0, 0);

    story_step("What they check");
    tell_row("", (const char *const[]){ways[0].name, ways[1].name, ways[2].name});
    tell_results("set(key, 4), which is no right", key, 4, EINVAL, EINVAL);
    tell_results("set(16, 0), which is no key", PKRU_KEYS, 0, EINVAL, EINVAL);
    story_require(freed > 0 && pkey_free(freed) == 0, "pkey_alloc, pkey_free");
    ask_what("all|system call", "The rights to a freed key are set: which ways refuse it?");
    bool by_all = tell_results("set(key, 0) after pkey_free(key)", freed, 0, 0, EINVAL);
    ask_came(by_all ? "all" : "system call");
    story_line("PKRU is the thread's own, and says nothing about which keys are allocated: that");
    story_line("is in the kernel. So only a system call finds who uses a key that was freed.");
}

/* ---- what they cost ---- */

/* The system calls that the kernel has counted, of all programs; 0 where none are counted. */
static unsigned long count_system_calls(void)
{
    char text[4096];
    int file = open(EVENTS_FILE, O_RDONLY);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

    close(file);
    text[size < 0 ? 0 : size] = '\0';
    const char *line = strstr(text, "system calls");
    return line ? strtoul(line + strlen("system calls"), NULL, 10) : 0;
}

static void show_cost(const struct way *way, int key)
{
    unsigned long counting = count_system_calls();

    counting = count_system_calls() - counting;
    unsigned long calls = count_system_calls();
    uint64_t start = __builtin_ia32_rdtsc();
    for (unsigned int i = 0; i < USES; i++)
        way->set(key, i % 2 ? 0 : PKEY_DISABLE_WRITE);
    uint64_t ticks = __builtin_ia32_rdtsc() - start;
    calls = count_system_calls() - calls - counting;
    story_line("%-14s %4lu system calls, %6lu ticks each", way->name, calls, ticks / USES);
    unsigned long expected = way->set == set_by_call ? USES : 0;
    story_expect(!counting || calls == expected, "expected %lu system calls", expected);
}

static void show_costs(int key)
{
    story_step("What %d uses cost, by the kernel's counter and the time-stamp counter", USES);
    for (size_t i = 0; i < WAYS; i++)
        show_cost(&ways[i], key);
    story_line("In an emulator ticks tell little but which is more; user/pkbench measures.");
}

/* ---- what comes in between ---- */

static int taken_key;
static unsigned int steps, take_at;

/* Comes after each instruction of a change, and is the other thread after one of them. */
static void take_from_all(int signal)
{
    (void)signal;
    steps++;
    if (steps == take_at)
        syscall(__NR_pkey_set_all, taken_key, PKEY_DISABLE_WRITE);
}

/* After how many instructions of a change the other's call is undone by the rest of it. */
static unsigned int count_losses(const struct way *way, int key)
{
    unsigned int lost = 0;

    take_at = 0;
    do {
        take_at++;
        steps = 0;
        syscall(__NR_pkey_set_all, taken_key, 0);
        __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
        way->set(key, 0);
        __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
        lost += !(pkru_read() & PKRU_WD(taken_key));
    } while (take_at < *(volatile unsigned int *)&steps);
    return lost;
}

static void show_what_comes_between(int key)
{
    struct sigaction action = {.sa_handler = take_from_all};

    taken_key = pkey_alloc(0, 0);
    story_require(taken_key > 0 && sigaction(SIGTRAP, &action, NULL) == 0, "pkey_alloc, sigaction");
    story_step("This thread sets key %d; meanwhile pkey_set_all() takes writing to key %d from all",
               key, taken_key);
    story_line("A handler of SIGTRAP makes that call, once after each instruction of the change:");
    ask_what("instructions|system call|none", "Which way gives back what was taken?");
    const char *giving = "none";
    for (size_t i = 0; i < WAYS; i++) {
        unsigned int lost = count_losses(&ways[i], key);
        story_expect(!lost == (i > 0),
                     "expected what was taken to %s, it was back after %u of them",
                     i > 0 ? "stay taken" : "be back now and then", lost);
        if (lost)
            story_line("  %-14s what was taken is back, if it comes after %u of them",
                       giving = ways[i].name, lost);
        else
            story_line("  %-14s what was taken stays taken", ways[i].name);
    }
    ask_came(giving);
    story_line("Between RDPKRU and WRPKRU a thread has the old rights in EAX. In the vDSO the");
    story_line("kernel knows where that is, and sends the thread back to the start.");
}

/* ---- */

static void tell_without_keys(void)
{
    int error = errno;

    story_step("pkey_alloc(0, 0): %s, there are no keys", story_error(error));
    story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
    story_line("The instructions end in SIGILL here. The other two say that there is no such key:");
    for (size_t i = 1; i < WAYS; i++) {
        error = ways[i].get(0) < 0 ? errno : 0;
        story_line("  %-14s %s", ways[i].name, error ? story_error(error) : "done");
        story_expect(error == EINVAL || error == ENOSYS, "expected EINVAL, or ENOSYS");
    }
}

int main(void)
{
    find_in_vdso();
    story_title("pkey-ways: instructions, the vDSO, system calls: three ways to rights");
    int key = pkey_alloc(0, 0);
    if (key < 0) {
        tell_without_keys();
        return EXIT_SUCCESS;
    }
    show_the_ways(key);
    show_checks(key);
    if (!vdso_set)
        return EXIT_SUCCESS;
    show_costs(key);
    show_what_comes_between(key);
    return EXIT_SUCCESS;
}
