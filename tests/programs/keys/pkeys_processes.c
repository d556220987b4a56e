// SPDX-License-Identifier: MIT
/*
 * Protection keys over signals, fork, vfork and exec, and in ptrace.
 */
#include "tests/programs/keys/keys.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* ---- signals ---- */

static volatile unsigned int inside;
static unsigned int handler_sets;

static void look(int number)
{
    (void)number;
    inside = read_pkru();
    if (handler_sets)
        write_pkru(handler_sets);
}

static void signals(void)
{
    int key = (int)key_alloc(0, 0);

    signal(SIGUSR1, look);
    say("PKRU at first %#x", read_pkru());
    raise(SIGUSR1);
    say("in a handler %#x", inside);
    set_rights(key, DISABLE_WRITE);
    write_pkru(read_pkru() & ~(3u << 20)); /* key 10, which is not allocated, opened by hand */
    unsigned int before = read_pkru();
    raise(SIGUSR1);
    say("in a handler, whatever was before, %#x", inside);
    SHOW(read_pkru() == before); /* afterwards PKRU is as it was */
    handler_sets = 0x55555550;
    raise(SIGUSR1);
    SHOW(read_pkru() == before); /* what a handler sets is gone */
    handler_sets = 0;
    key_free(key);
}

static sigjmp_buf way_back;

static void leave(int number)
{
    siglongjmp(way_back, number);
}

static void jump_out(void)
{
    unsigned int before;
    int key = (int)key_alloc(0, 0);

    signal(SIGUSR1, leave);
    before = read_pkru();
    if (!sigsetjmp(way_back, 1))
        raise(SIGUSR1);
    SHOW(read_pkru() != before); /* siglongjmp out of a handler keeps the handler's PKRU */
    say("which is %#x", read_pkru());
    key_free(key);
}

static void killed_by_key(void)
{
    char *page = new_pages(1);
    int key = (int)key_alloc(0, DISABLE_ACCESS);

    key_protect(page, PAGE, PROT_READ | PROT_WRITE, key);
    *(volatile char *)page = 1;
}

/* ---- fork, vfork, exec ---- */

static void over_fork(void)
{
    char *page = new_pages(1);
    int key = (int)key_alloc(0, DISABLE_WRITE), status;
    unsigned int before = read_pkru();

    key_protect(page, PAGE, PROT_READ | PROT_WRITE, key);
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(read_pkru() == before); /* a child has the parent's PKRU */
        say_access("and the page its key", page, true);
        SHOW(key_free(key));                   /* the key is allocated */
        SHOW(key_alloc(0, 0) == key ? 0 : -1); /* it can be allocated anew */
        set_rights(key, DISABLE_ACCESS);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    say_status("the child", status);
    SHOW(read_pkru() == before); /* the parent's PKRU is as it was */
    say_access("and the page", page, false);
    SHOW(key_free(key)); /* and the key is still allocated */
    pid = vfork();
    if (pid == 0) {
        SHOW(read_pkru() == before); /* a child of vfork has the parent's PKRU */
        write_pkru(0x55555550);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    SHOW(read_pkru() == before); /* and its own from then on */
    munmap(page, PAGE);
}

static void exec_itself(void)
{
    char *arguments[] = {"pkeys_processes", "again", NULL};

    while (key_alloc(0, DISABLE_ACCESS) >= 0)
        ;
    write_pkru(0);
    execv("/proc/self/exe", arguments);
    _exit(99);
}

static int after_exec(void)
{
    int count = 0;

    say("after exec PKRU is %#x", read_pkru());
    while (key_alloc(0, 0) >= 0)
        count++;
    SHOW(count); /* keys that can be allocated */
    return 0;
}

/* ---- ptrace and process_vm_readv ---- */

static char *shared_page;

static void stopped_with_key(void)
{
    int key = (int)key_alloc(0, 0);

    strcpy(shared_page, "secret");
    key_protect(shared_page, PAGE, PROT_READ | PROT_WRITE, key);
    set_rights(key, DISABLE_ACCESS);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    say("the tracee's PKRU is now %#x", read_pkru());
    _exit(0);
}

/* Where the state keeps PKRU. */
static size_t pkru_offset(void)
{
    unsigned int a, b, c, d;

    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0xd), "c"(9));
    return b;
}

static void tracing(void)
{
    static char state[16384];
    struct iovec vector = {state, sizeof(state)};
    int status;
    unsigned int pkru;

    shared_page = new_pages(1);
    pid_t pid = fork();
    if (pid == 0)
        stopped_with_key();
    waitpid(pid, &status, 0);
    long word = ptrace(PTRACE_PEEKDATA, pid, shared_page, NULL);
    say("PEEKDATA reads under a denied key: %.6s", (char *)&word);
    char text[8] = "";
    struct iovec local = {text, 6}, remote = {shared_page, 6};
    SHOW(process_vm_readv(pid, &local, 1, &remote, 1, 0)); /* reads, too */
    /* the state can be read */
    SHOW(syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &vector));
    memcpy(&pkru, state + pkru_offset(), 4);
    say("PKRU in it is %#x", pkru);
    pkru = 0x55555540;
    memcpy(state + pkru_offset(), &pkru, 4);
    SHOW(syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &vector)); /* and written */
    ptrace(PTRACE_CONT, pid, NULL, NULL);
    waitpid(pid, &status, 0);
    say_status("the tracee", status);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return after_exec();
    need_keys();
    signals();
    in_child("jump", jump_out);
    in_child("a fault by a key", killed_by_key);
    over_fork();
    in_child("exec", exec_itself);
    tracing();
    return 0;
}
