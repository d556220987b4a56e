// SPDX-License-Identifier: MIT
/* In place of arch/chipset/io.h: each read of a register gives what the harness has. */
#ifndef ARCH_CHIPSET_IO_H
#define ARCH_CHIPSET_IO_H

#include <stdint.h>

uint8_t machine_read(void);

static inline uint8_t inb(uint16_t port)
{
    (void)port;
    return machine_read();
}

static inline void outb(uint16_t port, uint8_t value)
{
    (void)port;
    (void)value;
}

static inline uint8_t mmio_read8(const volatile void *address)
{
    (void)*(const volatile uint8_t *)address;
    return machine_read();
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

#endif
