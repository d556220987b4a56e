// SPDX-License-Identifier: MIT
/*
 * Alternate signal stacks.
 */
#include "tests/programs/show.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define SIZE (64 * 1024)

static char *stack;
static volatile sig_atomic_t was_on_stack, flags_inside, error_inside, error_of_change;
static stack_t in_context;

static void look(int number, siginfo_t *info, void *context)
{
    char here;
    stack_t now, other = {.ss_sp = stack, .ss_size = SIZE};

    (void)number;
    (void)info;
    was_on_stack = &here >= stack && &here < stack + SIZE;
    sigaltstack(NULL, &now);
    flags_inside = now.ss_flags;
    error_of_change = 0;
    if (flags_inside != SS_DISABLE && sigaltstack(&other, NULL))
        error_of_change = errno;
    in_context = ((ucontext_t *)context)->uc_stack;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | flags};

    sigaction(number, &action, NULL);
}

static void show(const char *what)
{
    stack_t now;

    sigaltstack(NULL, &now);
    say("%s: %s at flags %#x, size %zu", what, now.ss_sp == stack ? "ours" : "none",
        (unsigned int)now.ss_flags, now.ss_size);
}

static void errors(void)
{
    stack_t value = {.ss_sp = stack, .ss_size = 2047};

    show("at first");
    SHOW(sigaltstack(&value, NULL)); /* a stack of 2047 bytes */
    value = (stack_t){.ss_sp = stack, .ss_size = SIZE, .ss_flags = 4};
    SHOW(sigaltstack(&value, NULL)); /* an unknown flag */
    value.ss_flags = SS_DISABLE | SS_ONSTACK;
    SHOW(sigaltstack(&value, NULL));         /* SS_DISABLE and SS_ONSTACK */
    SHOW(syscall(SYS_sigaltstack, 8, NULL)); /* from a bad address */
    SHOW(syscall(SYS_sigaltstack, NULL, 8)); /* to a bad address */
    value.ss_flags = SS_DISABLE;
    value.ss_size = 1;
    SHOW(sigaltstack(&value, NULL)); /* SS_DISABLE with a small size */
    show("after SS_DISABLE");
    value = (stack_t){.ss_sp = stack, .ss_size = SIZE, .ss_flags = SS_ONSTACK};
    SHOW(sigaltstack(&value, NULL)); /* SS_ONSTACK is allowed */
    show("after that");
    value.ss_flags = 0;
    SHOW(sigaltstack(&value, NULL)); /* no flags */
    show("after that");
}

static void in_handlers(void)
{
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    SHOW(was_on_stack); /* a handler with SA_ONSTACK runs there */
    say("flags inside %#x, change answers %s", (unsigned int)flags_inside,
        strerror(error_of_change));
    SHOW(in_context.ss_sp == stack && in_context.ss_size == SIZE); /* the context tells of it */
    say("flags in the context: %#x", (unsigned int)in_context.ss_flags);
    handle(SIGUSR1, 0);
    raise(SIGUSR1);
    SHOW(was_on_stack); /* one without does not */
    say("flags inside %#x, change answers %s", (unsigned int)flags_inside,
        strerror(error_of_change));
    show("afterwards");
}

static void autodisarm(void)
{
    stack_t value = {.ss_sp = stack, .ss_size = SIZE, .ss_flags = (int)(1u << 31)};

    SHOW(sigaltstack(&value, NULL));
    show("after that");
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    SHOW(was_on_stack); /* its handler runs there */
    say("flags inside %#x, change answers %s", (unsigned int)flags_inside,
        strerror(error_of_change));
    say("flags in the context: %#x", (unsigned int)in_context.ss_flags);
    show("afterwards");
    value = (stack_t){.ss_size = SIZE_MAX / 2, .ss_flags = (int)(1u << 31)};
    SHOW(sigaltstack(&value, NULL)); /* SS_AUTODISARM on the stack in use */
    show("it is not in use");
    value.ss_flags |= SS_DISABLE;
    SHOW(sigaltstack(&value, NULL)); /* SS_AUTODISARM and SS_DISABLE */
    show("after that");
    value.ss_flags = 0;
    sigaltstack(&value, NULL);
}

/* ---- stacks that run out ---- */

static sigjmp_buf way_back;

static void leave(int number)
{
    char here;

    was_on_stack = &here >= stack && &here < stack + SIZE;
    siglongjmp(way_back, number);
}

static int use_stack(int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return depth ? use_stack(depth - 1) + frame[0] : 0;
}

static void overflow(void)
{
    struct sigaction action = {.sa_handler = leave, .sa_flags = SA_ONSTACK};
    struct rlimit limit;

    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 512 * 1024;
    setrlimit(RLIMIT_STACK, &limit);
    sigaction(SIGSEGV, &action, NULL);
    for (volatile int i = 0; i < 3; i++) {
        int number = sigsetjmp(way_back, 1);
        if (number == 0)
            use_stack(1000);
        say("the stack ran out: signal %d, %s", number,
            was_on_stack ? "on the alternate stack" : "elsewhere");
    }
    show("afterwards");
}

static void overflow_without(void)
{
    struct sigaction action = {.sa_handler = leave};
    struct rlimit limit;

    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 512 * 1024;
    setrlimit(RLIMIT_STACK, &limit);
    sigaction(SIGSEGV, &action, NULL);
    if (sigsetjmp(way_back, 1) == 0)
        use_stack(1000);
    say("there is a stack for the handler");
}

static void unmapped(void)
{
    stack_t value = {.ss_sp = (void *)0x10000, .ss_size = SIZE};

    SHOW(sigaltstack(&value, NULL)); /* a stack that is not mapped */
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    say("the handler has run");
}

/* ---- fork ---- */

static void after_fork(void)
{
    show("in a child of fork");
}

static void after_vfork(void)
{
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        show("in a child of vfork");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    say_status("vfork", status);
}

int main(void)
{
    stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errors();
    in_handlers();
    autodisarm();
    in_child("fork", after_fork);
    after_vfork();
    in_child("overflow", overflow);
    in_child("overflow without an alternate stack", overflow_without);
    in_child("unmapped", unmapped);
    return 0;
}
