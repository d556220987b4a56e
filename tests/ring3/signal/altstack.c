// SPDX-License-Identifier: MIT
/*
 * The alternate signal stack, and frames on stacks under a key that the interrupted program may
 * not touch.
 *
 * Linux before 6.12 wrote the frame under the interrupted PKRU, so a denied stack was fatal. Since
 * 6.12, and on Latchkey, all keys are open while the frame is written.
 */
#include "tests/ring3/ring3.h"

#ifdef __GLIBC__
#include <sys/rseq.h>
#endif

#define STACK_SIZE (16 * PAGE)
#define KILLED     SIGSEGV

static char *stack; /* STACK_SIZE bytes */
static int key;

static void set_stack(void *memory, size_t size, int flags)
{
    stack_t new = {.ss_sp = memory, .ss_size = size, .ss_flags = flags};

    EXPECT_SUCCESS(sigaltstack(&new, NULL));
}

static void set_no_stack(void)
{
    set_stack(NULL, 0, SS_DISABLE);
}

static bool on_stack(const void *address)
{
    return (const char *)address > stack && (const char *)address <= stack + STACK_SIZE;
}

/* ---- sigaltstack ---- */

static void *handlers_frame;
static stack_t stack_in_handler, stack_in_context;
static int change_in_handler;

static void look_around(int number, siginfo_t *info, void *context)
{
    stack_t other = {.ss_sp = stack, .ss_size = STACK_SIZE};

    (void)number;
    (void)info;
    handlers_frame = __builtin_frame_address(0);
    sigaltstack(NULL, &stack_in_handler);
    stack_in_context = ((ucontext_t *)context)->uc_stack;
    change_in_handler = sigaltstack(&other, NULL) < 0 ? errno : 0;
}

static void used_on_request(void)
{
    set_stack(stack, STACK_SIZE, 0);
    handle(SIGUSR1, look_around, 0);
    raise_here(SIGUSR1);
    EXPECT(!on_stack(handlers_frame));
    EXPECT_EQUAL(stack_in_handler.ss_flags, 0);
    handle(SIGUSR1, look_around, SA_ONSTACK);
    raise_here(SIGUSR1);
    EXPECT(on_stack(handlers_frame));
    set_no_stack();
    raise_here(SIGUSR1);
    EXPECT(!on_stack(handlers_frame));
}

static void shown_in_handler(void)
{
    set_stack(stack, STACK_SIZE, 0);
    handle(SIGUSR1, look_around, SA_ONSTACK);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(stack_in_handler.ss_flags, SS_ONSTACK);
    EXPECT(stack_in_handler.ss_sp == stack);
    EXPECT_EQUAL(stack_in_handler.ss_size, STACK_SIZE);
    EXPECT(stack_in_context.ss_sp == stack);
    EXPECT_EQUAL(stack_in_context.ss_size, STACK_SIZE);
    set_no_stack();
}

static void not_changed_in_use(void)
{
    set_stack(stack, STACK_SIZE, 0);
    handle(SIGUSR1, look_around, SA_ONSTACK);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(change_in_handler, EPERM);
    set_no_stack();
    raise_here(SIGUSR1);
    EXPECT_EQUAL(change_in_handler, 0);
    set_no_stack();
}

static void refused_stacks(void)
{
    stack_t small = {.ss_sp = stack, .ss_size = 2047};
    stack_t flags = {.ss_sp = stack, .ss_size = STACK_SIZE, .ss_flags = 0x40};
    stack_t now;

    EXPECT_ERROR(sigaltstack(&small, NULL), ENOMEM);
    EXPECT_ERROR(sigaltstack(&flags, NULL), EINVAL);
    EXPECT_SUCCESS(sigaltstack(NULL, &now));
    EXPECT_EQUAL(now.ss_flags, SS_DISABLE);
}

static void *nested_frame;

static void inner(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    nested_frame = __builtin_frame_address(0);
}

static void outer(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    handlers_frame = __builtin_frame_address(0);
    raise_here(SIGUSR2);
}

static void nested_go_on_below(void)
{
    set_stack(stack, STACK_SIZE, 0);
    handle(SIGUSR1, outer, SA_ONSTACK);
    handle(SIGUSR2, inner, SA_ONSTACK);
    raise_here(SIGUSR1);
    EXPECT(on_stack(nested_frame));
    EXPECT((char *)nested_frame < (char *)handlers_frame);
    set_no_stack();
}

/* ---- stacks under keys ---- */

/*
 * A handler that the kernel starts on a stack that its initial PKRU denies: it opens all keys
 * before its first push.
 */
void open_keys_then_note(int number, siginfo_t *info, void *context);
void note_stack(int number, siginfo_t *info, void *context);

__asm__(".pushsection .text\n"
        ".globl open_keys_then_note\n"
        "open_keys_then_note:\n\t"
        "mov %rdx, %r8\n\t"
        "xor %eax, %eax\n\t"
        "xor %ecx, %ecx\n\t"
        "xor %edx, %edx\n\t"
        "wrpkru\n\t"
        "mov %r8, %rdx\n\t"
        "jmp note_stack\n"
        ".popsection");

static uint32_t pkru_in_frame;

void note_stack(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    handlers_frame = __builtin_frame_address(0);
    pkru_in_frame = pkru_get_in_image(((ucontext_t *)context)->uc_mcontext.fpregs);
}

static void signal_on_keyed_stack(uint32_t pkru)
{
    pkey_mprotect(stack, STACK_SIZE, READ_WRITE, key);
    set_stack(stack, STACK_SIZE, 0);
    handle(SIGUSR1, open_keys_then_note, SA_ONSTACK);
    pkru_write(pkru);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(pkru_read(), pkru);
    pkru_write(PKRU_INIT);
    EXPECT(on_stack(handlers_frame));
    EXPECT_EQUAL(pkru_in_frame, pkru);
}

static void allowed_stack(void)
{
    signal_on_keyed_stack(PKRU_INIT & ~PKRU_ALL(key));
}

static void denied_stack(void)
{
    signal_on_keyed_stack(PKRU_INIT);
}

static void write_denied_stack(void)
{
    signal_on_keyed_stack((PKRU_INIT & ~PKRU_ALL(key)) | PKRU_WD(key));
}

static void test_allowed_stack(void)
{
    if (skipped_without_pku())
        return;
    run_in_child(allowed_stack);
}

static void test_denied_stack(void)
{
    if (skipped_without_pku())
        return;
    if (frame_write_obeys_pkru()) {
        EXPECT_KILLED(denied_stack, KILLED);
        EXPECT_KILLED(write_denied_stack, KILLED);
    } else {
        run_in_child(denied_stack);
        run_in_child(write_denied_stack);
    }
}

/* Everything denied, key 0 too: not even the program's own stack and data can be touched. */
static struct fault fault_under_full_denial(void)
{
    return PROBE("xor %%ecx, %%ecx\n\t"
                 "mov $0x55555555, %%eax\n\t"
                 "xor %%edx, %%edx\n\t"
                 "wrpkru\n\t"
                 "ud2\n\t"
                 "9:\n\t"
                 "xor %%ecx, %%ecx\n\t"
                 "mov $0x55555554, %%eax\n\t"
                 "xor %%edx, %%edx\n\t"
                 "wrpkru\n\t"
                 "nop",
                 0);
}

/*
 * glibc shares a structure with the kernel that Linux writes at every return to ring 3, under the
 * PKRU in force then: with key 0 denied that alone would end the program.
 */
static void end_restartable_sequences(void)
{
#ifdef __GLIBC__
    syscall(__NR_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, sizeof(struct rseq),
            RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#endif
}

static void full_denial(void)
{
    struct fault fault;

    end_restartable_sequences();
    fault = fault_under_full_denial();

    EXPECT_EQUAL(fault.signal, SIGILL);
    EXPECT_EQUAL(fault.pkru, 0x55555555);
    EXPECT_EQUAL(fault.pkru_in_handler, first_pkru);
}

static void ud2_under_full_denial(void)
{
    handle(SIGILL, probe_handler, 0);
    fault_under_full_denial();
}

static void test_full_denial(void)
{
    if (skipped_without_pku())
        return;
    if (frame_write_obeys_pkru())
        EXPECT_KILLED(ud2_under_full_denial, KILLED);
    else
        run_in_child(full_denial);
}

static const struct ktap_test tests[] = {
    {"it is used by handlers with SA_ONSTACK only", used_on_request},
    {"in the handler it is shown as in use, and in the frame", shown_in_handler},
    {"in use it cannot be changed: EPERM", not_changed_in_use},
    {"less than 2048 bytes are ENOMEM, unknown flags EINVAL", refused_stacks},
    {"a handler within a handler goes on below", nested_go_on_below},
    {"under a key that is open: used", test_allowed_stack},
    {"under a key that is denied: used (before Linux 6.12: killed)", test_denied_stack},
    {"with all keys denied, key 0 too, a handler runs (before Linux 6.12: killed)",
     test_full_denial},
};

int main(void)
{
    probe_init();
    stack = map_pages(STACK_SIZE / PAGE, READ_WRITE);
    if (pkru_enabled())
        key = pkey_alloc(0, 0);
    return ktap_run(tests, COUNT(tests), NULL);
}
