// SPDX-License-Identifier: MIT
/*
 * The door to the kernel itself: numbers that are no calls, and what a call leaves alone.
 */
#include "tests/ring3/ring3.h"

static void no_such_call(void)
{
    static const long numbers[] = {-1, 600, 1023, 9999, INT32_MAX, INT32_MIN};

    for (size_t i = 0; i < COUNT(numbers); i++)
        EXPECT_ERROR(syscall(numbers[i], 0, 0, 0, 0, 0, 0), ENOSYS);
}

static void number_has_32_bits(void)
{
    EXPECT_EQUAL(syscall(1L << 32 | __NR_getpid), getpid());
}

/* rbx, rbp, r12 to r15 and the arguments' registers before and after a call. */
static void registers_are_kept(void)
{
    unsigned long differences;

    __asm__ volatile("push %%rbp\n\t"
                     "mov $0x11, %%edi\n\t"
                     "mov $0x12, %%esi\n\t"
                     "mov $0x13, %%edx\n\t"
                     "mov $0x14, %%r10d\n\t"
                     "mov $0x15, %%r8d\n\t"
                     "mov $0x16, %%r9d\n\t"
                     "mov $0x17, %%ebx\n\t"
                     "mov $0x18, %%ebp\n\t"
                     "mov $0x19, %%r12d\n\t"
                     "mov $0x1a, %%r13d\n\t"
                     "mov $0x1b, %%r14d\n\t"
                     "mov $0x1c, %%r15d\n\t"
                     "syscall\n\t"
                     "xor $0x11, %%rdi\n\t"
                     "xor $0x12, %%rsi\n\t"
                     "xor $0x13, %%rdx\n\t"
                     "xor $0x14, %%r10\n\t"
                     "xor $0x15, %%r8\n\t"
                     "xor $0x16, %%r9\n\t"
                     "xor $0x17, %%rbx\n\t"
                     "xor $0x18, %%rbp\n\t"
                     "xor $0x19, %%r12\n\t"
                     "xor $0x1a, %%r13\n\t"
                     "xor $0x1b, %%r14\n\t"
                     "xor $0x1c, %%r15\n\t"
                     "or %%rdi, %%rsi\n\t"
                     "or %%rdx, %%rsi\n\t"
                     "or %%r10, %%rsi\n\t"
                     "or %%r8, %%rsi\n\t"
                     "or %%r9, %%rsi\n\t"
                     "or %%rbx, %%rsi\n\t"
                     "or %%rbp, %%rsi\n\t"
                     "or %%r12, %%rsi\n\t"
                     "or %%r13, %%rsi\n\t"
                     "or %%r14, %%rsi\n\t"
                     "or %%r15, %%rsi\n\t"
                     "pop %%rbp"
                     : "=S"(differences)
                     : "a"(__NR_getpid)
                     : "rbx", "rcx", "rdx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "cc", "memory");
    EXPECT_EQUAL(differences, 0);
}

/* SYSCALL itself puts the return address into rcx and the flags into r11. */
static void rcx_and_r11(void)
{
    unsigned long rcx, r11, expected, flags;

    __asm__ volatile("lea 1f(%%rip), %2\n\t"
                     "pushf\n\t"
                     "pop %3\n\t"
                     "syscall\n"
                     "1:\n\t"
                     "mov %%r11, %1"
                     : "=c"(rcx), "=&r"(r11), "=&r"(expected), "=&r"(flags)
                     : "a"(__NR_getpid)
                     : "r11", "memory");
    EXPECT_EQUAL(rcx, expected);
    EXPECT_EQUAL(r11, flags);
}

static void flags_are_kept(void)
{
    unsigned long flags;

    __asm__ volatile("std\n\t"
                     "stc\n\t"
                     "syscall\n\t"
                     "pushf\n\t"
                     "pop %0\n\t"
                     "cld"
                     : "=&r"(flags)
                     : "a"(__NR_getpid)
                     : "rcx", "r11", "cc", "memory");
    EXPECT_EQUAL(flags & 0x401, 0x401);
}

static void six_arguments(void)
{
    // The sixth is the offset: it must be a multiple of the page size.
    EXPECT_ERROR(syscall(__NR_mmap, NULL, PAGE, PROT_READ, PRIVATE, -1, 0L), 0);
    EXPECT_ERROR(syscall(__NR_mmap, NULL, PAGE, PROT_READ, PRIVATE, -1, 5L), EINVAL);
}

static void pkru_is_kept(void)
{
    if (skipped_without_pku())
        return;
    pkru_write(0x12345678 & ~3U);
    getpid();
    EXPECT_EQUAL(pkru_read(), 0x12345678 & ~3U);
    pkru_write(PKRU_INIT);
}

static const struct ktap_test tests[] = {
    {"a number that is no call is ENOSYS", no_such_call},
    {"only the low 32 bits of the number count", number_has_32_bits},
    {"a call keeps all registers but rax, rcx and r11", registers_are_kept},
    {"rcx has the return address and r11 the flags", rcx_and_r11},
    {"a call keeps the flags", flags_are_kept},
    {"the sixth argument arrives", six_arguments},
    {"a call keeps PKRU", pkru_is_kept},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
