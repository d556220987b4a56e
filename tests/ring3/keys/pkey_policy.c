// SPDX-License-Identifier: MIT
/*
 * pkey_policy(): keys that guard their mappings, close the ways round them, and keep their rights
 * through signals. Latchkey's own; Linux says ENOSYS.
 */
#include "tests/ring3/tasks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "libc/include/latchkey/syscalls.h"

#define POLICIES (PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT)

static int key, other_key; /* both allocated when a test begins, open and without policies */

static long policy(int of, unsigned int set, unsigned int clear)
{
    return raw_call(__NR_pkey_policy, (uintptr_t)of, set, clear, 0);
}

/* By an instruction of the test's own: what the kernel and the library have asks policies. */
static void set_rights(unsigned int rights)
{
    pkru_write((pkru_read() & ~PKRU_ALL(key)) | rights << (2 * key));
}

static void begin(void)
{
    key = pkey_alloc(0, 0);
    other_key = pkey_alloc(0, 0);
}

static void end(void)
{
    set_rights(0);
    pkey_free(key);
    pkey_free(other_key);
    pkru_write(PKRU_INIT);
}

/* ---- the call itself ---- */

static void tells_and_changes(void)
{
    begin();
    EXPECT_EQUAL(policy(key, 0, 0), 0);
    EXPECT_EQUAL(policy(key, PKEY_GUARDED | PKEY_KEPT, 0), 0);
    EXPECT_EQUAL(policy(key, PKEY_CLOSED, PKEY_KEPT), PKEY_GUARDED | PKEY_KEPT);
    EXPECT_EQUAL(policy(key, 0, 0), PKEY_GUARDED | PKEY_CLOSED);
    EXPECT_EQUAL(policy(other_key, 0, 0), 0);
    EXPECT_EQUAL(policy(key, 0, POLICIES), PKEY_GUARDED | PKEY_CLOSED);
    EXPECT_EQUAL(policy(key, 0, 0), 0);
    end();
}

static void bad_arguments(void)
{
    begin();
    EXPECT_EQUAL(policy(key, 8, 0), -EINVAL);
    EXPECT_EQUAL(policy(key, 0, 8), -EINVAL);
    EXPECT_EQUAL(policy(key, PKEY_KEPT, PKEY_KEPT), -EINVAL);
    EXPECT_EQUAL(policy(-1, 0, 0), -EINVAL);
    EXPECT_EQUAL(policy(15, PKEY_KEPT, 0), -EINVAL);
    EXPECT_EQUAL(policy(16, PKEY_KEPT, 0), -EINVAL);
    EXPECT_EQUAL(policy(key, 0, 0), 0);
    end();
}

/* Rights that are not enough to change what is said of a key. */
static const unsigned int lacking[] = {PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE, 3};

static void only_with_rights(void)
{
    begin();
    for (size_t i = 0; i < COUNT(lacking); i++) {
        set_rights(lacking[i]);
        EXPECT_EQUAL(policy(key, PKEY_GUARDED, 0), -EACCES);
        set_rights(0);
        EXPECT_EQUAL(policy(key, PKEY_CLOSED, 0), 0);
        set_rights(lacking[i]);
        EXPECT_EQUAL(policy(key, 0, PKEY_CLOSED), -EACCES);
        EXPECT_EQUAL(policy(key, 0, 0), PKEY_CLOSED);
        EXPECT_EQUAL(raw_call(__NR_pkey_free, (uintptr_t)key, 0, 0, 0), -EACCES);
        EXPECT_EQUAL(raw_call(__NR_pkey_release, (uintptr_t)key, 0, 0, 0), -EACCES);
        EXPECT_EQUAL(raw_call(__NR_pkey_set_all, (uintptr_t)key, 0, 0, 0), -EACCES);
        EXPECT_EQUAL(raw_call(__NR_pkey_set, (uintptr_t)key, 0, 0, 0), -EACCES);
        set_rights(0);
        EXPECT_EQUAL(policy(key, 0, PKEY_CLOSED), PKEY_CLOSED);
    }
    end();
}

static void a_new_key_has_none(void)
{
    begin();
    EXPECT_EQUAL(policy(key, POLICIES, 0), 0);
    EXPECT_EQUAL(policy(other_key, PKEY_CLOSED, 0), 0);
    EXPECT_SUCCESS(pkey_free(key));
    EXPECT_EQUAL(pkey_alloc(0, 0), key);
    EXPECT_EQUAL(policy(key, 0, 0), 0);
    EXPECT_EQUAL(policy(other_key, 0, 0), PKEY_CLOSED);
    end();
}

static void in_child(void)
{
    EXPECT_EQUAL(policy(key, PKEY_KEPT, PKEY_GUARDED), PKEY_GUARDED);
}

static void a_child_gets_a_copy(void)
{
    begin();
    EXPECT_EQUAL(policy(key, PKEY_GUARDED, 0), 0);
    run_in_child(in_child);
    EXPECT_EQUAL(policy(key, 0, 0), PKEY_GUARDED);
    end();
}

/* ---- PKEY_GUARDED ---- */

/* Of four pages the third is under the key; the others are what a range has besides. */
static char *pages;
static char *spare; /* two pages to be moved over them */

static void map_guarded(void)
{
    begin();
    pages = map_lonely_pages(4, READ_WRITE);
    spare = map_lonely_pages(2, READ_WRITE);
    memset(pages, 'g', 4 * PAGE);
    EXPECT_SUCCESS(pkey_mprotect(pages + 2 * PAGE, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(policy(key, PKEY_GUARDED, 0), 0);
}

static void unmap_guarded(void)
{
    set_rights(0);
    munmap(pages, 4 * PAGE);
    munmap(spare, 2 * PAGE);
    end();
}

/* Calls that would change the guarded page, most of them another before it; 0 or an errno. */

static int error_of(bool failed)
{
    return failed ? errno : 0;
}

static int do_munmap(void)
{
    return error_of(munmap(pages, 3 * PAGE) != 0);
}

static int do_mprotect(void)
{
    return error_of(mprotect(pages, 3 * PAGE, PROT_READ) != 0);
}

static int do_pkey_mprotect(void)
{
    return error_of(pkey_mprotect(pages, 3 * PAGE, READ_WRITE, other_key) != 0);
}

static int do_map_over(void)
{
    return error_of(mmap(pages, 3 * PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED);
}

static int do_discard(void)
{
    return error_of(madvise(pages, 3 * PAGE, MADV_DONTNEED) != 0);
}

static int do_hide_from_children(void)
{
    return error_of(madvise(pages, 3 * PAGE, MADV_DONTFORK) != 0);
}

static int do_move(void)
{
    void *moved = mremap(pages + 2 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);

    if (moved != MAP_FAILED)
        mremap(moved, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages + 2 * PAGE);
    return error_of(moved == MAP_FAILED);
}

static int do_shrink(void)
{
    return error_of(mremap(pages, 4 * PAGE, PAGE, 0) == MAP_FAILED);
}

static int do_move_over(void)
{
    return error_of(mremap(spare, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                           pages + PAGE) == MAP_FAILED);
}

static int do_put_under(void)
{
    return error_of(pkey_mprotect(pages, PAGE, READ_WRITE, key) != 0);
}

static int (*const changes[])(void) = {
    do_munmap, do_mprotect, do_pkey_mprotect, do_map_over,  do_discard, do_hide_from_children,
    do_move,   do_shrink,   do_move_over,     do_put_under,
};

static void refused_without_rights(void)
{
    for (size_t i = 0; i < COUNT(changes) * COUNT(lacking); i++) {
        map_guarded();
        set_rights(lacking[i % COUNT(lacking)]);
        if (!EXPECT_EQUAL(changes[i / COUNT(lacking)](), EACCES))
            ktap_note("change %zu, rights %u", i / COUNT(lacking), lacking[i % COUNT(lacking)]);
        EXPECT_EQUAL(pages[0], 'g');
        EXPECT_EQUAL(pages[PAGE], 'g');
        EXPECT_ALLOWED(write_fault(pages));
        EXPECT_ALLOWED(write_fault(spare));
        EXPECT_KEY_FAULT(write_fault(pages + 2 * PAGE), key);
        set_rights(0);
        EXPECT_EQUAL(pages[2 * PAGE], 'g');
        unmap_guarded();
    }
}

static void allowed_with_rights(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        map_guarded();
        if (!EXPECT_EQUAL(changes[i](), 0))
            ktap_note("change %zu", i);
        unmap_guarded();
    }
}

static void allowed_without_policy(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        map_guarded();
        EXPECT_EQUAL(policy(key, 0, PKEY_GUARDED), PKEY_GUARDED);
        set_rights(PKEY_DISABLE_ACCESS);
        if (!EXPECT_EQUAL(changes[i](), 0))
            ktap_note("change %zu", i);
        unmap_guarded();
    }
}

static void other_memory_is_free(void)
{
    map_guarded();
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_SUCCESS(mprotect(pages, 2 * PAGE, PROT_READ));
    EXPECT_SUCCESS(munmap(pages + 3 * PAGE, PAGE));
    EXPECT_SUCCESS(madvise(pages, 3 * PAGE, MADV_NORMAL));
    EXPECT_SUCCESS(pkey_mprotect(pages, PAGE, READ_WRITE, other_key));
    unmap_guarded();
}

static void the_break_stays(void)
{
    char *end_before = sbrk(0);
    char *heap;

    begin();
    EXPECT(sbrk(4 * (intptr_t)PAGE) == end_before);
    heap = (char *)(((uintptr_t)end_before + PAGE) & ~(PAGE - 1));
    EXPECT_SUCCESS(pkey_mprotect(heap, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(policy(key, PKEY_GUARDED, 0), 0);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT(sbrk(-4 * (intptr_t)PAGE) == (void *)-1);
    EXPECT(sbrk(0) == end_before + 4 * PAGE);
    set_rights(0);
    EXPECT(sbrk(-4 * (intptr_t)PAGE) == end_before + 4 * PAGE);
    end();
}

static void moves_into_a_guarded_key(void)
{
    map_guarded();
    EXPECT_SUCCESS(pkey_mprotect(pages, PAGE, READ_WRITE, other_key));
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(
        raw_call(__NR_pkey_release, (uintptr_t)other_key, PKEY_RELEASE_MOVE, (uintptr_t)key, 0),
        -EACCES);
    set_rights(0);
    EXPECT_EQUAL(
        raw_call(__NR_pkey_release, (uintptr_t)other_key, PKEY_RELEASE_MOVE, (uintptr_t)key, 0), 0);
    unmap_guarded();
}

/* ---- PKEY_CLOSED ---- */

static char *closed_page;

static void map_closed(unsigned int rights)
{
    begin();
    closed_page = map_lonely_pages(1, READ_WRITE);
    closed_page[0] = 'c';
    EXPECT_SUCCESS(pkey_mprotect(closed_page, PAGE, READ_WRITE, key));
    EXPECT_EQUAL(policy(key, PKEY_CLOSED, 0), 0);
    set_rights(rights);
}

static void unmap_closed(void)
{
    munmap(closed_page, PAGE);
    end();
}

static long through_mem(bool write)
{
    int memory = open("/proc/self/mem", O_RDWR);
    char byte = 'w';
    long result = write ? pwrite(memory, &byte, 1, (off_t)(uintptr_t)closed_page)
                        : pread(memory, &byte, 1, (off_t)(uintptr_t)closed_page);

    close(memory);
    return result;
}

static long through_process_vm(int pid, bool write)
{
    char byte = 'w';
    struct iovec here = {&byte, 1}, there = {closed_page, 1};

    return syscall(write ? __NR_process_vm_writev : __NR_process_vm_readv, pid, &here, 1, &there, 1,
                   0);
}

static void own_memory_is_judged(void)
{
    map_closed(PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(through_mem(false), EIO);
    EXPECT_ERROR(through_mem(true), EIO);
    EXPECT_ERROR(through_process_vm(getpid(), false), EFAULT);
    EXPECT_ERROR(through_process_vm(getpid(), true), EFAULT);
    set_rights(PKEY_DISABLE_WRITE);
    EXPECT_EQUAL(through_mem(false), 1);
    EXPECT_ERROR(through_mem(true), EIO);
    EXPECT_EQUAL(through_process_vm(getpid(), false), 1);
    EXPECT_ERROR(through_process_vm(getpid(), true), EFAULT);
    EXPECT_EQUAL(closed_page[0], 'c');
    set_rights(0);
    EXPECT_EQUAL(through_mem(true), 1);
    EXPECT_EQUAL(through_process_vm(getpid(), true), 1);
    EXPECT_EQUAL(closed_page[0], 'w');
    unmap_closed();
}

static void without_policy_it_is_not(void)
{
    map_closed(0);
    EXPECT_EQUAL(policy(key, PKEY_GUARDED | PKEY_KEPT, PKEY_CLOSED), PKEY_CLOSED);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_EQUAL(through_mem(true), 1);
    EXPECT_EQUAL(through_process_vm(getpid(), false), 1);
    set_rights(0);
    unmap_closed();
}

static int parent;

static void reaches_parent(void)
{
    EXPECT_EQUAL(through_process_vm(parent, false), 1);
}

static void others_are_not_judged(void)
{
    map_closed(PKEY_DISABLE_ACCESS);
    parent = getpid();
    run_in_child(reaches_parent);
    unmap_closed();
}

static volatile int handled;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    handled++;
}

static stack_t stack_under_key(unsigned int policies, unsigned int rights)
{
    stack_t stack = {.ss_size = 16 * PAGE};

    begin();
    stack.ss_sp = mmap(NULL, stack.ss_size, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_SUCCESS(pkey_mprotect(stack.ss_sp, stack.ss_size, READ_WRITE, key));
    EXPECT_EQUAL(policy(key, policies, 0), 0);
    set_rights(rights);
    return stack;
}

static void take_signal_on(stack_t stack)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    handled = 0;
    handle(SIGUSR1, on_signal, SA_ONSTACK);
    EXPECT_SUCCESS(sigaltstack(&stack, NULL));
    raise_here(SIGUSR1);
    EXPECT_EQUAL(handled, 1);
    sigaltstack(&none, NULL);
}

static stack_t closed_stack;

static void take_signal_on_closed_stack(void)
{
    take_signal_on(closed_stack);
}

static bool is_all_zero(const char *memory, size_t size)
{
    return memory[0] == 0 && memcmp(memory, memory + 1, size - 1) == 0;
}

static void no_frame_without_rights(void)
{
    closed_stack = stack_under_key(PKEY_CLOSED, PKEY_DISABLE_WRITE);
    EXPECT_KILLED(take_signal_on_closed_stack, SIGSEGV);
    EXPECT(is_all_zero(closed_stack.ss_sp, closed_stack.ss_size));
    munmap(closed_stack.ss_sp, closed_stack.ss_size);
    end();
}

static void frame_with_rights(void)
{
    stack_t stack = stack_under_key(PKEY_CLOSED | PKEY_KEPT, 0);

    take_signal_on(stack);
    EXPECT(!is_all_zero(stack.ss_sp, stack.ss_size));
    munmap(stack.ss_sp, stack.ss_size);
    end();
}

/* ---- PKEY_KEPT ---- */

static uint32_t pkru_in_handler, handlers_pkru, pkru_for_frame;
static bool edits_pkru, edits_frame;

static bool forks_in_handler;
static pid_t forked;
static const stack_t *stack_for_frame;

static void on_kept_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    pkru_in_handler = pkru_read();
    if (forks_in_handler)
        forked = fork();
    if (stack_for_frame)
        ((ucontext_t *)context)->uc_stack = *stack_for_frame;
    if (edits_pkru)
        pkru_write(handlers_pkru);
    if (edits_frame)
        pkru_set_in_image(((ucontext_t *)context)->uc_mcontext.fpregs, pkru_for_frame);
}

/* PKRU with these rights to the two keys, of which the first is kept. */
static uint32_t rights_to(unsigned int kept, unsigned int other)
{
    return (PKRU_INIT & ~(PKRU_ALL(key) | PKRU_ALL(other_key))) | kept << (2 * key) |
           other << (2 * other_key);
}

static uint32_t after_kept_signal(uint32_t before)
{
    uint32_t after;

    pkru_write(before);
    raise_here(SIGUSR2);
    after = pkru_read();
    edits_pkru = edits_frame = false;
    pkru_write(rights_to(0, 0));
    return after;
}

static void begin_kept(void)
{
    begin();
    handle(SIGUSR2, on_kept_signal, 0);
    EXPECT_EQUAL(policy(key, PKEY_KEPT, 0), 0);
}

static void handlers_begin_with_kept_rights(void)
{
    begin_kept();
    for (unsigned int rights = 0; rights <= 3; rights++) {
        EXPECT_EQUAL(after_kept_signal(rights_to(rights, 0)), rights_to(rights, 0));
        EXPECT_EQUAL(pkru_in_handler & PKRU_ALL(key), rights << (2 * key));
        EXPECT_EQUAL(pkru_in_handler & ~PKRU_ALL(key), first_pkru & ~PKRU_ALL(key));
    }
    end();
}

static void frames_give_nothing(void)
{
    begin_kept();
    edits_frame = true;
    pkru_for_frame = 0;
    EXPECT_EQUAL(after_kept_signal(rights_to(PKEY_DISABLE_ACCESS, 0)),
                 (uint32_t)PKEY_DISABLE_ACCESS << (2 * key));
    edits_frame = true;
    pkru_for_frame = rights_to(PKEY_DISABLE_WRITE, 1);
    EXPECT_EQUAL(after_kept_signal(rights_to(0, 0)), rights_to(PKEY_DISABLE_WRITE, 1));
    end();
}

static void what_a_handler_gives_up_is_gone(void)
{
    begin_kept();
    edits_pkru = true;
    handlers_pkru = rights_to(PKEY_DISABLE_ACCESS, 1);
    EXPECT_EQUAL(after_kept_signal(rights_to(0, 0)), rights_to(PKEY_DISABLE_ACCESS, 0));
    edits_pkru = true;
    handlers_pkru = rights_to(0, 0);
    EXPECT_EQUAL(after_kept_signal(rights_to(PKEY_DISABLE_WRITE, 1)),
                 rights_to(PKEY_DISABLE_WRITE, 1));
    end();
}

/* Who lacks a right asks about handlers and stacks, and sets none; others' stay as they are. */
static void handlers_are_set_with_rights(void)
{
    stack_t stack = {.ss_sp = map_pages(8, READ_WRITE), .ss_size = 8 * PAGE}, found = {0};
    struct sigaction action;

    begin_kept();
    for (size_t i = 0; i < COUNT(lacking); i++) {
        set_rights(lacking[i]);
        EXPECT_SUCCESS(sigaction(SIGUSR2, NULL, &action));
        EXPECT_ERROR(sigaction(SIGUSR2, &action, NULL), EACCES);
        EXPECT_SUCCESS(sigaltstack(NULL, &found));
        EXPECT_ERROR(sigaltstack(&stack, NULL), EACCES);
        set_rights(0);
        EXPECT_SUCCESS(sigaction(SIGUSR2, &action, NULL));
        EXPECT_SUCCESS(sigaltstack(&stack, &found));
        EXPECT_EQUAL(found.ss_flags, SS_DISABLE);
        found.ss_flags = SS_DISABLE;
        EXPECT_SUCCESS(sigaltstack(&found, NULL));
    }
    EXPECT_EQUAL(policy(key, PKEY_GUARDED | PKEY_CLOSED, PKEY_KEPT), PKEY_KEPT);
    set_rights(PKEY_DISABLE_ACCESS);
    EXPECT_SUCCESS(sigaction(SIGUSR2, &action, NULL));
    end();
    munmap(stack.ss_sp, stack.ss_size);
}

#define AUTODISARM ((int)(1u << 31)) /* SS_AUTODISARM, which C libraries have not */

/* A stack that the start of a handler disarms is back after it, with rights or without. */
static void disarmed_stacks_come_back(void)
{
    stack_t stack = {
        .ss_sp = map_pages(8, READ_WRITE), .ss_flags = AUTODISARM, .ss_size = 8 * PAGE};
    stack_t found = {0};
    int status = -1;

    begin_kept();
    handle(SIGUSR2, on_kept_signal, SA_ONSTACK);
    EXPECT_SUCCESS(sigaltstack(&stack, NULL));
    for (unsigned int rights = 0; rights <= 3; rights++) {
        after_kept_signal(rights_to(rights, 0));
        EXPECT_SUCCESS(sigaltstack(NULL, &found));
        EXPECT(found.ss_sp == stack.ss_sp && found.ss_size == stack.ss_size);
    }
    /* In a child that was made meanwhile, too. */
    forks_in_handler = true;
    after_kept_signal(rights_to(PKEY_DISABLE_ACCESS, 0));
    forks_in_handler = false;
    if (forked == 0)
        _exit(sigaltstack(NULL, &found) || found.ss_sp != stack.ss_sp ||
              found.ss_size != stack.ss_size);
    EXPECT_EQUAL(waitpid(forked, &status, 0), forked);
    EXPECT_EQUAL(status, 0);
    /* Not when another has taken its place since. */
    stack_t other = {.ss_sp = (char *)stack.ss_sp + 4 * PAGE, .ss_size = 4 * PAGE};
    EXPECT_SUCCESS(sigaltstack(&other, NULL));
    stack_for_frame = &stack;
    after_kept_signal(rights_to(PKEY_DISABLE_ACCESS, 0));
    stack_for_frame = NULL;
    EXPECT_SUCCESS(sigaltstack(NULL, &found));
    EXPECT(found.ss_sp == other.ss_sp);
    stack.ss_flags = SS_DISABLE;
    EXPECT_SUCCESS(sigaltstack(&stack, NULL));
    end();
    munmap(stack.ss_sp, 8 * PAGE);
}

/* ---- the table ---- */

static const struct ktap_test tests[] = {
    {"the call tells what was, and changes it", tells_and_changes},
    {"bad keys and policies: EINVAL", bad_arguments},
    {"a key's policies, and with one the key, are for those who may write: EACCES",
     only_with_rights},
    {"a key that is allocated anew has none", a_new_key_has_none},
    {"a child gets a copy", a_child_gets_a_copy},
    {"guarded: every change without rights is EACCES, and nothing has changed",
     refused_without_rights},
    {"guarded: who may write may change", allowed_with_rights},
    {"not guarded: everybody may", allowed_without_policy},
    {"guarded: other memory is not concerned", other_memory_is_free},
    {"guarded: the break stays", the_break_stays},
    {"guarded: pkey_release() moves nothing there without rights", moves_into_a_guarded_key},
    {"closed: /proc/self/mem and process_vm_* go by PKRU", own_memory_is_judged},
    {"not closed: they do not", without_policy_it_is_not},
    {"closed: other processes are not judged", others_are_not_judged},
    {"closed: no signal frame comes where the thread may not write", no_frame_without_rights},
    {"closed and kept: a handler's stack may be under the key", frame_with_rights},
    {"kept: a handler begins with the interrupted rights", handlers_begin_with_kept_rights},
    {"kept: a frame takes rights away and gives none", frames_give_nothing},
    {"kept: what a handler gives up is gone, what it takes ends with it",
     what_a_handler_gives_up_is_gone},
    {"kept: handlers and their stacks are set by who has the right: EACCES",
     handlers_are_set_with_rights},
    {"kept: a stack that was disarmed comes back", disarmed_stacks_come_back},
};

int main(void)
{
    const char *skip_reason = without_pku();

    probe_init();
    if (!skip_reason && policy(0, 0, 0) == -ENOSYS)
        skip_reason = "Linux has no such call";
    return ktap_run(tests, COUNT(tests), skip_reason);
}
