// SPDX-License-Identifier: MIT
/*
 * Threads: each has one mapping with all that is its own.
 *
 *     | guard page | stack, growing down | thread-local variables | struct libc_thread |
 *                                                                   FS base
 *
 * That variables lie right below the FS base, whose first word is its own address, is the ABI's
 * "variant II" (U. Drepper, "ELF Handling For Thread-Local Storage", 3.4.6). The first thread has
 * such a mapping without a stack.
 *
 * The kernel sets a thread's tid to 0 and wakes who waits for it when the thread no longer needs
 * its stack (CLONE_CHILD_CLEARTID): then pthread_join() unmaps it. Nobody joins a detached thread,
 * so it unmaps its own stack and ends, in assembly.
 */
#include <pthread.h>

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <asm/prctl.h>

#include "libc/internal.h"

#define PAGE_SIZE   ((size_t)4096)
#define STACK_SIZE  ((size_t)256 << 10) /* with its guard page */
#define THREAD_ROOM ((size_t)128)       /* for struct libc_thread; the largest alignment, too */

#define THREAD_FLAGS                                                                    \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

enum state {
    JOINABLE,
    DETACHED,
    ENDED, /* while it was joinable */
};

struct libc_thread {
    struct libc_thread *self; /* %fs:0, by the ABI */
    uint32_t tid;             /* 0 when the thread is gone */
    uint32_t state;
    char *mapping;
    size_t mapping_size;
    void *(*function)(void *);
    void *argument;
    void *result;
};

/* The program's thread-local variables: PT_TLS, and their size with what aligns their end. */
static struct {
    const void *image;
    size_t image_size, size;
} tls;

/* ---- memory ---- */

static size_t align_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & -alignment;
}

/* Programs are linked where they run, so that the address in the header is the address. */
static void find_tls(void)
{
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);

    for (unsigned long left = getauxval(AT_PHNUM); left > 0; left--, header++) {
        if (header->p_type != PT_TLS)
            continue;
        tls.image = (const void *)header->p_vaddr;
        tls.image_size = header->p_filesz;
        tls.size = align_up(header->p_memsz, header->p_align);
    }
}

_Static_assert(sizeof(struct libc_thread) <= THREAD_ROOM, "a thread fits into its room");

/* NULL without memory. */
static struct libc_thread *make_thread(size_t stack_size)
{
    size_t size = align_up(stack_size + tls.size + THREAD_ROOM, PAGE_SIZE);
    char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct libc_thread *thread;

    if (mapping == MAP_FAILED)
        return NULL;
    if (stack_size > 0)
        mprotect(mapping, PAGE_SIZE, PROT_NONE);
    thread = (struct libc_thread *)(mapping + size - THREAD_ROOM);
    thread->self = thread;
    thread->mapping = mapping;
    thread->mapping_size = size;
    memcpy((char *)thread - tls.size, tls.image, tls.image_size);
    return thread;
}

void libc_start_first_thread(void)
{
    struct libc_thread *thread;

    find_tls();
    thread = make_thread(0);
    if (thread == NULL || syscall(__NR_arch_prctl, ARCH_SET_FS, thread) < 0)
        __builtin_trap();
    thread->tid = (uint32_t)syscall(__NR_set_tid_address, &thread->tid);
}

/* ---- beginning ---- */

_Noreturn void libc_thread_main(void)
{
    struct libc_thread *self = pthread_self();

    pthread_exit(self->function(self->argument));
}

int pthread_create(pthread_t *restrict thread, const void *attributes, void *(*function)(void *),
                   void *argument)
{
    struct libc_thread *made;
    int error;

    if (attributes != NULL)
        return EINVAL;
    made = make_thread(STACK_SIZE);
    if (made == NULL)
        return EAGAIN;
    made->function = function;
    made->argument = argument;
    *thread = made;
    error = -(int)libc_clone_thread(THREAD_FLAGS, (char *)made - align_up(tls.size, 16), &made->tid,
                                    &made->tid, made);
    if (error > 0)
        munmap(made->mapping, made->mapping_size);
    return error > 0 ? error : 0;
}

pthread_t pthread_self(void)
{
    struct libc_thread *self;

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
}

/* In the child this thread is the only one, and has another tid. */
pid_t fork(void)
{
    uint32_t *tid = &pthread_self()->tid;

    return (pid_t)syscall(__NR_clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL,
                          NULL, tid, NULL);
}

/* ---- end ---- */

/* Without its stack the thread can take no signal; and the memory of its tid may be another's. */
static _Noreturn void end_detached(struct libc_thread *self)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    syscall(__NR_set_tid_address, NULL);
    libc_unmap_and_exit(self->mapping, self->mapping_size);
}

void pthread_exit(void *result)
{
    struct libc_thread *self = pthread_self();

    self->result = result;
    if (__atomic_exchange_n(&self->state, ENDED, __ATOMIC_ACQ_REL) == DETACHED)
        end_detached(self);
    for (;;)
        syscall(__NR_exit, 0);
}

int pthread_join(pthread_t thread, void **result)
{
    uint32_t tid;

    while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0)
        libc_futex_wait(&thread->tid, tid, 0);
    if (result != NULL)
        *result = thread->result;
    munmap(thread->mapping, thread->mapping_size);
    return 0;
}

int pthread_detach(pthread_t thread)
{
    uint32_t state = JOINABLE;

    if (__atomic_compare_exchange_n(&thread->state, &state, DETACHED, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return 0;
    return pthread_join(thread, NULL);
}

/* ---- signals ---- */

int pthread_kill(pthread_t thread, int number)
{
    uint32_t tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE);

    if (tid == 0)
        return ESRCH;
    return syscall(__NR_tgkill, getpid(), tid, number) < 0 ? errno : 0;
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    return sigprocmask(how, set, old) < 0 ? errno : 0;
}
