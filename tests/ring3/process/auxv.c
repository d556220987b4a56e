// SPDX-License-Identifier: MIT
/*
 * What a program finds when it starts: the initial stack and the auxiliary vector.
 */
#include "tests/ring3/proc.h"

#include <elf.h>
#include <sys/auxv.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define HWCAP2_FSGSBASE 2

static int main_argc;
static char **main_argv;

/* The pairs behind the environment. */
static const unsigned long *vector(void)
{
    char **at = main_argv + main_argc + 1;

    while (*at != NULL)
        at++;
    return (const unsigned long *)(at + 1);
}

/* Whether there is such an entry; its value in *value. */
static bool find(unsigned long type, unsigned long *value)
{
    for (const unsigned long *entry = vector(); entry[0] != AT_NULL; entry += 2) {
        if (entry[0] == type) {
            *value = entry[1];
            return true;
        }
    }
    return false;
}

static unsigned long value_of(unsigned long type)
{
    unsigned long value = 0;

    EXPECT(find(type, &value));
    return value;
}

static void stack_is_in_order(void)
{
    const unsigned long *entry = vector();

    EXPECT_EQUAL(((uintptr_t)main_argv - 8) % 16, 0); // rsp, at argc
    EXPECT_EQUAL(((const long *)main_argv)[-1], main_argc);
    EXPECT(main_argv[main_argc] == NULL);
    while (entry[0] != AT_NULL)
        entry += 2;
    // Strings lie above the vector.
    EXPECT((uintptr_t)main_argv[0] > (uintptr_t)entry);
    EXPECT(environ[0] == NULL || environ[0] > main_argv[0]);
}

static void page_size(void)
{
    EXPECT_EQUAL(value_of(AT_PAGESZ), PAGE);
    EXPECT_EQUAL(value_of(AT_CLKTCK), 100);
}

static void program_headers(void)
{
    const Elf64_Phdr *headers = (const Elf64_Phdr *)value_of(AT_PHDR);
    size_t loads = 0;

    EXPECT_EQUAL(value_of(AT_PHENT), sizeof(Elf64_Phdr));
    for (size_t i = 0; i < value_of(AT_PHNUM); i++)
        loads += headers[i].p_type == PT_LOAD;
    EXPECT(loads > 0);
}

/* The ELF header is in front of its program headers in the first page of the image. */
static const Elf64_Ehdr *elf_header(void)
{
    return (const Elf64_Ehdr *)(value_of(AT_PHDR) & ~(PAGE - 1));
}

static void entry_point(void)
{
    const Elf64_Ehdr *header = elf_header();
    unsigned long bias = header->e_type == ET_DYN ? (unsigned long)header : 0;

    EXPECT_EQUAL(memcmp(header->e_ident, ELFMAG, SELFMAG), 0);
    EXPECT_EQUAL(value_of(AT_PHNUM), header->e_phnum);
    EXPECT_EQUAL(value_of(AT_ENTRY), header->e_entry + bias);
    EXPECT_EQUAL(value_of(AT_BASE), 0);
}

static void random_bytes(void)
{
    const unsigned char *bytes = (const unsigned char *)value_of(AT_RANDOM);
    int different = 0;

    if (!EXPECT(bytes != NULL))
        return;
    for (int i = 1; i < 16; i++)
        different += bytes[i] != bytes[0];
    EXPECT(different > 0);
}

static void file_name(void)
{
    const char *name = (const char *)value_of(AT_EXECFN);

    EXPECT(strlen(name) > 0);
    EXPECT_SUCCESS(access(name, X_OK));
}

static void users(void)
{
    EXPECT_EQUAL(value_of(AT_UID), syscall(__NR_getuid));
    EXPECT_EQUAL(value_of(AT_EUID), syscall(__NR_geteuid));
    EXPECT_EQUAL(value_of(AT_GID), syscall(__NR_getgid));
    EXPECT_EQUAL(value_of(AT_EGID), syscall(__NR_getegid));
    EXPECT_EQUAL(value_of(AT_SECURE), 0);
}

static void hardware(void)
{
    unsigned int eax, ebx, ecx, edx;

    __cpuid(1, eax, ebx, ecx, edx);
    EXPECT_EQUAL(value_of(AT_HWCAP), edx);
    EXPECT_EQUAL(strcmp((const char *)value_of(AT_PLATFORM), "x86_64"), 0);
}

static void fs_base_instructions(void)
{
    unsigned long base = 0;

    if (!(value_of(AT_HWCAP2) & HWCAP2_FSGSBASE)) {
        ktap_skip("AT_HWCAP2 does not promise RDFSBASE");
        return;
    }
    EXPECT_ALLOWED(PROBE("rdfsbase %%rax", 0));
    EXPECT_ALLOWED(PROBE("rdgsbase %%rax\n\twrgsbase %%rax", 0));
    __asm__ volatile("mov $0x123456789abc, %%rax\n\t"
                     "wrgsbase %%rax\n\t"
                     "mov %1, %%eax\n\t"
                     "syscall\n\t"
                     "rdgsbase %0\n\t"
                     "xor %%eax, %%eax\n\t"
                     "wrgsbase %%rax"
                     : "=&r"(base)
                     : "i"(__NR_sched_yield)
                     : "rax", "rcx", "r11", "memory");
    EXPECT_EQUAL(base, 0x123456789abc);
}

static void signal_frame_size(void)
{
    unsigned int eax, ebx, ecx, edx;
    unsigned long size;

    if (!find(AT_MINSIGSTKSZ, &size)) {
        ktap_skip("there is no AT_MINSIGSTKSZ");
        return;
    }
    __cpuid(1, eax, ebx, ecx, edx);
    if (ecx >> 27 & 1) { // OSXSAVE
        __cpuid_count(0xD, 0, eax, ebx, ecx, edx);
        EXPECT(size >= ebx + sizeof(siginfo_t));
    }
    EXPECT(size >= 512 + sizeof(siginfo_t));
    EXPECT(size < 65536);
}

static void in_proc(void)
{
    const unsigned long *entry = vector();
    long size = read_file("/proc/self/auxv");

    while (entry[0] != AT_NULL)
        entry += 2;
    EXPECT_EQUAL(size, (entry + 2 - vector()) * (long)sizeof(*entry));
    EXPECT(size > 0 && memcmp(proc_text, vector(), (size_t)size) == 0);
}

static const struct ktap_test tests[] = {
    {"the stack: argc at an aligned rsp, argv, envp, the vector, then strings", stack_is_in_order},
    {"AT_PAGESZ and AT_CLKTCK", page_size},
    {"AT_PHDR, AT_PHENT and AT_PHNUM lead to the program headers", program_headers},
    {"AT_ENTRY is the ELF header's, AT_BASE is 0", entry_point},
    {"AT_RANDOM has 16 bytes", random_bytes},
    {"AT_EXECFN is the program's path", file_name},
    {"AT_UID and its like, AT_SECURE", users},
    {"AT_HWCAP is CPUID's, AT_PLATFORM is x86_64", hardware},
    {"AT_HWCAP2 says whether the FS and GS base instructions work", fs_base_instructions},
    {"AT_MINSIGSTKSZ covers the XSAVE image", signal_frame_size},
    {"/proc/self/auxv is the same", in_proc},
};

int main(int argc, char **argv)
{
    main_argc = argc;
    main_argv = argv;
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
