// SPDX-License-Identifier: MIT
#include "tests/parsers/support/boot_result.h"

#include "arch/cpu/layout.h"
#include "libc/include/string.h"
#include "mm/page/ram.h"
#include "tests/parsers/support/harness.h"

static void check_memory(const struct boot_info *info)
{
    expect(info->memory_count <= BOOT_MEMORY_RANGES_MAX);
    for (unsigned int i = 0; i < info->memory_count; i++) {
        expect(info->memory[i].size > 0);
        expect(info->memory[i].size <= UINT64_MAX - info->memory[i].base.value);
    }
}

/* The ranges of RAM are pages, in order, apart, and where the direct map can show them. */
static void check_ram(const struct boot_info *info)
{
    uint64_t end = 0;

    ram_init(info);
    for (size_t i = 0; i < ram.count; i++) {
        const struct page_range *range = &ram.range[i];
        expect(range->start.value % PAGE_SIZE == 0 && range->end.value % PAGE_SIZE == 0);
        expect(range->start.value < range->end.value && range->end.value <= DIRECT_MAP_SIZE);
        expect(range->start.value >= end);
        end = range->end.value;
    }
}

static void check(const struct boot_info *info)
{
    size_t length = strnlen(info->command_line, BOOT_COMMAND_LINE_SIZE);

    expect(length < BOOT_COMMAND_LINE_SIZE);
    expect(!info->command_line_truncated || length == BOOT_COMMAND_LINE_SIZE - 1);
    expect(info->initramfs_size <= UINT64_MAX - PAGE_SIZE - info->initramfs.value);
    expect(info->rsdp_size <= BOOT_RSDP_SIZE);
    check_memory(info);
    check_ram(info);
}

void boot_result_try(boot_reader *read, const uint8_t *bytes, size_t size)
{
    static struct boot_info info;
    char *copy = exact_copy(bytes, size);
    struct boot_memory memory = {copy, size};
    uint64_t address = 0;

    memset(&info, 0, sizeof(info));
    if (boot_read(&memory, 0, &address, sizeof(address)))
        read(&memory, paddr(address), &info);
    free(copy);
    check(&info);
}
