// SPDX-License-Identifier: MIT
/*
 * What the programs about protection keys share. musl has no functions for them, and those of
 * glibc would not show what the kernel does.
 */
#ifndef TESTS_PROGRAMS_KEYS_KEYS_H
#define TESTS_PROGRAMS_KEYS_KEYS_H

#include "tests/programs/show.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE           4096ul
#define DISABLE_ACCESS 1u
#define DISABLE_WRITE  2u
#define PKEY_FAULT     4 /* SEGV_PKUERR */

static inline long key_alloc(unsigned long flags, unsigned long rights)
{
    return syscall(SYS_pkey_alloc, flags, rights);
}

static inline long key_free(int key)
{
    return syscall(SYS_pkey_free, key);
}

static inline long key_protect(void *address, size_t size, int protection, int key)
{
    return syscall(SYS_pkey_mprotect, address, size, protection, key);
}

static inline unsigned int read_pkru(void)
{
    unsigned int pkru, unused;

    __asm__ volatile("rdpkru" : "=a"(pkru), "=d"(unused) : "c"(0));
    return pkru;
}

static inline void write_pkru(unsigned int pkru)
{
    __asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static inline unsigned int rights_of(int key)
{
    return read_pkru() >> (2 * key) & 3;
}

static inline void set_rights(int key, unsigned int rights)
{
    write_pkru((read_pkru() & ~(3u << (2 * key))) | rights << (2 * key));
}

/* Without keys there is nothing to compare. */
static inline void need_keys(void)
{
    long key = key_alloc(0, 0);

    if (key < 0) {
        say("this machine has no protection keys");
        exit(77);
    }
    key_free((int)key);
}

static inline char *new_pages(size_t count)
{
    return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static sigjmp_buf keys_way_back;
static siginfo_t keys_fault;

static inline void keys_caught(int number, siginfo_t *info, void *context)
{
    (void)context;
    keys_fault = *info;
    siglongjmp(keys_way_back, number);
}

/* Makes an access and says what came of it. PKRU is put back by hand: siglongjmp does not. */
static inline void say_access(const char *what, volatile char *address, bool write)
{
    struct sigaction action = {.sa_sigaction = keys_caught, .sa_flags = SA_SIGINFO};
    volatile unsigned int pkru = read_pkru();
    int number;

    sigaction(SIGSEGV, &action, NULL);
    number = sigsetjmp(keys_way_back, 1);
    if (number == 0) {
        if (write)
            *address = 1;
        else
            (void)*address;
        say("%s: works", what);
        return;
    }
    write_pkru(pkru);
    if (keys_fault.si_code == PKEY_FAULT)
        say("%s: signal %d by key %u, %s address", what, number, keys_fault.si_pkey,
            keys_fault.si_addr == (void *)address ? "its" : "another");
    else
        say("%s: signal %d, code %d", what, number, keys_fault.si_code);
}

#endif
