// SPDX-License-Identifier: MIT
/*
 * ptrace: the registers of a tracee, read and changed.
 */
#include "tests/programs/trace/trace.h"

#include <elf.h>
#include <stddef.h>
#include <sys/uio.h>
#include <time.h>

/* The tracee has known values in its registers, and stops by INT3; then it looks at them. */
static void known_registers(void)
{
    register unsigned long r12 __asm__("r12") = 0x1212;
    register unsigned long r13 __asm__("r13") = 0x1313;
    unsigned long rdi = 0xd1, rsi = 0x51;

    __asm__ volatile("int3" : "+r"(r12), "+r"(r13), "+D"(rdi), "+S"(rsi));
    say("the tracee sees r12 %#lx, r13 %#lx, rdi %#lx, rsi %#lx", r12, r13, rdi, rsi);
}

static pid_t at_breakpoint(void)
{
    pid_t pid = traced_child(known_registers);

    trace(PTRACE_CONT, pid, 0, 0);
    wait_for(pid);
    return pid;
}

static void general(void)
{
    struct user_regs_struct registers;
    pid_t pid = at_breakpoint();
    siginfo_t info;

    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("a breakpoint: signo %d, code %d", info.si_signo, info.si_code);
    SHOW(trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers));
    say("r12 %#llx, r13 %#llx, rdi %#llx, rsi %#llx", (unsigned long long)registers.r12,
        (unsigned long long)registers.r13, (unsigned long long)registers.rdi,
        (unsigned long long)registers.rsi);
    say("cs %#llx, ss %#llx, ds %#llx, es %#llx", (unsigned long long)registers.cs,
        (unsigned long long)registers.ss, (unsigned long long)registers.ds,
        (unsigned long long)registers.es);
    SHOW(registers.orig_rax);     /* outside a call */
    SHOW(registers.fs_base != 0); /* fs_base is the thread's */
    registers.r12 = 0x2121;
    registers.rdi = 0xaaaabbbbccccdddd;
    SHOW(trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers));
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the tracee", pid);
}

#define OFFSET(field) offsetof(struct user_regs_struct, field)

static void user_area(void)
{
    pid_t pid = at_breakpoint();
    unsigned long value = 0;

    SHOW(trace(PTRACE_PEEKUSER, pid, OFFSET(r13), (uintptr_t)&value));
    say("is %#lx", value);
    SHOW(trace(PTRACE_PEEKUSER, pid, 4, (uintptr_t)&value));             /* between words */
    SHOW(trace(PTRACE_PEEKUSER, pid, 10000, (uintptr_t)&value));         /* beyond the area */
    SHOW(trace(PTRACE_PEEKUSER, pid, (uintptr_t)-8, (uintptr_t)&value)); /* far beyond */
    SHOW(trace(PTRACE_PEEKUSER, pid, OFFSET(r13), 8));                   /* to a bad address */
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(r13), 0x3131));
    SHOW(trace(PTRACE_POKEUSER, pid, 4, 0));     /* between words */
    SHOW(trace(PTRACE_POKEUSER, pid, 10000, 0)); /* beyond the area */
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(cs), 0));
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(ss), 0x10)); /* of ss to ring 0's */
    /* of fs_base to the kernel's half */
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(fs_base), 0xffff800000000000));
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(eflags), ~0ul)); /* of eflags to all bits */
    trace(PTRACE_PEEKUSER, pid, OFFSET(eflags), (uintptr_t)&value);
    say("which bits it took: %#lx", value & ~0x10000ul);
    SHOW(trace(PTRACE_POKEUSER, pid, OFFSET(eflags), 0)); /* of eflags to none */
    trace(PTRACE_PEEKUSER, pid, OFFSET(eflags), (uintptr_t)&value);
    say("which bits are left: %#lx", value & ~0x10000ul);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the tracee", pid);
}

static void sets(void)
{
    struct user_regs_struct registers;
    struct user_fpregs_struct fp;
    char large[16384];
    pid_t pid = at_breakpoint();
    struct iovec vector = {&registers, sizeof(registers)};
    uintptr_t address = (uintptr_t)&vector;

    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, address)); /* of the general ones */
    say("%zu bytes, r12 %#llx", vector.iov_len, (unsigned long long)registers.r12);
    vector.iov_len = 16;
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, address)); /* of 16 bytes */
    say("%zu bytes", vector.iov_len);
    vector.iov_len = 15;
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, address)); /* of 15 bytes */
    vector = (struct iovec){large, sizeof(large)};
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, address)); /* of too much */
    say("%zu bytes", vector.iov_len);
    SHOW(trace(PTRACE_GETREGSET, pid, 0x999, address)); /* of an unknown set */
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8)); /* with a bad vector */
    vector = (struct iovec){(void *)8, 16};
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, address)); /* to a bad address */
    unsigned long two[2] = {0x1515, 0x1414};
    vector = (struct iovec){two, sizeof(two)};
    SHOW(trace(PTRACE_SETREGSET, pid, NT_PRSTATUS, address)); /* of the first two */
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    say("r15 %#llx, r14 %#llx, r13 %#llx", (unsigned long long)registers.r15,
        (unsigned long long)registers.r14, (unsigned long long)registers.r13);

    vector = (struct iovec){&fp, sizeof(fp)};
    SHOW(trace(PTRACE_GETREGSET, pid, NT_PRFPREG, address)); /* of the floating-point ones */
    say("%zu bytes, control %#x, MXCSR %#x", vector.iov_len, fp.cwd, fp.mxcsr);
    memset(fp.xmm_space, 0x5a, 16);
    SHOW(trace(PTRACE_SETREGSET, pid, NT_PRFPREG, address)); /* of them */
    memset(&fp, 0, sizeof(fp));
    SHOW(trace(PTRACE_GETFPREGS, pid, 0, (uintptr_t)&fp));
    say("xmm0 %#x", ((unsigned int *)fp.xmm_space)[0]);
    memset(fp.xmm_space, 0x66, 16);
    SHOW(trace(PTRACE_SETFPREGS, pid, 0, (uintptr_t)&fp));
    vector = (struct iovec){large, sizeof(large)};
    /* of the whole state */
    SHOW(trace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, address));
    SHOW(((unsigned int *)(void *)large)[40] == 0x66666666); /* xmm0 is in it */
    SHOW(vector.iov_len >= 576 && vector.iov_len < 16384);   /* it is larger than the old state */
    ((unsigned int *)(void *)large)[40] = 0x77777777;
    SHOW(trace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, address));
    trace(PTRACE_GETFPREGS, pid, 0, (uintptr_t)&fp);
    say("xmm0 %#x", ((unsigned int *)fp.xmm_space)[0]);
    vector.iov_len -= 8;
    SHOW(trace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, address)); /* of a part */
    vector.iov_len += 8;
    large[520] = 1;
    SHOW(trace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, address)); /* with a compacted image */
    large[520] = 0;
    large[519] |= 0x40;
    SHOW(trace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, address)); /* with an unknown component */
    fp.mxcsr = 0xffffffff;
    SHOW(trace(PTRACE_SETFPREGS, pid, 0, (uintptr_t)&fp)); /* with a bad MXCSR */
    vector = (struct iovec){&fp, sizeof(fp)};
    SHOW(trace(PTRACE_SETREGSET, pid, NT_PRFPREG, address)); /* with a bad MXCSR */
    end(pid);
}

/* Registers with which no program can go on end it, not the kernel. */
static void impossible(const char *what, size_t offset, unsigned long value)
{
    pid_t pid = at_breakpoint();
    siginfo_t info;

    if (trace(PTRACE_POKEUSER, pid, offset, value)) {
        say("%s is refused: %s", what, strerror(errno));
        end(pid);
        return;
    }
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait(what, pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    trace(PTRACE_CONT, pid, 0, SIGSEGV);
    say_wait("then", pid);
}

/* A call that was interrupted is not made again where the tracer has put the program. */
static void interrupted_call(void)
{
    struct user_regs_struct registers;
    pid_t pid = sleeping_child();

    usleep(20000);
    trace(PTRACE_ATTACH, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW(registers.orig_rax == SYS_pause); /* a child in pause() is in its call */
    say("its answer so far is %lld", (long long)registers.rax);
    registers.rip = (uintptr_t)_exit;
    registers.rdi = 9;
    registers.orig_rax = (unsigned long)-1;
    registers.rsp = (registers.rsp & ~0xful) - 8;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);
    trace(PTRACE_DETACH, pid, 0, 0);
    say_wait("sent to _exit(9)", pid);
}

static int ends[2];

static void read_a_byte(void)
{
    char byte;

    SHOW(read(ends[0], &byte, 1));
}

static void sleep_first(void)
{
    const struct timespec time = {0, 100000000};

    SHOW(nanosleep(&time, NULL)); /* the sleep */
    read_a_byte();
}

/* A call that was interrupted goes on, though the tracer has asked for a step. */
static void step_from_a_call(const char *what, void (*function)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        function();
        _exit(0);
    }
    usleep(20000);
    trace(PTRACE_SEIZE, pid, 0, 0);
    trace(PTRACE_INTERRUPT, pid, 0, 0);
    say_wait(what, pid);
    trace(PTRACE_SINGLESTEP, pid, 0, 0);
    if (write(ends[1], "x", 1) != 1)
        say("nothing to read");
    wait_for(pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait(what, pid);
}

int main(void)
{
    general();
    user_area();
    sets();
    impossible("RIP 0", OFFSET(rip), 0);
    impossible("RIP that is not canonical", OFFSET(rip), 0x800000000000);
    impossible("RIP of the kernel", OFFSET(rip), 0xffffffff81000000);
    impossible("CS of no segment", OFFSET(cs), 0x1003);
    impossible("SS of no segment", OFFSET(ss), 0x1003);
    interrupted_call();
    if (pipe(ends))
        return 1;
    step_from_a_call("a step out of nanosleep", sleep_first);
    step_from_a_call("a step out of read", read_a_byte);
    return 0;
}
