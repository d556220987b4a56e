// SPDX-License-Identifier: MIT
#include "tests/fuzz/frames.h"

#include <signal.h>
#include <sys/ucontext.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"

#define IMAGE_WORDS  (2696 / 8) /* with the place of PKRU on Intel's CPUs */
#define HEADER_WORDS (576 / 8)  /* legacy area and XSAVE header */
#define SET_SIZE     8

__asm__(".globl frames_return\n"
        ".type frames_return, @function\n"
        "frames_return:\n\t"
        "mov $15, %eax\n\t" /* rt_sigreturn */
        "syscall\n\t"
        "ud2");

/* ---- handlers ---- */

static void leave_frame(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

static void spoil_word(uint64_t *words, uint64_t count)
{
    uint64_t *chosen = &words[random_below(count)];

    *chosen = one_in(2) ? wild_value() : *chosen ^ UINT64_C(1) << random_below(64);
}

static void spoil_frame(int number, siginfo_t *info, void *context)
{
    ucontext_t *frame = context;
    uint64_t *image = (uint64_t *)frame->uc_mcontext.fpregs;

    (void)number, (void)info;
    switch (random_below(5)) {
    case 0:
        spoil_word(image, IMAGE_WORDS);
        break;
    case 1:
        spoil_word(image + 464 / 8, (HEADER_WORDS * 8 - 464) / 8); /* software bytes, header */
        break;
    case 2:
        frame->uc_mcontext.fpregs = (void *)(one_in(2) ? wild_address() : (uint64_t)image + 8);
        break;
    case 3:
        spoil_word((uint64_t *)context, sizeof(ucontext_t) / 8 < 38 ? 8 : 38);
        break;
    default:
        spoil_word((uint64_t *)frame->uc_mcontext.gregs, NGREG);
        break;
    }
}

static void handle(void (*handler)(int, siginfo_t *, void *), unsigned long flags)
{
    struct kernel_action action = {(uint64_t)handler, SA_SIGINFO | SA_RESTORER | flags,
                                   (uint64_t)frames_return, 0};

    KERNEL(rt_sigaction, SIGUSR2, &action, 0, SET_SIZE);
}

static void send_to_self(void)
{
    static const uint64_t bit = UINT64_C(1) << (SIGUSR2 - 1);

    KERNEL(rt_sigprocmask, SIG_UNBLOCK, &bit, 0, SET_SIZE);
    KERNEL(kill, own_pid(), SIGUSR2);
}

/* ---- calls ---- */

long frames_run(struct use *use)
{
    uint64_t stream = random_bits();
    long pid;

    (void)use;
    if (shared->keeps_key_0 || one_in(2)) {
        handle(leave_frame, 0);
        send_to_self();
        return 0;
    }
    pid = KERNEL(fork);
    if (pid == 0) {
        children_begin_as_child(stream);
        handle(spoil_frame, 0);
        send_to_self();
        for (;;)
            KERNEL(exit_group, 0);
    }
    return pid < 0 ? pid : children_wait((int)pid) == 0 ? 0 : -EFAULT;
}

long frames_run_alternate(struct use *use)
{
    long result = kernel_use(use);

    handle(shared->keeps_key_0 || one_in(2) ? leave_frame : spoil_frame, SA_ONSTACK);
    send_to_self();
    return result;
}
