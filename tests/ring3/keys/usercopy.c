// SPDX-License-Identifier: MIT
/*
 * The kernel's own accesses to user memory obey the caller's PKRU; changes of mappings do not ask
 * it.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define HALF (PAGE / 2)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static char *pages; /* two: the first under key 0, the second under key */
static char *denied;
static int key;
static int file; /* of two pages */
static int pipe_ends[2];

static void set_rights(unsigned int rights)
{
    pkey_set(key, rights);
}

/* The core reads and writes at the file's own offset alone. */
static ssize_t file_read(void *buffer, size_t size)
{
    if (is_core()) {
        lseek(file, 0, SEEK_SET);
        return read(file, buffer, size);
    }
    return pread(file, buffer, size, 0);
}

static ssize_t file_write(const void *buffer, size_t size)
{
    if (is_core()) {
        lseek(file, 0, SEEK_SET);
        return write(file, buffer, size);
    }
    return pwrite(file, buffer, size, 0);
}

static void read_into_denied(void)
{
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(file_read(denied, 1), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_ERROR(file_read(denied, 1), EFAULT);
    set_rights(0);
    EXPECT_EQUAL(file_read(denied, 1), 1);
}

static void write_from_denied(void)
{
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(file_write(denied, 1), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(file_write(denied, 1), 1);
    set_rights(0);
    EXPECT_EQUAL(file_write(denied, 1), 1);
}

static void pipes_obey(void)
{
    if (skipped_without_room("fs/pipe"))
        return;
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(write(pipe_ends[1], denied, 1), EFAULT);
    EXPECT_EQUAL(write(pipe_ends[1], pages, 1), 1);
    EXPECT_ERROR(read(pipe_ends[0], denied, 1), EFAULT);
    EXPECT_EQUAL(read(pipe_ends[0], pages, 1), 1);
}

static void straddling_read(void)
{
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(file_read(denied - HALF, PAGE), HALF);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_EQUAL(file_read(denied - HALF, PAGE), HALF);
    EXPECT_EQUAL(file_read(denied - 1, 2), 1);
    set_rights(0);
    EXPECT_EQUAL(file_read(denied - HALF, PAGE), PAGE);
}

static void straddling_write(void)
{
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_EQUAL(file_write(denied - HALF, PAGE), HALF);
    EXPECT_EQUAL(file_write(denied - 1, 2), 1);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(file_write(denied - HALF, PAGE), PAGE);
}

static void several_buffers(void)
{
    struct iovec vectors[] = {
        {.iov_base = pages, .iov_len = 10},
        {.iov_base = denied, .iov_len = 10},
        {.iov_base = pages, .iov_len = 10},
    };

    set_rights(PKEY_DISABLE_ACCESS);
    lseek(file, 0, SEEK_SET);
    EXPECT_EQUAL(writev(file, vectors, 3), 10);
    lseek(file, 0, SEEK_SET);
    EXPECT_EQUAL(readv(file, vectors, 3), 10);
    lseek(file, 0, SEEK_SET);
    EXPECT_ERROR(readv(file, vectors + 1, 2), EFAULT);
}

static void denied_vectors(void)
{
    struct iovec *vector = (struct iovec *)denied;

    set_rights(0);
    vector->iov_base = pages;
    vector->iov_len = 1;
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(writev(file, vector, 1), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(writev(file, vector, 1), 1);
}

static void results(void)
{
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_ERROR(syscall(__NR_uname, denied), EFAULT);
    EXPECT_ERROR(syscall(__NR_clock_gettime, CLOCK_MONOTONIC, denied), EFAULT);
    if (!is_core()) {
        EXPECT_ERROR(syscall(__NR_getcwd, denied, PAGE), EFAULT);
        EXPECT_ERROR(syscall(__NR_pipe, denied), EFAULT);
        EXPECT_ERROR(syscall(__NR_fstat, file, denied), EFAULT);
    }
    EXPECT_ERROR(syscall(__NR_rt_sigprocmask, SIG_BLOCK, NULL, denied, 8), EFAULT);
    set_rights(0);
    EXPECT_SUCCESS(syscall(__NR_uname, denied));
}

static void arguments(void)
{
    struct timespec *duration = (struct timespec *)denied;

    set_rights(0);
    duration->tv_sec = 0;
    duration->tv_nsec = 1;
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(syscall(__NR_nanosleep, duration, NULL), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_SUCCESS(syscall(__NR_nanosleep, duration, NULL));
}

/* Opens what a path leads to, and closes it again. */
static int look_at(const char *path)
{
    int opened = open(path, O_RDONLY);

    return opened < 0 ? opened : close(opened);
}

static void paths(void)
{
    set_rights(0);
    strcpy(denied, "/");
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(look_at(denied), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_SUCCESS(look_at(denied));
}

static void path_over_two_pages(void)
{
    char *path = denied - 3;

    set_rights(0);
    strcpy(path, "///tmp");
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(look_at(path), EFAULT);
    set_rights(0);
    strcpy(denied - 2, "/");
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_SUCCESS(look_at(denied - 2));
}

static void untouched_page(void)
{
    char *page = map_pages(1, READ_WRITE);

    pkey_mprotect(page, PAGE, READ_WRITE, key);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(file_read(page, 1), EFAULT);
    EXPECT_ERROR(file_write(page, 1), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_ERROR(file_read(page, 1), EFAULT);
    EXPECT_EQUAL(file_write(page, 1), 1);
    set_rights(0);
    EXPECT_EQUAL(file_read(page, 1), 1);
    munmap(page, PAGE);
}

static void wait_status(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_ERROR(syscall(__NR_wait4, child, denied, 0, NULL), EFAULT);
    set_rights(0);
    EXPECT_ERROR(waitpid(child, NULL, 0), ECHILD); // the child was reaped all the same
}

static void futex_word(void)
{
    long result;

    set_rights(0);
    *(volatile int *)denied = 1;
    errno = 0;
    result = syscall(__NR_futex, denied, FUTEX_WAIT, 0, NULL, NULL, 0);
    if (result == -1 && errno == ENOSYS) {
        ktap_skip("this kernel has no futex");
        return;
    }
    EXPECT_EQUAL(errno, EAGAIN);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(syscall(__NR_futex, denied, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
}

static void vmsplice_buffer(void)
{
    struct iovec vector = {.iov_base = denied, .iov_len = 1};

    if (skipped_without_room("fs/copy"))
        return;
    set_rights(0);
    EXPECT_EQUAL(syscall(__NR_vmsplice, pipe_ends[1], &vector, 1, 0), 1);
    EXPECT_EQUAL(read(pipe_ends[0], pages, 1), 1);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(syscall(__NR_vmsplice, pipe_ends[1], &vector, 1, 0), EFAULT);
}

static void populate(void)
{
    char *page = map_pages(1, READ_WRITE);

    if (skipped_without_room("mm/range"))
        return;
    EXPECT_SUCCESS(madvise(page, PAGE, MADV_POPULATE_WRITE));
    munmap(page, PAGE);
    page = map_pages(1, READ_WRITE);
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_ERROR(madvise(page, PAGE, MADV_POPULATE_WRITE), EINVAL);
    set_rights(0);
    EXPECT_SUCCESS(madvise(page, PAGE, MADV_POPULATE_WRITE));
    munmap(page, PAGE);
}

static void changes_of_mappings(void)
{
    char *page = map_pages(1, READ_WRITE);

    page[0] = 1;
    pkey_mprotect(page, PAGE, READ_WRITE, key);
    set_rights(PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE);
    EXPECT_SUCCESS(mprotect(page, PAGE, PROT_READ));
    EXPECT_SUCCESS(mprotect(page, PAGE, READ_WRITE));
    if (!is_core())
        EXPECT_SUCCESS(madvise(page, PAGE, MADV_DONTNEED));
    set_rights(0);
    EXPECT_EQUAL(page[0], is_core() ? 1 : 0);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_SUCCESS(munmap(page, PAGE));
    EXPECT_SEGV(read_fault(page), SEGV_MAPERR);
}

static const struct ktap_test tests[] = {
    {"read into a page: EFAULT under AD and under WD", read_into_denied},
    {"write from a page: EFAULT under AD, allowed under WD", write_from_denied},
    {"a pipe's read and write: EFAULT under AD", pipes_obey},
    {"read into a buffer that ends in a denied page: short count", straddling_read},
    {"write from a buffer that ends in a denied page: short count", straddling_write},
    {"readv and writev stop at the denied buffer", several_buffers},
    {"the vectors themselves in a denied page: EFAULT", denied_vectors},
    {"results to a page under WD: EFAULT", results},
    {"arguments from a page under AD: EFAULT, under WD allowed", arguments},
    {"paths from a page under AD: EFAULT, under WD allowed", paths},
    {"a path is read up to its end and no further", path_over_two_pages},
    {"a page not yet present: the same", untouched_page},
    {"wait4 to a page under WD: EFAULT, and the child is gone", wait_status},
    {"a futex word under AD: EFAULT", futex_word},
    {"vmsplice from a page under AD: EFAULT", vmsplice_buffer},
    {"MADV_POPULATE_WRITE of a page under WD: EINVAL", populate},
    {"mprotect, MADV_DONTNEED and munmap do not ask the key", changes_of_mappings},
};

static void set_up(void)
{
    static const char path[] = "/tmp/latchkey-usercopy";
    static const char content[2 * PAGE];

    mkdir("/tmp", 0777);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unlink(path);
    if (file < 0 || write(file, content, sizeof(content)) < 0 ||
        (!is_core() && pipe(pipe_ends) < 0)) {
        printf("Bail out! %s: %s\n", path, strerror(errno));
        exit(1);
    }
    pages = map_pages(2, READ_WRITE);
    denied = pages + PAGE;
    memset(pages, 1, 2 * PAGE);
    key = pkey_alloc(0, 0);
    pkey_mprotect(denied, PAGE, READ_WRITE, key);
}

int main(void)
{
    const char *reason = without_pku();

    probe_init();
    if (reason == NULL)
        set_up();
    return ktap_run(tests, COUNT(tests), reason);
}
