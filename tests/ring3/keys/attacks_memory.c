// SPDX-License-Identifier: MIT
/*
 * Attacks on pages under a key (tests/ring3/keys/attacks.h): by changing mappings, and by having
 * the kernel read or write there, now or later. Attacks on the code of the trusted side are among
 * them.
 */
#include "tests/ring3/keys/attacks.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/uio.h>

/* ---- changing mappings ---- */

static int map_over(void)
{
    return FAILED(mmap(secret, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED,
                  THROUGH);
}

static int unmap(void)
{
    return FAILED(munmap(secret, PAGE) != 0, THROUGH);
}

static int protect(void)
{
    return FAILED(mprotect(secret, PAGE, PROT_NONE) != 0, THROUGH);
}

static int take_key_off(void)
{
    if (pkey_mprotect(secret, PAGE, READ_WRITE, 0))
        return errno;
    return secret[0] == SECRET[0] ? THROUGH : NOTHING;
}

static int move_away(void)
{
    return FAILED(mremap(secret, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, hole()) == MAP_FAILED,
                  THROUGH);
}

static int discard(void)
{
    return FAILED(madvise(secret, PAGE, MADV_DONTNEED) != 0, by_change());
}

static int free_and_get_again(void)
{
    long result = raw_call(__NR_pkey_free, (uintptr_t)key, 0, 0, 0);

    if (result)
        return (int)-result;
    return pkey_alloc(0, 0) == key && secret[0] == SECRET[0] ? THROUGH : NOTHING;
}

/* ---- code of the trusted side ---- */

#define WRONG_ANSWER 13

static char *code; /* under the key, too, which does not keep anybody from calling it */

static const unsigned char wrong_code[] = {0xb8, WRONG_ANSWER, 0, 0, 0, 0xc3}; /* mov eax; ret */

static int answer(void)
{
    return ((int (*)(void))(uintptr_t)code)() == WRONG_ANSWER ? THROUGH : NOTHING;
}

static int replace_code(void)
{
    if (mmap(code, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED)
        return errno;
    memcpy(code, wrong_code, sizeof(wrong_code));
    mprotect(code, PAGE, PROT_READ | PROT_EXEC);
    return answer();
}

/* One after the other. */
static int write_code(void)
{
    if (mprotect(code, PAGE, READ_WRITE))
        return errno;
    open_gate();
    memcpy(code, wrong_code, sizeof(wrong_code)); /* which needs the right, or another mapping */
    close_gate();
    mprotect(code, PAGE, PROT_READ | PROT_EXEC);
    return answer();
}

/* New code, that may hold a WRPKRU. */
static int make_code(void)
{
    code = map_pages(1, READ_WRITE);
    memcpy(code, wrong_code, sizeof(wrong_code));
    return FAILED(mprotect(code, PAGE, PROT_READ | PROT_EXEC) != 0, answer());
}

static int write_through_mem(char *to, const void *bytes, size_t size)
{
    int memory = open("/proc/self/mem", O_RDWR);

    return FAILED(pwrite(memory, bytes, size, (off_t)(uintptr_t)to) != (ssize_t)size, THROUGH);
}

static int patch_code(void)
{
    int result = write_through_mem(code, wrong_code, sizeof(wrong_code));

    return result ? result : answer();
}

/* The same in code that is under no key of anybody's. */
static int patch_other_code(void)
{
    code = map_code();
    return patch_code();
}

/* ---- having the kernel read and write ---- */

static int read_mem(void)
{
    int memory = open("/proc/self/mem", O_RDONLY);
    char byte = 0;

    if (pread(memory, &byte, 1, (off_t)(uintptr_t)secret) != 1)
        return errno;
    return byte == SECRET[0] ? THROUGH : NOTHING;
}

static int write_mem(void)
{
    int result = write_through_mem(secret, "x", 1);

    return result ? result : by_change();
}

static long read_secret_of(pid_t pid, char *byte)
{
    const struct iovec here = {byte, 1}, there = {secret, 1};

    return raw_call_of_six(__NR_process_vm_readv, (uintptr_t)pid, (uintptr_t)&here, 1,
                           (uintptr_t)&there, 1, 0);
}

static int read_by_process_vm(void)
{
    char byte = 0;
    long result = read_secret_of(getpid(), &byte);

    return result < 0 ? (int)-result : THROUGH;
}

/* A process of its own in the same memory: what it asks of its parent, it asks of itself. */
static volatile long task_result;

static void ask_parent(void *argument)
{
    char byte;

    (void)argument;
    task_result = read_secret_of((pid_t)raw_call(__NR_getppid, 0, 0, 0, 0), &byte);
}

static int read_by_twin(void)
{
    run_twin(ask_parent);
    return task_result < 0 ? (int)-task_result : THROUGH;
}

/* The new task itself writes its number. */
static void end_at_once(void *argument)
{
    (void)argument;
}

static int have_number_written(void)
{
    char *stack = map_pages(4, READ_WRITE);
    pid_t twin = (pid_t)start_task(CHILD_TASK | CLONE_CHILD_SETTID, stack + 4 * PAGE, end_at_once,
                                   NULL, (uint32_t *)secret);

    waitpid(twin, NULL, 0);
    return by_change();
}

/* A thread names a place, gets into the trusted side, and is at its end there. */
static void end_with_word_cleared(void *argument)
{
    (void)argument;
    raw_call(__NR_set_tid_address, (uintptr_t)secret, 0, 0, 0);
    open_gate();
}

static int clear_by_end(void)
{
    run_twin(end_with_word_cleared);
    return by_change();
}

/* The same with a list of one lock, whose word happens to be the thread's number. */
static void end_with_lock(void *argument)
{
    static struct robust_list_head head = {.list = {&head.list}};

    (void)argument;
    head.list_op_pending = (struct robust_list *)secret;
    raw_call(__NR_set_robust_list, (uintptr_t)&head, sizeof(head), 0, 0);
    open_gate();
    task_result = *(uint32_t *)secret = (uint32_t)raw_call(__NR_gettid, 0, 0, 0, 0);
}

static int mark_by_end(void)
{
    run_twin(end_with_lock);
    open_gate();
    return *(uint32_t *)secret == (uint32_t)task_result ? NOTHING : THROUGH;
}

/* A stack there would have a frame written over the secret. The handler leaves it at once. */
extern const char leave_stack[];
uintptr_t stack_to_leave_to __attribute__((used));
void has_left_stack(void) __attribute__((used, noreturn));

void has_left_stack(void)
{
    _exit(by_change());
}

__asm__("leave_stack:\n"
        "mov stack_to_leave_to(%rip), %rsp\n"
        "call has_left_stack\n");

static int write_frame(void)
{
    stack_t stack = {.ss_sp = secret, .ss_size = SECRET_SIZE};
    static char good_stack[4 * PAGE];

    stack_to_leave_to = (uintptr_t)(good_stack + sizeof(good_stack)) & ~15ul;
    handle(SIGUSR1, (void (*)(int, siginfo_t *, void *))(uintptr_t)leave_stack, SA_ONSTACK);
    if (sigaltstack(&stack, NULL))
        return errno;
    memset(good_stack, 0, sizeof(good_stack));
    raise(SIGUSR1);
    return NOTHING;
}

/* ---- by a pointer in a call: PKRU is asked as in any access ---- */

static int ends[2]; /* of a pipe, with a byte in it */

static int read_there(void)
{
    return FAILED(read(ends[0], secret, 1) < 0, THROUGH);
}

static int write_from_there(void)
{
    return FAILED(write(ends[1], secret, 1) < 0, THROUGH);
}

static int splice_from_there(void)
{
    struct iovec part = {secret, 1};

    return FAILED(syscall(__NR_vmsplice, ends[1], &part, 1, 0) < 0, THROUGH);
}

static int wait_there(void)
{
    return FAILED(syscall(__NR_futex, secret, FUTEX_WAIT, 0, NULL, NULL, 0) < 0, THROUGH);
}

/* ---- ---- */

static void prepare(void)
{
    code = map_code();
    EXPECT_SUCCESS(pkey_mprotect(code, PAGE, PROT_READ | PROT_EXEC, key));
    EXPECT_SUCCESS(pipe(ends));
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
}

static const struct attack attacks[] = {
    {"mmap(2) with MAP_FIXED over the pages", PKEY_GUARDED, map_over, THROUGH, EACCES, false},
    {"munmap(2)", PKEY_GUARDED, unmap, THROUGH, EACCES, false},
    {"mprotect(2)", PKEY_GUARDED, protect, THROUGH, EACCES, false},
    {"pkey_mprotect(2) to another key", PKEY_GUARDED, take_key_off, THROUGH, EACCES, false},
    {"mremap(2) to another place", PKEY_GUARDED, move_away, THROUGH, EACCES, false},
    {"madvise(2) with MADV_DONTNEED", PKEY_GUARDED, discard, THROUGH, EACCES, false},
    {"pkey_free(2), and pkey_alloc(2) gives the key out again", PKEY_GUARDED, free_and_get_again,
     THROUGH, EACCES, false},
    {"mmap(2) with MAP_FIXED over code under the key", PKEY_GUARDED, replace_code, THROUGH, EACCES,
     false},
    {"`/proc/self/mem` on code under the key", PKEY_CLOSED, patch_code, THROUGH, EIO, false},
    {"`/proc/self/mem` on code under no key", WRITE_EXEC, patch_other_code, THROUGH, EIO, false},
    {"mprotect(2) of code under the key to write to it", PKEY_GUARDED, write_code, THROUGH, EACCES,
     false},
    {"mprotect(2) of what is written to execute it", EXEC_GAIN, make_code, THROUGH, EACCES, false},
    {"reading `/proc/self/mem`", PKEY_CLOSED, read_mem, THROUGH, EIO, false},
    {"writing `/proc/self/mem`", PKEY_CLOSED, write_mem, THROUGH, EIO, false},
    {"process_vm_readv(2) on itself", PKEY_CLOSED, read_by_process_vm, THROUGH, EFAULT, false},
    {"the same on the parent by a child of CLONE_VM", PKEY_CLOSED, read_by_twin, THROUGH, EFAULT,
     false},
    {"the frame of a handler, on a stack of sigaltstack(2)", PKEY_CLOSED, write_frame, THROUGH,
     -SIGSEGV, true},
    {"clone(2) with CLONE_CHILD_SETTID", 0, have_number_written, NOTHING, NOTHING, false},
    {"set_tid_address(2), and the thread ends with the right", PKEY_CLOSED, clear_by_end, THROUGH,
     NOTHING, false},
    {"set_robust_list(2), and the thread ends with the right", PKEY_CLOSED, mark_by_end, THROUGH,
     NOTHING, false},
    {"read(2) to the pages", 0, read_there, EFAULT, EFAULT, false},
    {"write(2) from them", 0, write_from_there, EFAULT, EFAULT, false},
    {"vmsplice(2) from them", 0, splice_from_there, EFAULT, EFAULT, false},
    {"futex(2) on them", 0, wait_there, EFAULT, EFAULT, false},
};

int main(void)
{
    return run_attacks(attacks, COUNT(attacks), prepare);
}
