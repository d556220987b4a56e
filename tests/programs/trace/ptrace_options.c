// SPDX-License-Identifier: MIT
/*
 * ptrace: events by option, stops at system calls, single steps.
 */
#include "tests/programs/trace/trace.h"

static void say_message(const char *what, pid_t pid, unsigned long expected)
{
    unsigned long message = 0;

    if (trace(PTRACE_GETEVENTMSG, pid, 0, (uintptr_t)&message))
        say("%s: %s", what, strerror(errno));
    else
        say("%s: %s", what, message == expected ? "as expected" : "something else");
}

/* ---- system calls ---- */

static void two_calls(void)
{
    syscall(SYS_getppid);
    syscall(SYS_close, 77);
}

static void system_calls(void)
{
    struct user_regs_struct registers;
    pid_t pid = traced_child(two_calls);

    SHOW(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
    for (int i = 0; i < 4; i++) {
        trace(PTRACE_SYSCALL, pid, 0, 0);
        int status = wait_for(pid);
        trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
        say("%s: signal %#x, number %lld, %s", i % 2 ? "leaving" : "entering",
            (unsigned int)WSTOPSIG(status), (long long)registers.orig_rax,
            (long long)registers.rax == -ENOSYS    ? "answer ENOSYS"
            : (long long)registers.rax == -EBADF   ? "answer EBADF"
            : (long long)registers.rax == getpid() ? "answer the parent"
                                                   : "another answer");
    }
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW(registers.orig_rax == SYS_exit_group && registers.rdi == 0); /* the last is exit_group */
    trace(PTRACE_SYSCALL, pid, 0, 0);
    say_wait("it does not leave", pid);
}

static void without_good(void)
{
    pid_t pid = traced_child(two_calls);
    siginfo_t info;

    trace(PTRACE_SYSCALL, pid, 0, 0);
    say_wait("without TRACESYSGOOD", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %d", info.si_signo, info.si_code);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("CONT does not stop any more", pid);
}

static void answers(void)
{
    long none = syscall(SYS_getppid);
    long forbidden = syscall(SYS_getppid);
    int reason = errno;
    long other = syscall(SYS_getppid);

    say("the tracee got %ld, %ld (%s) and %ld", none, forbidden, strerror(reason), other);
}

/* A tracer may change the answer, the number, or make a call not happen. */
static void changed_calls(void)
{
    struct user_regs_struct registers;
    pid_t pid = traced_child(answers);

    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    registers.rax = 77;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);

    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    registers.orig_rax = (unsigned long)-1;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW((long)registers.rax == -ENOSYS); /* a call that was made none says ENOSYS */

    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    registers.orig_rax = (unsigned long)-1;
    registers.rax = (unsigned long)-EPERM;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW((long)registers.rax == -EPERM); /* or what its tracer has put there before */

    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    registers.orig_rax = SYS_close;
    registers.rdi = (unsigned long)-1;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW((long)registers.rax == -EBADF); /* a call that was made another has its answer */
    registers.rax = 1234;
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)&registers);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the tracee", pid);
}

/* ---- events ---- */

static void fork_once(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(3);
    waitpid(pid, NULL, 0);
    _exit(4);
}

static void vfork_once(void)
{
    pid_t pid = vfork();

    if (pid == 0)
        _exit(3);
    waitpid(pid, NULL, 0);
    _exit(4);
}

static void followed(const char *what, void (*function)(void), int options)
{
    unsigned long child = 0;
    siginfo_t info;
    pid_t pid = traced_child(function);

    say("-- %s", what);
    SHOW(trace(PTRACE_SETOPTIONS, pid, 0, (unsigned long)options));
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the parent", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %#x", info.si_signo, (unsigned int)info.si_code);
    trace(PTRACE_GETEVENTMSG, pid, 0, (uintptr_t)&child);
    SHOW((pid_t)child > 0 && (pid_t)child != pid); /* the event has the child's pid */
    say_wait("the child is traced, too", (pid_t)child);
    SHOW(trace(PTRACE_CONT, (pid_t)child, 0, 0));
    SHOW(trace(PTRACE_CONT, pid, 0, 0)); /* of the parent */
    say_wait("the child", (pid_t)child);
    int status = wait_for(pid);
    say_status("the parent", status);
    while (WIFSTOPPED(status)) {
        trace(PTRACE_CONT, pid, 0, WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0);
        status = wait_for(pid);
        say_status("the parent", status);
    }
}

static void exec_itself(void)
{
    char *arguments[] = {"ptrace", "again", NULL};

    execv("/proc/self/exe", arguments);
    _exit(99);
}

static void exec_event(void)
{
    pid_t pid = traced_child(exec_itself);

    SHOW(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC));
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("exec", pid);
    say_message("its message is the pid", pid, (unsigned long)pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then", pid);
}

static void exit_3(void)
{
    _exit(3);
}

static void exit_event(void)
{
    pid_t pid = traced_child(exit_3);

    SHOW(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT));
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("exit", pid);
    say_message("its message is the status", pid, 3 << 8);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then", pid);
    pid = traced_child(exit_3);
    trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
    trace(PTRACE_CONT, pid, 0, SIGTERM);
    say_wait("killed by SIGTERM", pid);
    say_message("its message is the status", pid, SIGTERM);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then", pid);
}

static void exit_kill(void)
{
    int ends[2];
    char byte;

    (void)!pipe(ends);
    pid_t tracer = fork();
    if (tracer == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            for (;;)
                pause();
        }
        trace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL);
        _exit(0);
    }
    close(ends[1]);
    waitpid(tracer, NULL, 0);
    SHOW(read(ends[0], &byte, 1)); /* with EXITKILL the tracee ends with its tracer */
    close(ends[0]);
}

/* ---- single steps ---- */

static volatile int stepped;

static void step_a_little(void)
{
    raise(SIGUSR1);
    __asm__ volatile("nop\n\tnop\n\tnop");
    stepped = 1;
}

static void single_steps(void)
{
    struct user_regs_struct before, after;
    siginfo_t info;
    pid_t pid = traced_child(step_a_little);
    int steps = 0, status;

    trace(PTRACE_CONT, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&before);
    SHOW(trace(PTRACE_SINGLESTEP, pid, 0, 0));
    say_wait("stops", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %d", info.si_signo, info.si_code);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&after);
    SHOW(after.rip != before.rip && after.rip - before.rip < 16); /* RIP has moved */
    SHOW(!(after.eflags & 0x100));                                /* TF is not seen */
    do {
        trace(PTRACE_SINGLESTEP, pid, 0, 0);
        status = wait_for(pid);
        steps++;
    } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP && steps < 100000);
    say_status("stepped to the end", status);
    SHOW(steps > 10 && steps < 10000); /* in some steps */
    pid = traced_child(step_a_little);
    trace(PTRACE_SINGLESTEP, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("CONT after a step runs on", pid);
    end(pid);
}

static void handler(int number)
{
    (void)number;
}

static void handle_one(void)
{
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
}

static void step_into_handler(void)
{
    struct user_regs_struct registers;
    pid_t pid = traced_child(handle_one);

    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("a signal", pid);
    trace(PTRACE_SINGLESTEP, pid, 0, SIGUSR1);
    say_wait("a step with it", pid);
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    SHOW(registers.rip == (uintptr_t)handler); /* stops at the handler's first instruction */
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then", pid);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 5;
    system_calls();
    without_good();
    changed_calls();
    followed("TRACEFORK", fork_once, PTRACE_O_TRACEFORK);
    followed("TRACEVFORK", vfork_once, PTRACE_O_TRACEVFORK);
    exec_event();
    exit_event();
    exit_kill();
    single_steps();
    step_into_handler();
    return 0;
}
