// SPDX-License-Identifier: MIT
/*
 * ACPI's tables as a firmware may leave them, good and bad. They lie in one array that stands for
 * physical memory, so each test is a few bytes changed in a sound set of tables.
 */
#include "arch/acpi/acpi.h"

#include <stdbool.h>

#include "arch/chipset/fadt.h"
#include "libc/include/string.h"
#include "tests/kernel/ktest.h"

#define MEMORY_BASE 0x7fe0000ul /* where the array is said to be */
#define MEMORY_SIZE 8192

#define RSDT_AT 0x000
#define XSDT_AT 0x100
#define MADT_AT 0x200
#define FADT_AT 0x1800

#define SECOND_AT 0x1a00

#define HEADER      36
#define MADT_HEADER 44

static uint8_t memory[MEMORY_SIZE];
static uint8_t rsdp[ACPI_RSDP_SIZE];
static unsigned int complaints;

static const void *map(paddr_t address, size_t size)
{
    uint64_t offset = address.value - MEMORY_BASE;

    return offset < MEMORY_SIZE && size <= MEMORY_SIZE - offset ? memory + offset : NULL;
}

static void complain(const char *what, const char *problem, uint64_t number)
{
    (void)what;
    (void)problem;
    (void)number;
    complaints++;
}

static const struct acpi_access access = {map, complain};

/* ---- making tables ---- */

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(memory + at, &value, size);
}

static void fix_sum(uint8_t *bytes, size_t size, size_t at)
{
    uint8_t sum = 0;

    bytes[at] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[at] = (uint8_t)-sum;
}

static void seal(size_t at, size_t length)
{
    put(at + 4, length, 4);
    fix_sum(memory + at, length, 9);
}

static void begin_table(size_t at, const char *signature)
{
    memcpy(memory + at, signature, 4);
}

static void seal_rsdp(void)
{
    fix_sum(rsdp, 20, 8);
    fix_sum(rsdp, ACPI_RSDP_SIZE, 32);
}

/* An RSDP of revision 2, an RSDT with the FADT and an XSDT with the FADT and a MADT without CPUs.
 */
static void make_tables(void)
{
    uint64_t xsdt = MEMORY_BASE + XSDT_AT;
    uint32_t rsdt = MEMORY_BASE + RSDT_AT, size = ACPI_RSDP_SIZE;

    complaints = 0;
    memset(memory, 0, sizeof(memory));
    memset(rsdp, 0, sizeof(rsdp));
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = 2;
    memcpy(rsdp + 16, &rsdt, 4);
    memcpy(rsdp + 20, &size, 4);
    memcpy(rsdp + 24, &xsdt, 8);
    seal_rsdp();
    begin_table(FADT_AT, "FACP");
    seal(FADT_AT, 116);
    begin_table(MADT_AT, "APIC");
    seal(MADT_AT, MADT_HEADER);
    begin_table(RSDT_AT, "RSDT");
    put(RSDT_AT + HEADER, MEMORY_BASE + FADT_AT, 4);
    seal(RSDT_AT, HEADER + 4);
    begin_table(XSDT_AT, "XSDT");
    put(XSDT_AT + HEADER, MEMORY_BASE + FADT_AT, 8);
    put(XSDT_AT + HEADER + 8, MEMORY_BASE + MADT_AT, 8);
    seal(XSDT_AT, HEADER + 16);
}

static bool finds(const char *signature)
{
    struct acpi acpi;

    return !acpi_open(&acpi, &access, rsdp, sizeof(rsdp)) && acpi_find(&acpi, signature);
}

/* ---- finding tables ---- */

KTEST(acpi_xsdt_before_rsdt)
{
    make_tables();
    EXPECT(finds("FACP"));
    EXPECT(finds("APIC")); /* which the RSDT does not have */
    EXPECT(!finds("HPET"));
    EXPECT_EQUAL(complaints, 0);
}

KTEST(acpi_rsdt_when_the_xsdt_is_bad)
{
    make_tables();
    memory[XSDT_AT + HEADER] ^= 1;
    EXPECT(finds("FACP"));
    EXPECT(!finds("APIC"));
    EXPECT(complaints > 0);
}

KTEST(acpi_root_pointer_of_revision_0)
{
    struct acpi acpi;

    make_tables();
    rsdp[15] = 0;
    seal_rsdp();
    EXPECT_EQUAL(acpi_open(&acpi, &access, rsdp, 20), 0);
    EXPECT(acpi_find(&acpi, "FACP"));
    EXPECT(!acpi_find(&acpi, "APIC"));
    EXPECT_EQUAL(complaints, 0);
}

KTEST(acpi_bad_root_pointer)
{
    make_tables();
    rsdp[16] ^= 0x40; /* both checksums are wrong */
    EXPECT(!finds("FACP"));
    EXPECT_EQUAL(complaints, 1);
    make_tables();
    rsdp[33] ^= 1; /* the second one: the RSDT is still good */
    EXPECT(finds("FACP"));
    EXPECT(!finds("APIC"));
    EXPECT(complaints > 0);
}

/* One table is bad in each of these ways, and only that one is lost. */
KTEST(acpi_bad_tables)
{
    static const uint32_t lengths[] = {0, 1, 35, 0x7fffffff, 0xffffffff, MEMORY_SIZE};
    static const uint64_t addresses[] = {
        0, 1, MEMORY_BASE - 1, MEMORY_BASE + MEMORY_SIZE, UINT64_MAX, 1ul << 63, 1ul << 52};

    make_tables();
    memory[MADT_AT + 40] ^= 1;
    EXPECT(!finds("APIC"));
    EXPECT_EQUAL(complaints, 1);
    EXPECT(finds("FACP"));
    for (unsigned int i = 0; i < array_size(lengths); i++) {
        make_tables();
        put(MADT_AT + 4, lengths[i], 4);
        EXPECT(!finds("APIC"));
        EXPECT_EQUAL(complaints, 1);
    }
    for (unsigned int i = 0; i < array_size(addresses); i++) {
        make_tables();
        put(XSDT_AT + HEADER + 8, addresses[i], 8);
        seal(XSDT_AT, HEADER + 16);
        EXPECT(!finds("APIC"));
        EXPECT_EQUAL(complaints, 1);
        EXPECT(finds("FACP"));
    }
}

/* The second of two tables of a name is taken when the first is bad. */
KTEST(acpi_second_table_of_a_name)
{
    make_tables();
    memcpy(memory + SECOND_AT, memory + MADT_AT, MADT_HEADER);
    memory[MADT_AT + 40] ^= 1;
    put(XSDT_AT + HEADER + 16, MEMORY_BASE + SECOND_AT, 8);
    seal(XSDT_AT, HEADER + 24);
    EXPECT(finds("APIC"));
    EXPECT_EQUAL(complaints, 1);
}

/* Tables that name themselves, and a table of tables cut in the middle of an address. */
KTEST(acpi_loops_and_odd_ends)
{
    make_tables();
    put(XSDT_AT + HEADER, MEMORY_BASE + XSDT_AT, 8);
    seal(XSDT_AT, HEADER + 13);
    EXPECT(!finds("APIC"));
    EXPECT(finds("XSDT"));
    EXPECT_EQUAL(complaints, 0);
}

KTEST(acpi_fields_beyond_the_end)
{
    const struct acpi_header *table = (const void *)(memory + FADT_AT);

    make_tables();
    put(FADT_AT + 112, 0x12345678, 4);
    EXPECT_EQUAL(acpi_field(table, 112, 4), 0x12345678);
    EXPECT_EQUAL(acpi_field(table, 113, 4), 0);
    EXPECT_EQUAL(acpi_field(table, 208, 8), 0);
}

/* ---- the FADT ---- */

static void read_fadt(size_t length, struct fadt *fadt)
{
    seal(FADT_AT, length);
    fadt_read((const void *)(memory + FADT_AT), fadt);
}

KTEST(fadt_registers)
{
    struct fadt fadt;

    make_tables();
    put(FADT_AT + 8, 3, 1); /* the revision */
    put(FADT_AT + 40, 0x1000, 4);
    put(FADT_AT + 48, 0xb2, 4);
    put(FADT_AT + 52, 0xe1, 1);
    put(FADT_AT + 64, 0x604, 4);
    put(FADT_AT + 68, 0x608, 4);
    put(FADT_AT + 109, 1u << 1, 2);
    put(FADT_AT + 112, 1u << 10, 4);
    put(FADT_AT + 116, 1, 1);
    put(FADT_AT + 120, 0xcf9, 8);
    put(FADT_AT + 128, 6, 1);
    put(FADT_AT + 184, 0, 1); /* PM1b_CNT once more, in memory */
    put(FADT_AT + 188, 0xfed80804, 8);
    read_fadt(244, &fadt);
    EXPECT(fadt.has_8042 && fadt.has_vga && fadt.has_rtc);
    EXPECT_EQUAL(fadt.reset.address, 0xcf9);
    EXPECT_EQUAL(fadt.reset_value, 6);
    EXPECT_EQUAL(fadt.pm1_control[0].space, ACPI_SPACE_IO);
    EXPECT_EQUAL(fadt.pm1_control[0].address, 0x604);
    EXPECT_EQUAL(fadt.pm1_control[1].space, ACPI_SPACE_MEMORY);
    EXPECT_EQUAL(fadt.pm1_control[1].address, 0xfed80804);
    EXPECT_EQUAL(fadt.smi_command, 0xb2);
    EXPECT_EQUAL(fadt.acpi_enable, 0xe1);
    EXPECT_EQUAL(fadt.dsdt, 0x1000);
}

/* Revision 1 has neither flags about devices nor a reset register; and there may be no table. */
KTEST(fadt_of_old)
{
    struct fadt fadt;

    make_tables();
    put(FADT_AT + 8, 1, 1);
    put(FADT_AT + 109, 1u << 2 | 1u << 5, 2);
    put(FADT_AT + 112, 1u << 10, 4);
    read_fadt(116, &fadt);
    EXPECT(fadt.has_8042 && fadt.has_vga && fadt.has_rtc);
    EXPECT_EQUAL(fadt.reset.address, 0);
    fadt_read(NULL, &fadt);
    EXPECT(fadt.has_8042 && fadt.has_vga && fadt.has_rtc);
    EXPECT_EQUAL(fadt.dsdt, 0);
}

static bool finds_s5(const void *code, size_t size, uint8_t types[2])
{
    make_tables();
    memcpy(memory + SECOND_AT + HEADER, code, size);
    seal(SECOND_AT, HEADER + size);
    return fadt_find_s5((const void *)(memory + SECOND_AT), types);
}

#define FINDS_S5(code, types) finds_s5(code, sizeof(code) - 1, types)

KTEST(fadt_s5)
{
    uint8_t types[2];

    EXPECT(FINDS_S5("\x08_S5_\x12\x06\x04\x00\x00\x00\x00", types));
    EXPECT(types[0] == 0 && types[1] == 0);
    EXPECT(FINDS_S5("....\x08\\_S5_\x12\x08\x04\x0a\x07\x01\x00\x00", types));
    EXPECT(types[0] == 7 && types[1] == 1);
    EXPECT(FINDS_S5("_S5_\x08_S5_\x12\x46\x00\x02\x0a\x05\x0a\x06", types));
    EXPECT(types[0] == 5 && types[1] == 6);
}

/* The name in a call, a method of that name, a package that is cut anywhere, other constants. */
KTEST(fadt_no_s5)
{
    static const char whole[] = "\x08_S5_\x12\x08\x04\x0a\x07\x0a\x01";
    uint8_t types[2];

    for (size_t size = 0; size < sizeof(whole) - 1; size++)
        EXPECT(!finds_s5(whole, size, types));
    EXPECT(finds_s5(whole, sizeof(whole) - 1, types));
    EXPECT(!FINDS_S5("\x14_S5_\x12\x06\x04\x00\x00\x00\x00", types));
    EXPECT(!FINDS_S5("_S5_\x12\x06\x04\x00\x00\x00\x00", types));
    EXPECT(!FINDS_S5("\x08_S5_\x12\x08\x04\x0b\x07\x00\x01\x00", types));
    EXPECT(!FINDS_S5("\x08_S5_\x12\xff\x04\x00\x00", types));
}

/* ---- the MADT ---- */

static size_t madt_end;

static void begin_madt(void)
{
    make_tables();
    madt_end = MADT_HEADER;
}

static void add_local_apic(uint8_t id, uint32_t flags)
{
    const uint8_t entry[8] = {0, 8, 0, id, (uint8_t)flags};

    memcpy(memory + MADT_AT + madt_end, entry, sizeof(entry));
    madt_end += sizeof(entry);
}

static void add_x2apic(uint32_t id, uint32_t flags)
{
    memory[MADT_AT + madt_end] = 9;
    memory[MADT_AT + madt_end + 1] = 16;
    put(MADT_AT + madt_end + 4, id, 4);
    put(MADT_AT + madt_end + 8, flags, 4);
    madt_end += 16;
}

static void add_bytes(uint8_t type, uint8_t length)
{
    memory[MADT_AT + madt_end] = type;
    memory[MADT_AT + madt_end + 1] = length;
    madt_end += length;
}

static void read_madt(struct madt *madt)
{
    seal(MADT_AT, madt_end);
    madt_read((const void *)(memory + MADT_AT), &access, madt);
}

static struct madt madt;

KTEST(madt_sparse_and_large_ids)
{
    static const uint32_t expected[] = {4, 0, 254, 255, 256, 0x12345678};

    begin_madt();
    add_local_apic(4, 1);
    add_local_apic(0, 1);
    add_bytes(1, 12); /* an I/O APIC */
    add_local_apic(254, 1);
    add_x2apic(255, 1);
    add_x2apic(256, 1);
    add_x2apic(0x12345678, 1);
    read_madt(&madt);
    EXPECT_EQUAL(madt.count, array_size(expected));
    for (unsigned int i = 0; i < array_size(expected); i++)
        EXPECT_EQUAL(madt.apic_ids[i], expected[i]);
    EXPECT_EQUAL(complaints, 0);
}

/* Turned off, fit to come later, without an id, listed twice: the last counts once. */
KTEST(madt_entries_that_do_not_count)
{
    begin_madt();
    add_local_apic(1, 0);
    add_local_apic(2, 2);
    add_local_apic(255, 1);
    add_x2apic(0xffffffff, 1);
    add_x2apic(7, 0);
    add_local_apic(3, 1);
    add_x2apic(3, 1);
    read_madt(&madt);
    EXPECT_EQUAL(madt.count, 1);
    EXPECT_EQUAL(madt.apic_ids[0], 3);
    EXPECT_EQUAL(madt.disabled, 3);
    EXPECT_EQUAL(complaints, 0);
}

/* What comes before the nonsense is used. */
KTEST(madt_nonsense)
{
    static const struct {
        uint8_t length, size;
    } ends[] = {{0, 8}, {1, 8}, {9, 8}, {255, 8}};

    for (unsigned int i = 0; i < array_size(ends); i++) {
        begin_madt();
        add_local_apic(5, 1);
        add_local_apic(6, 1);
        memory[MADT_AT + madt_end - ends[i].size + 1] = ends[i].length;
        read_madt(&madt);
        EXPECT_EQUAL(madt.count, 1);
        EXPECT_EQUAL(complaints, 1);
    }
    begin_madt();
    add_bytes(0, 4);
    add_bytes(9, 12);
    add_local_apic(6, 1);
    read_madt(&madt);
    EXPECT_EQUAL(madt.count, 1);
    EXPECT_EQUAL(complaints, 2);
}

KTEST(madt_too_many)
{
    begin_madt();
    for (unsigned int i = 0; i < CPU_MAX + 3; i++)
        add_x2apic(1000 + 2 * i, 1);
    read_madt(&madt);
    EXPECT_EQUAL(madt.count, CPU_MAX);
    EXPECT_EQUAL(madt.dropped, 3);
    EXPECT_EQUAL(complaints, 1);
}
