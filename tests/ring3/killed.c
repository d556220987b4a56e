// SPDX-License-Identifier: MIT
/*
 * How processes die: the wait status of each default action, faults that no handler can take, and
 * returns from handlers to a state that cannot be.
 */
#include "tests/ring3/ring3.h"

#define PKRU_BIT ((uint64_t)1 << XFEATURE_PKRU)

/* ---- Default actions ---- */

static void write_to_null(void)
{
    __asm__ volatile("movb $1, 8");
}

static void illegal_instruction(void)
{
    __asm__ volatile("ud2");
}

static void division(void)
{
    __asm__ volatile("xor %%ecx, %%ecx\n\tdiv %%ecx" : : : "rax", "rcx", "rdx", "cc");
}

static void breakpoint(void)
{
    __asm__ volatile("int3");
}

static void exceptions_kill(void)
{
    EXPECT_KILLED(write_to_null, SIGSEGV);
    EXPECT_KILLED(illegal_instruction, SIGILL);
    EXPECT_KILLED(division, SIGFPE);
    EXPECT_KILLED(breakpoint, SIGTRAP);
}

static int number_to_send;

static void send_number(void)
{
    raise_here(number_to_send);
}

static void sent_signals_kill(void)
{
    static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGABRT, SIGBUS, SIGKILL, SIGUSR1,
                                  SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSYS, 64};

    for (size_t i = 0; i < COUNT(numbers); i++) {
        number_to_send = numbers[i];
        EXPECT_KILLED(send_number, numbers[i]);
    }
}

static void call_abort(void)
{
    signal(SIGABRT, SIG_IGN);
    abort();
}

static void abort_kills(void)
{
    EXPECT_KILLED(call_abort, SIGABRT);
}

static void exit_300(void)
{
    _exit(300);
}

static void exit_status(void)
{
    EXPECT_EXITED(exit_300, 300 & 0xff);
}

static char *denied_page;

static void read_denied_page(void)
{
    (void)*(volatile char *)denied_page;
}

static void key_fault_kills(void)
{
    int key;

    if (skipped_without_pku())
        return;
    key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
    denied_page = map_pages(1, READ_WRITE);
    pkey_mprotect(denied_page, PAGE, READ_WRITE, key);
    EXPECT_KILLED(read_denied_page, SIGSEGV);
    pkey_free(key);
    munmap(denied_page, PAGE);
}

/* ---- Faults that no handler takes ---- */

static void exit_from_handler(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    _exit(1);
}

static void fault_while_blocked(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, NULL);
    handle(SIGSEGV, exit_from_handler, 0);
    write_to_null();
}

static void blocked_fault_kills(void)
{
    EXPECT_KILLED(fault_while_blocked, SIGSEGV);
}

static void fault_while_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    write_to_null();
}

static void ignored_fault_kills(void)
{
    EXPECT_KILLED(fault_while_ignored, SIGSEGV);
}

static void fault_again(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    write_to_null();
}

static void fault_in_handler(void)
{
    handle(SIGSEGV, fault_again, 0);
    write_to_null();
}

static void fault_in_own_handler_kills(void)
{
    EXPECT_KILLED(fault_in_handler, SIGSEGV);
}

static uintptr_t bad_stack;

static void fault_on_bad_stack(void)
{
    handle(SIGILL, exit_from_handler, 0);
    handle(SIGSEGV, exit_from_handler, 0);
    __asm__ volatile("mov %0, %%rsp\n\tud2" : : "r"(bad_stack));
}

static void no_room_for_frame_kills(void)
{
    static const uintptr_t stacks[] = {0, 4096, 0x8000000000000000, 0xffffffff80000000, 8};

    bad_stack = (uintptr_t)hole() + PAGE;
    EXPECT_KILLED(fault_on_bad_stack, SIGSEGV);
    bad_stack = (uintptr_t)map_pages(1, PROT_READ) + PAGE;
    EXPECT_KILLED(fault_on_bad_stack, SIGSEGV);
    for (size_t i = 0; i < COUNT(stacks); i++) {
        bad_stack = stacks[i];
        EXPECT_KILLED(fault_on_bad_stack, SIGSEGV);
    }
}

/* ---- Returns to what cannot be ---- */

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

static void return_to_bad_segments(void)
{
    expect_killed_after(no_code_segment);
    expect_killed_after(code_beyond_table);
    expect_killed_after(data_as_code);
    expect_killed_after(stack_beyond_table);
    expect_killed_after(code_as_stack);
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
    {"an exception's signal kills: SIGSEGV, SIGILL, SIGFPE, SIGTRAP", exceptions_kill},
    {"a signal sent kills if that is its default", sent_signals_kill},
    {"abort() kills even if SIGABRT is ignored", abort_kills},
    {"the exit status has 8 bits", exit_status},
    {"an access that a key denies kills by SIGSEGV", key_fault_kills},
    {"a fault kills if its signal is blocked", blocked_fault_kills},
    {"a fault kills if its signal is ignored", ignored_fault_kills},
    {"a fault in its own handler kills", fault_in_own_handler_kills},
    {"no room for the frame: SIGSEGV kills", no_room_for_frame_kills},
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
