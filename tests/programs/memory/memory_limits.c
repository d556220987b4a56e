// SPDX-License-Identifier: MIT
/*
 * The heap and the stack, and the limits on them: brk, sbrk, malloc, RLIMIT_AS, RLIMIT_DATA and
 * RLIMIT_STACK, and recursion until the stack ends.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define PAGE 4096UL
#define MIB  (1UL << 20)
#define BOTH (PROT_READ | PROT_WRITE)

static void limit(int resource, rlim_t bytes)
{
    struct rlimit limits = {bytes, RLIM_INFINITY};

    if (setrlimit(resource, &limits))
        perror("setrlimit");
}

static void *map(size_t size, int protection)
{
    return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void heap(void)
{
    /* The end of the heap, which malloc() leaves alone meanwhile. */
    long start = syscall(SYS_brk, 0);
    long end = (start + 4095) & -4096L;

    section("brk");
    SHOW(syscall(SYS_brk, end + 16 * PAGE) == (long)(end + 16 * PAGE));
    memset((void *)end, 'h', 16 * PAGE);
    SHOW(syscall(SYS_brk, end + 8 * PAGE + 5) == (long)(end + 8 * PAGE + 5));
    SHOW(((char *)end)[8 * PAGE]);
    SHOW_ACCESS(reading, (void *)(end + 9 * PAGE));
    SHOW(syscall(SYS_brk, 0) == (long)(end + 8 * PAGE + 5));
    SHOW(syscall(SYS_brk, end + 16 * PAGE) == (long)(end + 16 * PAGE));
    SHOW(((char *)end)[9 * PAGE]);
    SHOW(syscall(SYS_brk, 1) == (long)(end + 16 * PAGE));
    SHOW(syscall(SYS_brk, 1UL << 47) == (long)(end + 16 * PAGE));
    SHOW(mmap((void *)(end + 32 * PAGE), PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
              0) == (void *)(end + 32 * PAGE));
    SHOW(syscall(SYS_brk, end + 31 * PAGE) == (long)(end + 31 * PAGE));
    SHOW(syscall(SYS_brk, end + 40 * PAGE) == (long)(end + 31 * PAGE));
    munmap((void *)(end + 32 * PAGE), PAGE);
    SHOW(syscall(SYS_brk, start) == start);
}

static void data_limit(void)
{
    section("RLIMIT_DATA");
    limit(RLIMIT_DATA, 8 * MIB);
    SHOW_PLACE(map(4 * MIB, BOTH));
    SHOW_PLACE(map(8 * MIB, BOTH));
    SHOW_PLACE(map(64 * MIB, PROT_READ));
    SHOW_PLACE(mmap(NULL, 64 * MIB, BOTH, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    SHOW(sbrk(8 * MIB) == (void *)-1);
    SHOW(mprotect(map(16 * MIB, PROT_READ), 16 * MIB, BOTH));
}

/* /proc/sys/vm/max_map_count: mappings of one process. */
static long most_mappings(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    long most = 0;

    if (file && fscanf(file, "%ld", &most) != 1)
        most = 0;
    if (file)
        fclose(file);
    return most;
}

/* Every second page gets another protection than its neighbours, until there are too many. */
static void too_many_mappings(void)
{
    long most = most_mappings(), made = 0;
    size_t size = (size_t)(most + 4) * PAGE;
    char *start = map(size, PROT_NONE);

    section("vm.max_map_count");
    while (made < most && mprotect(start + (2 * made + 1) * (long)PAGE, PAGE, PROT_READ) == 0)
        made++;
    say("no more: %s", strerror(errno));
    SHOW(made > most / 2 - 100 && made < most / 2);
    SHOW(munmap(start + size - 2 * PAGE, PAGE));
    SHOW(madvise(start + size - 2 * PAGE, PAGE, MADV_DONTFORK));
    SHOW_PLACE(
        mmap(start + size - 2 * PAGE, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(munmap(start, size));
    SHOW(munmap(map(3 * PAGE, PROT_READ) + PAGE, PAGE));
}

/* For all but root. */
static void lock_limit(void)
{
    struct rlimit limits = {16 * PAGE, 16 * PAGE};
    char *place = map(32 * PAGE, BOTH);

    section("RLIMIT_MEMLOCK");
    SHOW(setrlimit(RLIMIT_MEMLOCK, &limits));
    SHOW(mlock(place, 17 * PAGE));
    SHOW(munlockall());
    if (setresuid(54321, 54321, 54321))
        perror("setresuid");
    SHOW(mlock(place, 17 * PAGE));
    SHOW(mlock(place, 16 * PAGE));
    SHOW(mlock(place + 8 * PAGE, 8 * PAGE));
    SHOW(mlock(place + 8 * PAGE, 9 * PAGE));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
    SHOW(munlock(place, 16 * PAGE));
    SHOW_PLACE(mmap(NULL, 17 * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
    SHOW(mlockall(MCL_CURRENT));
    SHOW(mlockall(MCL_FUTURE));
    SHOW_PLACE(mmap(NULL, 17 * PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW(munlockall());
    limits = (struct rlimit){0, 0};
    SHOW(setrlimit(RLIMIT_MEMLOCK, &limits));
    SHOW(mlock(place, PAGE));
    SHOW(mlock(place, 0));
    SHOW(mlockall(MCL_FUTURE));
    SHOW(mlockall(0));
    SHOW_PLACE(mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
}

static void size_limit(void)
{
    void *place = map(16 * MIB, BOTH);

    section("RLIMIT_AS");
    limit(RLIMIT_AS, 64 * MIB);
    SHOW_PLACE(map(128 * MIB, BOTH));
    SHOW_PLACE(map(128 * MIB, PROT_NONE));
    SHOW_PLACE(map(16 * MIB, PROT_READ));
    SHOW_PLACE(mremap(place, 16 * MIB, 64 * MIB, MREMAP_MAYMOVE));
    SHOW(malloc(100 * MIB) == NULL);
}

/* Uses so many bytes of the stack, a page at a time. */
static __attribute__((noinline)) int use_stack(long bytes)
{
    volatile char frame[2048];

    frame[0] = (char)bytes;
    if (bytes > (long)sizeof(frame))
        return use_stack(bytes - (long)sizeof(frame)) + frame[0];
    return frame[0];
}

static void overflow(int signal, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    _exit(signal == SIGSEGV ? 44 : 45);
}

static void overflow_with_handler(void)
{
    stack_t stack = {.ss_sp = map(64 * 1024, BOTH), .ss_size = 64 * 1024};
    struct sigaction action = {.sa_sigaction = overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    use_stack(64 * (long)MIB);
}

static void overflow_without_stack(void)
{
    struct sigaction action = {.sa_sigaction = overflow, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, NULL);
    use_stack(64 * (long)MIB);
}

static void with_stack_limit(size_t bytes, long used)
{
    limit(RLIMIT_STACK, bytes);
    use_stack(used);
}

static void stacks(void)
{
    section("the stack");
    SHOW_CHILD(use_stack(4 * (long)MIB));
    SHOW_CHILD(use_stack(16 * (long)MIB));
    SHOW_CHILD(overflow_with_handler());
    SHOW_CHILD(overflow_without_stack());
    SHOW_CHILD(with_stack_limit(MIB, 2 * (long)MIB));
    SHOW_CHILD(with_stack_limit(32 * MIB, 24 * (long)MIB));
    SHOW_CHILD(with_stack_limit(RLIM_INFINITY, 64 * (long)MIB));
}

static void limits(void)
{
    struct rlimit limits = {5, 4};

    section("limits themselves");
    SHOW(setrlimit(RLIMIT_STACK, &limits));
    SHOW(setrlimit(99, &limits));
    SHOW(getrlimit(99, &limits));
    SHOW(getrlimit(RLIMIT_STACK, &limits));
    SHOW(limits.rlim_cur);
    limits.rlim_cur = limits.rlim_max = MIB;
    SHOW(setrlimit(RLIMIT_CORE, &limits));
    SHOW(getrlimit(RLIMIT_CORE, &limits));
    SHOW(limits.rlim_cur);
    SHOW(limits.rlim_max);
    SHOW(prlimit(0, RLIMIT_CORE, NULL, NULL));
    SHOW(prlimit(-5, RLIMIT_CORE, NULL, &limits));
    limits.rlim_cur = 0;
    SHOW(prlimit(getpid(), RLIMIT_CORE, &limits, NULL));
    SHOW(getrlimit(RLIMIT_CORE, &limits));
    SHOW(limits.rlim_cur);
}

static void allocations(void)
{
    void *places[64];
    int wrong = 0;

    section("malloc");
    for (int i = 0; i < 64; i++) {
        places[i] = malloc(1UL << (i % 22));
        memset(places[i], i, 1UL << (i % 22));
    }
    for (int i = 0; i < 64; i++) {
        wrong += ((char *)places[i])[(1UL << (i % 22)) - 1] != i;
        if (i % 3)
            free(places[i]);
    }
    SHOW(wrong);
    for (int i = 0; i < 64; i += 3) {
        places[i] = realloc(places[i], 3UL << (i % 22));
        wrong += ((char *)places[i])[(1UL << (i % 22)) - 1] != i;
    }
    SHOW(wrong);
    SHOW((unsigned long)aligned_alloc(65536, 65536) % 65536);
    SHOW(malloc(1UL << 62) == NULL);
    SHOW(((char *)calloc(1, MIB))[MIB - 1]);
}

int main(void)
{
    heap();
    allocations();
    limits();
    stacks();
    SHOW_CHILD(too_many_mappings());
    SHOW_CHILD(lock_limit());
    SHOW_CHILD(data_limit());
    SHOW_CHILD(size_limit());
    return 0;
}
