// SPDX-License-Identifier: MIT
/*
 * Attacks on what is under a key, each made by code that lacks the right to it and executes no
 * WRPKRU: first without policies, then with the one that is to stop it.
 *
 * The program has two sides. The trusted one has the key, four pages under it with a secret, and
 * gates: open_gate() and close_gate(), its own WRPKRU. The adversary is what an attack calls
 * between the two gates. Each attack is a child, so that it may leave behind what it likes. What
 * it came to is printed as a row of the table in docs/policies.md.
 */
#ifndef TESTS_RING3_KEYS_ATTACKS_H
#define TESTS_RING3_KEYS_ATTACKS_H

#include "tests/ring3/tasks.h"

#include <sys/prctl.h>

#include "libc/include/latchkey/mdwe.h"
#include "libc/include/latchkey/syscalls.h"

/* What an attack comes to: one of these or an errno, and - SIGSEGV if it dies of that. */
#define THROUGH 0
#define NOTHING 200 /* the call was made, and nothing came of it */

/* Beside PKEY_GUARDED and so on, as if they were policies of a key: PR_SET_MDWE's two. */
#define EXEC_GAIN  0x100u
#define WRITE_EXEC 0x200u

#define ALL_POLICIES (PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT)

struct attack {
    const char *way;
    unsigned int policies;
    int (*run)(void);
    int without, with; /* policies, what it comes to */
    bool is_ours;      /* Linux has no such call, or not this answer */
};

#define SECRET       "secret"
#define SECRET_PAGES 4
#define SECRET_SIZE  (SECRET_PAGES * PAGE)

static int key, other_key; /* the other one is everybody's */
static char *secret;       /* the pages */

/* ---- the trusted side ---- */

static inline void open_gate(void)
{
    pkru_write(pkru_read() & ~PKRU_ALL(key));
}

static inline void close_gate(void)
{
    pkru_write(pkru_read() | PKRU_AD(key));
}

static inline bool has_right(void)
{
    return !(pkru_read() & PKRU_ALL(key));
}

/* Through, if the adversary has the right now, and nothing otherwise. */
static inline int by_right(void)
{
    return has_right() ? THROUGH : NOTHING;
}

/* Through, if the pages are not as they were. */
static inline int by_change(void)
{
    static const char pages[SECRET_SIZE] = SECRET;

    open_gate();
    int result = memcmp(secret, pages, SECRET_SIZE) == 0 ? NOTHING : THROUGH;
    close_gate();
    return result;
}

/* Like raw_call(): for tasks without the library. */
static inline long raw_call_of_six(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
                                   uintptr_t e, uintptr_t f)
{
    long result;
    register uintptr_t r10 __asm__("r10") = d;
    register uintptr_t r8 __asm__("r8") = e;
    register uintptr_t r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* A child by CLONE_VM, to its end: another process, without the library, in the same memory. */
static inline void run_twin(void (*function)(void *))
{
    char *stack = map_pages(4, READ_WRITE);
    pid_t twin = (pid_t)start_task(CHILD_TASK, stack + 4 * PAGE, function, NULL, NULL);

    EXPECT(twin > 0);
    while (waitpid(twin, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* An errno after a failure, or else what is asked for then. */
#define FAILED(is_failure, otherwise) ((is_failure) ? errno : (otherwise))

static inline long policy(int of, unsigned int set)
{
    return raw_call(__NR_pkey_policy, (uintptr_t)of, set, 0, 0);
}

/* Puts pages with a secret under the key, and memory of another kind if the attack is on that. */
static inline void hide(char *pages)
{
    secret = pages;
    memcpy(secret, SECRET, sizeof(SECRET));
    EXPECT_SUCCESS(pkey_mprotect(secret, SECRET_SIZE, READ_WRITE, key));
}

static inline void begin_attack(void)
{
    key = pkey_alloc(0, 0);
    other_key = pkey_alloc(0, 0);
    hide(map_lonely_pages(SECRET_PAGES, READ_WRITE));
}

static inline void give_policies(unsigned int policies)
{
    if (policies & ALL_POLICIES)
        EXPECT(policy(key, policies & ALL_POLICIES) >= 0);
    if (policies & EXEC_GAIN)
        EXPECT_SUCCESS(syscall(__NR_prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0));
    if (policies & WRITE_EXEC)
        EXPECT_SUCCESS(syscall(__NR_prctl, PR_SET_MDWE, PR_MDWE_REFUSE_WRITE_EXEC, 0, 0, 0));
}

/* ---- running them ---- */

static inline int run_attack(const struct attack *attack, unsigned int policies,
                             void (*prepare)(void))
{
    int status = -1;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        begin_attack();
        prepare();
        give_policies(policies);
        close_gate();
        _exit(attack->run());
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline const char *name_of(int result)
{
    static const struct {
        int result;
        const char *name;
    } names[] = {
        {THROUGH, "through"}, {NOTHING, "nothing"}, {EACCES, "EACCES"},
        {EIO, "EIO"},         {EFAULT, "EFAULT"},   {-SIGSEGV, "SIGSEGV"},
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].result == result)
            return names[i].name;
    return "?";
}

static inline const char *name_of_policies(unsigned int policies)
{
    switch (policies) {
    case 0:
        return "always";
    case PKEY_GUARDED:
        return "PKEY_GUARDED";
    case PKEY_CLOSED:
        return "PKEY_CLOSED";
    case PKEY_KEPT:
        return "PKEY_KEPT";
    case EXEC_GAIN:
        return "PR_MDWE_REFUSE_EXEC_GAIN";
    case WRITE_EXEC:
        return "PR_MDWE_REFUSE_WRITE_EXEC";
    default:
        return "any";
    }
}

/* What stops it; those that nothing stops are tried with all of them. */
static inline const char *column_of(const struct attack *attack)
{
    return attack->with == THROUGH ? "none" : name_of_policies(attack->policies);
}

/* With its policies; where any stops it, with each alone. */
static inline int run_with_policies(const struct attack *attack, void (*prepare)(void))
{
    int with = attack->with;

    if (attack->policies != ALL_POLICIES || attack->with == THROUGH)
        return run_attack(attack, attack->policies, prepare);
    for (unsigned int one = PKEY_GUARDED; one <= PKEY_KEPT && with == attack->with; one <<= 1)
        with = run_attack(attack, one, prepare);
    return with;
}

static inline void compare(const struct attack *attack, void (*prepare)(void))
{
    int without = run_attack(attack, 0, prepare);

    EXPECT_EQUAL(without, attack->without);
    if (!is_latchkey() && attack->policies != EXEC_GAIN) /* which is Linux's */
        return;
    int with = run_with_policies(attack, prepare);
    EXPECT_EQUAL(with, attack->with);
    ktap_note("| %s | %s | %s | %s |", attack->way, name_of(without), column_of(attack),
              name_of(with));
}

static inline void try_attack(const struct attack *attack, void (*prepare)(void))
{
    ktap_begin("%s", attack->way);
    if (!pkru_enabled())
        ktap_skip("%s", without_pku());
    else if (attack->is_ours && !is_latchkey())
        ktap_skip("Linux has no such call, or another answer");
    else
        compare(attack, prepare);
    ktap_end();
}

/* prepare() is the trusted side's, with the right, before policies are given. */
static inline int run_attacks(const struct attack *attacks, size_t count, void (*prepare)(void))
{
    ktap_plan(count);
    probe_init();
    for (size_t i = 0; i < count; i++)
        try_attack(&attacks[i], prepare);
    return ktap_status();
}

#endif
