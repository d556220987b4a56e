// SPDX-License-Identifier: MIT
/*
 * ptrace: becoming a tracer, stops and their ends, memory and signals of a tracee.
 */
#include "tests/programs/trace.h"

#include <sys/mman.h>

/* ---- Errors ---- */

static void errors(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    VALUE("an unknown request", trace(999, pid, 0, 0));
    VALUE("PEEKDATA of a process not traced", trace(PTRACE_PEEKDATA, pid, 0, 0));
    VALUE("CONT of a process not traced", trace(PTRACE_CONT, pid, 0, 0));
    VALUE("DETACH of a process not traced", trace(PTRACE_DETACH, pid, 0, 0));
    VALUE("KILL of a process not traced", trace(PTRACE_KILL, pid, 0, 0));
    VALUE("ATTACH to nobody", trace(PTRACE_ATTACH, 4194304, 0, 0));
    VALUE("ATTACH to a negative pid", trace(PTRACE_ATTACH, -1, 0, 0));
    VALUE("ATTACH to itself", trace(PTRACE_ATTACH, getpid(), 0, 0));
    VALUE("SEIZE with an address", trace(PTRACE_SEIZE, pid, 1, 0));
    VALUE("SEIZE with an unknown option", trace(PTRACE_SEIZE, pid, 0, 1ul << 30));
    VALUE("ATTACH", trace(PTRACE_ATTACH, pid, 0, 0));
    VALUE("ATTACH once more", trace(PTRACE_ATTACH, pid, 0, 0));
    say_wait("it stops", pid);
    VALUE("an unknown request", trace(999, pid, 0, 0));
    VALUE("CONT with signal 65", trace(PTRACE_CONT, pid, 0, 65));
    VALUE("DETACH with signal 65", trace(PTRACE_DETACH, pid, 0, 65));
    VALUE("SETOPTIONS with an unknown one", trace(PTRACE_SETOPTIONS, pid, 0, 1ul << 30));
    VALUE("INTERRUPT of one that was not seized", trace(PTRACE_INTERRUPT, pid, 0, 0));
    VALUE("LISTEN of one that was not seized", trace(PTRACE_LISTEN, pid, 0, 0));
    VALUE("GETSIGINFO to a bad address", trace(PTRACE_GETSIGINFO, pid, 0, 8));
    VALUE("GETREGS to a bad address", trace(PTRACE_GETREGS, pid, 0, 8));
    VALUE("PEEKDATA to a bad address", trace(PTRACE_PEEKDATA, pid, (uintptr_t)&pid, 8));
    VALUE("GETEVENTMSG to a bad address", trace(PTRACE_GETEVENTMSG, pid, 0, 8));
    end(pid);
    VALUE("PEEKDATA of one that is gone", trace(PTRACE_PEEKDATA, pid, 0, 0));
    pid = fork();
    if (pid == 0) {
        VALUE("TRACEME", trace(PTRACE_TRACEME, 0, 0, 0));
        VALUE("TRACEME once more", trace(PTRACE_TRACEME, 0, 0, 0));
        _exit(0);
    }
    say_wait("a traced child that ends", pid);
}

static void zombie(void)
{
    siginfo_t info;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    VALUE("ATTACH to a zombie", trace(PTRACE_ATTACH, pid, 0, 0));
    VALUE("SEIZE of a zombie", trace(PTRACE_SEIZE, pid, 0, 0));
    waitpid(pid, NULL, 0);
}

/* ---- Memory ---- */

static volatile long word = 0x1122334455667788;
static const volatile long constant = 42;

static void check_word(void)
{
    _exit(word == 77 && constant == 43 ? 1 : 2);
}

static void memory(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *two = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long value = 0;

    munmap(two + page, page);
    pid_t pid = traced_child(check_word);
    VALUE("PEEKDATA", trace(PTRACE_PEEKDATA, pid, (uintptr_t)&word, (uintptr_t)&value));
    say("read %#lx", value);
    VALUE("PEEKTEXT between words",
          trace(PTRACE_PEEKTEXT, pid, (uintptr_t)&word + 3, (uintptr_t)&value));
    say("read %#lx", value & 0xffffffffff);
    VALUE("ptrace() of the C library", ptrace(PTRACE_PEEKDATA, pid, (void *)&constant, NULL));
    VALUE("PEEKDATA where nothing is", trace(PTRACE_PEEKDATA, pid, 8, (uintptr_t)&value));
    VALUE("PEEKDATA across an end",
          trace(PTRACE_PEEKDATA, pid, (uintptr_t)two + page - 4, (uintptr_t)&value));
    VALUE("PEEKDATA of the kernel's half",
          trace(PTRACE_PEEKDATA, pid, 0xffff800000000000, (uintptr_t)&value));
    VALUE("POKEDATA where nothing is", trace(PTRACE_POKEDATA, pid, 8, 0));
    VALUE("POKEDATA", trace(PTRACE_POKEDATA, pid, (uintptr_t)&word, 77));
    VALUE("POKEDATA into what is read-only", trace(PTRACE_POKEDATA, pid, (uintptr_t)&constant, 43));
    say("the tracer's own are %#lx and %ld", word, constant);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the tracee sees 77 and 43", pid);
}

/* ---- Signals ---- */

static volatile sig_atomic_t count, last_code, last_value;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    count++;
    last_code = info->si_code;
    last_value = info->si_value.sival_int;
}

static void raise_three(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGUSR1);
    say("the tracee's handler ran %d times, last with code %d, value %d", (int)count,
        (int)last_code, (int)last_value);
}

static void signals(void)
{
    siginfo_t info;
    pid_t pid = traced_child(raise_three);

    VALUE("GETSIGINFO at a SIGSTOP", trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info));
    say("signo %d, code %d, %s pid", info.si_signo, info.si_code,
        info.si_pid == pid ? "its" : "another");
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("its first signal", pid);
    trace(PTRACE_CONT, pid, 0, SIGUSR1);
    say_wait("the second", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 99;
    VALUE("SETSIGINFO", trace(PTRACE_SETSIGINFO, pid, 0, (uintptr_t)&info));
    trace(PTRACE_CONT, pid, 0, SIGUSR1);
    say_wait("the third, which is taken away", pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the end", pid);

    pid = traced_child(raise_three);
    trace(PTRACE_CONT, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_CONT, pid, 0, SIGUSR2);
    wait_for(pid);
    trace(PTRACE_CONT, pid, 0, 0);
    wait_for(pid);
    trace(PTRACE_CONT, pid, 0, SIGTERM);
    say_wait("another signal in place of the one it was stopped for", pid);
}

static void raise_ignored(void)
{
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    raise(SIGCHLD);
    raise(SIGWINCH);
    _exit(7);
}

static void ignored(void)
{
    pid_t pid = traced_child(raise_ignored);

    for (int i = 0; i < 4; i++) {
        trace(PTRACE_CONT, pid, 0, 0);
        say_wait("a tracer sees what is ignored", pid);
    }
}

static void killed(void)
{
    pid_t pid = traced_child(NULL);

    VALUE("KILL", trace(PTRACE_KILL, pid, 0, 0));
    say_wait("ends it", pid);
    pid = traced_child(NULL);
    kill(pid, SIGKILL);
    say_wait("so does SIGKILL", pid);
    pid = traced_child(NULL);
    trace(PTRACE_CONT, pid, 0, SIGKILL);
    say_wait("so does CONT with SIGKILL", pid);
    pid = traced_child(NULL);
    kill(pid, SIGTERM);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("SIGTERM stops it first", pid);
    trace(PTRACE_CONT, pid, 0, SIGTERM);
    say_wait("and then ends it", pid);
}

static void crash(void)
{
    volatile int *volatile nowhere = (volatile int *)8;

    *nowhere = 1;
}

static void faults(void)
{
    siginfo_t info;
    pid_t pid = traced_child(crash);

    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("a fault", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %d, address %p", info.si_signo, info.si_code, info.si_addr);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("again, as nothing has changed", pid);
    trace(PTRACE_CONT, pid, 0, SIGSEGV);
    say_wait("it ends", pid);
}

/* ---- ATTACH, DETACH and exec ---- */

static void attach(void)
{
    siginfo_t info;
    int status;
    pid_t pid = sleeping_child();

    VALUE("ATTACH", trace(PTRACE_ATTACH, pid, 0, 0));
    say_wait("stops", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("by signo %d, code %d", info.si_signo, info.si_code);
    VALUE("DETACH", trace(PTRACE_DETACH, pid, 0, 0));
    VALUE("it goes on", waitpid(pid, &status, WNOHANG | WUNTRACED));
    VALUE("CONT after that", trace(PTRACE_CONT, pid, 0, 0));
    trace(PTRACE_ATTACH, pid, 0, 0);
    wait_for(pid);
    VALUE("DETACH with SIGTERM", trace(PTRACE_DETACH, pid, 0, SIGTERM));
    say_wait("ends it", pid);

    pid = sleeping_child();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    say_status("one that is stopped", status);
    VALUE("ATTACH", trace(PTRACE_ATTACH, pid, 0, 0));
    say_wait("is told again", pid);
    VALUE("CONT", trace(PTRACE_CONT, pid, 0, 0));
    say_wait("and the SIGSTOP of ATTACH comes", pid);
    end(pid);

    pid = sleeping_child();
    trace(PTRACE_ATTACH, pid, 0, 0);
    wait_for(pid);
    VALUE("DETACH with SIGSTOP", trace(PTRACE_DETACH, pid, 0, SIGSTOP));
    waitpid(pid, &status, WUNTRACED);
    say_status("leaves it stopped", status);
    end(pid);
}

static void exec_itself(void)
{
    char *arguments[] = {"ptrace", "again", NULL};

    execv("/proc/self/exe", arguments);
    _exit(99);
}

static void exec_stops(void)
{
    siginfo_t info;
    pid_t pid = traced_child(exec_itself);

    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("exec", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %d", info.si_signo, info.si_code);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then", pid);
}

/* A tracer that ends lets its tracees go. */
static void tracer_ends(void)
{
    int status;
    pid_t pid = sleeping_child();
    pid_t tracer = fork();

    if (tracer == 0) {
        trace(PTRACE_ATTACH, pid, 0, 0);
        wait_for(pid);
        _exit(0);
    }
    waitpid(tracer, &status, 0);
    say_status("a tracer that is not the parent", status);
    usleep(20000);
    VALUE("the tracee goes on", waitpid(pid, &status, WNOHANG | WUNTRACED));
    end(pid);
}

/* The end is told to the tracer first, then to the parent. */
static void tracer_is_told_first(void)
{
    int ends[2], status, status_of_tracer;
    char byte;
    pid_t pid = sleeping_child();

    (void)!pipe(ends);
    pid_t tracer = fork();
    if (tracer == 0) {
        trace(PTRACE_ATTACH, pid, 0, 0);
        wait_for(pid);
        trace(PTRACE_CONT, pid, 0, 0);
        (void)!write(ends[1], "r", 1);
        say_wait("the tracer sees the signal", pid);
        trace(PTRACE_CONT, pid, 0, SIGTERM);
        say_wait("the tracer sees the end", pid);
        _exit(0);
    }
    (void)!read(ends[0], &byte, 1);
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    waitpid(tracer, &status_of_tracer, 0);
    say_status("then the parent does", status);
    say_status("the tracer", status_of_tracer);
}

/* ---- SEIZE ---- */

static void seize(void)
{
    siginfo_t info;
    int status;
    pid_t pid = sleeping_child();

    usleep(20000); /* so that it sleeps */
    VALUE("SEIZE", trace(PTRACE_SEIZE, pid, 0, 0));
    VALUE("does not stop", waitpid(pid, &status, WNOHANG));
    VALUE("requests want a stop", trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info));
    VALUE("INTERRUPT", trace(PTRACE_INTERRUPT, pid, 0, 0));
    say_wait("stops", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %#x", info.si_signo, (unsigned int)info.si_code);
    VALUE("CONT", trace(PTRACE_CONT, pid, 0, 0));
    kill(pid, SIGSTOP);
    say_wait("SIGSTOP", pid);
    VALUE("CONT with it", trace(PTRACE_CONT, pid, 0, SIGSTOP));
    say_wait("the group stop", pid);
    VALUE("GETSIGINFO in it", trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info));
    say("signo %d, code %#x", info.si_signo, (unsigned int)info.si_code);
    VALUE("LISTEN", trace(PTRACE_LISTEN, pid, 0, 0));
    VALUE("while it listens, requests fail", trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info));
    kill(pid, SIGCONT);
    say_wait("SIGCONT ends the group stop", pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("and is a signal", pid);
    trace(PTRACE_CONT, pid, 0, SIGCONT);
    end(pid);
}

static void die_by_fault(void)
{
    raise(SIGABRT);
}

static void statuses(void)
{
    pid_t pid = traced_child(die_by_fault);
    siginfo_t info;

    trace(PTRACE_CONT, pid, 0, 0);
    waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT);
    say("waitid of a tracee: code %d, status %d", info.si_code, info.si_status);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED);
    say("waitid of a tracee: code %d, status %d", info.si_code, info.si_status);
    trace(PTRACE_CONT, pid, 0, SIGABRT);
    waitid(P_PID, (id_t)pid, &info, WEXITED);
    say("at its end: code %d, status %d", info.si_code, info.si_status);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 5;
    errors();
    zombie();
    memory();
    signals();
    ignored();
    killed();
    faults();
    attach();
    exec_stops();
    tracer_ends();
    tracer_is_told_first();
    seize();
    statuses();
    return 0;
}
