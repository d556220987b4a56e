// SPDX-License-Identifier: MIT
#include "kernel/start/start.h"

#include "boot/boot_info.h"
#include "kernel/console/console.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"

static void complain(const char *what, const char *problem, uint64_t number)
{
    kprintf(KERN_WARNING "acpi       %s %s %#lx\n", what, problem, number);
}

static const struct acpi_access access = {firmware_map, complain};
static struct acpi acpi = {.access = &access};

static const char *by = "the loader";

/* Copies the loader's root pointer, or else the BIOS's; returns its size, 0 when there is none. */
static uint32_t find_rsdp(const struct boot_info *info, uint8_t rsdp[ACPI_RSDP_SIZE])
{
    if (info->rsdp_size) {
        memcpy(rsdp, info->rsdp, info->rsdp_size);
        return info->rsdp_size;
    }
    by = "the BIOS";
    return ASK(rsdp_is_sought, &access, rsdp) ? ACPI_RSDP_SIZE : 0;
}

void firmware_init(const struct boot_info *info)
{
    uint8_t rsdp[ACPI_RSDP_SIZE];
    uint32_t size = find_rsdp(info, rsdp);

    if (size == 0)
        kprintf(KERN_WARNING "acpi       no root pointer was found\n");
    else if (acpi_open(&acpi, &access, rsdp, size))
        kprintf(KERN_WARNING "acpi       no table can be used\n");
    else
        kprintf("acpi       %.4s with %u tables, by %s\n", acpi.root->signature, acpi.count, by);
}

const struct acpi *firmware_acpi(void)
{
    return &acpi;
}
