// SPDX-License-Identifier: MIT
#include "tests/fuzz/deaths.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "libc/include/pkru.h"
#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/worker.h"

/* All but the page that the next instructions are on. */
#define EVERYTHING UINT64_C(0x7ffffffff000)

static void by_exit(void)
{
    KERNEL(exit, random_bits());
}

static void by_exit_group(void)
{
    KERNEL(exit_group, random_bits());
}

static void by_signal(void)
{
    KERNEL(kill, own_pid(), 1 + random_below(64));
}

static void by_kill(void)
{
    KERNEL(kill, own_pid(), SIGKILL);
}

/* Stopped: whoever started it has to kill it. */
static void by_stop(void)
{
    KERNEL(kill, own_pid(), SIGSTOP);
}

/*
 * Who shares its handlers may have set one in between, or to ignore it, and a policy of keys may
 * keep them as they are: then the end of the sleep is the end.
 */
static void by_alarm(void)
{
    static const struct fuzz_time times[2] = {{0, 500}, {0, 500}};
    static const struct fuzz_time nap = {0, 1000000};

    worker_default_signals();
    KERNEL(setitimer, 0, times, 0);
    KERNEL(nanosleep, &nap, 0);
    by_exit_group();
}

static void by_read(void)
{
    (void)*(volatile char *)wild_address();
}

static void by_write(void)
{
    *(volatile char *)wild_address() = 1;
}

/* If any of the play pages it comes to refuses. */
static void by_write_to_play(void)
{
    for (int i = 0; i < 64; i++)
        *(volatile char *)play_room(PAGE) = 1;
}

static void by_jump(void)
{
    ((void (*)(void))wild_address())();
}

static void by_bad_stack(void)
{
    __asm__ volatile("mov %0, %%rsp\n\tpush $0\n\tcall *(%%rsp)" : : "r"(wild_address()));
}

/* The handler of the fault below has no stack either. */
static void by_denied_stack(void)
{
    if (pkru_enabled() && !shared->keeps_key_0)
        pkru_write(UINT32_MAX);
    __asm__ volatile("push $0\n\tpop %rax");
}

static void by_invalid_opcode(void)
{
    __asm__ volatile("ud2");
}

static void by_privilege(void)
{
    __asm__ volatile("hlt");
}

static void by_division(void)
{
    __asm__ volatile("xor %%ecx, %%ecx\n\tdivl %%ecx" : : : "eax", "ecx", "edx");
}

static void by_trap_flag(void)
{
    __asm__ volatile("pushf\n\torl $0x100, (%rsp)\n\tpopf\n\tnop\n\tnop");
}

static void by_breakpoint(void)
{
    __asm__ volatile("int3");
}

/* 12 KiB a turn: past the end of the stack soon, and over a guard page never. */
static void by_recursion(unsigned int turns)
{
    volatile char room[12288];

    room[0] = (char)turns;
    if (turns != 0)
        by_recursion(turns - 1);
    room[1] = room[0];
}

static void by_deep_recursion(void)
{
    by_recursion(one_in(2) ? 100 : 100000);
}

static void by_unmapping(void)
{
    KERNEL(munmap, 0, EVERYTHING);
}

static void by_protecting(void)
{
    for (uint64_t at = 0x400000; at < 0x500000; at += PAGE)
        KERNEL(mprotect, at, PAGE, PROT_NONE);
}

/* To a frame of whatever lies on the stack. */
static void by_losing_return(void)
{
    if (!shared->keeps_key_0)
        KERNEL(rt_sigreturn);
}

/* Orphans: the grandchild is the first program's when it ends. */
static void by_leaving_children(void)
{
    long pid = KERNEL(fork);

    if (pid == 0) {
        static const struct fuzz_time time = {0, 2000000};

        KERNEL(nanosleep, &time, 0);
        KERNEL(exit_group, 3);
    }
}

_Noreturn void die_somehow(void)
{
    /* The kernel explains a death by fault at length, so most ends are quiet. */
    static void (*const quiet[])(void) = {
        by_exit, by_exit_group, by_signal, by_kill, by_stop, by_alarm, by_leaving_children,
    };
    static void (*const loud[])(void) = {
        by_read,         by_write,          by_write_to_play, by_jump,       by_bad_stack,
        by_denied_stack, by_invalid_opcode, by_privilege,     by_division,   by_trap_flag,
        by_breakpoint,   by_deep_recursion, by_unmapping,     by_protecting, by_losing_return,
    };

    if (one_in(5))
        PICK(loud)();
    else
        PICK(quiet)();
    for (;;)
        KERNEL(exit_group, 0);
}
