// SPDX-License-Identifier: MIT
// Processes: their numbers, beginnings and ends, and what the kernel knows of them.

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/trace.h"
#include "tests/fuzz/values.h"

#define STRING_SIZE 16
#define INFO_SIZE   128 /* siginfo_t */

/* ---- arguments ---- */

static uint64_t group(const struct use *use)
{
    return one_in(2) ? child_pid_or_self(use) : (uint64_t)KERNEL(getpgrp);
}

/* Strings for a program, which is told to end at once. */
static uint64_t program_arguments(const struct use *use)
{
    static const char *const texts[] = {"fuzz", "--exit", "more", ""};
    uint64_t *vector = scratch_take((COUNT(texts) + 1) * sizeof(*vector));
    uint64_t count = 2 + random_below(COUNT(texts) - 1);

    for (uint64_t i = 0; i < count; i++) {
        char *copy = scratch_take(STRING_SIZE);

        strcpy(copy, texts[i]);
        vector[i] = use->wild && one_in(8) ? wild_address() : (uint64_t)copy;
    }
    return (uint64_t)vector;
}

static uint64_t environment(const struct use *use)
{
    return one_in(2) ? 0 : program_arguments(use);
}

DEFINE_CHOICE(exec_flags, 0, 0, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW)
DEFINE_CHOICE(wait_options, 0, WNOHANG, WUNTRACED, WNOHANG | WCONTINUED, __WALL)
DEFINE_CHOICE(waitid_options, WEXITED, WEXITED | WNOHANG, WEXITED | WNOWAIT, WSTOPPED | WNOHANG)
static uint64_t compared_pid(const struct use *use)
{
    return one_in(2) ? (uint64_t)own_pid() : child_pid(use);
}

/* KCMP_FILE to KCMP_SYSVSEM. */
DEFINE_CHOICE(compared_kind, 0, 0, 1, 2, 3, 4, 5, 6)

DEFINE_CHOICE(pidfd_flags, 0, O_NONBLOCK)
DEFINE_CHOICE(waitid_type, P_ALL, P_ALL, P_PID, P_PGID)

static uint64_t waited_pid(const struct use *use)
{
    return one_in(2) ? UINT64_MAX : one_in(2) ? child_pid(use) : 0;
}

static uint64_t child_info(const struct use *use)
{
    (void)use;
    return (uint64_t)scratch_take(INFO_SIZE);
}

DEFINE_CHOICE(arch_code, ARCH_GET_FS, ARCH_GET_GS, ARCH_SET_FS, ARCH_SET_GS)
DEFINE_CHOICE(prctl_option, PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG,
              PR_SET_DUMPABLE, PR_GET_DUMPABLE, PR_GET_CHILD_SUBREAPER, PR_SET_TIMERSLACK)
DEFINE_CHOICE(some_id, 0, 0, 1, 1000, UINT32_MAX)
DEFINE_CHOICE(group_count, 0, 1, 3, 32)
DEFINE_CHOICE(policy, 0, 3, 5, 1, 2)

/* A header of capget() for the task itself. */
static uint64_t capability_header(const struct use *use)
{
    uint32_t *header = scratch_take(2 * sizeof(*header));

    header[0] = use->wild && one_in(4) ? 1 : 0x20080522;
    return (uint64_t)header;
}

/* Priority 0, but for a real-time policy. */
static uint64_t scheduling_parameter(const struct use *use)
{
    uint32_t *priority = scratch_take(sizeof(uint64_t));

    *priority = use->argument[1] == 1 || use->argument[1] == 2 ? 1 + (uint32_t)random_below(99) : 0;
    return (uint64_t)priority;
}

static uint64_t scheduling_attributes(const struct use *use)
{
    struct sched_attr *attributes = scratch_take(sizeof(*attributes));

    *attributes = (struct sched_attr){
        .size = sizeof(*attributes),
        .sched_policy = (uint32_t)random_below(7),
        .sched_flags = random_below(use->wild ? 256 : 32),
        .sched_nice = (int32_t)random_below(20),
    };
    if (attributes->sched_policy == SCHED_FIFO || attributes->sched_policy == SCHED_RR)
        attributes->sched_priority = 1 + (uint32_t)random_below(99);
    return (uint64_t)attributes;
}
DEFINE_CHOICE(attributes_size, SCHED_ATTR_SIZE_VER1, SCHED_ATTR_SIZE_VER0, SCHED_ATTR_SIZE_VER1)
DEFINE_CHOICE(personality_bits, 0, UINT32_MAX, 0)
DEFINE_CHOICE(usage_of, 0, UINT64_MAX, 1)

/* A base of FS or GS. Of all numbers nearly none is a canonical address. */
static uint64_t segment_base(const struct use *use)
{
    if (one_in(2))
        return word(use);
    return one_in(2) ? wild_address() : random_bits();
}

static uint64_t robust_size(const struct use *use)
{
    return use->wild && one_in(2) ? random_below(64) : 24;
}

static uint64_t mask_size(const struct use *use)
{
    return use->wild && one_in(2) ? random_below(256) : 128;
}

static uint64_t cpu_mask(const struct use *use)
{
    uint64_t *mask = scratch_take(128);

    (void)use;
    mask[0] = one_in(4) ? random_bits() : 1;
    return (uint64_t)mask;
}

static uint64_t random_flags(const struct use *use)
{
    return some_bits(use, 3);
}

static uint64_t reboot_magic(const struct use *use)
{
    return use->wild ? wild_value() : LINUX_REBOOT_MAGIC1;
}

DEFINE_CHOICE(name_length, 0, 1, 8, 64, 65)

DEFINE_CHOICE(log_action, 2, 3, 10, 99) /* 3: read all; 10: the size; the others are not there */

DEFINE_CHOICE(reboot_magic_2, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_MAGIC2A, LINUX_REBOOT_MAGIC2C)

/* None that ends the machine, nor one bit away from it. */
static uint64_t reboot_command(const struct use *use)
{
    return one_in(2) ? LINUX_REBOOT_CMD_CAD_ON : use->wild ? 1 : LINUX_REBOOT_CMD_CAD_OFF;
}

/* ---- beginnings ---- */

static long run_fork(struct use *use)
{
    uint64_t stream = random_bits();
    long pid = kernel_use(use);

    if (pid != 0)
        return pid;
    children_begin_as_child(stream);
    children_live();
}

/*
 * For a child that may share the memory and even the stack with its parent: it must not touch
 * either, so it yields once and ends.
 */
static long clone_and_exit(const struct use *use)
{
    register uint64_t r10 __asm__("r10") = use->argument[3];
    register uint64_t r8 __asm__("r8") = use->argument[4];
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[yield], %%eax\n\t"
                     "syscall\n\t"
                     "mov %[exit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)use->call->number), "D"(use->argument[0]), "S"(use->argument[1]),
                       "d"(use->argument[2]), "r"(r10),
                       "r"(r8), [yield] "i"(__NR_sched_yield), [exit] "i"(__NR_exit)
                     : "rcx", "r11", "memory");
    return result;
}

/* A handler that the child ran would overwrite the stack it shares: so nothing reaches it. */
static long run_clone(struct use *use)
{
    static const uint64_t all = UINT64_MAX;
    uint64_t blocked;

    KERNEL(rt_sigprocmask, SIG_SETMASK, &all, &blocked, sizeof(all));
    long result = clone_and_exit(use);
    KERNEL(rt_sigprocmask, SIG_SETMASK, &blocked, 0, sizeof(blocked));
    return result;
}

/* The signal at the child's end, in the lowest byte, must not end the parent. */
static uint64_t clone_flags(const struct use *use)
{
    static const uint64_t values[] = {
        SIGCHLD, SIGCHLD, SIGCHLD | CLONE_VM, SIGCHLD | CLONE_VM | CLONE_VFORK, 0, SIGUSR1};
    uint64_t flags = PICK(values);

    flags |= random_bits() &
             (CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS);
    return use->wild && one_in(4) ? flags ^ UINT64_C(1) << (8 + random_below(32)) : flags;
}

/* clone3's structure, with the flags that clone() gets and the exit signal apart. */
static uint64_t clone_arguments(const struct use *use)
{
    static struct clone_args arguments;
    uint64_t flags = clone_flags(use);

    memset(&arguments, 0, sizeof(arguments));
    arguments.flags = flags & ~(uint64_t)CSIGNAL;
    arguments.exit_signal = flags & CSIGNAL;
    arguments.parent_tid = (uint64_t)(uintptr_t)&arguments.pidfd;
    arguments.child_tid = (uint64_t)(uintptr_t)&arguments.pidfd;
    arguments.tls = segment_base(use);
    if (use->wild && one_in(3))
        ((uint64_t *)&arguments)[random_below(sizeof(arguments) / 8)] ^= random_bits();
    return (uint64_t)(uintptr_t)&arguments;
}

static uint64_t clone_arguments_size(const struct use *use)
{
    return use->wild && one_in(4) ? random_below(128) : sizeof(struct clone_args);
}

static uint64_t unshare_flags(const struct use *use)
{
    return some_bits(use, CLONE_FILES | CLONE_FS | CLONE_SYSVSEM);
}

static void after_child(const struct use *use, long result)
{
    (void)use;
    if (result > 0)
        children_add((int)result);
}

/* ---- waiting ---- */

static long run_wait(struct use *use)
{
    if (!one_in(4))
        children_start_short();
    return kernel_use(use);
}

static void after_wait(const struct use *use, long result)
{
    (void)use;
    if (result > 0)
        children_remove((int)result);
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(getpid),
    CALL(gettid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(getresuid, TAKES(word, word, word)),
    CALL(getresgid, TAKES(word, word, word)),
    CALL(setuid, TAKES(some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setgid, TAKES(some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setreuid, TAKES(some_id, some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setregid, TAKES(some_id, some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setresuid, TAKES(some_id, some_id, some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setresgid, TAKES(some_id, some_id, some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setfsuid, TAKES(some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(setfsgid, TAKES(some_id), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(getgroups, TAKES(group_count, buffer)),
    CALL(setgroups, TAKES(group_count, buffer), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(capget, TAKES(capability_header, buffer)),
    CALL(capset, TAKES(capability_header, buffer), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(getpgrp),
    CALL(getpgid, TAKES(child_pid_or_self)),
    CALL(getsid, TAKES(child_pid_or_self)),
    CALL(setpgid, TAKES(child_pid_or_self, group)),
    CALL(setsid, .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(fork, .flags = CALL_RARE, .run = run_fork, .after = after_child),
    CALL(vfork, .flags = CALL_RARE, .run = run_clone, .after = after_child),
    CALL(clone, TAKES(clone_flags, zero, word, word, segment_base), .flags = CALL_RARE | CALL_AIMED,
         .run = run_clone, .after = after_child),
    CALL(clone3, TAKES(clone_arguments, clone_arguments_size), .flags = CALL_RARE | CALL_AIMED,
         .run = run_clone, .after = after_child),
    CALL(unshare, TAKES(unshare_flags), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(exit, TAKES(zero), .flags = CALL_IN_CHILD | CALL_ENDS | CALL_RARE),
    CALL(exit_group, TAKES(zero), .flags = CALL_IN_CHILD | CALL_ENDS | CALL_RARE),
    CALL(execve, TAKES(path_program, program_arguments, environment),
         .flags = CALL_IN_CHILD | CALL_ENDS | CALL_RARE),
    CALL(execveat, TAKES(fd_directory, path_program, program_arguments, environment, exec_flags),
         .flags = CALL_IN_CHILD | CALL_ENDS | CALL_RARE),
    CALL(wait4, TAKES(waited_pid, word, wait_options, buffer_or_null),
         .flags = CALL_BLOCKS | CALL_RARE, .run = run_wait, .after = after_wait),
    CALL(waitid, TAKES(waitid_type, child_pid_or_self, child_info, waitid_options, buffer_or_null),
         .flags = CALL_BLOCKS | CALL_RARE, .run = run_wait),
    CALL(pidfd_open, TAKES(child_pid_or_self, pidfd_flags), .after = after_fd),
    CALL(pidfd_getfd, TAKES(fd_process, fd_any, zero), .after = after_fd),
    CALL(kcmp, TAKES(compared_pid, compared_pid, compared_kind, small_number, small_number)),
    CALL(ptrace, TAKES(trace_request, zero, trace_address, trace_data),
         .flags = CALL_BLOCKS | CALL_AIMED, .run = trace_run),
    CALL(arch_prctl, TAKES(arch_code, segment_base), .flags = CALL_IN_CHILD | CALL_RARE),
    CALL(prctl, TAKES(prctl_option, buffer), .flags = CALL_AIMED),
    CALL(set_tid_address, TAKES(word)),
    CALL(set_robust_list, TAKES(word, robust_size)),
    CALL(get_robust_list, TAKES(child_pid_or_self, buffer, word)),
    CALL(rseq, TAKES(zero), .counts = ENOSYS), /* not there, and known not to be */
    CALL(getcpu, TAKES(word, word, zero)),
    CALL(getrusage, TAKES(usage_of, buffer)),
    CALL(sysinfo, TAKES(buffer)),
    CALL(syslog, TAKES(log_action, buffer, buffer_size), .flags = CALL_AIMED),
    CALL(personality, TAKES(personality_bits)),
    CALL(uname, TAKES(buffer)),
    CALL(sethostname, TAKES(buffer, name_length)),
    CALL(setdomainname, TAKES(buffer, name_length)),
    CALL(getrandom, TAKES(buffer, buffer_size, random_flags)),
    CALL(reboot, TAKES(reboot_magic, reboot_magic_2, reboot_command), .flags = CALL_AIMED),
    CALL(sched_yield),
    CALL(sched_setscheduler, TAKES(child_pid_or_self, policy, scheduling_parameter)),
    CALL(sched_getscheduler, TAKES(child_pid_or_self)),
    CALL(sched_setparam, TAKES(child_pid_or_self, word)),
    CALL(sched_getparam, TAKES(child_pid_or_self, buffer)),
    CALL(sched_setattr, TAKES(child_pid_or_self, scheduling_attributes, zero)),
    CALL(sched_getattr, TAKES(child_pid_or_self, buffer, attributes_size, zero)),
    CALL(sched_get_priority_max, TAKES(policy)),
    CALL(sched_get_priority_min, TAKES(policy)),
    CALL(sched_rr_get_interval, TAKES(child_pid_or_self, buffer)),
    CALL(sched_getaffinity, TAKES(child_pid_or_self, mask_size, buffer)),
    CALL(sched_setaffinity, TAKES(child_pid_or_self, mask_size, cpu_mask)),
};

const struct call_table process_calls = {calls, COUNT(calls)};
