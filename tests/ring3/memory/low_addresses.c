// SPDX-License-Identifier: MIT
/*
 * Addresses below /proc/sys/vm/mmap_min_addr: only who has CAP_SYS_RAWIO maps there, and nobody
 * gets there by chance. Programs that are linked there are tested by elf.
 */
#include <linux/capability.h>
#include <linux/mman.h>

#include "tests/ring3/proc.h"

#define NOBODY 65534
#define WHOLE  ((size_t)1 << 62) /* more than there are addresses */

static uintptr_t lowest;

static void *map_at(uintptr_t address, size_t size, int flags)
{
    return mmap((void *)address, size, READ_WRITE, PRIVATE | flags, -1, 0);
}

static void *remap(void *from, size_t old_size, size_t new_size, int flags, uintptr_t to)
{
    return (void *)syscall(__NR_mremap, from, old_size, new_size, flags, to);
}

static void become_nobody(void)
{
    if (syscall(__NR_geteuid) == 0)
        EXPECT_SUCCESS(syscall(__NR_setuid, NOBODY));
}

static bool is_privileged(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    syscall(__NR_capget, &header, data);
    return data[0].effective >> CAP_SYS_RAWIO & 1;
}

static bool skipped_without_privilege(void)
{
    if (!is_privileged())
        ktap_skip("it has no CAP_SYS_RAWIO");
    return !is_privileged();
}

/* ---- mmap ---- */

static void map_as_nobody(void)
{
    become_nobody();
    EXPECT_ERROR(map_at(0, PAGE, MAP_FIXED), EPERM);
    EXPECT_ERROR(map_at(0, PAGE, MAP_FIXED_NOREPLACE), EPERM);
    EXPECT_ERROR(map_at(lowest - PAGE, PAGE, MAP_FIXED), EPERM);
    EXPECT_ERROR(map_at(lowest - PAGE, 2 * PAGE, MAP_FIXED), EPERM);
    EXPECT_EQUAL(map_at(lowest, PAGE, MAP_FIXED_NOREPLACE), lowest);
    EXPECT_ERROR(map_at(lowest - PAGE, 2 * PAGE, MAP_FIXED_NOREPLACE), EPERM);
}

static void without_privilege(void)
{
    run_in_child(map_as_nobody);
}

static void with_privilege(void)
{
    if (skipped_without_privilege())
        return;
    EXPECT_EQUAL(map_at(0, PAGE, MAP_FIXED_NOREPLACE), 0);
    EXPECT_ALLOWED(write_fault(NULL));
    EXPECT_ERROR(map_at(0, PAGE, MAP_FIXED_NOREPLACE), EEXIST);
    EXPECT_EQUAL(map_at(0, PAGE, MAP_FIXED), 0);
    EXPECT_SUCCESS(munmap(NULL, PAGE));
}

static void ask_wrongly_as_nobody(void)
{
    int file = open("/proc/self/exe", O_RDONLY);

    become_nobody();
    EXPECT_ERROR(map_at(0, 0, MAP_FIXED), EINVAL);
    EXPECT_ERROR(map_at(16, PAGE, MAP_FIXED), EINVAL);
    EXPECT_ERROR(map_at(0, WHOLE, MAP_FIXED), ENOMEM);
    EXPECT_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0), EBADF);
    EXPECT_ERROR(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED | MAP_FIXED, file, 0), EPERM);
    EXPECT_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS | MAP_FIXED, -1, 0), EPERM);
    close(file);
}

static void order_of_errors(void)
{
    run_in_child(ask_wrongly_as_nobody);
}

/* Privileged or not. */
static void hints(void)
{
    uintptr_t hint = (lowest - 1) / PAGE * PAGE;
    void *page;

    page = map_at(hint, PAGE, 0);
    EXPECT(hint ? page == (void *)lowest : page > (void *)lowest);
    munmap(page, PAGE);
    EXPECT_EQUAL(map_at(lowest, PAGE, MAP_FIXED_NOREPLACE), lowest);
    page = map_at(hint, PAGE, 0);
    EXPECT(page > (void *)lowest);
    munmap(page, PAGE);
    munmap((void *)lowest, PAGE);
}

/* ---- mremap ---- */

static void move_as_nobody(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

    become_nobody();
    EXPECT_ERROR(remap(page, PAGE, PAGE, flags, 0), EPERM);
    EXPECT_ERROR(remap(page, PAGE, 2 * PAGE, flags, lowest - PAGE), EPERM);
    EXPECT_ERROR(remap(page, PAGE, PAGE, flags, 16), EINVAL);
    EXPECT_ERROR(remap(page, PAGE, WHOLE, flags, 0), EINVAL);
    EXPECT_ERROR(remap(page, 0, PAGE, flags, 0), EINVAL);
    EXPECT_ERROR(remap(page + PAGE, PAGE, PAGE, flags, 0), EFAULT);
    if (lowest > PAGE)
        EXPECT_ERROR(remap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, PAGE), EPERM);
    EXPECT_EQUAL(remap(page, PAGE, PAGE, flags, lowest), lowest);
}

static void moves(void)
{
    run_in_child(move_as_nobody);
}

static void moves_with_privilege(void)
{
    char *page = map_lonely_pages(1, READ_WRITE);

    if (skipped_without_privilege())
        return;
    *page = 'p';
    EXPECT_EQUAL(remap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0), 0);
    EXPECT_EQUAL(remap(NULL, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (uintptr_t)page), page);
    EXPECT_EQUAL(*page, 'p');
}

/* With MREMAP_DONTUNMAP the new address is a hint, to be as good as one that is meant. */
static void hints_of_moves(void)
{
    int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    char *page = map_lonely_pages(1, READ_WRITE), *wanted = map_lonely_pages(1, READ_WRITE);
    char *taken = map_pages(1, READ_WRITE), *moved;

    munmap(wanted, PAGE);
    EXPECT_ERROR(remap(page, PAGE, PAGE, flags, (uintptr_t)wanted + 16), EINVAL);
    EXPECT_ERROR(remap(page, PAGE, PAGE, flags, (uintptr_t)page), EINVAL);
    EXPECT_ERROR(remap(page, PAGE, PAGE, flags, (uintptr_t)-PAGE), EINVAL);
    EXPECT_EQUAL(remap(page, PAGE, PAGE, flags, (uintptr_t)wanted), wanted);
    moved = remap(page, PAGE, PAGE, flags, (uintptr_t)taken);
    EXPECT(moved != MAP_FAILED && moved != taken);
    munmap(moved, PAGE);
    moved = remap(page, PAGE, PAGE, flags, 0);
    EXPECT(moved != MAP_FAILED && moved > (char *)lowest);
    munmap(moved, PAGE);
}

/* ---- who was privileged ---- */

static void keep_as_nobody(void)
{
    EXPECT_EQUAL(map_at(0, PAGE, MAP_FIXED), 0);
    become_nobody();
    EXPECT_ALLOWED(write_fault(NULL));
    EXPECT_ERROR(map_at(0, PAGE, MAP_FIXED), EPERM);
    EXPECT_ERROR(remap(NULL, PAGE, 2 * PAGE, 0, 0), ENOMEM);
    EXPECT_SUCCESS(mprotect(NULL, PAGE, PROT_READ));
    EXPECT_SUCCESS(munmap(NULL, PAGE));
}

static void kept(void)
{
    if (!skipped_without_privilege())
        run_in_child(keep_as_nobody);
}

/* ---- stacks ---- */

static void grow_too_low(void)
{
    volatile char *stack = map_at(lowest, PAGE, MAP_FIXED_NOREPLACE | MAP_GROWSDOWN);

    *stack = 1;
    stack[-1] = 1;
}

static void stacks(void)
{
    EXPECT_KILLED(grow_too_low, SIGSEGV);
}

static const struct ktap_test tests[] = {
    {"without privilege nothing is mapped there", without_privilege},
    {"with CAP_SYS_RAWIO it is", with_privilege},
    {"errors have an order", order_of_errors},
    {"a hint there means the lowest address", hints},
    {"nothing moves there", moves},
    {"with CAP_SYS_RAWIO it does", moves_with_privilege},
    {"mremap takes a hint with MREMAP_DONTUNMAP", hints_of_moves},
    {"what is there may be kept without privilege, not grow", kept},
    {"no stack grows there", stacks},
};

int main(void)
{
    probe_init();
    if (read_file("/proc/sys/vm/mmap_min_addr") < 0) {
        printf("Bail out! mmap_min_addr: %s\n", strerror(errno));
        return 1;
    }
    lowest = (uintptr_t)strtoul(proc_text, NULL, 10);
    return ktap_run(tests, COUNT(tests), lowest ? NULL : "every address may be mapped");
}
