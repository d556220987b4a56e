// SPDX-License-Identifier: MIT
/*
 * Attacks that no policy stops (tests/ring3/keys/attacks.h). They are here so that
 * docs/policies.md, which says what to do about each, is true.
 */
#include "tests/ring3/keys/attacks.h"

#include <fcntl.h>
#include <linux/ptrace.h>
#include <sys/uio.h>

static int shared; /* a memfd that the secret is in */
static char *code; /* under no key */

static const unsigned char wrong_code[] = {0xb8, 13, 0, 0, 0, 0xc3}; /* mov eax, 13; ret */

static int read_back(const char *pages)
{
    return pages[0] == SECRET[0] ? THROUGH : NOTHING;
}

/* ---- memory that has another way in ---- */

static int map_again(void)
{
    char *again = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, shared, PAGE);

    return FAILED(again == MAP_FAILED, read_back(again));
}

static int write_to_file(void)
{
    return FAILED(pwrite(shared, "x", 1, PAGE) != 1, by_change());
}

/* The page in front of the secret is the adversary's, and of the same file. */
static int grow_neighbour(void)
{
    char *grown = mremap(secret - PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);

    return FAILED(grown == MAP_FAILED, read_back(grown + PAGE));
}

/* Neither mapping is writable and executable. */
static int execute_what_is_written(void)
{
    int file = (int)syscall(__NR_memfd_create, "code", 0);

    if (write(file, wrong_code, sizeof(wrong_code)) != sizeof(wrong_code))
        return errno;
    void *mapped = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    if (mapped == MAP_FAILED)
        return errno;
    return ((int (*)(void))(uintptr_t)mapped)() == 13 ? THROUGH : NOTHING;
}

/* Code that is under no key, by whoever may not write to it. */
static int patch_code(void)
{
    int memory = open("/proc/self/mem", O_RDWR);

    if (pwrite(memory, wrong_code, sizeof(wrong_code), (off_t)(uintptr_t)code) < 0)
        return errno;
    return ((int (*)(void))(uintptr_t)code)() == 13 ? THROUGH : NOTHING;
}

/* ---- other processes ---- */

static void sleep_for_ever(void)
{
    for (;;)
        sched_yield();
}

static int end_child(pid_t child, int result)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return result;
}

/* It has a copy. */
static int read_child(void)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {secret, 1};
    pid_t child = fork();

    if (child == 0)
        sleep_for_ever();
    long result = syscall(__NR_process_vm_readv, child, &here, 1, &there, 1, 0);
    return end_child(child, FAILED(result != 1, read_back(&byte)));
}

/* By a child from fork(), which exits with the result. */
static int by_child(int (*attack)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(attack());
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int peek_at_parent(void)
{
    long word = 0;
    pid_t pid = getppid();

    if (syscall(__NR_ptrace, PTRACE_ATTACH, pid, NULL, NULL))
        return errno;
    waitpid(pid, NULL, 0);
    long result = syscall(__NR_ptrace, PTRACE_PEEKDATA, pid, secret, &word);
    syscall(__NR_ptrace, PTRACE_DETACH, pid, NULL, NULL);
    return FAILED(result != 0, read_back((char *)&word));
}

static int trace_parent(void)
{
    return by_child(peek_at_parent);
}

static int ask_about_parent(void)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {secret, 1};

    return FAILED(syscall(__NR_process_vm_readv, getppid(), &here, 1, &there, 1, 0) != 1,
                  read_back(&byte));
}

static int read_parent(void)
{
    return by_child(ask_about_parent);
}

/* ---- signals ---- */

static volatile int handlers_result = NOTHING;

/* The trusted side's own handler, which then runs at a moment that is not its own. */
static void trusted_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    handlers_result = by_right();
}

static int choose_moment(void)
{
    open_gate();
    raise_here(SIGUSR1);
    close_gate();
    return handlers_result;
}

static void __attribute__((noreturn)) goes_on_here(void)
{
    _exit(by_right());
}

/* The handler does what another thread would do meanwhile: the stack is everybody's memory. */
static void rewritten_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)goes_on_here;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP] &= ~15;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP] -= 1032;
}

static int rewrite_frame(void)
{
    open_gate();
    raise_here(SIGUSR2);
    close_gate();
    return NOTHING;
}

/* ---- ---- */

static void prepare(void)
{
    char *pages;

    code = map_code();
    shared = (int)syscall(__NR_memfd_create, "secret", 0);
    EXPECT_SUCCESS(ftruncate(shared, PAGE + SECRET_SIZE));
    pages = mmap(NULL, PAGE + SECRET_SIZE, READ_WRITE, MAP_SHARED, shared, 0);
    hide(pages + PAGE);
    handle(SIGUSR1, trusted_handler, 0);
    handle(SIGUSR2, rewritten_handler, 0);
}

#define ANY ALL_POLICIES

static const struct attack attacks[] = {
    {"a second mapping of a shared object", ANY, map_again, THROUGH, THROUGH, false},
    {"write(2) to the file behind a shared mapping", ANY, write_to_file, THROUGH, THROUGH, false},
    {"mremap(2) that lets a neighbour of the same object grow", ANY, grow_neighbour, THROUGH,
     THROUGH, false},
    {"a memfd that is written, then mapped for execution", EXEC_GAIN, execute_what_is_written,
     THROUGH, THROUGH, false},
    {"`/proc/self/mem` on code under no key, with Linux's PR_MDWE_REFUSE_EXEC_GAIN", EXEC_GAIN,
     patch_code, THROUGH, THROUGH, false},
    {"process_vm_readv(2) on a child from fork(2), which has a copy", ANY, read_child, THROUGH,
     THROUGH, false},
    {"ptrace(2) on the parent by such a child", ANY, trace_parent, THROUGH, THROUGH, false},
    {"process_vm_readv(2) on the parent by such a child", ANY, read_parent, THROUGH, THROUGH,
     false},
    {"a signal to who has the right, at a moment of the sender's choice", PKEY_KEPT, choose_moment,
     NOTHING, THROUGH, false},
    {"a handler's frame, in memory under no closed key, is changed while it runs", ANY,
     rewrite_frame, THROUGH, THROUGH, false},
};

int main(void)
{
    return run_attacks(attacks, COUNT(attacks), prepare);
}
