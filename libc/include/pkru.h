// SPDX-License-Identifier: MIT
/*
 * The PKRU register, for programs that look closer than pkey_get() and pkey_set() do: the whole
 * register, whether there is one, and its copy in a signal frame. Latchkey's own header, but it
 * needs nothing of Latchkey: it builds with any C library for x86-64.
 *
 *     31 30 29 28          5  4  3  2  1  0
 *     | WD AD | WD AD | .. | WD AD | WD AD |    AD: no access to data under the key
 *     | key 15| key 14|    | key 1 | key 0 |    WD: no writes
 */
#ifndef LIBC_PKRU_H
#define LIBC_PKRU_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PKRU_KEYS 16

#define PKRU_AD(key)  ((uint32_t)1 << (2 * (key)))
#define PKRU_WD(key)  ((uint32_t)2 << (2 * (key)))
#define PKRU_ALL(key) (PKRU_AD(key) | PKRU_WD(key))

/* What Linux starts every program with: key 0 open, all others closed (AD set). */
#define PKRU_INIT UINT32_C(0x55555554)

/* The XSAVE component of PKRU, and the places in a standard-format image (SDM volume 1, 13.4). */
#define XFEATURE_PKRU          9
#define XSAVE_SW_RESERVED      464 /* in a signal frame: magic1, size, xfeatures, xstate_size */
#define XSAVE_HEADER_XSTATE_BV 512
#define XSAVE_FIRST_COMPONENT  576 /* behind the legacy region and the header */

/* Whether the CPU has protection keys and the kernel has switched them on (CPUID 7.0 ECX.OSPKE). */
static inline bool pkru_enabled(void)
{
    unsigned int eax, ebx, ecx, edx;

    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 4 & 1);
}

/* Both end in SIGILL where keys are off. */
static inline uint32_t pkru_read(void)
{
    uint32_t value, zero;

    __asm__ volatile("rdpkru" : "=a"(value), "=d"(zero) : "c"(0) : "memory");
    return value;
}

/* The clobber keeps every access to memory on its side of the change of rights. */
static inline void pkru_write(uint32_t value)
{
    __asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}

/*
 * For a CPU whose CPUID leaf 0xD.9 is empty although it has PKRU, as that of Bochs 2.7: looks where
 * XSAVE puts it. The value searched for differs from the live one in WD of key 15 at most.
 */
static inline uint32_t pkru_find_in_image(void)
{
    static _Alignas(64) unsigned char image[8192];
    uint32_t live = pkru_read();
    uint32_t marked = live | PKRU_WD(PKRU_KEYS - 1);
    uint32_t at = XSAVE_FIRST_COMPONENT;

    pkru_write(marked);
    __asm__ volatile("xsave64 %0" : "+m"(image) : "a"(1 << XFEATURE_PKRU), "d"(0));
    pkru_write(live);
    while (at < sizeof(image) - sizeof(marked) && memcmp(image + at, &marked, sizeof(marked)) != 0)
        at += sizeof(uint64_t);
    return at;
}

/* The offset of PKRU in an XSAVE image of the standard format, in bytes. */
static inline uint32_t pkru_xsave_offset(void)
{
    unsigned int size = 0, offset = 0, ecx = 0, edx = 0;

    __get_cpuid_count(0xD, XFEATURE_PKRU, &size, &offset, &ecx, &edx);
    return size > 0 ? offset : pkru_find_in_image();
}

/*
 * PKRU in the XSAVE image of a signal frame (a handler's uc_mcontext.fpregs): what was in force
 * when the signal came, and what will be when the handler returns.
 */
static inline uint32_t pkru_get_in_image(const void *image)
{
    uint32_t value;

    memcpy(&value, (const char *)image + pkru_xsave_offset(), sizeof(value));
    return value;
}

static inline void pkru_set_in_image(void *image, uint32_t value)
{
    memcpy((char *)image + pkru_xsave_offset(), &value, sizeof(value));
}

#endif
