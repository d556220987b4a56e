// SPDX-License-Identifier: MIT
/* What the readers of the loaders' information record. Nothing that a loader says is trusted. */
#include "boot/boot_info.h"

#include "boot/boot_main.h"
#include "libc/include/string.h"

bool boot_read(const struct boot_memory *memory, uint64_t address, void *to, size_t size)
{
    if (address > memory->size || size > memory->size - address)
        return false;
    memcpy(to, memory->bytes + address, size);
    return true;
}

void boot_add_memory(struct boot_info *info, uint64_t base, uint64_t size, uint32_t type)
{
    if (size > UINT64_MAX - base)
        size = UINT64_MAX - base;
    if (size == 0)
        return;
    if (info->memory_count == BOOT_MEMORY_RANGES_MAX) {
        info->memory_dropped++;
        return;
    }
    info->memory[info->memory_count++] = (struct boot_memory_range){paddr(base), size, type};
}

void boot_set_command_line(struct boot_info *info, const char *text, size_t size)
{
    size_t length = strnlen(text, size < BOOT_COMMAND_LINE_SIZE ? size : BOOT_COMMAND_LINE_SIZE);

    info->command_line_truncated = length == BOOT_COMMAND_LINE_SIZE;
    if (info->command_line_truncated)
        length--;
    memcpy(info->command_line, text, length);
    info->command_line[length] = '\0';
}

void boot_set_initramfs(struct boot_info *info, uint64_t base, uint64_t size)
{
    if (base > UINT64_MAX - PAGE_SIZE || size > UINT64_MAX - PAGE_SIZE - base)
        return;
    info->initramfs = paddr(base);
    info->initramfs_size = size;
}

void boot_set_rsdp(struct boot_info *info, const void *rsdp, uint32_t size)
{
    if (size > BOOT_RSDP_SIZE)
        size = BOOT_RSDP_SIZE;
    if (size <= info->rsdp_size)
        return;
    memcpy(info->rsdp, rsdp, size);
    info->rsdp_size = size;
}
