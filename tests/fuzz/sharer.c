// SPDX-License-Identifier: MIT
#include "tests/fuzz/sharer.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/random.h"

#define STACK_SIZE 16384
#define CHANGES    64
#define PAGES_MAX  64
#define GETRANDOM  128 /* bytes that the kernel writes at a time */
#define KEYS       16

/* What it is to do: chosen by the worker, since both would change the generator's state. */
struct change {
    unsigned int kind;
    uint64_t start, size, target;
    int protection, flags, key;
};

static struct change changes[CHANGES];
static _Alignas(16) char stack[STACK_SIZE];

static void choose(struct change *change)
{
    static const int protections[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
                                      PROT_NONE, PROT_EXEC};

    change->kind = (unsigned int)random_below(8);
    change->size = PAGE * (1 + random_small(PAGES_MAX));
    change->start = play_room(change->size);
    change->target = play_room(change->size);
    change->protection = PICK(protections);
    change->flags = MAP_FIXED | MAP_ANONYMOUS | (one_in(3) ? MAP_SHARED : MAP_PRIVATE);
    change->key = (int)random_below(KEYS);
}

static void make(const struct change *change)
{
    uint64_t start = change->start, size = change->size;

    switch (change->kind) {
    case 0:
        KERNEL(mmap, start, size, change->protection, change->flags, -1, 0);
        return;
    case 1:
        KERNEL(munmap, start, size);
        return;
    case 2:
        KERNEL(mprotect, start, size, change->protection);
        return;
    case 3:
        KERNEL(pkey_mprotect, start, size, change->protection, change->key);
        return;
    case 4:
        KERNEL(mremap, start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, change->target);
        return;
    case 5:
        KERNEL(madvise, start, size, MADV_DONTNEED);
        return;
    case 6:
        KERNEL(madvise, start, size, MADV_POPULATE_WRITE);
        return;
    default:
        KERNEL(getrandom, start, GETRANDOM, 0);
    }
}

static _Noreturn void live(void)
{
    for (unsigned int i = 0; i < CHANGES; i++)
        make(&changes[i]);
    for (;;)
        KERNEL(exit_group, 0);
}

/* clone() with a stack of the task's own, on which nothing leads back. */
static long start_on(void *stack_end)
{
    register uint64_t none_10 __asm__("r10") = 0;
    register uint64_t none_8 __asm__("r8") = 0;
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "call *%[live]\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)__NR_clone), "D"((uint64_t)(CLONE_VM | SIGCHLD)), "S"(stack_end),
                       "d"(0ul), "r"(none_10), "r"(none_8), [live] "b"(live)
                     : "rcx", "r11", "memory");
    return result;
}

void sharer_start(void)
{
    for (unsigned int i = 0; i < CHANGES; i++)
        choose(&changes[i]);
    long pid = start_on(stack + STACK_SIZE);
    if (pid > 0)
        children_add((int)pid);
}
