// SPDX-License-Identifier: MIT
/*
 * /proc/PID/mem, which asks neither protection nor PKRU. Other ways to memory on somebody's behalf
 * are here too, where they are one in the kernel: process_vm_*, and a futex.
 */
#include "tests/ring3/proc.h"

#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define FILE_PATH "/tmp/latchkey mem"
#define HUGE_PAGE ((size_t)2 << 20)

static ssize_t read_memory(int memory, const void *address, void *buffer, size_t size)
{
    return pread(memory, buffer, size, (off_t)(uintptr_t)address);
}

static ssize_t write_memory(int memory, void *address, const void *buffer, size_t size)
{
    return pwrite(memory, buffer, size, (off_t)(uintptr_t)address);
}

static void memory_whatever_its_protection(void)
{
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_EXEC};
    int memory = open("/proc/self/mem", O_RDWR);

    for (size_t i = 0; i < COUNT(protections); i++) {
        char *page = map_pages(1, protections[i]);
        char byte = 0;

        EXPECT_EQUAL(write_memory(memory, page + 5, "x", 1), 1);
        EXPECT_EQUAL(read_memory(memory, page + 5, &byte, 1), 1);
        EXPECT_EQUAL(byte, 'x');
        munmap(page, PAGE);
    }
    close(memory);
}

static void memory_whatever_pkru(void)
{
    int memory = open("/proc/self/mem", O_RDWR);
    char byte = 0;
    char *page;
    int key;

    if (skipped_without_pku())
        return;
    page = map_pages(1, READ_WRITE);
    key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    EXPECT_EQUAL(write_memory(memory, page, "k", 1), 1);
    EXPECT_EQUAL(read_memory(memory, page, &byte, 1), 1);
    EXPECT_EQUAL(byte, 'k');
    EXPECT_KEY_FAULT(read_fault(page), key);
    pkey_free(key);
    munmap(page, PAGE);
    close(memory);
}

static void memory_that_is_not_there(void)
{
    int memory = open("/proc/self/mem", O_RDWR);
    char *pages = map_lonely_pages(2, READ_WRITE);
    char buffer[2 * PAGE];

    EXPECT_ERROR(read_memory(memory, hole(), buffer, 1), EIO);
    EXPECT_ERROR(read_memory(memory, NULL, buffer, 1), EIO);
    EXPECT_ERROR(read_memory(memory, (void *)0x7fffffffffffffff, buffer, 1), EIO);
    munmap(pages + PAGE, PAGE);
    EXPECT_EQUAL(read_memory(memory, pages + PAGE - 100, buffer, sizeof(buffer)), 100);
    EXPECT_EQUAL(write_memory(memory, pages + PAGE - 100, buffer, sizeof(buffer)), 100);
    munmap(pages, PAGE);
    close(memory);
}

static void files_are_not_written_through_readers(void)
{
    int memory = open("/proc/self/mem", O_RDWR);
    int file = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *shared, *private;
    char byte = 'u';

    unlink(FILE_PATH);
    ftruncate(file, PAGE);
    shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    EXPECT_ERROR(write_memory(memory, shared, "x", 1), EIO);
    EXPECT_EQUAL(write_memory(memory, private, "x", 1), 1);
    EXPECT_EQUAL(*private, 'x');
    EXPECT_EQUAL(*shared, 0);
    EXPECT_EQUAL(pread(file, &byte, 1, 0), 1);
    EXPECT_EQUAL(byte, 0);
    munmap(shared, PAGE);
    munmap(private, PAGE);
    close(file);
    close(memory);
}

static void the_middle_of_a_large_page(void)
{
    int memory = open("/proc/self/mem", O_RDWR);
    char *pages = map_pages(2 * HUGE_PAGE / PAGE, READ_WRITE);
    char *large = (char *)(((uintptr_t)pages + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    char buffer[2 * PAGE];

    madvise(large, HUGE_PAGE, MADV_HUGEPAGE);
    memset(large + 5 * PAGE, 5, 2 * PAGE);
    EXPECT_EQUAL(read_memory(memory, large + 5 * PAGE, buffer, sizeof(buffer)), 2 * (long)PAGE);
    EXPECT_EQUAL(buffer[2 * PAGE - 1], 5);
    EXPECT_EQUAL(write_memory(memory, large + HUGE_PAGE - 1, "e", 1), 1);
    EXPECT_EQUAL(large[HUGE_PAGE - 1], 'e');
    EXPECT_ERROR(syscall(__NR_futex, large + 9 * PAGE, FUTEX_WAIT, 1, NULL), EAGAIN);
    munmap(pages, 2 * HUGE_PAGE);
    close(memory);
}

static long process_vm(long call, void *remote, void *local)
{
    struct iovec here = {local, 1}, there = {remote, 1};

    return syscall(call, (long)getpid(), &here, 1L, &there, 1L, 0L);
}

static void process_vm_obeys_protection(void)
{
    char *page = map_pages(1, READ_WRITE);
    char byte = 'v';

    EXPECT_EQUAL(process_vm(__NR_process_vm_writev, page, &byte), 1);
    mprotect(page, PAGE, PROT_READ);
    EXPECT_EQUAL(process_vm(__NR_process_vm_readv, page, &byte), 1);
    EXPECT_ERROR(process_vm(__NR_process_vm_writev, page, &byte), EFAULT);
    mprotect(page, PAGE, PROT_NONE);
    EXPECT_ERROR(process_vm(__NR_process_vm_readv, page, &byte), EFAULT);
    mprotect(page, PAGE, PROT_WRITE);
    EXPECT_ERROR(process_vm(__NR_process_vm_readv, page, &byte), EFAULT);
    EXPECT_EQUAL(process_vm(__NR_process_vm_writev, page, &byte), 1);
    munmap(page, PAGE);
}

static const struct ktap_test tests[] = {
    {"whatever the protection of the pages", memory_whatever_its_protection},
    {"whatever PKRU says", memory_whatever_pkru},
    {"EIO where nothing is, and short where that begins", memory_that_is_not_there},
    {"no write reaches a file that is mapped to be read", files_are_not_written_through_readers},
    {"the middle of a page of 2 MiB", the_middle_of_a_large_page},
    {"process_vm_readv and writev obey the protection", process_vm_obeys_protection},
};

int main(void)
{
    mkdir("/tmp", 0777);
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
