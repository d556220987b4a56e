// SPDX-License-Identifier: MIT
/*
 * ptrace: watchpoints, by the debug registers of a tracee.
 */
#include "tests/programs/trace/trace.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#define REGISTER(number) (offsetof(struct user, u_debugreg) + (size_t)(number)*8)

enum {
    EXECUTE = 0,
    WRITE = 1,
    PORT = 2,
    ACCESS = 3
};

static volatile union {
    unsigned long word;
    unsigned int half[2];
    unsigned short quarter[4];
    unsigned char byte[8];
} watched __attribute__((aligned(8))), other;

/* DR7 with one of them enabled. Lengths are 1, 2, 4 and 8. */
static unsigned long control(int number, int kind, int length)
{
    unsigned long bits = length == 8 ? 2 : (unsigned long)length - 1;

    return 1ul << (2 * number) | ((unsigned long)kind | bits << 2) << (16 + 4 * number);
}

static unsigned long peek(pid_t pid, int number)
{
    unsigned long value = 0;

    trace(PTRACE_PEEKUSER, pid, REGISTER(number), (uintptr_t)&value);
    return value;
}

static long poke(pid_t pid, int number, uintptr_t value)
{
    return trace(PTRACE_POKEUSER, pid, REGISTER(number), value);
}

static void watch(pid_t pid, int number, volatile void *place, int kind, int length)
{
    poke(pid, number, (uintptr_t)place);
    poke(pid, 7, control(number, kind, length));
}

/* Where it stops, if it does. */
static void go_on(const char *what, pid_t pid)
{
    siginfo_t info;
    int status;

    trace(PTRACE_CONT, pid, 0, 0);
    status = wait_for(pid);
    say_status(what, status);
    if (!WIFSTOPPED(status))
        return;
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("by signo %d, code %d, DR6 %#lx", info.si_signo, info.si_code, peek(pid, 6));
}

/* ---- what is taken and what is refused ---- */

static void values(void)
{
    const uintptr_t limit = 0x7ffffffff000; /* of the program's half */
    pid_t pid = traced_child(NULL);

    for (int i = 0; i < 8; i++)
        say("DR%d is %#lx", i, peek(pid, i));
    SHOW(poke(pid, 0, 0x1001));
    SHOW(poke(pid, 3, limit - 1));
    SHOW(poke(pid, 1, limit));
    SHOW(poke(pid, 1, 0xffffffff81000000));
    SHOW(poke(pid, 1, 0x800000000000));
    SHOW(poke(pid, 4, 0));
    SHOW(poke(pid, 5, 0));
    SHOW(poke(pid, 6, 0xffff0ff0 ^ 0x4001));
    SHOW(poke(pid, 7, control(0, WRITE, 1)));
    SHOW(poke(pid, 7, control(0, WRITE, 2))); /* at an odd address */
    SHOW(poke(pid, 7, control(0, EXECUTE, 4)));
    SHOW(poke(pid, 7, control(0, PORT, 1)));
    SHOW(poke(pid, 7, control(3, ACCESS, 8))); /* across the end */
    SHOW(poke(pid, 7, control(2, ACCESS, 8))); /* without an address */
    SHOW(poke(pid, 7, control(0, ACCESS, 1) | 0xffffffff0000fc00));
    SHOW(poke(pid, 2, 0x2008));
    SHOW(poke(pid, 7, control(2, ACCESS, 8)));
    SHOW(poke(pid, 2, 0x2004)); /* no multiple of its length */
    SHOW(poke(pid, 7, 0));
    SHOW(poke(pid, 2, 0x2004));
    for (int i = 0; i < 8; i++)
        say("DR%d is %#lx", i, peek(pid, i));
    SHOW(trace(PTRACE_POKEUSER, pid, REGISTER(0) + 4, 0));
    SHOW(trace(PTRACE_POKEUSER, pid, REGISTER(8), 0));
    SHOW(trace(PTRACE_PEEKUSER, pid, REGISTER(8), (uintptr_t)&watched));
    end(pid);
}

/* ---- what is met ---- */

static void write_parts(void)
{
    other.word = 1;
    watched.word = 1;
    watched.half[1] = 2;
    watched.quarter[1] = 3;
    watched.byte[1] = 4;
    _exit((int)watched.word & 1);
}

static void lengths(void)
{
    static const struct {
        int length, at;
    } cases[] = {{1, 1}, {2, 2}, {4, 4}, {8, 0}, {1, 7}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        pid_t pid = traced_child(write_parts);
        say("%d bytes at %d", cases[i].length, cases[i].at);
        watch(pid, (int)i % 4, &watched.byte[cases[i].at], WRITE, cases[i].length);
        for (int stops = 0; stops < 4; stops++)
            go_on("a write", pid);
        end(pid);
    }
}

static void read_and_write(void)
{
    watched.word = other.word;
    other.word = watched.word;
    _exit(0);
}

static void kinds(void)
{
    pid_t pid = traced_child(read_and_write);

    watch(pid, 1, &watched, WRITE, 8);
    go_on("the write", pid);
    go_on("not the read", pid);
    pid = traced_child(read_and_write);
    watch(pid, 1, &watched, ACCESS, 8);
    go_on("the write", pid);
    go_on("and the read", pid);
    go_on("then", pid);
    pid = traced_child(read_and_write);
    poke(pid, 0, (uintptr_t)&watched);
    poke(pid, 3, (uintptr_t)&other);
    poke(pid, 7, control(0, ACCESS, 8) | control(3, WRITE, 8));
    go_on("two are watched", pid);
    go_on("two are watched", pid);
    go_on("two are watched", pid);
    go_on("then", pid);
}

static __attribute__((noinline)) void marked(void)
{
    __asm__ volatile("" : : : "memory");
    other.word++;
}

static void call_twice(void)
{
    other.word = 0;
    marked();
    marked();
    _exit((int)other.word);
}

static void instructions(void)
{
    struct user_regs_struct registers;
    pid_t pid = traced_child(call_twice);

    watch(pid, 2, (volatile void *)(uintptr_t)marked, EXECUTE, 1);
    go_on("a function is called", pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW(registers.rip == (uintptr_t)marked);
    go_on("and again", pid);
    go_on("it counts both calls", pid);
}

/* A step is told before what it meets; DR6 has both. */
static void steps(void)
{
    pid_t pid = traced_child(write_parts);
    siginfo_t info;
    int status = 0, count = 0;

    watch(pid, 0, &watched, WRITE, 8);
    do {
        trace(PTRACE_SINGLESTEP, pid, 0, 0);
        status = wait_for(pid);
    } while (WIFSTOPPED(status) && !(peek(pid, 6) & 1) && ++count < 1000);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("a step that meets it: code %d, DR6 %#lx", info.si_code, peek(pid, 6));
    end(pid);
}

static void step_itself(void)
{
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; movq $1, %0"
                     : "=m"(watched.word)
                     :
                     : "cc");
    _exit(0);
}

/* The program sets RFLAGS.TF itself, and the next instruction meets the watchpoint. */
static void own_steps(void)
{
    pid_t pid = traced_child(step_itself);

    watch(pid, 0, &watched, WRITE, 8);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("a step of its own", pid);
    end(pid);
}

static void let_kernel_write(void)
{
    int file = open("/dev/zero", O_RDONLY);

    SHOW(read(file, (void *)&watched, 8));
    watched.word = 1;
    _exit(0);
}

static void kernel_writes(void)
{
    pid_t pid = traced_child(let_kernel_write);

    watch(pid, 0, &watched, WRITE, 8);
    go_on("read() is not told, the next write is", pid);
    end(pid);
}

/* ---- whose they are ---- */

static void fork_and_write(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        watched.word = 1;
        _exit(3);
    }
    show_end("a child that writes", pid);
    watched.word = 2;
    _exit(0);
}

static void *write_there(void *nothing)
{
    watched.word = 1;
    return nothing;
}

static void write_in_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, write_there, NULL);
    pthread_join(thread, NULL);
    say("the thread is done");
    watched.word = 2;
    _exit(0);
}

static void exec_and_write(void)
{
    execl("/proc/self/exe", "ptrace_watch", "write", NULL);
}

static void inheritance(void)
{
    pid_t pid = traced_child(fork_and_write);

    watch(pid, 0, &watched, WRITE, 8);
    go_on("the parent's write", pid);
    end(pid);
    pid = traced_child(write_in_thread);
    watch(pid, 0, &watched, WRITE, 8);
    go_on("the thread's maker", pid);
    end(pid);
    pid = traced_child(exec_and_write);
    watch(pid, 0, &watched, WRITE, 8);
    go_on("exec", pid);
    say("DR0 %#lx, DR7 %#lx", peek(pid, 0), peek(pid, 7));
    go_on("another program writes", pid);
}

static void yield_and_write(void)
{
    for (int i = 0; i < 100; i++) {
        sched_yield();
        other.word = (unsigned long)i;
    }
    watched.word = 1;
    _exit(0);
}

/* Three run by turns: with watchpoints of their own, and without. */
static void turns(void)
{
    pid_t first = traced_child(yield_and_write), second = traced_child(yield_and_write);
    pid_t third = fork();

    if (third == 0)
        yield_and_write();
    watch(first, 0, &watched, WRITE, 8);
    watch(second, 0, &other.byte[7], WRITE, 1);
    trace(PTRACE_CONT, first, 0, 0);
    for (int i = 0; i < 99; i++) {
        trace(PTRACE_CONT, second, 0, 0);
        wait_for(second);
    }
    go_on("the hundredth", second);
    go_on("the end of one", second);
    say_wait("its own word alone stops the other", first);
    go_on("the end of the other", first);
    show_end("one without a tracer", third);
}

/* They stay when the tracer goes. */
static void detached(void)
{
    pid_t pid = traced_child(read_and_write);

    watch(pid, 0, &watched, WRITE, 8);
    trace(PTRACE_DETACH, pid, 0, 0);
    say_wait("detached", pid);
    pid = traced_child(read_and_write);
    watch(pid, 0, &watched, WRITE, 8);
    poke(pid, 7, 0);
    trace(PTRACE_DETACH, pid, 0, 0);
    say_wait("detached and unwatched", pid);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        watched.word = 1;
        return 4;
    }
    values();
    lengths();
    kinds();
    instructions();
    steps();
    own_steps();
    kernel_writes();
    inheritance();
    turns();
    detached();
    return 0;
}
