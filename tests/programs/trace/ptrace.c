// SPDX-License-Identifier: MIT
/*
 * ptrace: becoming a tracer, stops and their ends, memory and signals of a tracee.
 */
#include "tests/programs/trace/trace.h"

#include <sys/mman.h>

/* ---- errors ---- */

static void errors(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    SHOW(trace(999, pid, 0, 0));                  /* an unknown request */
    SHOW(trace(PTRACE_PEEKDATA, pid, 0, 0));      /* of a process not traced */
    SHOW(trace(PTRACE_CONT, pid, 0, 0));          /* of a process not traced */
    SHOW(trace(PTRACE_DETACH, pid, 0, 0));        /* of a process not traced */
    SHOW(trace(PTRACE_KILL, pid, 0, 0));          /* of a process not traced */
    SHOW(trace(PTRACE_ATTACH, 4194304, 0, 0));    /* to nobody */
    SHOW(trace(PTRACE_ATTACH, -1, 0, 0));         /* to a negative pid */
    SHOW(trace(PTRACE_ATTACH, getpid(), 0, 0));   /* to itself */
    SHOW(trace(PTRACE_SEIZE, pid, 1, 0));         /* with an address */
    SHOW(trace(PTRACE_SEIZE, pid, 0, 1ul << 30)); /* with an unknown option */
    SHOW(trace(PTRACE_ATTACH, pid, 0, 0));
    SHOW(trace(PTRACE_ATTACH, pid, 0, 0)); /* once more */
    say_wait("it stops", pid);
    SHOW(trace(999, pid, 0, 0)); /* an unknown request */
    SHOW(trace(PTRACE_CONT, pid, 0, 65));
    SHOW(trace(PTRACE_DETACH, pid, 0, 65));
    SHOW(trace(PTRACE_SETOPTIONS, pid, 0, 1ul << 30));     /* with an unknown one */
    SHOW(trace(PTRACE_INTERRUPT, pid, 0, 0));              /* of one that was not seized */
    SHOW(trace(PTRACE_LISTEN, pid, 0, 0));                 /* of one that was not seized */
    SHOW(trace(PTRACE_GETSIGINFO, pid, 0, 8));             /* to a bad address */
    SHOW(trace(PTRACE_GETREGS, pid, 0, 8));                /* to a bad address */
    SHOW(trace(PTRACE_PEEKDATA, pid, (uintptr_t)&pid, 8)); /* to a bad address */
    SHOW(trace(PTRACE_GETEVENTMSG, pid, 0, 8));            /* to a bad address */
    end(pid);
    SHOW(trace(PTRACE_PEEKDATA, pid, 0, 0)); /* of one that is gone */
    pid = fork();
    if (pid == 0) {
        SHOW(trace(PTRACE_TRACEME, 0, 0, 0));
        SHOW(trace(PTRACE_TRACEME, 0, 0, 0)); /* once more */
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
    SHOW(trace(PTRACE_ATTACH, pid, 0, 0)); /* to a zombie */
    SHOW(trace(PTRACE_SEIZE, pid, 0, 0));  /* of a zombie */
    waitpid(pid, NULL, 0);
}

/* ---- memory ---- */

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
    SHOW(trace(PTRACE_PEEKDATA, pid, (uintptr_t)&word, (uintptr_t)&value));
    say("read %#lx", value);
    SHOW(trace(PTRACE_PEEKTEXT, pid, (uintptr_t)&word + 3, (uintptr_t)&value)); /* between words */
    say("read %#lx", value & 0xffffffffff);
    SHOW(ptrace(PTRACE_PEEKDATA, pid, (void *)&constant, NULL)); /* of the C library */
    SHOW(trace(PTRACE_PEEKDATA, pid, 8, (uintptr_t)&value));     /* where nothing is */
    /* across an end */
    SHOW(trace(PTRACE_PEEKDATA, pid, (uintptr_t)two + page - 4, (uintptr_t)&value));
    /* of the kernel's half */
    SHOW(trace(PTRACE_PEEKDATA, pid, 0xffff800000000000, (uintptr_t)&value));
    SHOW(trace(PTRACE_POKEDATA, pid, 8, 0)); /* where nothing is */
    SHOW(trace(PTRACE_POKEDATA, pid, (uintptr_t)&word, 77));
    SHOW(trace(PTRACE_POKEDATA, pid, (uintptr_t)&constant, 43)); /* into what is read-only */
    say("the tracer's own are %#lx and %ld", word, constant);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("the tracee sees 77 and 43", pid);
}

/* ---- signals ---- */

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

    SHOW(trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info)); /* at a SIGSTOP */
    say("signo %d, code %d, %s pid", info.si_signo, info.si_code,
        info.si_pid == pid ? "its" : "another");
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("its first signal", pid);
    trace(PTRACE_CONT, pid, 0, SIGUSR1);
    say_wait("the second", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 99;
    SHOW(trace(PTRACE_SETSIGINFO, pid, 0, (uintptr_t)&info));
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

    SHOW(trace(PTRACE_KILL, pid, 0, 0));
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
    volatile int *volatile not_mapped = (volatile int *)8;

    *not_mapped = 1;
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

    SHOW(trace(PTRACE_ATTACH, pid, 0, 0));
    say_wait("stops", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("by signo %d, code %d", info.si_signo, info.si_code);
    SHOW(trace(PTRACE_DETACH, pid, 0, 0));
    SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED)); /* it goes on */
    SHOW(trace(PTRACE_CONT, pid, 0, 0));              /* after that */
    trace(PTRACE_ATTACH, pid, 0, 0);
    wait_for(pid);
    SHOW(trace(PTRACE_DETACH, pid, 0, SIGTERM));
    say_wait("ends it", pid);

    pid = sleeping_child();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    say_status("one that is stopped", status);
    SHOW(trace(PTRACE_ATTACH, pid, 0, 0));
    say_wait("is told again", pid);
    SHOW(trace(PTRACE_CONT, pid, 0, 0));
    say_wait("and the SIGSTOP of ATTACH comes", pid);
    end(pid);

    pid = sleeping_child();
    trace(PTRACE_ATTACH, pid, 0, 0);
    wait_for(pid);
    SHOW(trace(PTRACE_DETACH, pid, 0, SIGSTOP));
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
    SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED)); /* the tracee goes on */
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
    SHOW(trace(PTRACE_SEIZE, pid, 0, 0));
    SHOW(waitpid(pid, &status, WNOHANG));                     /* does not stop */
    SHOW(trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info)); /* requests want a stop */
    SHOW(trace(PTRACE_INTERRUPT, pid, 0, 0));
    say_wait("stops", pid);
    trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info);
    say("signo %d, code %#x", info.si_signo, (unsigned int)info.si_code);
    SHOW(trace(PTRACE_CONT, pid, 0, 0));
    kill(pid, SIGSTOP);
    say_wait("SIGSTOP", pid);
    SHOW(trace(PTRACE_CONT, pid, 0, SIGSTOP));
    say_wait("the group stop", pid);
    SHOW(trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info));
    say("signo %d, code %#x", info.si_signo, (unsigned int)info.si_code);
    SHOW(trace(PTRACE_LISTEN, pid, 0, 0));
    SHOW(trace(PTRACE_GETSIGINFO, pid, 0, (uintptr_t)&info)); /* while it listens, requests fail */
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
