// SPDX-License-Identifier: MIT
/*
 * The life of a protection key, step by step: a key that denies writes, a page under it, a write
 * with the key opened around it, and a write without, which is caught. It is the example with
 * which the three system calls were proposed for Linux.
 *
 * On a CPU without protection keys it shows what is left: the calls exist, key -1 works, and page
 * permissions are changed by mprotect() instead.
 *
 * Uses nothing of Latchkey but its headers and prints the same on Linux.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/attempt.h"
#include "user/story.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)

static size_t page_size;
static volatile unsigned char *page;
static uint32_t initial_pkru;

/* What the handler learnt about the forbidden access. */
static struct {
    int code;
    int key;
    unsigned char *address;
    uint32_t pkru;            /* when the access was tried, from the frame */
    uint32_t pkru_in_handler; /* what the kernel gave the handler */
} caught;

/*
 * Takes notes, then removes the obstacle: when the handler returns, the CPU tries the same
 * instruction again, under the PKRU that stands in the frame.
 */
static void be_caught(int signal, siginfo_t *info, void *context)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

    (void)signal;
    if (caught.code != 0)
        _exit(EXIT_FAILURE); // caught again: the remedy did not help
    caught.code = info->si_code;
    caught.address = info->si_addr;
    if (info->si_code == SEGV_PKUERR) {
        caught.key = (int)info->si_pkey;
        caught.pkru = pkru_get_in_image(machine->fpregs);
        caught.pkru_in_handler = pkru_read();
        pkru_set_in_image(machine->fpregs, caught.pkru & ~PKRU_ALL(caught.key));
    } else {
        mprotect((void *)page, page_size, READ_WRITE);
    }
}

static void watch_for_faults(void)
{
    struct sigaction action = {.sa_sigaction = be_caught, .sa_flags = SA_SIGINFO};

    story_require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

static void map_page(void)
{
    void *memory = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(memory != MAP_FAILED, "mmap");
    page = memory;
    attempt_read(memory);
    attempt_expect(SEGV_ACCERR, -1);
    story_step("mmap(%zu bytes, PROT_NONE): a page", page_size);
    story_line("Nobody may touch it yet, so there is no moment at which it lies open.");
}

/* The page table has an entry for the page, or none, as the first touch makes it. */
static void expect_entry(bool wanted)
{
    unsigned char resident = 0;
    int result = mincore((void *)page, page_size, &resident);

    if (result < 0 && errno == ENOSYS)
        return; /* Latchkey's core cannot say */
    story_require(result == 0, "mincore");
    story_expect((resident & 1) == wanted, "expected %s entry in the page table",
                 wanted ? "an" : "no");
}

static void expect_content(int value)
{
    story_expect(page[0] == value, "expected %d in the page, there is %d", value, page[0]);
}

/* The write was refused for that reason and, since the handler helped, has arrived nevertheless. */
static void expect_caught(int code)
{
    story_expect_fault(caught.code, code);
    story_expect(caught.address == page, "expected the page's address in si_addr, it has %p",
                 (void *)caught.address);
}

static void expect_caught_by(int key)
{
    expect_caught(SEGV_PKUERR);
    story_expect(caught.key == key, "expected key %d in si_pkey, it has %d", key, caught.key);
    story_expect((caught.pkru & PKRU_ALL(key)) == PKRU_WD(key),
                 "expected PKRU as it was in the frame, it has %#010x", caught.pkru);
    story_expect(caught.pkru_in_handler == initial_pkru,
                 "expected PKRU's initial value %#010x in the handler, it had %#010x", initial_pkru,
                 caught.pkru_in_handler);
}

static void show_the_fault(void)
{
    story_line("  si_code  %d           SEGV_PKUERR: a key denied it, not the page table",
               caught.code);
    story_line("  si_addr  byte %td      of the page", caught.address - (unsigned char *)page);
    story_line("  si_pkey  %d           the key that the page is under", caught.key);
    story_line("  PKRU     %#010x  when it happened: the kernel kept it in the frame", caught.pkru);
    story_line("  PKRU     %#010x  in the handler: every program's initial value",
               caught.pkru_in_handler);
}

static void tell_with_keys(int key)
{
    story_expect(key == 1, "expected key 1, the lowest, for a process that has none yet");
    story_expect_rights(key, PKEY_DISABLE_WRITE);
    story_line("The lowest free key of the 15 there are. What this thread may do with pages");
    story_line("under a key stands in the CPU's register PKRU, two bits a key; the call set");
    story_line("those of key %d to \"read, but do not write\":", key);
    story_pkru(pkru_read());

    map_page();

    story_require(pkey_mprotect((void *)page, page_size, READ_WRITE, key) == 0, "pkey_mprotect");
    story_step("pkey_mprotect(page, PROT_READ|PROT_WRITE, key %d): done", key);
    expect_entry(false);
    story_line("The kernel has noted: readable, writable, key %d. The page table has no entry for",
               key);
    story_line("the page before the first touch. An access needs the page's permission and the");
    story_line("key's: reading has both, writing lacks the key's.");

    ask_what("refused|allowed", "What will a read do?");
    story_step("Read the page: %d", page[0]);
    ask_came("allowed");
    expect_content(0);
    expect_entry(true);
    story_line("Allowed, and zero as all new memory is. Now its entry is there, with the key.");

    ask_what("refused|allowed", "pkey_set(%d, 0): what will a write do then?", key);
    pkey_set(key, 0);
    story_expect_rights(key, 0);
    page[0] = 42;
    pkey_set(key, PKEY_DISABLE_WRITE);
    story_expect_rights(key, PKEY_DISABLE_WRITE);
    story_step("pkey_set(%d, 0); page[0] = 42; pkey_set(%d, PKEY_DISABLE_WRITE)", key, key);
    ask_came(page[0] == 42 ? "allowed" : "refused");
    story_line("Opened, written, closed. pkey_set() is the instruction WRPKRU: no system call,");
    story_line("no change of the page table, and no other thread gets the right.");

    story_step("Read the page: %d", page[0]);
    expect_content(42);
    story_line("The write arrived.");

    watch_for_faults();
    ask_what("refused|allowed", "page[0] = 43, now that it is closed: what will the write do?");
    page[0] = 43;
    expect_caught_by(key);
    story_step("page[0] = 43, without opening the key: caught by SIGSEGV");
    ask_came(caught.code ? "refused" : "allowed");
    show_the_fault();
    story_line("The handler cleared key %d's bits in the frame's PKRU and returned. The kernel",
               key);
    story_line("loaded that value and the CPU tried the write again:");
    story_expect_rights(key, 0);
    story_pkru(pkru_read());

    ask_what("old value, 42|new value, 43", "What is in the page?");
    story_step("Read the page: %d", page[0]);
    ask_came(page[0] == 42 ? "old value, 42" : "new value, 43");
    expect_content(43);
    story_line("This time the write went through.");

    story_require(munmap((void *)page, page_size) == 0, "munmap");
    story_require(pkey_free(key) == 0, "pkey_free");
    story_step("munmap(page), pkey_free(%d): done", key);
    story_line("In this order: a freed key may be given out again, and pages that still are");
    story_line("under it would be, too.");
}

static void tell_without_keys(int error)
{
    story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
    story_line("This CPU has no protection keys, or they are switched off (CPUID 7.0 ECX.OSPKE");
    story_expect(error == ENOSPC || error == EINVAL, "expected ENOSPC, or EINVAL of old kernels");
    if (error == ENOSPC)
        story_line("is 0). The manual page has ENOSPC for it: there is no key left to give.");
    else
        story_line("is 0). This kernel says so with EINVAL; the manual page has ENOSPC.");

    map_page();

    story_require(pkey_mprotect((void *)page, page_size, READ_WRITE, -1) == 0, "pkey_mprotect");
    story_step("pkey_mprotect(page, PROT_READ|PROT_WRITE, key -1): done");
    story_line("Key -1 means \"leave the key alone\": plain mprotect(), and it works everywhere.");

    page[0] = 42;
    expect_content(42);
    story_step("page[0] = 42; read the page: %d", page[0]);

    story_require(mprotect((void *)page, page_size, PROT_READ) == 0, "mprotect");
    story_step("mprotect(page, PROT_READ): done");
    story_line("What a key does with one instruction is a system call here. It changes the page");
    story_line("table, for all threads, and all CPUs that run them must be told.");

    watch_for_faults();
    ask_what("refused|allowed", "page[0] = 43: what will the write do?");
    page[0] = 43;
    expect_caught(SEGV_ACCERR);
    story_step("page[0] = 43: caught by SIGSEGV");
    ask_came(caught.code ? "refused" : "allowed");
    story_line("  si_code  %d           SEGV_ACCERR: the page table denied it", caught.code);
    story_line("  si_addr  byte %td      of the page", caught.address - (unsigned char *)page);
    story_line("The handler made the page writable and returned; the CPU tried the write again.");

    story_step("Read the page: %d", page[0]);
    expect_content(43);
    munmap((void *)page, page_size);
}

int main(void)
{
    int key;

    page_size = (size_t)sysconf(_SC_PAGESIZE);
    initial_pkru = pkru_enabled() ? pkru_read() : 0;
    attempt_watch();
    story_title("pkey-demo: a page under a protection key");
    key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    if (key > 0) {
        story_step("pkey_alloc(0, PKEY_DISABLE_WRITE): key %d", key);
        tell_with_keys(key);
    } else {
        int error = errno;

        story_step("pkey_alloc(0, PKEY_DISABLE_WRITE): %s", story_error(error));
        tell_without_keys(error);
    }
    return EXIT_SUCCESS;
}
