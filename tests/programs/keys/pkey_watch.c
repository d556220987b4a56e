// SPDX-License-Identifier: MIT
/*
 * A watchpoint on a word under a key: a write that the key refuses does not meet it, one that it
 * allows does.
 */
#include "tests/programs/keys/keys.h"
#include "tests/programs/trace/trace.h"

#include <stddef.h>

#define REGISTER(number) (offsetof(struct user, u_debugreg) + (size_t)(number)*8)
#define WRITES_OF_BYTE   0x10001 /* to the address in DR0 */

static char *page;
static int key;

static void write_twice(void)
{
    say_access("a write", page, true);
    set_rights(key, 0);
    say_access("a write with the key open", page, true);
    _exit(0);
}

static void go_on(pid_t pid, int signal)
{
    siginfo_t info;
    unsigned long met = 0, value = 0;

    trace(PTRACE_CONT, pid, 0, (uintptr_t)signal);
    say_wait("the tracee", pid);
    if (trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info))
        return;
    trace(PTRACE_PEEKUSER, pid, REGISTER(6), (uintptr_t)&met);
    trace(PTRACE_PEEKDATA, pid, (uintptr_t)page, (uintptr_t)&value);
    say("signo %d, code %d, DR6 %#lx, the word is %lu", info.si_signo, info.si_code, met, value);
}

int main(void)
{
    need_keys();
    page = new_pages(1);
    SHOW(key = (int)key_alloc(0, DISABLE_WRITE));
    SHOW(key_protect(page, PAGE, PROT_READ | PROT_WRITE, key));
    pid_t pid = traced_child(write_twice);
    SHOW(trace(PTRACE_POKEUSER, pid, REGISTER(0), (uintptr_t)page));
    SHOW(trace(PTRACE_POKEUSER, pid, REGISTER(7), WRITES_OF_BYTE));
    go_on(pid, 0);
    go_on(pid, SIGSEGV);
    go_on(pid, 0);
    return 0;
}
