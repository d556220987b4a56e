// SPDX-License-Identifier: MIT
/*
 * Attacks by what gives rights to a key (tests/ring3/keys/attacks.h): calls, the vDSO, signal
 * frames, and handlers that run with the rights of whom they interrupt.
 */
#include "tests/ring3/keys/attacks.h"

#include "libc/include/latchkey/vdso.h"

/* ---- calls ---- */

static int refused_or_right(long result)
{
    return result < 0 ? (int)-result : by_right();
}

static int set_by_call(void)
{
    return refused_or_right(raw_call(__NR_pkey_set, (uintptr_t)key, 0, 0, 0));
}

static int set_for_all(void)
{
    return refused_or_right(raw_call(__NR_pkey_set_all, (uintptr_t)key, 0, 0, 0));
}

static long set_thread(pid_t tid)
{
    return raw_call(__NR_pkey_set_thread, (uintptr_t)key, 0, (uintptr_t)tid, 0);
}

static int set_for_thread(void)
{
    return refused_or_right(set_thread(getpid()));
}

/* To its child another process's key is one that it may write to or not, as it likes. */
static int set_by_child(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        open_gate();
        _exit((int)-set_thread(getppid()));
    }
    waitpid(child, &status, 0);
    return status ? WEXITSTATUS(status) : by_right();
}

/* Nor does it help to be another process in the same memory. */
static volatile long task_result;

static void set_for_parent(void *argument)
{
    (void)argument;
    task_result = set_thread((pid_t)raw_call(__NR_getppid, 0, 0, 0, 0));
}

static int set_by_twin(void)
{
    run_twin(set_for_parent);
    return refused_or_right(task_result);
}

static int set_by_vdso(void)
{
    int (*function)(int, unsigned int) =
        (int (*)(int, unsigned int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_set");

    return refused_or_right(function(key, 0));
}

static int take_policies(void)
{
    return refused_or_right(
        raw_call(__NR_pkey_policy, (uintptr_t)key, 0, PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT, 0));
}

/* ---- A thread that is sent elsewhere ---- */

/* Whoever is in the loop and comes to its beginning, has been moved there. */
extern const char place[], place_end[];
volatile uint32_t place_was_left, is_at_place, leave_place;

__asm__("place:\n"
        "movl $1, place_was_left(%rip)\n"
        "in_place:\n"
        "movl $1, is_at_place(%rip)\n"
        "pause\n"
        "cmpl $0, leave_place(%rip)\n"
        "je in_place\n"
        "ret\n"
        "place_end:\n");

static void stay_in_place(void *argument)
{
    (void)argument;
    __asm__ volatile("call in_place" : : : "memory");
}

static int move_thread(void)
{
    static volatile uint32_t alive = 1;
    char *stack = map_pages(4, READ_WRITE);

    start_task(THREAD_TASK, stack + 4 * PAGE, stay_in_place, NULL, (uint32_t *)&alive);
    while (!is_at_place)
        sched_yield();
    long result = raw_call(__NR_pkey_set_all, (uintptr_t)other_key, 0, (uintptr_t)place,
                           (uintptr_t)(place_end - place));
    leave_place = 1;
    while (alive)
        sched_yield();
    return result < 0 ? (int)-result : place_was_left ? THROUGH : NOTHING;
}

/* ---- frames: the handler stands for a frame that is made up, and rt_sigreturn(2) with it ---- */

static void (*forge)(ucontext_t *context);

static void forge_frame(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    forge(context);
}

static int return_to(void (*function)(ucontext_t *))
{
    forge = function;
    raise(SIGUSR1);
    return by_right();
}

static void with_rights(ucontext_t *context)
{
    pkru_set_in_image(context->uc_mcontext.fpregs, 0);
}

static int forge_rights(void)
{
    return return_to(with_rights);
}

/* Without an image there are no rights in it; but the kernel knows which it has set since. */
static void without_image(ucontext_t *context)
{
    context->uc_mcontext.fpregs = NULL;
}

static int forge_no_image(void)
{
    return return_to(without_image);
}

/* Or an image that says that it is from before all that. */
static void with_old_image(ucontext_t *context)
{
    memset((char *)context->uc_mcontext.fpregs + XSAVE_SW_RESERVED + 20, 0, 8);
}

static int forge_old_image(void)
{
    return return_to(with_old_image);
}

static stack_t own_stack; /* the adversary's */

static void with_stack(ucontext_t *context)
{
    context->uc_stack = own_stack;
}

static int forge_stack(void)
{
    stack_t found = {0};

    return_to(with_stack);
    sigaltstack(NULL, &found);
    return found.ss_sp == own_stack.ss_sp ? THROUGH : NOTHING;
}

/* ---- handlers ---- */

static volatile int handlers_result = NOTHING;

static void look_for_right(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    handlers_result = by_right();
}

/* The trusted side is at work when the signal comes. */
static void interrupt_trusted(int number)
{
    open_gate();
    raise_here(number);
    close_gate();
}

static int install_handler(void)
{
    struct sigaction action = {.sa_sigaction = look_for_right, .sa_flags = SA_SIGINFO};

    if (sigaction(SIGUSR2, &action, NULL))
        return errno;
    interrupt_trusted(SIGUSR2);
    return handlers_result;
}

/* In a table of its own, for the time when it gets into the trusted side itself. */
static void install_as_twin(void *argument)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action = {argument, 0, NULL, 0};

    task_result = raw_call(__NR_rt_sigaction, SIGUSR2, (uintptr_t)&action, 0, sizeof(action.mask));
}

static int install_by_twin(void)
{
    run_twin(install_as_twin);
    return task_result < 0 ? (int)-task_result : NOTHING;
}

static bool has_frame(const stack_t *stack)
{
    const char *bytes = stack->ss_sp;

    return bytes[0] != 0 || memcmp(bytes, bytes + 1, stack->ss_size - 1) != 0;
}

/* Registers of the trusted side come there, and what it goes on with. */
static int install_stack(void)
{
    if (sigaltstack(&own_stack, NULL))
        return errno;
    interrupt_trusted(SIGTERM);
    return has_frame(&own_stack) ? THROUGH : NOTHING;
}

static void do_nothing(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

/* ---- ---- */

static void prepare(void)
{
    own_stack = (stack_t){.ss_sp = map_pages(8, READ_WRITE), .ss_size = 8 * PAGE};
    handle(SIGUSR1, forge_frame, 0);
    handle(SIGTERM, do_nothing, SA_ONSTACK);
    raw_call(__NR_pkey_set_all, (uintptr_t)key, 0, 0, 0); /* all have the right, at first */
}

#define ANY ALL_POLICIES

static const struct attack attacks[] = {
    {"pkey_set(2) as a system call", ANY, set_by_call, THROUGH, EACCES, true},
    {"pkey_set_all(2)", ANY, set_for_all, THROUGH, EACCES, true},
    {"pkey_set_thread(2)", ANY, set_for_thread, THROUGH, EACCES, true},
    {"pkey_set_thread(2) by a child from fork(2)", ANY, set_by_child, THROUGH, EACCES, true},
    {"the same by a child of CLONE_VM", ANY, set_by_twin, THROUGH, EACCES, true},
    {"pkey_policy(2) to take the policies off", ANY, take_policies, EACCES, EACCES, true},
    {"pkey_set_all(2) that names a place for threads to go on at", 0, move_thread, NOTHING, NOTHING,
     true},
    {"the vDSO's pkey_set()", PKEY_CLOSED, set_by_vdso, THROUGH, EACCES, true},
    {"rt_sigreturn(2) with rights in the frame", PKEY_KEPT, forge_rights, THROUGH, NOTHING, false},
    {"rt_sigreturn(2) without an image, after a pkey_set_all(2)", PKEY_KEPT, forge_no_image,
     THROUGH, NOTHING, true},
    {"rt_sigreturn(2) with an image from before that", PKEY_KEPT, forge_old_image, THROUGH, NOTHING,
     true},
    {"rt_sigreturn(2) with an alternate stack in the frame", PKEY_KEPT, forge_stack, THROUGH,
     NOTHING, false},
    {"sigaction(2), and a signal to who has the right", PKEY_KEPT, install_handler, NOTHING, EACCES,
     false},
    {"sigaction(2) in a child of CLONE_VM", PKEY_KEPT, install_by_twin, NOTHING, EACCES, false},
    {"sigaltstack(2), and a signal to who has the right", PKEY_KEPT, install_stack, THROUGH, EACCES,
     false},
};

int main(void)
{
    return run_attacks(attacks, COUNT(attacks), prepare);
}
