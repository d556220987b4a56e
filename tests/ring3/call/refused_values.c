// SPDX-License-Identifier: MIT
/*
 * Values of a program's that an instruction of the kernel would refuse: WRMSR a base that is not
 * canonical, IRETQ or SYSRET an address or a selector, XRSTOR an image. The call says no or the
 * program dies, and the kernel lives. What rt_sigreturn takes from a frame is in sigreturn, too,
 * and entry points are in elf.
 */
#include <elf.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <sys/auxv.h>
#include <sys/uio.h>

#include <asm/prctl.h>

#include "tests/ring3/tasks.h"

#define NOT_CANONICAL UINT64_C(0x8000000000000000)
#define KERNELS       UINT64_C(0xffff888000000000) /* canonical */
#define IMAGE_SIZE    8192                         /* at least an XSAVE image */
#define HAS_FSGSBASE  2                            /* of AT_HWCAP2 */

/* Neither four levels of tables nor five can have these; USER_END is for four alone. */
static const uint64_t bad_bases[] = {NOT_CANONICAL,         KERNELS,         UINT64_MAX,
                                     UINT64_MAX << 63 >> 1, UINT64_MAX >> 1, USER_END,
                                     USER_END + PAGE};

static size_t bad_base_count(void)
{
    return COUNT(bad_bases) - (has_five_levels() ? 2 : 0);
}

/* ---- thread-local storage of a new task ---- */

/* In the child: one turn for others, so that its registers are loaded once more, and the end. */
static long clone_and_exit(long number, uint64_t first, uint64_t second, uint64_t tls)
{
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = tls;
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[yield], %%eax\n\t"
                     "syscall\n\t"
                     "mov %[exit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(0l), "r"(r10),
                       "r"(r8), [yield] "i"(__NR_sched_yield), [exit] "i"(__NR_exit)
                     : "rcx", "r11", "memory");
    return result;
}

static long clone_with(uint64_t tls)
{
    return clone_and_exit(__NR_clone, CLONE_SETTLS | SIGCHLD, 0, tls);
}

static long clone3_with(uint64_t tls)
{
    struct clone_args arguments = {.flags = CLONE_SETTLS, .exit_signal = SIGCHLD, .tls = tls};

    return clone_and_exit(__NR_clone3, (uintptr_t)&arguments, sizeof(arguments), 0);
}

static bool ended_well(long child)
{
    int status = -1;

    return child > 0 && waitpid((pid_t)child, &status, 0) == child && status == 0;
}

static void no_child_of_bad_base(void)
{
    for (size_t i = 0; i < bad_base_count(); i++) {
        EXPECT_EQUAL(clone_with(bad_bases[i]), -EPERM);
        EXPECT_EQUAL(clone3_with(bad_bases[i]), -EPERM);
    }
    EXPECT_ERROR(waitpid(-1, NULL, 0), ECHILD);
    EXPECT(ended_well(clone_with(USER_END - 1)));
    EXPECT(ended_well(clone3_with(USER_END - 1)));
    EXPECT(ended_well(clone_with(0)));
}

/* Without the flag the argument is not looked at. */
static void unused_base(void)
{
    EXPECT(ended_well(clone_and_exit(__NR_clone, SIGCHLD, 0, NOT_CANONICAL)));
}

/* ---- arch_prctl ---- */

static void arch_prctl_of_bad_base(void)
{
    unsigned long before, base;

    EXPECT_SUCCESS(syscall(__NR_arch_prctl, ARCH_GET_FS, &before));
    for (size_t i = 0; i < bad_base_count(); i++) {
        EXPECT_ERROR(syscall(__NR_arch_prctl, ARCH_SET_FS, bad_bases[i]), EPERM);
        EXPECT_ERROR(syscall(__NR_arch_prctl, ARCH_SET_GS, bad_bases[i]), EPERM);
    }
    EXPECT_SUCCESS(syscall(__NR_arch_prctl, ARCH_GET_FS, &base));
    EXPECT_EQUAL(base, before);
    EXPECT_SUCCESS(syscall(__NR_arch_prctl, ARCH_SET_GS, USER_END - 1));
    EXPECT_SUCCESS(syscall(__NR_arch_prctl, ARCH_GET_GS, &base));
    EXPECT_EQUAL(base, USER_END - 1);
    syscall(__NR_arch_prctl, ARCH_SET_GS, 0);
}

/* ---- what a tracer sets ---- */

/* Words of struct user_regs_struct. */
enum {
    WORD_R15,
    WORD_RIP = 16,
    WORD_CS,
    WORD_FLAGS,
    WORD_RSP,
    WORD_SS,
    WORD_FS_BASE,
    WORD_GS_BASE,
    WORD_DS,
    WORD_ES,
    WORD_FS,
    WORD_GS,
    WORDS,
};

static long trace(long request, pid_t pid, uintptr_t address, uintptr_t data)
{
    return syscall(__NR_ptrace, request, pid, address, data);
}

static long poke(pid_t pid, unsigned int word, uint64_t value)
{
    return trace(PTRACE_POKEUSR, pid, word * sizeof(uint64_t), value);
}

/* A child that has run a function, stands still, and exits with status 0 when it goes on. */
static pid_t start_tracee(void (*prepare)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        trace(PTRACE_TRACEME, 0, 0, 0);
        if (prepare)
            prepare();
        raise(SIGSTOP);
        _exit(0);
    }
    EXPECT_EQUAL(waitpid(pid, &status, 0), pid);
    EXPECT_EQUAL(status, SIGSTOP << 8 | 0x7f);
    return pid;
}

static void end_tracee(pid_t pid)
{
    EXPECT_SUCCESS(trace(PTRACE_CONT, pid, 0, 0));
    EXPECT(ended_well(pid));
}

static long set_all(pid_t pid, const uint64_t *registers)
{
    return trace(PTRACE_SETREGS, pid, 0, (uintptr_t)registers);
}

static long set_first(pid_t pid, uint64_t *registers, size_t words)
{
    struct iovec set = {registers, words * sizeof(*registers)};

    return trace(PTRACE_SETREGSET, pid, NT_PRSTATUS, (uintptr_t)&set);
}

/* By each of the three ways; the register alone is wrong. */
static void expect_refused(pid_t pid, unsigned int word, uint64_t value)
{
    uint64_t registers[WORDS];

    EXPECT_SUCCESS(trace(PTRACE_GETREGS, pid, 0, (uintptr_t)registers));
    registers[word] = value;
    EXPECT_ERROR(poke(pid, word, value), EIO);
    EXPECT_ERROR(set_all(pid, registers), EIO);
    EXPECT_ERROR(set_first(pid, registers, WORDS), EIO);
}

static void traced_bases(void)
{
    pid_t pid = start_tracee(NULL);

    for (size_t i = 0; i < bad_base_count(); i++) {
        expect_refused(pid, WORD_FS_BASE, bad_bases[i]);
        expect_refused(pid, WORD_GS_BASE, bad_bases[i]);
    }
    EXPECT_SUCCESS(poke(pid, WORD_GS_BASE, USER_END - 1));
    end_tracee(pid);
}

/* Ring 0's, of which none may be had; none of code or stack; and what is cut off above 16 bits. */
static void traced_selectors(void)
{
    static const unsigned int all[] = {WORD_CS, WORD_SS, WORD_DS, WORD_ES, WORD_FS, WORD_GS};
    pid_t pid = start_tracee(NULL);
    unsigned long cs = 0;

    for (size_t i = 0; i < COUNT(all); i++)
        for (uint64_t ring = 0; ring < 3; ring++)
            expect_refused(pid, all[i], 0x10 | ring);
    expect_refused(pid, WORD_CS, 0);
    expect_refused(pid, WORD_SS, 0);
    EXPECT_SUCCESS(trace(PTRACE_PEEKUSR, pid, WORD_CS * sizeof(cs), (uintptr_t)&cs));
    EXPECT_SUCCESS(poke(pid, WORD_CS, cs | 0x7fff0000));
    end_tracee(pid);
}

/* What lets no program go on is SIGSEGV for it. */
static void expect_segv_with(unsigned int word, uint64_t value)
{
    pid_t pid = start_tracee(NULL);
    int status = 0;

    EXPECT_SUCCESS(poke(pid, word, value));
    EXPECT_SUCCESS(trace(PTRACE_CONT, pid, 0, 0));
    EXPECT_EQUAL(waitpid(pid, &status, 0), pid);
    EXPECT_EQUAL(status, SIGSEGV << 8 | 0x7f);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

static void traced_impossible(void)
{
    expect_segv_with(WORD_RIP, NOT_CANONICAL);
    expect_segv_with(WORD_RIP, USER_END + PAGE);
    expect_segv_with(WORD_RIP, KERNELS);
    expect_segv_with(WORD_CS, 0x2b);
    expect_segv_with(WORD_CS, 0x13);
    expect_segv_with(WORD_CS, 0x37);
    expect_segv_with(WORD_SS, 0x33);
    expect_segv_with(WORD_SS, 0x1b);
    expect_segv_with(WORD_SS, 0xfffb);
}

static void all_flags(void)
{
    static const uint64_t flags[] = {UINT64_MAX & ~UINT64_C(0x100), NOT_CANONICAL | 2 << 12, 0};
    pid_t pid = start_tracee(NULL);

    for (size_t i = 0; i < COUNT(flags); i++)
        EXPECT_SUCCESS(poke(pid, WORD_FLAGS, flags[i]));
    EXPECT_SUCCESS(poke(pid, WORD_FLAGS, flags[0] & ~UINT64_C(0x40000)));
    end_tracee(pid);
}

static void take_kernels_base(void)
{
    __asm__ volatile("wrgsbase %0" : : "r"(KERNELS));
}

/* A program can load such a base itself, and a tracer may then still set other registers. */
static void traced_with_kernels_base(void)
{
    uint64_t registers[WORDS];
    pid_t pid;

    if (!(getauxval(AT_HWCAP2) & HAS_FSGSBASE)) {
        ktap_skip("programs cannot set bases without a call here");
        return;
    }
    pid = start_tracee(take_kernels_base);
    EXPECT_SUCCESS(trace(PTRACE_GETREGS, pid, 0, (uintptr_t)registers));
    EXPECT_EQUAL(registers[WORD_GS_BASE], KERNELS);
    EXPECT_SUCCESS(poke(pid, WORD_R15, 1));
    EXPECT_SUCCESS(set_first(pid, registers, 1));
    EXPECT_ERROR(set_all(pid, registers), EIO);
    EXPECT_SUCCESS(poke(pid, WORD_GS_BASE, 0));
    end_tracee(pid);
}

/* ---- the extended state ---- */

static union {
    char bytes[IMAGE_SIZE];
    uint64_t words[IMAGE_SIZE / 8];
} image;

#define MXCSR_WORD      (24 / 8)
#define XSTATE_BV_WORD  (512 / 8)
#define HEADER_END_WORD (576 / 8)

/* The bits of MXCSR's upper half that this CPU has not: all but AMD's 17 (SDM vol. 1, 11.6.6). */
static bool is_reserved_in_mxcsr(uint64_t bit)
{
    static uint32_t area[128] __attribute__((aligned(16)));

    __asm__ volatile("fxsave64 %0" : "=m"(area));
    return !(area[7] >> bit & 1);
}

static void expect_image_refused(pid_t pid, struct iovec *set, unsigned int note, size_t word,
                                 uint64_t bit)
{
    image.words[word] ^= bit;
    EXPECT_ERROR(trace(PTRACE_SETREGSET, pid, note, (uintptr_t)set), EINVAL);
    image.words[word] ^= bit;
}

static void expect_mxcsr_refused(pid_t pid, struct iovec *set, unsigned int note)
{
    for (uint64_t bit = 16; bit < 32; bit++)
        if (is_reserved_in_mxcsr(bit))
            expect_image_refused(pid, set, note, MXCSR_WORD, UINT64_C(1) << bit);
}

static void traced_images(void)
{
    pid_t pid = start_tracee(NULL);
    struct iovec set = {&image, sizeof(image)};

    if (!EXPECT_SUCCESS(trace(PTRACE_GETREGSET, pid, NT_PRFPREG, (uintptr_t)&set)))
        return;
    expect_mxcsr_refused(pid, &set, NT_PRFPREG);
    set.iov_len = sizeof(image);
    if (trace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, (uintptr_t)&set) == 0) {
        image.words[XSTATE_BV_WORD] |= 3;
        expect_mxcsr_refused(pid, &set, NT_X86_XSTATE);
        for (uint64_t bit = 48; bit < 64; bit++) /* 62 at the most are components */
            expect_image_refused(pid, &set, NT_X86_XSTATE, XSTATE_BV_WORD, UINT64_C(1) << bit);
        for (size_t word = XSTATE_BV_WORD + 1; word < HEADER_END_WORD; word++)
            expect_image_refused(pid, &set, NT_X86_XSTATE, word, NOT_CANONICAL);
    }
    end_tracee(pid);
}

static size_t spoiled_word;
static uint64_t spoiled_bit;

static void spoil_image(int number, siginfo_t *info, void *context)
{
    uint64_t *words = (uint64_t *)(void *)((ucontext_t *)context)->uc_mcontext.fpregs;

    (void)number, (void)info;
    words[spoiled_word] ^= spoiled_bit;
}

/* Exits with 1 where the CPU has taken MXCSR with the bit, and lets even the program see it. */
static void return_to_spoiled(void)
{
    uint32_t mxcsr;

    handle(SIGUSR1, spoil_image, 0);
    raise_here(SIGUSR1);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    _exit(mxcsr >> 16 ? 1 : 0);
}

/*
 * TCG's XRSTOR loads any MXCSR. A component that there is not may be masked out, and the bit that
 * makes an image a compacted one is no mistake for a CPU that has such.
 */
static void returned_images(void)
{
    bool lenient = false;
    int status;

    spoiled_word = MXCSR_WORD;
    for (uint64_t bit = 16; bit < 32; bit++) {
        if (!is_reserved_in_mxcsr(bit))
            continue;
        spoiled_bit = UINT64_C(1) << bit;
        status = status_of(return_to_spoiled);
        lenient |= status == 1 << 8;
        EXPECT(status == SIGSEGV || status == 1 << 8);
    }
    spoiled_bit = NOT_CANONICAL;
    for (spoiled_word = XSTATE_BV_WORD; spoiled_word < HEADER_END_WORD; spoiled_word++) {
        status = status_of(return_to_spoiled);
        EXPECT(status == SIGSEGV || status == 0);
    }
    if (lenient)
        ktap_note("this CPU loads reserved bits of MXCSR, as TCG does");
}

/* ---- addresses ---- */

static uintptr_t bad_address;

static void run_bad_handler(void)
{
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))bad_address, 0);
    raise(SIGUSR1);
}

static void do_nothing(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

static void run_on_bad_stack(void)
{
    stack_t stack = {.ss_sp = (void *)bad_address, .ss_size = 65536};

    if (sigaltstack(&stack, NULL) != 0)
        _exit(1);
    handle(SIGUSR1, do_nothing, SA_ONSTACK);
    raise(SIGUSR1);
}

static void signals_to_bad_addresses(void)
{
    static const uintptr_t addresses[] = {NOT_CANONICAL, USER_END, KERNELS, UINTPTR_MAX - 65535};

    for (size_t i = 0; i < COUNT(addresses); i++) {
        bad_address = addresses[i];
        EXPECT_KILLED(run_bad_handler, SIGSEGV);
        EXPECT_KILLED(run_on_bad_stack, SIGSEGV);
    }
}

/* This child uses no stack. But AMD's IRETQ refuses a pointer that is not canonical. */
static void child_on_bad_stack(void)
{
    int status = -1;
    long child = clone_and_exit(__NR_clone, SIGCHLD, NOT_CANONICAL, 0);

    EXPECT_EQUAL(waitpid((pid_t)child, &status, 0), child);
    EXPECT(status == 0 || (status & 0x7f) == SIGSEGV);
    EXPECT(ended_well(clone_and_exit(__NR_clone, SIGCHLD, KERNELS, 0)));
}

/* What the kernel writes and reads at a thread's start and end is written and read, or not. */
static void leave_bad_addresses(void)
{
    syscall(__NR_set_tid_address, bad_address);
    syscall(__NR_set_robust_list, bad_address, 24);
}

static void ends_with_bad_addresses(void)
{
    bad_address = NOT_CANONICAL;
    EXPECT_EXITED(leave_bad_addresses, 0);
    bad_address = KERNELS;
    EXPECT_EXITED(leave_bad_addresses, 0);
}

/*
 * SYSRET to a return address that is not canonical would fault in ring 0 on Intel's CPUs, with the
 * program's stack. So a SYSCALL in the last two bytes that a program can have returns to an address
 * that still is.
 */
static void call_at_the_end(void)
{
    char *last = (char *)USER_END - PAGE;

    if (mmap(last, PAGE, READ_WRITE | PROT_EXEC, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) != last &&
        mprotect(last, PAGE, READ_WRITE | PROT_EXEC) != 0)
        _exit(1);
    last[PAGE - 2] = 0x0f;
    last[PAGE - 1] = 0x05;
    __asm__ volatile("jmp *%0" : : "r"(last + PAGE - 2), "a"((long)__NR_getppid) : "memory");
}

static void syscall_at_the_end(void)
{
    EXPECT_KILLED(call_at_the_end, SIGSEGV);
}

static const struct ktap_test tests[] = {
    {"clone and clone3 with a TLS base beyond user space: EPERM, no child", no_child_of_bad_base},
    {"without CLONE_SETTLS the base is not looked at", unused_base},
    {"arch_prctl with such a base: EPERM", arch_prctl_of_bad_base},
    {"ptrace: such a base of FS or GS: EIO", traced_bases},
    {"ptrace: selectors that are not ring 3's: EIO", traced_selectors},
    {"ptrace: an address or segment that cannot be: SIGSEGV", traced_impossible},
    {"ptrace: flags stay a program's", all_flags},
    {"ptrace: others than a base that the tracee has loaded itself", traced_with_kernels_base},
    {"ptrace: images that XRSTOR refuses: EINVAL", traced_images},
    {"rt_sigreturn: images that XRSTOR refuses: SIGSEGV", returned_images},
    {"handlers and alternate stacks at addresses that cannot be: SIGSEGV",
     signals_to_bad_addresses},
    {"a child on a stack that cannot be", child_on_bad_stack},
    {"a thread's end with addresses that cannot be", ends_with_bad_addresses},
    {"a system call at the end of user space", syscall_at_the_end},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
