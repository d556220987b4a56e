// SPDX-License-Identifier: MIT
/*
 * PKRU: the rights that the running thread has to each of the 16 keys (SDM vol. 3A, 4.6.2).
 *
 *    31 30   29 28          3  2    1  0
 *   +--+--+ +--+--+       +--+--+ +--+--+
 *   |WD|AD| |WD|AD|  ...  |WD|AD| |WD|AD|
 *   +--+--+ +--+--+       +--+--+ +--+--+
 *   key 15  key 14         key 1   key 0
 *
 * AD: no data access; WD: no write. Fetches never check PKRU. RDPKRU and WRPKRU work in ring 3, and
 * raise #UD while CR4.PKE is 0. WRPKRU takes effect at once and needs no flush: the TLB caches a
 * page's key, not the rights to it.
 */
#ifndef ARCH_MMU_PKRU_H
#define ARCH_MMU_PKRU_H

#include <stdint.h>

#include "arch/cpu/cpu.h"

#define PKEY_COUNT 16

/* The values of PKEY_DISABLE_ACCESS and PKEY_DISABLE_WRITE (<asm-generic/mman-common.h>). */
#define PKRU_AD     1u
#define PKRU_WD     2u
#define PKRU_RIGHTS (PKRU_AD | PKRU_WD)

/* All keys but 0 denied, as on Linux: a process starts without rights it did not ask for. */
#define PKRU_INIT_DEFAULT 0x55555554u

/* PKRU of a new process and of a signal handler: init_pkru=, or the default. */
extern uint32_t pkru_init_value;

/* Changes it at run time (arch/fpu/fpu.c), for programs and handlers that start from now on. */
void pkru_set_init_value(uint32_t pkru);

static inline uint32_t read_pkru(void)
{
    uint32_t pkru, edx;
    __asm__ volatile("rdpkru" : "=a"(pkru), "=d"(edx) : "c"(0) : "memory");
    return pkru;
}

static inline void write_pkru(uint32_t pkru)
{
    __asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

/* The rights of one key in a PKRU value: PKRU_AD and PKRU_WD. */
static inline uint32_t pkru_rights(uint32_t pkru, unsigned int key)
{
    return pkru >> (2 * key) & 3;
}

static inline uint32_t pkru_with_rights(uint32_t pkru, unsigned int key, uint32_t rights)
{
    return (pkru & ~(3u << (2 * key))) | rights << (2 * key);
}

/*
 * Changes the running thread's rights to a key. Called with interrupts on: they go off between
 * RDPKRU and WRPKRU, because VECTOR_RIGHTS may change the register on behalf of another thread.
 */
static inline void pkru_change(unsigned int key, uint32_t rights)
{
    irq_disable();
    write_pkru(pkru_with_rights(read_pkru(), key, rights));
    irq_enable();
}

#endif
