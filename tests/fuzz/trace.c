// SPDX-License-Identifier: MIT
#include "tests/fuzz/trace.h"

#include <linux/elf.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/worker.h"

#define REGISTERS_SIZE 216  /* struct user_regs_struct */
#define LEGACY_SIZE    512  /* an FXSAVE image */
#define HEADER_END     576  /* of an XSAVE image */
#define IMAGE_SIZE     4096 /* at least an XSAVE image */
#define SLOW_NS        200000
#define TURNS_MAX      200

struct vector {
    void *base;
    uint64_t size;
};

static int tracee; /* or 0 */

/* ---- the tracee ---- */

/* Signals itself again and again, so that it stops soon after it was let go on. */
static _Noreturn void live_traced(bool by_itself)
{
    static const struct fuzz_time slowly = {0, SLOW_NS};

    if (by_itself)
        KERNEL(ptrace, PTRACE_TRACEME);
    for (int i = 0; i < TURNS_MAX; i++) {
        KERNEL(kill, own_pid(), one_in(8) ? SIGSTOP : SIGUSR1);
        KERNEL(nanosleep, &slowly, 0);
    }
    for (;;)
        KERNEL(exit_group, 0);
}

static bool is_there(void)
{
    return tracee != 0 && KERNEL(waitid, P_PID, tracee, 0, WEXITED | WNOHANG | WNOWAIT, 0) == 0;
}

/* Until it has stopped, or the alarm ends the wait. */
static void wait_for_stop(void)
{
    int status;
    long result = KERNEL(wait4, tracee, &status, __WALL | WUNTRACED, 0);

    if (result == tracee && !WIFSTOPPED(status)) {
        children_remove(tracee);
        tracee = 0;
    }
}

static long start_tracee(void)
{
    bool by_itself = one_in(2);
    uint64_t stream = random_bits();
    long pid = KERNEL(fork);

    if (pid == 0) {
        children_begin_as_child(stream);
        live_traced(by_itself);
    }
    if (pid < 0)
        return pid;
    children_add((int)pid);
    tracee = (int)pid;
    if (!by_itself && one_in(2)) {
        KERNEL(ptrace, PTRACE_SEIZE, pid, 0, 0);
        KERNEL(ptrace, PTRACE_INTERRUPT, pid, 0, 0);
    } else if (!by_itself) {
        KERNEL(ptrace, PTRACE_ATTACH, pid, 0, 0);
    }
    wait_for_stop();
    return 0;
}

/* ---- requests ---- */

static const uint64_t requests[] = {
    PTRACE_PEEKTEXT,   PTRACE_PEEKDATA,   PTRACE_POKEDATA,  PTRACE_CONT,       PTRACE_SINGLESTEP,
    PTRACE_GETREGS,    PTRACE_SETREGS,    PTRACE_GETREGSET, PTRACE_SETREGSET,  PTRACE_GETSIGINFO,
    PTRACE_SETSIGINFO, PTRACE_SETOPTIONS, PTRACE_INTERRUPT, PTRACE_PEEKUSR,    PTRACE_GETFPREGS,
    PTRACE_SYSCALL,    PTRACE_GETREGSET,  PTRACE_SETREGSET, PTRACE_SINGLESTEP, PTRACE_CONT,
    PTRACE_SETFPREGS,  PTRACE_POKEUSR,
};

uint64_t trace_request(const struct use *use)
{
    static const uint64_t last[] = {PTRACE_DETACH, PTRACE_KILL, PTRACE_ATTACH, PTRACE_SEIZE};

    /* Not PTRACE_TRACEME, which is 0: a worker that the supervisor has to trace would stop. */
    if (use->wild && one_in(8))
        return wild_value() | 1 << 20;
    return one_in(16) ? PICK(last) : PICK(requests);
}

uint64_t trace_address(const struct use *use)
{
    static const uint64_t notes[] = {NT_PRSTATUS, NT_PRFPREG, NT_X86_XSTATE, NT_X86_XSTATE};

    switch (use->argument[0]) {
    case PTRACE_SETREGSET: /* the whole state has PKRU */
        return notes[random_below(shared->keeps_key_0 ? 2 : COUNT(notes))];
    case PTRACE_GETREGSET:
        return PICK(notes);
    case PTRACE_PEEKUSR:
    case PTRACE_POKEUSR:
        return 8 * random_below(REGISTERS_SIZE / 8 + 4);
    case PTRACE_SEIZE:
        return 0;
    default:
        return play_address(use);
    }
}

uint64_t trace_data(const struct use *use)
{
    struct vector *vector;

    if (use->wild && one_in(4))
        return buffer(use);
    switch (use->argument[0]) {
    case PTRACE_POKEUSR:
        return one_in(2) ? wild_address() : wild_value();
    case PTRACE_CONT:
    case PTRACE_SYSCALL:
    case PTRACE_SINGLESTEP:
    case PTRACE_DETACH:
        return one_in(2) ? 0 : random_below(66);
    case PTRACE_SETOPTIONS:
    case PTRACE_SEIZE:
        return one_in(2) ? 0 : random_small(256);
    case PTRACE_GETREGSET:
    case PTRACE_SETREGSET:
        vector = scratch_take(sizeof(*vector));
        vector->base = scratch_take(IMAGE_SIZE);
        vector->size = use->wild && one_in(2) ? random_below(IMAGE_SIZE) : IMAGE_SIZE;
        return (uint64_t)vector;
    default:
        return (uint64_t)scratch_take(IMAGE_SIZE);
    }
}

/* One word of what will be set is another than it was; in a wild use any of the first few. */
static void spoil(uint64_t *words, uint64_t count, bool wild)
{
    uint64_t *chosen = &words[wild ? random_below(count) : 0];

    *chosen = one_in(2) ? wild_value() : *chosen ^ UINT64_C(1) << random_below(64);
}

/* How many bytes of a register set are worth spoiling. */
static uint64_t set_size(uint64_t note)
{
    if (note == NT_PRSTATUS)
        return REGISTERS_SIZE;
    if (note == NT_PRFPREG)
        return LEGACY_SIZE;
    return one_in(2) ? HEADER_END : IMAGE_SIZE;
}

/* Buffers may reach behind scratch, where only the kernel may try to read. */
static bool has_room(uint64_t address)
{
    return is_scratch(address) && is_scratch(address + IMAGE_SIZE);
}

/* What is set begins as what is there; without that nearly all of it would be refused. */
static void fill_registers(const struct use *use)
{
    struct vector *vector = (struct vector *)use->argument[3];

    if (!has_room(use->argument[3]))
        return;
    if (use->argument[0] == PTRACE_SETREGS) {
        KERNEL(ptrace, PTRACE_GETREGS, tracee, 0, use->argument[3]);
        spoil((uint64_t *)use->argument[3], REGISTERS_SIZE / 8, use->wild);
    } else if (use->argument[0] == PTRACE_SETREGSET && has_room((uint64_t)vector->base)) {
        KERNEL(ptrace, PTRACE_GETREGSET, tracee, use->argument[2], vector);
        spoil(vector->base, set_size(use->argument[2]) / 8, use->wild);
    } else if (use->argument[0] == PTRACE_SETFPREGS) {
        KERNEL(ptrace, PTRACE_GETFPREGS, tracee, 0, use->argument[3]);
        spoil((uint64_t *)use->argument[3], LEGACY_SIZE / 8, use->wild);
    } else if (use->argument[0] == PTRACE_SETSIGINFO) {
        KERNEL(ptrace, PTRACE_GETSIGINFO, tracee, 0, use->argument[3]);
    }
}

static bool lets_go_on(uint64_t request)
{
    return request == PTRACE_CONT || request == PTRACE_SYSCALL || request == PTRACE_SINGLESTEP ||
           request == PTRACE_INTERRUPT || request == PTRACE_KILL;
}

long trace_run(struct use *use)
{
    long result = 0;

    if (!is_there())
        result = start_tracee();
    if (is_error(result))
        return result;
    use->argument[1] = (uint64_t)tracee;
    fill_registers(use);
    result = kernel_use(use);
    if (result == 0 && lets_go_on(use->argument[0]))
        wait_for_stop();
    else if (result == 0 && use->argument[0] == PTRACE_DETACH)
        tracee = 0;
    return result;
}
