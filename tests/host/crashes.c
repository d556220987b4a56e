// SPDX-License-Identifier: MIT
/*
 * Dies in many ways, so that the kernel has to explain each. Every argument names a way; a child
 * goes it, and the program prints the signal that the child died of.
 *
 * Built by test_reports.py for Linux, with the C library of the host.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE      4096ul
#define HUGE_PAGE (2ul << 20)
#define RW        (PROT_READ | PROT_WRITE)

static volatile char sink;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static volatile char *map(size_t size, int prot, int flags, int fd)
{
    void *address = mmap(NULL, size, prot, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

    if (address == MAP_FAILED)
        fail("mmap");
    return address;
}

static volatile char *page(int prot)
{
    return map(PAGE, prot, MAP_PRIVATE, -1);
}

static void protect(volatile char *address, int prot)
{
    if (mprotect((void *)address, PAGE, prot))
        fail("mprotect");
}

/* A page under a key with these rights, which has been written before if it is to be present. */
static volatile char *keyed_page(int prot, unsigned int rights, int present)
{
    volatile char *address = page(RW);
    int key = pkey_alloc(0, 0);

    if (present)
        *address = 1;
    if (key < 0 || pkey_mprotect((void *)address, PAGE, prot, key) || pkey_set(key, rights))
        fail("pkey_mprotect");
    return address;
}

static volatile char *execute_only_page(void)
{
    volatile char *address = page(RW);

    *address = 1;
    protect(address, PROT_EXEC);
    return address;
}

static int file_of(off_t size, int flags)
{
    int fd = open("crashes.tmp", O_RDWR | O_CREAT, 0600);

    if (fd < 0 || ftruncate(fd, size) || close(fd))
        fail("crashes.tmp");
    fd = open("crashes.tmp", flags);
    unlink("crashes.tmp");
    return fd;
}

static void jump(uintptr_t address)
{
    ((void (*)(void))address)();
}

/* ---- keys ---- */

static void wd_write(void)
{
    *keyed_page(RW, PKEY_DISABLE_WRITE, 1) = 2;
}

static void wd_write_missing(void)
{
    *keyed_page(RW, PKEY_DISABLE_WRITE, 0) = 2;
}

static void wd_write_shared(void)
{
    volatile char *address = keyed_page(RW, PKEY_DISABLE_WRITE, 0);

    sink = *address;
    *address = 2;
}

static void wd_write_read_only(void)
{
    *keyed_page(PROT_READ, PKEY_DISABLE_WRITE, 1) = 2;
}

static void wd_write_huge(void)
{
    uintptr_t start = (uintptr_t)map(2 * HUGE_PAGE, RW, MAP_PRIVATE, -1);
    volatile char *address = (char *)((start + HUGE_PAGE - 1) & -HUGE_PAGE);

    madvise((void *)address, HUGE_PAGE, MADV_HUGEPAGE);
    *address = 1;
    int key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    if (key < 0 || pkey_mprotect((void *)address, HUGE_PAGE, RW, key))
        fail("pkey_mprotect");
    address[0x3039] = 1;
}

static void ad_read(void)
{
    sink = *keyed_page(RW, PKEY_DISABLE_ACCESS, 1);
}

static void ad_write(void)
{
    *keyed_page(RW, PKEY_DISABLE_ACCESS, 1) = 2;
}

static void ad_read_missing(void)
{
    sink = *keyed_page(RW, PKEY_DISABLE_ACCESS, 0);
}

static void ad_read_none(void)
{
    sink = *keyed_page(PROT_NONE, PKEY_DISABLE_ACCESS, 1);
}

static void ad_read_beyond_file(void)
{
    volatile char *address = map(2 * PAGE, RW, MAP_SHARED, file_of(100, O_RDWR));
    int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

    if (key < 0 || pkey_mprotect((void *)address, 2 * PAGE, RW, key))
        fail("pkey_mprotect");
    sink = address[PAGE];
}

static void execute_only_read(void)
{
    sink = *execute_only_page();
}

static void execute_only_write(void)
{
    *execute_only_page() = 2;
}

/* ---- permissions ---- */

static void read_only_write(void)
{
    volatile char *address = page(PROT_READ);

    sink = *address;
    *address = 1;
}

static void text_write(void)
{
    *(volatile char *)(uintptr_t)text_write = 1;
}

static void read_only_file_write(void)
{
    *map(PAGE, PROT_READ, MAP_SHARED, file_of(100, O_RDONLY)) = 1;
}

static void none_read(void)
{
    volatile char *address = page(RW);

    *address = 1;
    protect(address, PROT_NONE);
    sink = *address;
}

static void no_exec(void)
{
    volatile char *address = page(RW);

    *address = 1;
    jump((uintptr_t)address);
}

/* ---- no VMA ---- */

static volatile uintptr_t zero; /* which the compiler does not know */

static void null_read(void)
{
    sink = *(volatile char *)zero;
}

static void null_field(void)
{
    *(volatile char *)(zero + 24) = 1;
}

static void null_call(void)
{
    jump(zero);
}

static void hole_read(void)
{
    sink = *(volatile char *)(zero + 0x12345678000);
}

static void hole_call(void)
{
    jump(0x12345678000);
}

static void past_end(void)
{
    volatile char *address = map(2 * PAGE, RW, MAP_PRIVATE, -1);

    munmap((void *)(address + PAGE), PAGE);
    sink = address[PAGE];
}

static void kernel_read(void)
{
    sink = *(volatile char *)(zero + 0xffffffff80110000);
}

static void stack_overflow(void)
{
    volatile char frame[2000];

    frame[0] = 1;
    if (!zero)
        stack_overflow();
    sink = frame[0];
}

static void instruction_runs_on(void)
{
    volatile char *address = map(2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, -1);

    munmap((void *)(address + PAGE), PAGE);
    address[PAGE - 1] = 0x0f; /* the first byte of two */
    jump((uintptr_t)address + PAGE - 1);
}

static void beyond_file(void)
{
    volatile char *address = map(2 * PAGE, RW, MAP_SHARED, file_of(100, O_RDWR));

    sink = address[PAGE + 16];
}

/* ---- other exceptions ---- */

static void wrpkru_operands(void)
{
    __asm__ volatile("wrpkru" : : "a"(0), "c"(1), "d"(2));
}

static void rdpkru_operands(void)
{
    __asm__ volatile("rdpkru" : : "c"(1) : "eax", "edx");
}

static void rdpkru(void)
{
    __asm__ volatile("rdpkru" : : "c"(0) : "eax", "edx");
}

static void hlt(void)
{
    __asm__ volatile("hlt");
}

static void cli(void)
{
    __asm__ volatile("cli");
}

static void read_cr3(void)
{
    __asm__ volatile("mov %%cr3, %%rax" : : : "rax");
}

static void sgdt(void)
{
    char table[10];

    __asm__ volatile("sgdt %0" : "=m"(table));
}

static void int_0x30(void)
{
    __asm__ volatile("int $0x30");
}

static void far_jump(void)
{
    static const struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) code32 = {0, 0x23};

    __asm__ volatile("ljmp *%0" : : "m"(code32));
}

static void non_canonical(void)
{
    __asm__ volatile("mov (%0), %%al" : : "c"(0x1234567812345678) : "rax");
}

static void misaligned(void)
{
    static const char bytes[64];

    __asm__ volatile("movaps (%0), %%xmm0" : : "c"(((uintptr_t)bytes & -16ul) + 8));
}

static void ud2(void)
{
    __builtin_trap();
}

static void no_opcode(void)
{
    __asm__ volatile(".byte 0x06");
}

static void divide_by_zero(void)
{
    __asm__ volatile("divl %%ecx" : : "a"(7), "d"(0), "c"(0));
}

static void divide_too_large(void)
{
    __asm__ volatile("idivl %%ecx" : : "a"(0x80000000), "d"(-1), "c"(-1));
}

static void int3(void)
{
    __asm__ volatile("int3");
}

static void x87(void)
{
    uint16_t control = 0x37b; /* division by zero not masked */

    __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
}

/* ---- signals ---- */

static void abort_call(void)
{
    abort();
}

static void handler(int number)
{
    (void)number;
}

static void no_stack_for_handler(void)
{
    signal(SIGUSR1, handler);
    __asm__ volatile("mov %0, %%rsp; syscall"
                     :
                     : "r"(0x1000ul), "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1));
}

static void sigreturn_without_frame(void)
{
    __asm__ volatile("mov $0x1000, %%esp; syscall" : : "a"(SYS_rt_sigreturn));
}

/* clang-format off */
#define WAY(function) {#function, function}
/* clang-format on */

static const struct {
    const char *name;
    void (*go)(void);
} ways[] = {
    WAY(wd_write),
    WAY(wd_write_missing),
    WAY(wd_write_shared),
    WAY(wd_write_read_only),
    WAY(wd_write_huge),
    WAY(ad_read),
    WAY(ad_write),
    WAY(ad_read_missing),
    WAY(ad_read_none),
    WAY(ad_read_beyond_file),
    WAY(execute_only_read),
    WAY(execute_only_write),
    WAY(read_only_write),
    WAY(text_write),
    WAY(read_only_file_write),
    WAY(none_read),
    WAY(no_exec),
    WAY(null_read),
    WAY(null_field),
    WAY(null_call),
    WAY(hole_read),
    WAY(hole_call),
    WAY(past_end),
    WAY(kernel_read),
    WAY(stack_overflow),
    WAY(beyond_file),
    WAY(instruction_runs_on),
    WAY(wrpkru_operands),
    WAY(rdpkru_operands),
    WAY(rdpkru),
    WAY(hlt),
    WAY(cli),
    WAY(read_cr3),
    WAY(sgdt),
    WAY(int_0x30),
    WAY(far_jump),
    WAY(non_canonical),
    WAY(misaligned),
    WAY(ud2),
    WAY(no_opcode),
    WAY(divide_by_zero),
    WAY(divide_too_large),
    WAY(int3),
    WAY(x87),
    WAY(abort_call),
    WAY(no_stack_for_handler),
    WAY(sigreturn_without_frame),
};

static void go(const char *name)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, name) == 0)
            ways[i].go();
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0); /* or children would print it again */
    for (int i = 1; i < argc; i++) {
        int status;
        pid_t child = fork();

        if (child == 0) {
            go(argv[i]);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
            fail("fork");
        printf("%s %d\n", argv[i], WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
    return 0;
}
