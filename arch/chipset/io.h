// SPDX-License-Identifier: MIT
/* What of arch/cpu/io.h's kind only rooms above the line use. */
#ifndef ARCH_CHIPSET_IO_H
#define ARCH_CHIPSET_IO_H

#include "arch/cpu/io.h"

/* PCI configuration space by ports: PCI Local Bus specification 3.0, 3.2.2.3.2. */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  (1u << 31)

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    return *(const volatile uint8_t *)address;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

#endif
