// SPDX-License-Identifier: MIT
/*
 * Five things that people ask of protection keys and that Linux lacks, shown from the side of code
 * that has no right to a key: first what it can do all the same, then what each policy leaves it.
 * docs/policies.md has the reasons.
 *
 * Linux knows one of the five, and says ENOSYS to the others; then this tells of the first part
 * and the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/include/latchkey/mdwe.h"
#include "libc/include/latchkey/syscalls.h"
#include "user/attempt.h"
#include "user/story.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define ANSWER     42

/* mov eax, 42; ret */
static const unsigned char answer_code[] = {0xb8, ANSWER, 0, 0, 0, 0xc3};

static size_t page_size;
static char *page; /* with the secret, under the key */
static int key;

static long policy(unsigned int set, unsigned int clear)
{
    return syscall(__NR_pkey_policy, key, set, clear);
}

/* ---- sides ---- */

/* What a fence needs of its own: once a key is closed, no pkey_set() of the kernel's opens it. */
static void own(void)
{
    pkru_write(pkru_read() & ~PKRU_ALL(key));
}

static void lose_rights(void)
{
    pkru_write(pkru_read() | PKRU_AD(key));
}

/* What came of a call, which has to be that error, or 0. */
static void tell(const char *call, long result, int expected)
{
    int error = result < 0 ? errno : 0;

    story_line("  %-44s %s", call, error ? story_error(error) : "done");
    story_expect(error == expected, "expected %s", expected ? story_error(expected) : "it done");
}

static void new_secret(void)
{
    void *memory = mmap(page, page_size, READ_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | (page ? MAP_FIXED : 0), -1, 0);

    story_require(memory != MAP_FAILED, "mmap");
    page = memory;
    memcpy(page, "secret", sizeof("secret"));
    story_require(pkey_mprotect(page, page_size, READ_WRITE, key) == 0, "pkey_mprotect");
}

/* What a thread with rights finds in the page. */
static void look(const char *expected)
{
    own();
    story_line("In the page is now: \"%s\".", page);
    story_expect(!strcmp(page, expected), "expected \"%s\"", expected);
}

static void read_through_proc(int expected)
{
    ask_what("refused|allowed", "A read of the page through /proc/self/mem: what will it do?");
    int memory = open("/proc/self/mem", O_RDONLY);
    char found[sizeof("secret")] = "";
    long result = pread(memory, found, sizeof(found), (off_t)(uintptr_t)page);

    if (result > 0) {
        story_line("  %-44s \"%s\"", "pread(/proc/self/mem, page)", found);
        story_expect(!expected && !strcmp(found, "secret"), "expected %s",
                     expected ? story_error(expected) : "\"secret\"");
    } else {
        tell("pread(/proc/self/mem, page)", result, expected);
    }
    ask_came(result > 0 ? "allowed" : "refused");
    close(memory);
}

static void change_mappings(int expected)
{
    ask_what("refused|allowed", "An mmap() over the page: what will it do?");
    void *over = mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    tell("mmap(page, MAP_FIXED)", over == MAP_FAILED ? -1 : 0, expected);
    ask_came(over == MAP_FAILED ? "refused" : "allowed");
    tell("madvise(page, MADV_DONTNEED)", madvise(page, page_size, MADV_DONTNEED), expected);
    tell("pkey_mprotect(page, key 0)", pkey_mprotect(page, page_size, PROT_READ, 0), expected);
}

/* ---- the stations ---- */

static void show_the_ways_round(void)
{
    story_step("A page with a secret under key %d, and a thread without any right to it", key);
    new_secret();
    lose_rights();
    story_pkru(pkru_read());
    attempt_read(page);
    attempt_expect(SEGV_PKUERR, key);
    story_line("Reading it would be caught. But the kernel has other ways, and asks no key:");
    read_through_proc(0);
    change_mappings(0);
    look("");
}

static void show_guarded(void)
{
    new_secret();
    story_require(policy(PKEY_GUARDED, 0) >= 0, "pkey_policy");
    lose_rights();
    story_step("pkey_policy(%d, PKEY_GUARDED): mappings are changed by those who may write", key);
    change_mappings(EACCES);
    look("secret");
}

static void show_closed(void)
{
    story_step("pkey_policy(%d, PKEY_CLOSED): the ways round ask the key", key);
    story_require(policy(PKEY_CLOSED, 0) >= 0, "pkey_policy");
    lose_rights();
    read_through_proc(EIO);
    own();
    story_line("And with the right to the key:");
    read_through_proc(0);
}

static uint32_t pkru_in_handler;

static void note_pkru(int signal)
{
    (void)signal;
    pkru_in_handler = pkru_read();
}

static void take_signal(unsigned int rights)
{
    struct sigaction action = {.sa_handler = note_pkru};

    story_require(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    ask_what("closed|open", "The key is open. What is it in a handler?");
    kill(getpid(), SIGUSR1);
    story_line("  key %d before %s, in the handler %s", key, story_rights(pkru_read(), key),
               story_rights(*(volatile uint32_t *)&pkru_in_handler, key));
    ask_came(pkru_in_handler & PKRU_ALL(key) ? "closed" : "open");
    story_expect_rights(key, 0);
    story_expect((pkru_in_handler >> (2 * key) & PKRU_ALL(0)) == rights,
                 "expected the rights %u in the handler", rights);
}

static void show_kept(void)
{
    story_step("A signal handler has the initial PKRU, whatever was interrupted");
    take_signal(PKEY_DISABLE_ACCESS);
    story_step("pkey_policy(%d, PKEY_KEPT): rights to this key survive", key);
    story_require(policy(PKEY_KEPT, 0) >= 0, "pkey_policy");
    take_signal(0);
}

static void show_owners(void)
{
    story_step("Who has no right to the key cannot undo that, nor get it by freeing it");
    lose_rights();
    tell("pkey_policy(clear PKEY_GUARDED)", policy(0, PKEY_GUARDED), EACCES);
    tell("pkey_free()", pkey_free(key), EACCES);
    own();
}

static void show_release(void)
{
    story_step("pkey_release(): freed with nothing left under it, or not at all");
    tell("pkey_release(PKEY_RELEASE_REFUSE)",
         syscall(__NR_pkey_release, key, PKEY_RELEASE_REFUSE, 0), EBUSY);
    tell("pkey_release(PKEY_RELEASE_DENY)", syscall(__NR_pkey_release, key, PKEY_RELEASE_DENY, 0),
         0);
    attempt_read(page);
    attempt_expect(SEGV_ACCERR, -1);
    story_line("The page is under key 0 now, with PROT_NONE. Whoever gets the key next gets no");
    story_line("page with it:");
    int next = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    story_line("  pkey_alloc() = %d", next);
    story_expect(next == key, "expected the key that was released, %d", key);
    story_require(mprotect(page, page_size, PROT_READ) == 0, "mprotect");
    story_expect(!strcmp(page, "secret"), "expected \"secret\" in the page");
    story_line("After mprotect(page, PROT_READ) its contents are there: \"%s\".", page);
}

/* ---- writable and executable ---- */

static void call_written_code(int expected)
{
    void *code = mmap(NULL, page_size, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(code != MAP_FAILED, "mmap");
    memcpy(code, answer_code, sizeof(answer_code));
    ask_what("refused|allowed", "Code is written, then made executable: what will that do?");
    long result = mprotect(code, page_size, PROT_READ | PROT_EXEC);
    tell("write code, then mprotect(READ|EXEC)", result, expected);
    ask_came(result < 0 ? "refused" : "allowed");
    if (result < 0)
        return;
    int answer = ((int (*)(void))(uintptr_t)code)();
    story_line("  it returns %d", answer);
    story_expect(answer == ANSWER, "expected %d", ANSWER);
}

static void map_writable_code(int expected)
{
    void *code = mmap(NULL, page_size, READ_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    tell("mmap(READ|WRITE|EXEC)", code == MAP_FAILED ? -1 : 0, expected);
    if (code != MAP_FAILED)
        munmap(code, page_size);
}

static void show_mdwe(void)
{
    story_step("Memory that is writable and executable");
    map_writable_code(0);
    call_written_code(0);
    int error = prctl(PR_SET_MDWE, PR_MDWE_REFUSE_WRITE_EXEC, 0UL, 0UL, 0UL) < 0 ? errno : 0;
    story_step("prctl(PR_SET_MDWE, PR_MDWE_REFUSE_WRITE_EXEC): %s",
               error ? story_error(error) : "done");
    if (!error) {
        map_writable_code(EACCES);
        call_written_code(0);
        return;
    }
    story_expect(error == EINVAL, "expected EINVAL");
    error = prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0UL, 0UL, 0UL) < 0 ? errno : 0;
    story_step("prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), which Linux has: %s",
               error ? story_error(error) : "done");
    story_expect(!error || error == EINVAL, "expected it done, or EINVAL of a Linux before 6.3");
    map_writable_code(error ? 0 : EACCES);
    call_written_code(error ? 0 : EACCES);
}

static void tell_with_keys(void)
{
    show_the_ways_round();
    if (policy(0, 0) < 0) {
        story_expect(errno == ENOSYS, "expected ENOSYS at most");
        story_step("pkey_policy(): %s, this kernel does not know it", story_error(ENOSYS));
        return;
    }
    show_guarded();
    show_closed();
    show_kept();
    show_owners();
    show_release();
}

int main(void)
{
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    story_title("pkey-policies: what keys can do beyond Linux, for who asks for it");
    attempt_watch();
    key = pkey_alloc(0, 0);
    if (key > 0) {
        tell_with_keys();
    } else {
        story_step("pkey_alloc(0, 0): %s, there are no keys", story_error(errno));
        story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
    }
    show_mdwe();
    return EXIT_SUCCESS;
}
