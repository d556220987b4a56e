// SPDX-License-Identifier: MIT
/*
 * rt_sigreturn to states that cannot be: whatever stands in the frame, the process dies or goes on
 * with no more rights than it had, and the kernel lives.
 */
#include "tests/ring3/ring3.h"

static uintptr_t bad_stack;

static void (*edit)(ucontext_t *);

static void edit_context(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    edit(context);
}

static void return_from_edited(void)
{
    handle(SIGUSR1, edit_context, 0);
    raise_here(SIGUSR1);
}

static void expect_killed_after(void (*edit_it)(ucontext_t *))
{
    edit = edit_it;
    EXPECT_KILLED(return_from_edited, SIGSEGV);
}

static void non_canonical_rip(ucontext_t *context)
{
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000;
}

static void kernel_rip(ucontext_t *context)
{
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)0xffffffff81000000;
}

static void return_to_bad_rip(void)
{
    expect_killed_after(non_canonical_rip);
    expect_killed_after(kernel_rip);
}

static void set_selectors(ucontext_t *context, unsigned int code, unsigned int stack)
{
    uint16_t *selectors = (uint16_t *)&context->uc_mcontext.gregs[REG_CSGSFS];

    selectors[0] = (uint16_t)code;
    selectors[3] = (uint16_t)stack;
}

static void no_code_segment(ucontext_t *context)
{
    set_selectors(context, 0, 0x2b);
}

static void code_beyond_table(ucontext_t *context)
{
    set_selectors(context, 0xfffb, 0x2b);
}

static void data_as_code(ucontext_t *context)
{
    set_selectors(context, 0x2b, 0x2b);
}

static void stack_beyond_table(ucontext_t *context)
{
    set_selectors(context, 0x33, 0xfffb);
}

static void code_as_stack(ucontext_t *context)
{
    set_selectors(context, 0x33, 0x33);
}

static void code_of_local_table(ucontext_t *context)
{
    set_selectors(context, 0x37, 0x2b);
}

static void stack_of_local_table(ucontext_t *context)
{
    set_selectors(context, 0x33, 0x2f);
}

/* The page at 0, if it may be had, is where a CPU out of reset looks for a local table. */
static void return_to_bad_segments(void)
{
    void *page =
        mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);

    expect_killed_after(no_code_segment);
    expect_killed_after(code_beyond_table);
    expect_killed_after(data_as_code);
    expect_killed_after(stack_beyond_table);
    expect_killed_after(code_as_stack);
    expect_killed_after(code_of_local_table);
    expect_killed_after(stack_of_local_table);
    if (page != MAP_FAILED)
        munmap(page, PAGE);
}

/* Bits of the flags that are the kernel's: a return must neither set them nor die of them. */
static void kernels_flags(ucontext_t *context)
{
    context->uc_mcontext.gregs[REG_EFL] |= 3 << 12 | 1 << 17 | 1 << 14; // IOPL, VM, NT
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)(1 << 9);           // IF
}

static void return_and_disable_interrupts(void)
{
    edit = kernels_flags;
    return_from_edited();
    __asm__ volatile("cli");
}

static void flags_stay_the_kernels(void)
{
    EXPECT_KILLED(return_and_disable_interrupts, SIGSEGV);
}

static void *image_of(ucontext_t *context)
{
    return context->uc_mcontext.fpregs;
}

static void unknown_component(ucontext_t *context)
{
    uint64_t *header = (uint64_t *)((char *)image_of(context) + XSAVE_HEADER_XSTATE_BV);

    header[0] |= (uint64_t)1 << 61;
}

static void neither_format(ucontext_t *context)
{
    uint64_t *header = (uint64_t *)((char *)image_of(context) + XSAVE_HEADER_XSTATE_BV);

    header[1] = 1; // 0 in the standard format; bit 63 is set in the compacted one
}

static void unmapped_image(ucontext_t *context)
{
    context->uc_mcontext.fpregs = (fpregset_t)(void *)(((uintptr_t)hole() + 63) & ~(uintptr_t)63);
}

static void non_canonical_image(ucontext_t *context)
{
    context->uc_mcontext.fpregs = (fpregset_t)(uintptr_t)0x8000000000000000;
}

static bool has_xsave(void)
{
    unsigned int eax, ebx, ecx, edx;

    __cpuid(1, eax, ebx, ecx, edx);
    return ecx >> 27 & 1;
}

static void return_with_bad_image(void)
{
    expect_killed_after(unmapped_image);
    expect_killed_after(non_canonical_image);
    if (has_xsave()) {
        expect_killed_after(unknown_component);
        expect_killed_after(neither_format);
    }
}

static void return_with_stack_moved(void)
{
    __asm__ volatile("mov %0, %%rsp\n\tmov %1, %%eax\n\tsyscall"
                     :
                     : "r"(bad_stack), "i"(__NR_rt_sigreturn));
}

static void return_without_frame(void)
{
    bad_stack = (uintptr_t)hole();
    EXPECT_KILLED(return_with_stack_moved, SIGSEGV);
    bad_stack = 0x8000000000000000;
    EXPECT_KILLED(return_with_stack_moved, SIGSEGV);
    bad_stack = 0xffffffff80000000;
    EXPECT_KILLED(return_with_stack_moved, SIGSEGV);
}

/*
 * A handler on a stack under a key, who takes the key away from himself before he returns. In
 * assembly, for he has no stack then.
 */
void deny_then_return(int number, siginfo_t *info, void *context);

__asm__(".pushsection .text\n"
        ".globl deny_then_return\n"
        "deny_then_return:\n\t"
        "add $8, %rsp\n\t" // to the frame, past the return address
        "mov $0x55555554, %eax\n\t"
        "xor %ecx, %ecx\n\t"
        "xor %edx, %edx\n\t"
        "wrpkru\n\t"
        "mov $15, %eax\n\t" // rt_sigreturn
        "syscall\n\t"
        "ud2\n"
        ".popsection");

static void return_under_denied_key(void)
{
    size_t size = 16 * PAGE;
    stack_t stack = {.ss_sp = map_pages(16, READ_WRITE), .ss_size = size};
    int key = pkey_alloc(0, 0);

    pkey_mprotect(stack.ss_sp, size, READ_WRITE, key);
    sigaltstack(&stack, NULL);
    handle(SIGUSR1, deny_then_return, SA_ONSTACK);
    raise_here(SIGUSR1);
}

static void unreadable_frame_kills(void)
{
    if (skipped_without_pku())
        return;
    EXPECT_KILLED(return_under_denied_key, SIGSEGV);
}

static const struct ktap_test tests[] = {
    {"return to an address that cannot be: SIGSEGV", return_to_bad_rip},
    {"return to segments that cannot be: SIGSEGV", return_to_bad_segments},
    {"return cannot change the kernel's flags", flags_stay_the_kernels},
    {"return with an XSAVE image that cannot be loaded: SIGSEGV", return_with_bad_image},
    {"return without a frame: SIGSEGV", return_without_frame},
    {"return with a frame that PKRU denies to read: SIGSEGV", unreadable_frame_kills},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
