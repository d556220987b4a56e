// SPDX-License-Identifier: MIT
/*
 * How processes die: the wait status of each default action, and faults that no handler can take.
 */
#include "tests/ring3/ring3.h"

/* ---- default actions ---- */

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

/* ---- faults that no handler takes ---- */

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
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
