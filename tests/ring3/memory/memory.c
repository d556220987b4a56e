// SPDX-License-Identifier: MIT
/*
 * Mappings without keys: mmap, munmap, mprotect, mremap, madvise and the break.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <sys/stat.h>

static void *raw_mmap(void *address, size_t size, int protection, int flags, int file, long offset)
{
    return (void *)syscall(__NR_mmap, address, size, protection, flags, file, offset);
}

/* A new file with the given number of pages; each byte of page n is n + 1. */
static int make_file(size_t count)
{
    static const char path[] = "/tmp/latchkey-memory";
    char page[PAGE];
    int file;

    mkdir("/tmp", 0777);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unlink(path);
    for (size_t i = 0; i < count; i++) {
        memset(page, (int)i + 1, PAGE);
        EXPECT_EQUAL(write(file, page, PAGE), PAGE);
    }
    return file;
}

/* The core reads and writes at the file's own offset alone. */
static char byte_at(int file, size_t offset)
{
    char byte = 0;

    lseek(file, (off_t)offset, SEEK_SET);
    EXPECT_EQUAL(read(file, &byte, 1), 1);
    return byte;
}

/* ---- mmap ---- */

static void refused_mappings(void)
{
    EXPECT_ERROR(raw_mmap(NULL, 0, PROT_READ, PRIVATE, -1, 0), EINVAL);
    EXPECT_ERROR(raw_mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    EXPECT_ERROR(raw_mmap(NULL, PAGE, PROT_READ, PRIVATE, -1, 1), EINVAL);
    EXPECT_ERROR(raw_mmap((void *)1, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0), EINVAL);
    EXPECT_ERROR(raw_mmap(NULL, SIZE_MAX, PROT_READ, PRIVATE, -1, 0), ENOMEM);
    EXPECT_ERROR(raw_mmap(NULL, 1UL << 47, PROT_READ, PRIVATE, -1, 0), ENOMEM);
    EXPECT_ERROR(raw_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    EXPECT_ERROR(raw_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), EBADF);
}

static void end_of_user_space(void)
{
    int flags = PRIVATE | MAP_FIXED;

    if (has_five_levels()) {
        ktap_skip("tables of five levels are in use");
        return;
    }
    EXPECT_ERROR(raw_mmap((void *)USER_END, PAGE, PROT_READ, flags, -1, 0), ENOMEM);
    EXPECT_ERROR(raw_mmap((void *)(USER_END - PAGE), 2 * PAGE, PROT_READ, flags, -1, 0), ENOMEM);
    EXPECT_ERROR(raw_mmap((void *)0xffffffff80000000, PAGE, PROT_READ, flags, -1, 0), ENOMEM);
    EXPECT_ERROR(munmap((void *)USER_END, PAGE), EINVAL);
    EXPECT_ERROR(mprotect((void *)USER_END, PAGE, PROT_READ), ENOMEM);
}

static void zero_when_new(void)
{
    char *pages = map_pages(16, READ_WRITE);
    bool zero = true;

    for (size_t i = 0; i < 16 * PAGE; i++)
        zero &= pages[i] == 0;
    EXPECT(zero);
    memset(pages, 0xff, 16 * PAGE);
    munmap(pages, 16 * PAGE);
    pages = map_pages(16, READ_WRITE);
    for (size_t i = 0; i < 16 * PAGE; i++)
        zero &= pages[i] == 0;
    EXPECT(zero);
    munmap(pages, 16 * PAGE);
}

/*
 * Pages so far apart that each needs a page table of its own. A table that is given back is full of
 * zeros, which a kernel may know and make use of; what is written to it later is another thing.
 */
static void zero_where_tables_were(void)
{
    enum {
        PAGES = 16,
        ROUNDS = 8
    };
    const size_t distance = (size_t)2 << 20;
    bool zero = true;

    for (int round = 0; round < ROUNDS; round++) {
        char *room = map_pages(PAGES * distance / PAGE, READ_WRITE);

        madvise(room, PAGES * distance, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < PAGES; i++) {
            char *page = room + i * distance;
            for (size_t at = 0; at < PAGE; at++)
                zero &= page[at] == 0;
            memset(page, 0xff, PAGE);
        }
        munmap(room, PAGES * distance);
    }
    EXPECT(zero);
}

static void hints(void)
{
    char *free_page = hole();

    EXPECT(raw_mmap(free_page, PAGE, READ_WRITE, PRIVATE, -1, 0) == free_page);
    EXPECT(raw_mmap(free_page, PAGE, READ_WRITE, PRIVATE, -1, 0) != free_page);
    munmap(free_page, PAGE);
}

static void fixed_replaces(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    memset(pages, 1, 3 * PAGE);
    EXPECT(mmap(pages + PAGE, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == pages + PAGE);
    EXPECT_EQUAL(pages[0], 1);
    EXPECT_EQUAL(pages[PAGE], 0);
    EXPECT_EQUAL(pages[2 * PAGE], 1);
    EXPECT_ERROR(raw_mmap(pages + PAGE, PAGE, READ_WRITE, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0),
                 EEXIST);
    munmap(pages, 3 * PAGE);
}

static void private_file(void)
{
    int file = make_file(2);
    char *pages = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_PRIVATE, file, 0);

    if (!EXPECT(pages != MAP_FAILED))
        return;
    EXPECT_EQUAL(pages[0], 1);
    EXPECT_EQUAL(pages[2 * PAGE - 1], 2);
    pages[0] = 9;
    EXPECT_EQUAL(byte_at(file, 0), 1);
    EXPECT_EQUAL(pages[1], 1);
    munmap(pages, 2 * PAGE);
    close(file);
}

static void shared_file(void)
{
    int file = make_file(2);
    char *pages = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    char *second = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, (off_t)PAGE);
    char byte = 7;

    if (!EXPECT(pages != MAP_FAILED && second != MAP_FAILED))
        return;
    EXPECT_EQUAL(second[0], 2);
    pages[PAGE] = 9;
    EXPECT_EQUAL(second[0], 9);
    lseek(file, 0, SEEK_SET);
    EXPECT_EQUAL(write(file, &byte, 1), 1);
    EXPECT_EQUAL(pages[0], 7);
    EXPECT_EQUAL(byte_at(file, PAGE), 9);
    munmap(pages, 2 * PAGE);
    munmap(second, PAGE);
    close(file);
}

static void end_of_file(void)
{
    int file = make_file(1);
    char *pages;

    if (skipped_without_room("fs/tree"))
        return;
    EXPECT_SUCCESS(ftruncate(file, 100));
    pages = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 0);
    EXPECT_EQUAL(pages[99], 1);
    EXPECT_EQUAL(pages[100], 0);
    EXPECT_EQUAL(pages[PAGE - 1], 0);
    EXPECT_EQUAL(read_fault(pages + PAGE).signal, SIGBUS);
    munmap(pages, 2 * PAGE);
    close(file);
}

static void file_rights(void)
{
    static const char path[] = "/tmp/latchkey-memory-rights";
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int reader = open(path, O_RDONLY);

    EXPECT_ERROR(raw_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0), EACCES);
    EXPECT_ERROR(raw_mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, reader, 0), EACCES);
    EXPECT(raw_mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE, reader, 0) != MAP_FAILED);
    close(file);
    close(reader);
    unlink(path);
}

/* ---- munmap and mprotect ---- */

static void refused_unmappings(void)
{
    char *page = map_pages(1, READ_WRITE);

    EXPECT_ERROR(munmap(page + 1, PAGE), EINVAL);
    EXPECT_ERROR(munmap(page, 0), EINVAL);
    EXPECT_ERROR(munmap(page, SIZE_MAX), EINVAL);
    EXPECT_ALLOWED(write_fault(page));
    EXPECT_SUCCESS(munmap(page, 1));
    EXPECT_SEGV(read_fault(page), SEGV_MAPERR);
    EXPECT_SUCCESS(munmap(page, PAGE));
}

static void hole_in_the_middle(void)
{
    char *pages = map_lonely_pages(3, READ_WRITE);

    memset(pages, 1, 3 * PAGE);
    EXPECT_SUCCESS(munmap(pages + PAGE, PAGE));
    EXPECT_EQUAL(pages[0], 1);
    EXPECT_SEGV(read_fault(pages + PAGE), SEGV_MAPERR);
    EXPECT_EQUAL(pages[2 * PAGE], 1);
    EXPECT_SUCCESS(munmap(pages - PAGE, 5 * PAGE));
    EXPECT_SEGV(read_fault(pages), SEGV_MAPERR);
    EXPECT_SEGV(read_fault(pages + 2 * PAGE), SEGV_MAPERR);
}

static void protections(void)
{
    char *page = map_pages(1, READ_WRITE);

    page[0] = (char)0xc3; // ret
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_READ));
    EXPECT_ALLOWED(read_fault(page));
    EXPECT_SEGV(write_fault(page), SEGV_ACCERR);
    EXPECT_SEGV(call_fault(page), SEGV_ACCERR);
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_NONE));
    EXPECT_SEGV(read_fault(page), SEGV_ACCERR);
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
    EXPECT_ALLOWED(call_fault(page));
    EXPECT_SEGV(write_fault(page), SEGV_ACCERR);
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_WRITE));
    EXPECT_ALLOWED(write_fault(page));
    EXPECT_ALLOWED(read_fault(page)); // x86 has no page that can only be written
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_WRITE | PROT_EXEC));
    page[0] = (char)0xc3;
    EXPECT_ALLOWED(call_fault(page));
    munmap(page, PAGE);
}

/* All 64 bits count: with a bit that is none, and with nothing to change too, both ways are EINVAL.
 */
static void wide_protections(void)
{
    char *page = map_pages(1, READ_WRITE);
    unsigned long wide = 1UL << 32, both = PROT_GROWSDOWN | PROT_GROWSUP;

    EXPECT_ERROR(syscall(__NR_mprotect, page, PAGE, wide | PROT_READ), EINVAL);
    EXPECT_EQUAL(syscall(__NR_mprotect, page, 0UL, wide | PROT_READ), 0);
    EXPECT_ERROR(syscall(__NR_mprotect, page, 0UL, wide | both), EINVAL);
    munmap(page, PAGE);
}

static void refused_protections(void)
{
    char *pages = map_lonely_pages(4, READ_WRITE);

    munmap(pages + 2 * PAGE, PAGE);
    EXPECT_ERROR(mprotect(pages + 1, PAGE, PROT_READ), EINVAL);
    EXPECT_SUCCESS(mprotect(pages, 0, PROT_READ));
    EXPECT_ERROR(mprotect(pages, SIZE_MAX, PROT_READ), ENOMEM);
    EXPECT_ERROR(mprotect(pages, PAGE, 0x10), EINVAL);
    EXPECT_ERROR(mprotect(pages, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
    EXPECT_ERROR(mprotect(pages, 4 * PAGE, PROT_READ), ENOMEM);
    EXPECT_SEGV(write_fault(pages + PAGE), SEGV_ACCERR);
    EXPECT_ALLOWED(write_fault(pages + 3 * PAGE));
    EXPECT_ERROR(mprotect(pages - PAGE, 2 * PAGE, PROT_READ), ENOMEM);
    munmap(pages, 4 * PAGE);
}

static void counts_at_once(void)
{
    char *page = map_pages(1, READ_WRITE);

    for (int i = 0; i < 100; i++) {
        page[0] = 1;
        mprotect(page, PAGE, PROT_READ);
        if (!EXPECT_SEGV(write_fault(page), SEGV_ACCERR))
            break;
        mprotect(page, PAGE, READ_WRITE);
    }
    munmap(page, PAGE);
}

static void many_areas(void)
{
    enum {
        AREAS = 500
    };
    char *pages = map_lonely_pages(2 * AREAS, READ_WRITE);
    int wrong = 0;

    for (size_t i = 0; i < AREAS; i++)
        wrong += mprotect(pages + 2 * i * PAGE, PAGE, PROT_READ) != 0;
    for (size_t i = 0; i < AREAS; i++) {
        wrong += write_fault(pages + 2 * i * PAGE).code != SEGV_ACCERR;
        wrong += write_fault(pages + (2 * i + 1) * PAGE).signal != 0;
    }
    EXPECT_EQUAL(wrong, 0);
    EXPECT_SUCCESS(mprotect(pages, 2 * AREAS * PAGE, READ_WRITE));
    EXPECT_ALLOWED(write_fault(pages));
    EXPECT_SUCCESS(munmap(pages, 2 * AREAS * PAGE));
}

/* ---- madvise, mremap ---- */

static void advice(void)
{
    char *page = map_pages(1, READ_WRITE);

    if (skipped_without_room("mm/range"))
        return;
    page[0] = 1;
    EXPECT_SUCCESS(madvise(page, PAGE, MADV_DONTNEED));
    EXPECT_EQUAL(page[0], 0);
    EXPECT_ERROR(madvise(page + 1, PAGE, MADV_DONTNEED), EINVAL);
    EXPECT_ERROR(madvise(page, PAGE, 9999), EINVAL);
    munmap(page, PAGE);
    EXPECT_ERROR(madvise(page, PAGE, MADV_DONTNEED), ENOMEM);
}

static void remap_moves_and_grows(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);
    char *larger;

    if (skipped_without_room("mm/range"))
        return;
    page[5] = 5;
    mmap(page + PAGE, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0); // in the way
    EXPECT_ERROR(mremap(page, PAGE, 2 * PAGE, 0), ENOMEM);
    larger = mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    if (!EXPECT(larger != MAP_FAILED))
        return;
    EXPECT(larger != page);
    EXPECT_EQUAL(larger[5], 5);
    EXPECT_EQUAL(larger[PAGE], 0);
    EXPECT_SEGV(read_fault(page), SEGV_MAPERR);
    EXPECT(mremap(larger, 2 * PAGE, PAGE, 0) == larger);
    EXPECT_SEGV(read_fault(larger + PAGE), SEGV_MAPERR);
    EXPECT_ERROR(mremap(larger + 1, PAGE, PAGE, 0), EINVAL);
    EXPECT_ERROR(mremap(larger, PAGE, 0, 0), EINVAL);
    EXPECT_ERROR(mremap(hole(), PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    munmap(larger, PAGE);
    munmap(page + PAGE, PAGE);
}

/* ---- the break ---- */

static uintptr_t kernel_brk(uintptr_t end)
{
    return (uintptr_t)syscall(__NR_brk, end);
}

static void break_grows_and_shrinks(void)
{
    uintptr_t start = kernel_brk(0);
    uintptr_t page = (start + PAGE - 1) & ~(PAGE - 1);
    char *memory = (char *)page;

    EXPECT_EQUAL(kernel_brk(page + 3 * PAGE), page + 3 * PAGE);
    memory[3 * PAGE - 1] = 1;
    EXPECT_EQUAL(memory[0], 0);
    EXPECT_EQUAL(kernel_brk(page + PAGE), page + PAGE);
    EXPECT_SEGV(read_fault(memory + 2 * PAGE), SEGV_MAPERR);
    EXPECT_EQUAL(kernel_brk(page + 3 * PAGE), page + 3 * PAGE);
    EXPECT_EQUAL(memory[3 * PAGE - 1], 0);
    EXPECT_EQUAL(kernel_brk(start), start);
}

static void break_refused(void)
{
    uintptr_t start = kernel_brk(0);

    EXPECT_EQUAL(kernel_brk(PAGE), start);
    EXPECT_EQUAL(kernel_brk(USER_END + PAGE), start);
    EXPECT_EQUAL(kernel_brk(UINTPTR_MAX), start);
}

/* ---- fork ---- */

static char *private_page, *shared_page;

static void change_both(void)
{
    EXPECT_EQUAL(private_page[0], 1);
    private_page[0] = 2;
    shared_page[0] = 2;
    EXPECT_EQUAL(private_page[0], 2);
}

static void fork_copies(void)
{
    private_page = map_pages(1, READ_WRITE);
    shared_page = mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    private_page[0] = 1;
    shared_page[0] = 1;
    run_in_child(change_both);
    EXPECT_EQUAL(private_page[0], 1);
    EXPECT_EQUAL(shared_page[0], 2);
    private_page[0] = 3;
    EXPECT_EQUAL(private_page[0], 3);
    munmap(private_page, PAGE);
    munmap(shared_page, PAGE);
}

static __attribute__((noinline)) void use_200_kib_of_stack(void)
{
    volatile char large[200 * 1024];

    for (size_t i = sizeof(large); i > 0; i -= 1024)
        large[i - 1] = 1;
    EXPECT_EQUAL(large[1023], 1);
}

static void stack_grows(void)
{
    if (skipped_without_room("mm/range"))
        return;
    use_200_kib_of_stack();
}

static const struct ktap_test tests[] = {
    {"mmap: bad sizes, offsets, flags and files are refused", refused_mappings},
    {"no mapping from 2^47 - 4096 on", end_of_user_space},
    {"mmap: new memory is zero, also where old memory was", zero_when_new},
    {"mmap: and where page tables were", zero_where_tables_were},
    {"mmap: a hint is taken if the place is free", hints},
    {"mmap: MAP_FIXED replaces, MAP_FIXED_NOREPLACE does not", fixed_replaces},
    {"mmap: writes to a private file mapping stay private", private_file},
    {"mmap: a shared file mapping and the file are one", shared_file},
    {"mmap: zeros up to the page's end behind the file, SIGBUS beyond", end_of_file},
    {"mmap: EACCES where the file was not opened for it", file_rights},
    {"munmap: bad addresses and sizes are EINVAL, unmapped ones are fine", refused_unmappings},
    {"munmap: a hole in the middle, and over holes", hole_in_the_middle},
    {"mprotect: each protection allows what it says", protections},
    {"mprotect: bad arguments, and gaps", refused_protections},
    {"mprotect: all bits of the protection count", wide_protections},
    {"mprotect: counts at once for a page in use", counts_at_once},
    {"mprotect: five hundred areas made of one, and one again", many_areas},
    {"madvise: MADV_DONTNEED gives zeros; bad arguments", advice},
    {"mremap: moves, grows and shrinks with the content", remap_moves_and_grows},
    {"brk: grows with zeros and shrinks", break_grows_and_shrinks},
    {"brk: what cannot be leaves it where it is", break_refused},
    {"fork: private pages are copied on write, shared ones are shared", fork_copies},
    {"the stack grows when it is touched", stack_grows},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
