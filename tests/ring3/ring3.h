// SPDX-License-Identifier: MIT
/*
 * What the ring-3 tests share: probes, which try an access and tell which fault it met; pages;
 * children that are expected to die; and what kernel and CPU this is.
 *
 * Only standard calls, so that every test builds for Linux too and Linux can judge it. A kernel's
 * release is asked for nothing but the differences that the functions below name.
 */
#ifndef TESTS_RING3_RING3_H
#define TESTS_RING3_RING3_H

#include <errno.h>
#include <ktap.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc/include/pkru.h"

#define PAGE       ((size_t)4096)
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define SEMAPHORE  8 /* PROT_SEM, which glibc does not have */
#define PRIVATE    (MAP_PRIVATE | MAP_ANONYMOUS)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the machine and the kernel ---- */

/* Reasons to skip, or NULL. */
static inline const char *without_pku(void)
{
    return pkru_enabled() ? NULL : "protection keys are not there or not on";
}

/* For a test that needs keys in a file where others do not: whether it was skipped. */
static inline bool skipped_without_pku(void)
{
    if (!pkru_enabled())
        ktap_skip("%s", without_pku());
    return !pkru_enabled();
}

static inline const char *with_pku(void)
{
    return pkru_enabled() ? "protection keys are on" : NULL;
}

static inline bool release_before(unsigned long major, unsigned long minor)
{
    struct utsname name;
    char *end;
    unsigned long release_major, release_minor;

    uname(&name);
    release_major = strtoul(name.release, &end, 10);
    release_minor = strtoul(end + 1, NULL, 10);
    return release_major < major || (release_major == major && release_minor < minor);
}

/* Linux from 6.12 on opens all keys while it writes a signal frame; before, PKRU was obeyed. */
static inline bool frame_write_obeys_pkru(void)
{
    return release_before(6, 12);
}

static inline bool is_latchkey(void)
{
    struct utsname name;

    uname(&name);
    return strstr(name.release, "latchkey") != NULL;
}

/* The core lacks what stands above the line of docs/architecture.md; tools/run --core says so. */
static inline bool is_core(void)
{
    return getenv("LATCHKEY_CORE") != NULL;
}

/* For a test of a room above the line: whether it was skipped, since this is the core. */
static inline bool skipped_without_room(const char *room)
{
    if (is_core())
        ktap_skip("the core lacks %s", room);
    return is_core();
}

/* Without PKU, Linux differs from its manual page; Latchkey follows the page. */
static inline bool follows_manual_without_pku(void)
{
    return is_latchkey();
}

#define USER_END 0x7ffffffff000 /* no mapping reaches beyond, with tables of four levels */

/* Linux on a CPU with five levels of tables has more to give to those who ask for it. */
static inline bool has_five_levels(void)
{
    unsigned int eax, ebx, ecx, edx;
    void *beyond = (void *)(USER_END + PAGE);

    __cpuid_count(7, 0, eax, ebx, ecx, edx);
    if (!(ecx >> 16 & 1) || mmap(beyond, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED)
        return false;
    munmap(beyond, PAGE);
    return true;
}

/* ---- faults ---- */

/* How the CPU says why (SDM volume 3, 4.7). */
enum {
    PF_PRESENT = 1,
    PF_WRITE = 2,
    PF_USER = 4,
    PF_FETCH = 0x10,
    PF_KEY = 0x20,
};

/* si_code of a fault that is not about an address: Linux's SI_KERNEL. */
#define CODE_KERNEL 0x80

/* What a handler saw. signal is 0 if there was none. */
struct fault {
    int signal;
    int code;
    uintptr_t address;
    int key; /* -1 unless code is SEGV_PKUERR */
    unsigned long error;
    unsigned long trap;
    uint32_t pkru;            /* in the frame */
    uint32_t pkru_in_handler; /* both 0 where keys are off */
};

static struct {
    void *resume; /* where to go on after the access; NULL: no probe is running */
    uintptr_t stack;
    struct fault fault;
} probe;

static inline struct fault fault_of(const siginfo_t *info, const ucontext_t *context)
{
    const mcontext_t *machine = &context->uc_mcontext;
    struct fault fault = {
        .signal = info->si_signo,
        .code = info->si_code,
        .address = (uintptr_t)info->si_addr,
        .key = info->si_signo == SIGSEGV && info->si_code == SEGV_PKUERR ? (int)info->si_pkey : -1,
        .error = (unsigned long)machine->gregs[REG_ERR],
        .trap = (unsigned long)machine->gregs[REG_TRAPNO],
    };

    if (pkru_enabled()) {
        fault.pkru = pkru_get_in_image(machine->fpregs);
        fault.pkru_in_handler = pkru_read();
    }
    return fault;
}

/* Takes notes and steps over the access; the return restores PKRU. */
static inline void probe_handler(int signal, siginfo_t *info, void *context)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

    if (probe.resume == NULL) {
        printf("Bail out! signal %d outside a probe, si_code %d, address %p, rip %#llx\n", signal,
               info->si_code, info->si_addr, machine->gregs[REG_RIP]);
        fflush(stdout);
        _exit(1);
    }
    probe.fault = fault_of(info, context);
    machine->gregs[REG_RIP] = (greg_t)(uintptr_t)probe.resume;
    machine->gregs[REG_RSP] = (greg_t)probe.stack;
    probe.resume = NULL;
}

static inline void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigaction(number, &action, NULL);
}

/*
 * raise(), after which the compiler expects that a handler has changed variables: glibc declares
 * raise() so that it does not.
 */
static inline int raise_here(int number)
{
    int result = raise(number);

    __asm__ volatile("" : : : "memory");
    return result;
}

/* PKRU's value at the program's start: PKRU_INIT, unless the kernel was told another. */
static uint32_t first_pkru;

/* Must be the first in main(). */
static inline void probe_init(void)
{
    static bool called;
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

    for (size_t i = 0; i < COUNT(signals); i++)
        handle(signals[i], probe_handler, 0);
    if (!called && pkru_enabled())
        first_pkru = pkru_read();
    called = true;
}

/* Runs one instruction, or a few, that may fault; rdx is theirs to use, rcx has the argument. */
#define PROBE(instructions, argument)                                                             \
    ({                                                                                            \
        uintptr_t probe_argument = (uintptr_t)(argument);                                         \
        probe.fault = (struct fault){.key = -1};                                                  \
        __asm__ volatile("lea 9f(%%rip), %%rdx\n\t"                                               \
                         "mov %%rdx, %[resume]\n\t"                                               \
                         "mov %%rsp, %[stack]\n\t" instructions "\n"                              \
                         "9:"                                                                     \
                         : [resume] "=m"(probe.resume), [stack] "=m"(probe.stack),                \
                           "+c"(probe_argument)                                                   \
                         :                                                                        \
                         : "rax", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc", "memory"); \
        probe.resume = NULL;                                                                      \
        probe.fault;                                                                              \
    })

static inline struct fault read_fault(const volatile void *at)
{
    return PROBE("movb (%%rcx), %%al", at);
}

static inline struct fault write_fault(volatile void *at)
{
    return PROBE("movb $1, (%%rcx)", at);
}

/* Jumps over the red zone, which a call would overwrite. */
static inline struct fault call_fault(const void *at)
{
    return PROBE("sub $128, %%rsp\n\tcall *%%rcx\n\tadd $128, %%rsp", at);
}

#define EXPECT_ALLOWED(fault)         EXPECT_EQUAL((fault).signal, 0)
#define EXPECT_KEY_FAULT(fault, with) EXPECT(is_key_fault(fault, with))
#define EXPECT_SEGV(fault, with)      EXPECT(is_segv(fault, with))

static inline bool is_segv(struct fault fault, int code)
{
    if (fault.signal == SIGSEGV && fault.code == code)
        return true;
    ktap_note("signal %d, si_code %d, key %d", fault.signal, fault.code, fault.key);
    return false;
}

static inline bool is_key_fault(struct fault fault, int key)
{
    return is_segv(fault, SEGV_PKUERR) && fault.key == key;
}

/* ---- pages ---- */

/* New private pages, zero and under key 0. Ends the program if there is no memory. */
static inline char *map_pages(size_t count, int protection)
{
    void *memory = mmap(NULL, count * PAGE, protection, PRIVATE, -1, 0);

    if (memory == MAP_FAILED) {
        printf("Bail out! mmap: %s\n", strerror(errno));
        exit(1);
    }
    return memory;
}

/* Pages in the middle of room that stays free, so that their areas have no neighbours. */
static inline char *map_lonely_pages(size_t count, int protection)
{
    char *room = map_pages(count + 2, protection);

    munmap(room, PAGE);
    munmap(room + (count + 1) * PAGE, PAGE);
    return room + PAGE;
}

/* A page that has been unmapped. */
static inline char *hole(void)
{
    char *page = map_lonely_pages(1, PROT_NONE);

    munmap(page, PAGE);
    return page;
}

/* A page with a function that returns 42, readable and executable. */
static inline char *map_code(void)
{
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
    char *page = map_pages(1, READ_WRITE);

    memcpy(page, code, sizeof(code));
    mprotect(page, PAGE, PROT_READ | PROT_EXEC);
    return page;
}

/* ---- children ---- */

/* The wait status of a child that runs the function, with the signals' default actions. */
static inline int status_of(void (*run)(void))
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    int status = -1;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < COUNT(signals); i++)
            signal(signals[i], SIG_DFL);
        run();
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status & ~0x80; // whether there is a core file is not the test's business
}

/* Runs a part of the running test in a child; its failed expectations count. */
static inline void run_in_child(void (*run)(void))
{
    int status = -1;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        run();
        _exit(ktap_passing() ? 0 : 1);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    EXPECT_EQUAL(status, 0);
}

#define EXPECT_KILLED(run, by)     EXPECT_EQUAL(status_of(run), by)
#define EXPECT_EXITED(run, status) EXPECT_EQUAL(status_of(run), (status) << 8)

#endif
