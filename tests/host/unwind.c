// SPDX-License-Identifier: MIT
/*
 * Stepping through each function of the vDSO, and unwinding to its caller from every instruction by
 * the tables in it: what a debugger does there, or the handler of a signal that comes there. Built
 * by test_vdso.py with the host's compiler, whose library has an unwinder.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>
#include <x86intrin.h>

#include "libc/include/latchkey/vdso.h"

#define TRAP_FLAG 0x100ul
#define IMAGE_MAX (4 * 4096) /* more than any vDSO has */

typedef long (*function_t)(long, long, long);

static unsigned int steps, failures;

__attribute__((noinline)) static void step_through(function_t function, long a, long b, long c)
{
    __writeeflags(__readeflags() | TRAP_FLAG);
    function(a, b, c);
    __writeeflags(__readeflags() & ~TRAP_FLAG);
}

static _Unwind_Reason_Code look_for_caller(struct _Unwind_Context *context, void *found)
{
    void *function = _Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context));

    *(bool *)found |= function == (void *)step_through;
    return _URC_NO_REASON;
}

static void handle_step(int number, siginfo_t *info, void *context)
{
    unsigned long at = (unsigned long)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    bool found = false;

    (void)number;
    (void)info;
    if (at - getauxval(AT_SYSINFO_EHDR) >= IMAGE_MAX)
        return;
    _Unwind_Backtrace(look_for_caller, &found);
    steps++;
    failures += !found;
}

static void try_function(const char *version, const char *name, long a, long b, long c)
{
    function_t function = (function_t)vdso_function(version, name);

    if (!function)
        return;
    steps = 0;
    step_through(function, a, b, c);
    failures += steps == 0;
    printf("%s: %u steps\n", name, steps);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handle_step, .sa_flags = SA_SIGINFO};
    struct timespec now;
    unsigned int cpu;

    sigaction(SIGTRAP, &action, NULL);
    try_function(VDSO_LINUX, "__vdso_clock_gettime", CLOCK_REALTIME, (long)&now, 0);
    try_function(VDSO_LINUX, "__vdso_clock_getres", CLOCK_REALTIME, (long)&now, 0);
    try_function(VDSO_LINUX, "__vdso_gettimeofday", (long)&now, 0, 0);
    try_function(VDSO_LINUX, "__vdso_time", 0, 0, 0);
    try_function(VDSO_LINUX, "__vdso_getcpu", (long)&cpu, 0, 0);
    try_function(VDSO_LATCHKEY, "__vdso_pkey_get", 0, 0, 0);
    try_function(VDSO_LATCHKEY, "__vdso_pkey_set", 0, 0, 0);
    try_function(VDSO_LATCHKEY, "__vdso_pkey_set", 16, 0, 0);
    return failures > 0;
}
