// SPDX-License-Identifier: MIT
/*
 * What a fault reports: for each kind of page, right and access, the error code, the signal, its
 * code, address and key. The first part is a table, a row a test.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <sys/stat.h>

#define OFFSET 0x123 /* of the access in the page */

enum page {
    PRESENT,    /* written before */
    UNTOUCHED,  /* mapped, never accessed */
    ZERO,       /* only read before */
    WRITTEN,    /* first touched, by a write, when it was under the key, which was open */
    LOOKED_AT,  /* the same by a read */
    COPIED,     /* written before a fork */
    READ_ONLY,  /* written before it was made so */
    NO_ACCESS,  /* PROT_NONE, written before */
    BEYOND_END, /* of the file that is mapped */
    PAGES
};

static const char *const page_names[PAGES] = {
    [PRESENT] = "present page",
    [UNTOUCHED] = "page not yet present",
    [ZERO] = "page only read before",
    [WRITTEN] = "page first written under the key",
    [LOOKED_AT] = "page first read under the key",
    [COPIED] = "copy-on-write page",
    [READ_ONLY] = "read-only page",
    [NO_ACCESS] = "PROT_NONE page",
    [BEYOND_END] = "page beyond the end of the file",
};

enum access {
    READ,
    WRITE
};

/* The rights while the access is made. */
enum {
    OPEN = 0,
    AD = PKEY_DISABLE_ACCESS,
    WD = PKEY_DISABLE_WRITE,
    AD_WD = AD | WD
};

static const char *const rights_names[] = {"open key", "AD", "WD", "AD and WD"};

#define ALLOWED 0, 0, 0
#define BY_KEY  SIGSEGV, SEGV_PKUERR
#define BY_PAGE SIGSEGV, SEGV_ACCERR

static const struct row {
    enum page page;
    int rights;
    enum access access;
    int signal;
    int code;
    unsigned long error;
} rows[] = {
    {PRESENT, OPEN, READ, ALLOWED},
    {PRESENT, OPEN, WRITE, ALLOWED},
    {PRESENT, AD, READ, BY_KEY, 0x25},
    {PRESENT, AD, WRITE, BY_KEY, 0x27},
    {PRESENT, WD, READ, ALLOWED},
    {PRESENT, WD, WRITE, BY_KEY, 0x27},
    {PRESENT, AD_WD, READ, BY_KEY, 0x25},
    {PRESENT, AD_WD, WRITE, BY_KEY, 0x27},
    {UNTOUCHED, OPEN, READ, ALLOWED},
    {UNTOUCHED, OPEN, WRITE, ALLOWED},
    {UNTOUCHED, AD, READ, BY_KEY, 4},
    {UNTOUCHED, AD, WRITE, BY_KEY, 6},
    {UNTOUCHED, WD, READ, ALLOWED},
    {UNTOUCHED, WD, WRITE, BY_KEY, 6},
    {ZERO, OPEN, WRITE, ALLOWED},
    {ZERO, AD, READ, BY_KEY, 0x25},
    {ZERO, AD, WRITE, BY_KEY, 0x27},
    {ZERO, WD, READ, ALLOWED},
    {ZERO, WD, WRITE, BY_KEY, 0x27},
    {WRITTEN, OPEN, READ, ALLOWED},
    {WRITTEN, OPEN, WRITE, ALLOWED},
    {WRITTEN, AD, READ, BY_KEY, 0x25},
    {WRITTEN, AD, WRITE, BY_KEY, 0x27},
    {WRITTEN, WD, READ, ALLOWED},
    {WRITTEN, WD, WRITE, BY_KEY, 0x27},
    {LOOKED_AT, OPEN, WRITE, ALLOWED},
    {LOOKED_AT, AD, READ, BY_KEY, 0x25},
    {LOOKED_AT, AD, WRITE, BY_KEY, 0x27},
    {LOOKED_AT, WD, READ, ALLOWED},
    {LOOKED_AT, WD, WRITE, BY_KEY, 0x27},
    {COPIED, OPEN, WRITE, ALLOWED},
    {COPIED, AD, READ, BY_KEY, 0x25},
    {COPIED, AD, WRITE, BY_KEY, 0x27},
    {COPIED, WD, READ, ALLOWED},
    {COPIED, WD, WRITE, BY_KEY, 0x27},
    {READ_ONLY, OPEN, READ, ALLOWED},
    {READ_ONLY, OPEN, WRITE, BY_PAGE, 7},
    {READ_ONLY, AD, READ, BY_KEY, 0x25},
    {READ_ONLY, AD, WRITE, BY_KEY, 0x27},
    {READ_ONLY, WD, READ, ALLOWED},
    {READ_ONLY, WD, WRITE, BY_KEY, 0x27},
    {NO_ACCESS, OPEN, READ, BY_PAGE, 4},
    {NO_ACCESS, OPEN, WRITE, BY_PAGE, 6},
    {NO_ACCESS, AD, READ, BY_KEY, 4},
    {NO_ACCESS, AD, WRITE, BY_KEY, 6},
    {NO_ACCESS, WD, READ, BY_PAGE, 4},
    {NO_ACCESS, WD, WRITE, BY_KEY, 6},
    {BEYOND_END, OPEN, READ, SIGBUS, BUS_ADRERR, 4},
    {BEYOND_END, OPEN, WRITE, SIGBUS, BUS_ADRERR, 6},
    {BEYOND_END, AD, READ, BY_KEY, 4},
    {BEYOND_END, AD, WRITE, BY_KEY, 6},
    {BEYOND_END, WD, READ, SIGBUS, BUS_ADRERR, 4},
    {BEYOND_END, WD, WRITE, BY_KEY, 6},
};

static int key;

/* A shared mapping of a file of one page, from its second page on. */
static char *map_beyond_end(void)
{
    static const char path[] = "/tmp/latchkey-faults";
    static const char content[PAGE];
    char *page = MAP_FAILED;
    int file;

    mkdir("/tmp", 0777);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && write(file, content, PAGE) == (ssize_t)PAGE)
        page = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, file, (off_t)PAGE);
    close(file);
    unlink(path);
    EXPECT(page != MAP_FAILED);
    return page;
}

/* A child that holds the parent's pages until it is killed. */
static pid_t hold_pages(void)
{
    pid_t child = fork();

    while (child == 0)
        syscall(__NR_pause);
    return child;
}

static char *make_page(enum page kind)
{
    int protection = kind == READ_ONLY ? PROT_READ : kind == NO_ACCESS ? PROT_NONE : READ_WRITE;
    char *page = kind == BEYOND_END ? map_beyond_end() : map_pages(1, READ_WRITE);

    if (kind == PRESENT || kind == COPIED || kind == READ_ONLY || kind == NO_ACCESS)
        page[0] = 1;
    if (kind == ZERO)
        EXPECT_ALLOWED(read_fault(page));
    EXPECT_SUCCESS(pkey_mprotect(page, PAGE, protection, key));
    pkey_set(key, OPEN);
    if (kind == WRITTEN)
        EXPECT_ALLOWED(write_fault(page));
    if (kind == LOOKED_AT)
        EXPECT_ALLOWED(read_fault(page));
    return page;
}

static void check(const struct row *row, const char *page, struct fault fault)
{
    EXPECT_EQUAL(fault.signal, row->signal);
    EXPECT_EQUAL(fault.code, row->code);
    EXPECT_EQUAL(fault.error, row->error);
    EXPECT_EQUAL(fault.key, row->code == SEGV_PKUERR && row->signal == SIGSEGV ? key : -1);
    if (fault.signal != 0) {
        EXPECT_EQUAL(fault.address, (uintptr_t)page + OFFSET);
        EXPECT_EQUAL(fault.trap, 14);
        EXPECT_EQUAL(fault.pkru, (PKRU_INIT & ~PKRU_ALL(key)) | (uint32_t)row->rights << (2 * key));
    }
}

static void run_row(const struct row *row)
{
    char *page = make_page(row->page);
    pid_t child = -1;
    struct fault fault;

    if (row->page == COPIED)
        child = hold_pages();
    pkru_write(PKRU_INIT);
    pkey_set(key, (unsigned int)row->rights);
    fault = row->access == READ ? read_fault(page + OFFSET) : write_fault(page + OFFSET);
    check(row, page, fault);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    munmap(page, PAGE);
}

/* ---- the part that is no table ---- */

static void expect_no_area(char *page)
{
    struct fault fault = read_fault(page + OFFSET);

    EXPECT_SEGV(fault, SEGV_MAPERR);
    EXPECT_EQUAL(fault.error, 4);
    EXPECT_EQUAL(fault.address, (uintptr_t)page + OFFSET);
    EXPECT_EQUAL(write_fault(page).error, 6);
}

static void no_area(void)
{
    char *page = hole();

    expect_no_area(page);
    if (pkru_enabled()) {
        pkru_write(0);
        expect_no_area(page);
        pkru_write(0xfffffffc);
        expect_no_area(page);
        pkru_write(PKRU_INIT);
    }
}

static void kernel_address(void)
{
    static const uintptr_t addresses[] = {0xffffffff81000000, 0xffff888000001000, UINTPTR_MAX};

    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct fault fault = read_fault((const char *)addresses[i]);

        EXPECT_SEGV(fault, SEGV_MAPERR);
        EXPECT_EQUAL(fault.address, addresses[i]);
        EXPECT_SEGV(write_fault((char *)addresses[i]), SEGV_MAPERR);
    }
}

static void non_canonical_address(void)
{
    struct fault fault = read_fault((const char *)0x8000000000000000);

    EXPECT_SEGV(fault, CODE_KERNEL);
    EXPECT_EQUAL(fault.address, 0);
    EXPECT_EQUAL(fault.error, 0);
    EXPECT_EQUAL(fault.trap, 13);
    EXPECT_SEGV(write_fault((char *)0xdead000000000000), CODE_KERNEL);
}

static void null_pointer(void)
{
    struct fault fault = write_fault((char *)(uintptr_t)8);

    EXPECT_SEGV(fault, SEGV_MAPERR);
    EXPECT_EQUAL(fault.error, 6);
    EXPECT_EQUAL(fault.address, 8);
}

static void fetch_from_data(void)
{
    char *page = map_pages(1, READ_WRITE);
    struct fault fault;

    page[0] = (char)0xc3;
    fault = call_fault(page);
    EXPECT_SEGV(fault, SEGV_ACCERR);
    EXPECT_EQUAL(fault.error, PF_PRESENT | PF_USER | PF_FETCH);
    EXPECT_EQUAL(fault.address, (uintptr_t)page);
    EXPECT_EQUAL(call_fault(hole()).code, SEGV_MAPERR);
    munmap(page, PAGE);
}

static void fetch_does_not_ask_the_key(void)
{
    char *code = map_code();

    if (skipped_without_pku())
        return;
    pkey_mprotect(code, PAGE, PROT_READ | PROT_EXEC, key);
    pkey_set(key, AD_WD);
    EXPECT_ALLOWED(call_fault(code));
    EXPECT_KEY_FAULT(read_fault(code), key);
    munmap(code, PAGE);
}

static void denied_fetch_is_never_the_keys_fault(void)
{
    char *page = map_pages(1, READ_WRITE);
    struct fault fault;

    if (skipped_without_pku())
        return;
    page[0] = (char)0xc3;
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    pkey_set(key, AD_WD);
    fault = call_fault(page);
    EXPECT_SEGV(fault, SEGV_ACCERR);
    EXPECT_EQUAL(fault.error, PF_PRESENT | PF_USER | PF_FETCH);
    munmap(page, PAGE);
}

static void access_over_two_pages(void)
{
    char *pages = map_pages(2, READ_WRITE);
    struct fault fault;

    if (skipped_without_pku())
        return;
    memset(pages, 1, 2 * PAGE);
    pkey_mprotect(pages + PAGE, PAGE, READ_WRITE, key);
    pkey_set(key, WD);
    fault = PROBE("movq $-1, (%%rcx)", pages + PAGE - 4);
    EXPECT_KEY_FAULT(fault, key);
    EXPECT_EQUAL(fault.address, (uintptr_t)pages + PAGE);
    EXPECT_EQUAL(pages[PAGE - 1], 1);
    munmap(pages, 2 * PAGE);
}

static void denied_page_is_not_allocated(void)
{
    unsigned char resident = 1;
    char *page = map_pages(1, READ_WRITE);

    if (skipped_without_pku())
        return;
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    pkey_set(key, AD);
    EXPECT_KEY_FAULT(write_fault(page), key);
    pkey_set(key, 0);
    if (!skipped_without_room("mm/range")) {
        EXPECT_EQUAL(mincore(page, PAGE, &resident), 0);
        EXPECT_EQUAL(resident & 1, 0);
    }
    munmap(page, PAGE);
}

static void siginfo_layout(void)
{
    siginfo_t info;

    if (skipped_without_pku())
        return;
    EXPECT_EQUAL((char *)&info.si_addr - (char *)&info, 0x10);
    EXPECT_EQUAL((char *)&info.si_pkey - (char *)&info, 0x20);
    EXPECT_EQUAL(sizeof(info.si_pkey), 4);
}

static const struct ktap_test others[] = {
    {"no area: SEGV_MAPERR and error code 4 or 6, whatever PKRU", no_area},
    {"an address of the kernel's: SEGV_MAPERR", kernel_address},
    {"a non-canonical address: #GP, si_code 128, si_addr 0", non_canonical_address},
    {"a small offset from NULL: SEGV_MAPERR", null_pointer},
    {"a fetch from data: SEGV_ACCERR, error code 15 (hex)", fetch_from_data},
    {"a fetch does not ask the key", fetch_does_not_ask_the_key},
    {"a fetch from data under a denying key: SEGV_ACCERR", denied_fetch_is_never_the_keys_fault},
    {"an access over two pages: the address is in the page that denies, nothing is written",
     access_over_two_pages},
    {"the key is judged before a page is allocated", denied_page_is_not_allocated},
    {"siginfo has si_addr at 10 and si_pkey at 20 (hex)", siginfo_layout},
};

int main(void)
{
    const char *reason = without_pku();

    probe_init();
    if (reason == NULL)
        key = pkey_alloc(0, 0);
    ktap_plan(COUNT(rows) + COUNT(others));
    for (size_t i = 0; i < COUNT(rows); i++) {
        ktap_begin("%s, %s, %s: %s, error code %lx", page_names[rows[i].page],
                   rights_names[rows[i].rights], rows[i].access == READ ? "read" : "write",
                   rows[i].signal == 0           ? "allowed"
                   : rows[i].signal == SIGBUS    ? "SIGBUS"
                   : rows[i].code == SEGV_PKUERR ? "SEGV_PKUERR"
                                                 : "SEGV_ACCERR",
                   rows[i].error);
        if (reason == NULL)
            run_row(&rows[i]);
        else
            ktap_skip("%s", reason);
        ktap_end();
    }
    for (size_t i = 0; i < COUNT(others); i++)
        ktap_run_one(&others[i]);
    return ktap_status();
}
