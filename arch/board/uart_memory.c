// SPDX-License-Identifier: MIT
#include "arch/board/uart_memory.h"

#include "arch/chipset/io.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "mm/table/kernel_map.h"

/* The tables of the entry show the first 4 GiB in the direct map. */
static volatile void *map(uint64_t address, bool is_early, size_t size)
{
    if (address > (1ul << cpu_physical_bits()) - size)
        return NULL;
    if (!is_early)
        return device_map(paddr(address), size);
    return address + size <= EARLY_DIRECT_MAP_SIZE ? direct_map(paddr(address)) : NULL;
}

static volatile void *map_8(uint64_t address, bool is_early)
{
    return map(address, is_early, UART_REGISTERS);
}

static uint8_t read_8(const struct uart *uart, unsigned int index)
{
    return mmio_read8(uart->registers + index);
}

static void write_8(const struct uart *uart, unsigned int index, uint8_t value)
{
    mmio_write8(uart->registers + index, value);
}

static volatile void *map_32(uint64_t address, bool is_early)
{
    return map(address, is_early, UART_REGISTERS * sizeof(uint32_t));
}

static uint8_t read_32(const struct uart *uart, unsigned int index)
{
    return (uint8_t)mmio_read32(uart->registers + index * sizeof(uint32_t));
}

static void write_32(const struct uart *uart, unsigned int index, uint8_t value)
{
    mmio_write32(uart->registers + index * sizeof(uint32_t), value);
}

const struct uart_bus uart_memory_8 = {map_8, read_8, write_8};
const struct uart_bus uart_memory_32 = {map_32, read_32, write_32};
