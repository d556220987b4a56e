// SPDX-License-Identifier: MIT
/*
 * ACPI: from the root pointer to the tables that are read. The input is a byte of flags, the root
 * pointer, and physical memory from an address on.
 */
#include "arch/acpi/acpi.h"
#include "arch/chipset/acpi_address.h"
#include "arch/chipset/chipset.h"

#include "arch/board/ipmi.h"
#include "arch/board/spcr.h"
#include "arch/chipset/fadt.h"
#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

#define MEMORY_BASE 0x1000 /* where the memory behind the root pointer is said to be */

/* Bits of the first byte. */
#define SUMS_AS_THEY_ARE 1 /* else all are made right */
#define REVISION_0       2 /* the loader gave a root pointer of 20 bytes */
#define BY_THE_BIOS      4 /* the loader gave none: the input lies at the end of the BIOS's area */

#define CHECKSUM_AT    9
#define RSDP_SUM_AT    8
#define RSDP_XSUM_AT   32
#define RSDP_SIZE_1    20
#define BIOS_AREA      0xe0000
#define BIOS_AREA_SIZE 0x20000

static uint8_t flags;

/* ---- what the tables are seen by ---- */

static const void *show_table(paddr_t address, size_t size)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)memory_show(address, size);
    uint32_t length = 0;

    if (bytes && size >= sizeof(struct acpi_header))
        memcpy(&length, bytes + 4, sizeof(length));
    if (length && length == size && !(flags & SUMS_AS_THEY_ARE))
        seal(bytes, size, CHECKSUM_AT);
    return bytes;
}

static void complain(const char *what, const char *problem, uint64_t number)
{
    (void)number;
    expect(strlen(what) && strlen(problem));
}

static const struct acpi_access tables = {show_table, complain};

static uint8_t *bios;

static const void *show_bios(paddr_t address, size_t size)
{
    return address.value == BIOS_AREA && size == BIOS_AREA_SIZE ? bios : memory_show(address, size);
}

const struct uart_bus uart_memory_8, uart_memory_32;

static const struct acpi_access by_the_bios = {show_bios, complain};

/* ---- the input ---- */

static void read_tables(const struct acpi *acpi)
{
    struct madt madt;
    struct fadt fadt;
    struct uart_place uart;
    struct ipmi_place bmc;
    uint8_t types[2];
    const struct acpi_header *table = acpi_find(acpi, "APIC");

    if (table)
        madt_read(table, acpi->access, &madt);
    fadt_read(acpi_find(acpi, "FACP"), &fadt);
    table = fadt.dsdt ? acpi_open_table(acpi->access, "DSDT", fadt.dsdt) : NULL;
    if (table)
        fadt_find_s5(table, types);
    table = acpi_find(acpi, "SPCR");
    if (table && !spcr_read(table, &uart))
        expect(uart.address);
    if (!ipmi_place_of_spmi(acpi_find(acpi, "SPMI"), &bmc))
        expect(bmc.address && (!bmc.is_port || bmc.address + bmc.spacing <= UINT16_MAX));
    table = acpi_find(acpi, "HPET");
    if (table)
        acpi_address_field(table, 40);
}

static void search(const uint8_t *bytes, size_t size)
{
    uint8_t rsdp[ACPI_RSDP_SIZE];

    bios = bios_area(BIOS_AREA_SIZE, bytes, size);
    acpi_search_rsdp(&by_the_bios, rsdp);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct acpi acpi;
    size_t rsdp_size;

    if (size < 1 + ACPI_RSDP_SIZE || size > BIOS_AREA_SIZE)
        return 0;
    flags = bytes[0];
    rsdp_size = flags & REVISION_0 ? RSDP_SIZE_1 : ACPI_RSDP_SIZE;
    uint8_t *rsdp = exact_copy(bytes + 1, rsdp_size);
    if (!(flags & SUMS_AS_THEY_ARE)) {
        seal(rsdp, RSDP_SIZE_1, RSDP_SUM_AT);
        if (rsdp_size == ACPI_RSDP_SIZE)
            seal(rsdp, ACPI_RSDP_SIZE, RSDP_XSUM_AT);
    }
    memory_set(MEMORY_BASE, bytes + 1 + ACPI_RSDP_SIZE, size - 1 - ACPI_RSDP_SIZE);
    if (flags & BY_THE_BIOS)
        search(bytes + 1, size - 1);
    else if (!acpi_open(&acpi, &tables, rsdp, rsdp_size))
        read_tables(&acpi);
    memory_forget();
    free(rsdp);
    return 0;
}
