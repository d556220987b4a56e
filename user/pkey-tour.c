// SPDX-License-Identifier: MIT
/*
 * A tour of what protection keys can do: AD and WD, how a key and the page table share the say,
 * how many keys there are, execute-only memory, and a key on a 2 MiB page. On a CPU without keys,
 * the same stations with what the page table can do alone.
 *
 * Uses nothing of Latchkey but its headers and prints the same on Linux.
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
#include <unistd.h>

#include "user/attempt.h"
#include "user/story.h"

#define READ_WRITE  (PROT_READ | PROT_WRITE)
#define LARGE_PAGE  ((size_t)2 << 20)
#define TOUR_ANSWER 42

/* mov eax, 42; ret */
static const unsigned char answer_code[] = {0xb8, TOUR_ANSWER, 0, 0, 0, 0xc3};

static size_t page_size;

/* ---- trying accesses ---- */

#define BY_PAGE_TABLE 0 /* a refusal that is no key's */
#define ALLOWED       (-1)

/* Says what came of the access, which has to be that it was allowed, or who refused it. */
static void tell(const char *access, int refusing)
{
    switch (attempt.code) {
    case 0:
        story_line("  %-24s allowed", access);
        break;
    case SEGV_PKUERR:
        story_line("  %-24s caught: SEGV_PKUERR, key %d", access, attempt.key);
        break;
    case SEGV_ACCERR:
        story_line("  %-24s caught: SEGV_ACCERR, the page table", access);
        break;
    default:
        story_line("  %-24s caught: si_code %d", access, attempt.code);
        break;
    }
    if (refusing == ALLOWED)
        attempt_expect(0, -1);
    else if (refusing == BY_PAGE_TABLE)
        attempt_expect(SEGV_ACCERR, -1);
    else
        attempt_expect(SEGV_PKUERR, refusing);
}

static void try_reading(const char *access, const char *address, int refusing)
{
    attempt_read(address);
    tell(access, refusing);
}

static void try_both(char *address, int refusing_read, int refusing_write)
{
    ask_what("both|write|neither", "A read and a write: what will be refused?");
    try_reading("read", address, refusing_read);
    bool is_read_refused = attempt.code != 0;
    attempt_write(address);
    tell("write", refusing_write);
    ask_came(is_read_refused ? "both" : attempt.code ? "write" : "neither");
}

static void call_answer(const char *code)
{
    int (*function)(void) = (int (*)(void))(uintptr_t)code;

    int answer = function();

    story_line("  %-24s allowed, returns %d", "call", answer);
    story_expect(answer == TOUR_ANSWER, "expected the answer %d", TOUR_ANSWER);
}

/* ---- pages ---- */

static char *map_pages(size_t size, int protection)
{
    void *memory = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(memory != MAP_FAILED, "mmap");
    return memory;
}

static void protect(char *page, size_t size, int protection, int key)
{
    story_require(pkey_mprotect(page, size, protection, key) == 0, "pkey_mprotect");
}

static char *map_code(void)
{
    char *code = map_pages(page_size, READ_WRITE);

    memcpy(code, answer_code, sizeof(answer_code));
    return code;
}

/* ---- the stations of the tour with keys ---- */

static void set_rights(int key, unsigned int rights)
{
    pkey_set(key, rights);
    story_expect_rights(key, rights);
}

static void show_rights(char *page, int key)
{
    story_step("PKEY_DISABLE_ACCESS: the AD bit");
    set_rights(key, PKEY_DISABLE_ACCESS);
    story_pkru(pkru_read());
    try_both(page, key, key);

    story_step("PKEY_DISABLE_WRITE: the WD bit");
    set_rights(key, PKEY_DISABLE_WRITE);
    story_pkru(pkru_read());
    try_both(page, ALLOWED, key);

    story_step("Neither bit: the key denies nothing");
    set_rights(key, 0);
    story_pkru(pkru_read());
    try_both(page, ALLOWED, ALLOWED);
}

static void show_page_table(char *page, int key)
{
    story_step("A read-only page: the page table has its say too");
    protect(page, page_size, PROT_READ, key);
    set_rights(key, 0);
    story_line("The key open:");
    try_both(page, ALLOWED, BY_PAGE_TABLE);
    set_rights(key, PKEY_DISABLE_WRITE);
    story_line("The key denies writes: it is asked first, so it is what the signal names.");
    try_both(page, ALLOWED, key);
}

static void show_count(void)
{
    int keys[PKRU_KEYS];
    int count = 0;

    ask_what("fifteen|sixteen|more", "How many keys can a process have?");
    while (count < PKRU_KEYS) {
        int key = pkey_alloc(0, 0);

        if (key < 0)
            break;
        keys[count++] = key;
    }
    int error = errno;
    story_step("pkey_alloc() until there is none left: %d keys, then %s", count,
               story_error(error));
    ask_came(count == 15 ? "fifteen" : count == 16 ? "sixteen" : "more");
    story_expect(error == ENOSPC, "expected ENOSPC");
    story_expect(count == PKRU_KEYS - 1, "expected %d keys, all but key 0", PKRU_KEYS - 1);
    for (int i = 0; i < count; i++)
        story_expect(keys[i] == i + 1, "expected key %d, it is %d", i + 1, keys[i]);
    story_line("Keys %d to %d. Four bits of a page-table entry name 16; key 0 is what every",
               keys[0], keys[count - 1]);
    story_line("page starts with.");
    while (count > 0)
        pkey_free(keys[--count]);
}

static void show_execute_only(void)
{
    char *code = map_code();

    story_step("mprotect(code, PROT_EXEC): execute-only memory");
    story_require(mprotect(code, page_size, PROT_EXEC) == 0, "mprotect");
    call_answer(code);
    ask_what("refused|allowed", "What will reading the code do?");
    attempt_read(code);
    story_expect_fault(attempt.code, SEGV_PKUERR);
    tell("read", attempt.key);
    ask_came(attempt.code ? "refused" : "allowed");
    story_expect(attempt.key > 0 && pkru_read() & PKRU_AD(attempt.key),
                 "expected a key with AD set in PKRU, it is key %d", attempt.key);
    story_line("The page table cannot say \"execute, but do not read\". So the kernel took a key");
    story_line("for itself and set its AD bit: fetching instructions does not ask the key.");
    munmap(code, page_size);
}

/* How much of the mapping at address consists of 2 MiB pages, in KiB; -1 if /proc does not tell. */
static long large_page_kib(const char *address)
{
    static char text[65536];
    int file = open("/proc/self/smaps", O_RDONLY);
    char start[20];
    const char *line;
    size_t size = 0;
    ssize_t count = 0;

    do {
        size += (size_t)count;
        count = file < 0 ? 0 : read(file, text + size, sizeof(text) - 1 - size);
    } while (count > 0);
    text[size] = '\0';
    close(file);

    snprintf(start, sizeof(start), "%zx-", (size_t)address);
    line = strstr(text, start);
    if (line != NULL)
        line = strstr(line, "AnonHugePages:");
    return line == NULL ? -1 : strtol(line + strlen("AnonHugePages:"), NULL, 10);
}

/*
 * Maps and touches 2 MiB where one large page fits, and asks for it to be one. The page before and
 * the page behind it are not mapped, so that it is an area of its own.
 */
static char *map_large(void)
{
    char *room = map_pages(3 * LARGE_PAGE, READ_WRITE);
    char *large = (char *)(((uintptr_t)room / LARGE_PAGE + 1) * LARGE_PAGE);

    munmap(room, (size_t)(large - room));
    munmap(large + LARGE_PAGE, (size_t)(room + 2 * LARGE_PAGE - large));
    madvise(large, LARGE_PAGE, MADV_HUGEPAGE);
    memset(large, 0, LARGE_PAGE);
    return large;
}

static void tell_one_page(long kib)
{
    story_expect((size_t)kib << 10 == LARGE_PAGE, "expected 2048 KiB of large pages, not %ld", kib);
    story_line("The kernel gave one page of 2 MiB: one entry of the page table.");
}

static void tell_page_size(const char *large)
{
    long kib = large_page_kib(large);

    story_step("2 MiB with MADV_HUGEPAGE");
    if (kib < 0)
        story_line("This kernel does not tell whether it is one page of 2 MiB or 512 of 4 KiB.");
    else if (kib > 0)
        tell_one_page(kib);
    else
        story_line("The kernel gave 512 pages of 4 KiB instead: 512 entries.");
}

static void show_large_page(int key)
{
    char *large = map_large();
    char *middle = large + LARGE_PAGE / 2;

    tell_page_size(large);
    protect(large, LARGE_PAGE, READ_WRITE, key);
    set_rights(key, PKEY_DISABLE_ACCESS);
    story_line("All of it under key %d, AD:", key);
    try_reading("read the first byte", large, key);
    try_reading("read the last byte", large + LARGE_PAGE - 1, key);
    ask_what("refused|allowed",
             "One 4 KiB page of it back under key 0: what will a read of it do?");
    protect(middle, page_size, READ_WRITE, 0);
    story_line("One 4 KiB page in the middle back under key 0:");
    try_reading("read the byte before", middle - 1, key);
    try_reading("read the page", middle, ALLOWED);
    ask_came(attempt.code ? "refused" : "allowed");
    try_reading("read the byte behind", middle + page_size, key);
    munmap(large, LARGE_PAGE);
}

static void tour_with_keys(int key)
{
    char *page = map_pages(page_size, READ_WRITE);

    protect(page, page_size, READ_WRITE, key);
    show_rights(page, key);
    show_page_table(page, key);
    munmap(page, page_size);
    pkey_free(key);

    show_count();
    key = pkey_alloc(0, 0);
    show_large_page(key);
    pkey_free(key);
    show_execute_only();
}

/* ---- the stations of the tour without keys ---- */

static void tour_without_keys(int error)
{
    char *page = map_pages(page_size, PROT_NONE);
    char *code = map_code();

    story_step("pkey_alloc(): %s", story_error(error));
    story_expect(!pkru_enabled(), "expected a key, since this CPU has keys and they are on");
    story_line("No keys on this CPU, or they are switched off. Key -1, which leaves the key");
    story_line("alone, still works; here it changes what the page table allows.");

    story_step("pkey_mprotect(page, PROT_NONE, key -1)");
    protect(page, page_size, PROT_NONE, -1);
    try_both(page, BY_PAGE_TABLE, BY_PAGE_TABLE);
    story_step("pkey_mprotect(page, PROT_READ, key -1)");
    protect(page, page_size, PROT_READ, -1);
    try_both(page, ALLOWED, BY_PAGE_TABLE);
    story_step("pkey_mprotect(page, PROT_READ|PROT_WRITE, key -1)");
    protect(page, page_size, READ_WRITE, -1);
    try_both(page, ALLOWED, ALLOWED);
    munmap(page, page_size);

    story_step("mprotect(code, PROT_EXEC): execute-only memory?");
    story_require(mprotect(code, page_size, PROT_EXEC) == 0, "mprotect");
    call_answer(code);
    ask_what("refused|allowed", "What will reading the code do?");
    try_reading("read", code, ALLOWED);
    ask_came(attempt.code ? "refused" : "allowed");
    story_line("No: a page that can be executed can be read. It takes a key to prevent it.");
    munmap(code, page_size);

    page = map_large();
    tell_page_size(page);
    protect(page + LARGE_PAGE / 2, page_size, PROT_NONE, -1);
    story_line("One 4 KiB page in the middle made PROT_NONE:");
    try_reading("read the byte before", page + LARGE_PAGE / 2 - 1, ALLOWED);
    try_reading("read the page", page + LARGE_PAGE / 2, BY_PAGE_TABLE);
    try_reading("read the byte behind", page + LARGE_PAGE / 2 + page_size, ALLOWED);
    munmap(page, LARGE_PAGE);
}

int main(void)
{
    int key;

    page_size = (size_t)sysconf(_SC_PAGESIZE);
    attempt_watch();
    story_title("pkey-tour: what a protection key can do");
    key = pkey_alloc(0, 0);
    if (key > 0)
        tour_with_keys(key);
    else
        tour_without_keys(errno);
    return EXIT_SUCCESS;
}
