// SPDX-License-Identifier: MIT
/*
 * A machine without protection keys, or with keys left off: the calls exist, key -1 works, and
 * nothing pretends that there are keys.
 *
 * Here Linux and what was written about it differ: Linux answers EINVAL or ENOSPC to pkey_alloc
 * (some versions the one first and then the other) and EINVAL to key 0; the manual page has ENOSPC
 * for the one, and the first proposal said that the other works. Latchkey does what was written.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>

#include "libc/include/latchkey/syscalls.h"

#define PKRU_BIT ((uint64_t)1 << XFEATURE_PKRU)

/* From <asm/ucontext.h>, which does not go together with <ucontext.h>. */
#define UC_FP_XSTATE 1

static void expect_no_key(unsigned int rights)
{
    int key = pkey_alloc(0, rights);
    int error = errno;

    EXPECT_EQUAL(key, -1);
    if (follows_manual_without_pku() || error != EINVAL)
        EXPECT_EQUAL(error, ENOSPC);
}

static void no_key_to_give(void)
{
    expect_no_key(0);
    expect_no_key(PKEY_DISABLE_WRITE);
}

static void alloc_checks_first(void)
{
    EXPECT_ERROR(pkey_alloc(1, 0), EINVAL);
    EXPECT_ERROR(pkey_alloc(0, 4), EINVAL);
}

static void no_key_to_free(void)
{
    EXPECT_ERROR(pkey_free(1), EINVAL);
    EXPECT_ERROR(pkey_free(15), EINVAL);
    EXPECT_ERROR(pkey_free(16), EINVAL);
    EXPECT_ERROR(pkey_free(-1), EINVAL);
}

/* Not even of key 0, which the other calls know. */
static void own_calls_know_no_key(void)
{
    if (!follows_manual_without_pku()) {
        ktap_skip("Linux has no such calls");
        return;
    }
    EXPECT_ERROR(syscall(__NR_pkey_get, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_pkey_set, 0, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_pkey_set_all, 0, 0, 0, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_pkey_set_thread, 0, 0, getpid(), 0, 0), EINVAL);
    if (is_core()) /* which has none of the rest */
        return;
    EXPECT_ERROR(syscall(__NR_pkey_query, 0, NULL, 0, NULL, 0), EBADF);
    EXPECT_ERROR(syscall(__NR_pkey_release, 0, PKEY_RELEASE_REFUSE, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_pkey_release, 0, PKEY_RELEASE_DENY, 0), EINVAL);
    EXPECT_ERROR(syscall(__NR_pkey_policy, 0, PKEY_GUARDED, 0), EINVAL);
}

static void minus_1_works(void)
{
    char *page = map_pages(1, READ_WRITE);

    page[0] = 1;
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, PROT_READ, -1));
    EXPECT_SEGV(write_fault(page), SEGV_ACCERR);
    EXPECT_ALLOWED(read_fault(page));
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, PROT_NONE, -1));
    EXPECT_SEGV(read_fault(page), SEGV_ACCERR);
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, READ_WRITE, -1));
    EXPECT_ALLOWED(write_fault(page));
    munmap(page, PAGE);
}

static void key_0(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ, 0),
                 follows_manual_without_pku() ? 0 : EINVAL);
    EXPECT_EQUAL(write_fault(page).signal, follows_manual_without_pku() ? SIGSEGV : 0);
    munmap(page, PAGE);
}

static void other_keys(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ, 1), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ, 15), EINVAL);
    EXPECT_ERROR(pkey_mprotect(page, PAGE, PROT_READ, 16), EINVAL);
    EXPECT_ALLOWED(write_fault(page));
    munmap(page, PAGE);
}

static void execute_only_is_readable(void)
{
    char *code = map_code();

    EXPECT_SUCCESS(mprotect(code, PAGE, PROT_EXEC));
    EXPECT_ALLOWED(call_fault(code));
    EXPECT_ALLOWED(read_fault(code));
    EXPECT_SEGV(write_fault(code), SEGV_ACCERR);
    munmap(code, PAGE);
}

static void instructions(void)
{
    EXPECT_EQUAL(PROBE("xor %%ecx, %%ecx\n\trdpkru", 0).signal, SIGILL);
    EXPECT_EQUAL(
        PROBE("xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%eax, %%eax\n\twrpkru", 0).signal,
        SIGILL);
    EXPECT_EQUAL(probe.fault.trap, 6);
}

static uint64_t xfeatures;

static void look_at_frame(int number, siginfo_t *info, void *context)
{
    const ucontext_t *interrupted = (const ucontext_t *)context;
    const char *image = (const char *)interrupted->uc_mcontext.fpregs;

    (void)number;
    (void)info;
    /* Without XSAVE nobody writes these bytes: what was on the stack stands there. */
    if (interrupted->uc_flags & UC_FP_XSTATE)
        memcpy(&xfeatures, image + XSAVE_SW_RESERVED + 8, sizeof(xfeatures));
}

static void frame_has_no_pkru(void)
{
    handle(SIGUSR1, look_at_frame, 0);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(xfeatures & PKRU_BIT, 0);
}

static const struct ktap_test tests[] = {
    {"pkey_alloc: ENOSPC (Linux: or EINVAL)", no_key_to_give},
    {"pkey_alloc: bad arguments are EINVAL", alloc_checks_first},
    {"pkey_free: EINVAL for every key from 1 on", no_key_to_free},
    {"the calls that Linux has not know no key at all", own_calls_know_no_key},
    {"pkey_mprotect with key -1 works", minus_1_works},
    {"pkey_mprotect with key 0 works (Linux: EINVAL)", key_0},
    {"pkey_mprotect with any other key: EINVAL", other_keys},
    {"execute-only memory is readable", execute_only_is_readable},
    {"RDPKRU and WRPKRU: SIGILL", instructions},
    {"signal frames have no PKRU", frame_has_no_pkru},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), with_pku());
}
