// SPDX-License-Identifier: MIT
/*
 * The way to the BMC: SMBIOS as firmware may leave it, good and bad, in an array that stands for
 * physical memory; and an interface that never answers, which is two bytes that stay as they are.
 */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/board/kcs.h"
#include "arch/board/smbios.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "tests/kernel/ktest.h"

#define EFI_TABLE      0x100 /* addresses in the array; 0 is none */
#define EFI_ENTRIES    0x200
#define ENTRY          0x300
#define STRUCTURES     0x400
#define MEMORY_SIZE    0x600
#define BIOS_AREA      0xf0000
#define BIOS_AREA_SIZE 0x10000
#define BIOS_ORDER     4 /* pages of it, as a power of two */
#define ENTRY_3_SIZE   24
#define ENTRY_2_SIZE   31

static uint8_t memory[MEMORY_SIZE];
static uint8_t *bios; /* while a test has memory for it */

static const void *map(paddr_t address, size_t size)
{
    if (address.value == BIOS_AREA)
        return size <= BIOS_AREA_SIZE ? bios : NULL;
    return address.value < MEMORY_SIZE && size <= MEMORY_SIZE - address.value
               ? memory + address.value
               : NULL;
}

static const struct acpi_access access = {map, NULL};

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(memory + at, &value, size);
}

static void seal(uint8_t *entry, size_t size, size_t sum_at)
{
    entry[sum_at] = 0;
    for (size_t i = 0; i < size; i++)
        entry[sum_at] = (uint8_t)(entry[sum_at] - (i == sum_at ? 0 : entry[i]));
}

/* Types 1 (with two strings), 38 and the end; a system table that leads to an entry of version 3.
 */
static void make_tables(void)
{
    static const uint8_t guid[16] = {0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a,
                                     0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94};

    memset(memory, 0, sizeof(memory));
    memcpy(memory + EFI_TABLE, "IBI SYST", 8);
    put(EFI_TABLE + 104, 2, 8);
    put(EFI_TABLE + 112, EFI_ENTRIES, 8);
    memcpy(memory + EFI_ENTRIES + 24, guid, sizeof(guid));
    put(EFI_ENTRIES + 24 + 16, ENTRY, 8);
    memcpy(memory + ENTRY, "_SM3_", 5);
    memory[ENTRY + 6] = ENTRY_3_SIZE;
    put(ENTRY + 12, 64, 4);
    put(ENTRY + 16, STRUCTURES, 8);
    seal(memory + ENTRY, ENTRY_3_SIZE, 5);
    memcpy(memory + STRUCTURES, "\x01\x06\x01\x00\x01\x02One\0Two\0\0", 15);
    memcpy(memory + STRUCTURES + 15, "\x26\x12\x02\x00\x01", 5);
    put(STRUCTURES + 15 + 18 + 2, 0x047f, 2);
}

static const uint8_t *find(uint64_t efi, uint8_t type, size_t size)
{
    struct smbios smbios;

    smbios_open(&smbios, &access, efi);
    return smbios_find(&smbios, type, size);
}

KTEST(smbios_by_efi)
{
    make_tables();
    EXPECT(find(EFI_TABLE, 1, 4) == memory + STRUCTURES);
    EXPECT(find(EFI_TABLE, 38, 17) == memory + STRUCTURES + 15);
    EXPECT(!find(EFI_TABLE, 38, 19)); /* it is 18 bytes long */
    EXPECT(!find(EFI_TABLE, 2, 4));
    EXPECT(!find(EFI_TABLE, 127, 4));
}

static void expect_in_bios(uint8_t *entry)
{
    uint16_t size = 64;
    uint32_t address = STRUCTURES;

    EXPECT(!find(0, 38, 17));
    memcpy(entry, "_SM_", 4);
    entry[5] = ENTRY_2_SIZE;
    memcpy(entry + 22, &size, 2);
    memcpy(entry + 24, &address, 4);
    seal(entry, ENTRY_2_SIZE, 4);
    EXPECT(find(0, 38, 17) == memory + STRUCTURES + 15);
    entry[30]++;
    EXPECT(!find(0, 38, 17));
}

KTEST(smbios_in_the_bios)
{
    struct page *block = page_alloc(BIOS_ORDER, PAGE_ZERO);

    if (!block) {
        ktest_skip("no memory for a BIOS");
        return;
    }
    make_tables();
    bios = page_address(block);
    expect_in_bios(bios + 0x8010);
    bios = NULL;
    page_put(block);
}

/* Each leads to nothing, and nowhere outside. */
KTEST(smbios_nonsense)
{
    static const struct {
        uint16_t at;
        uint8_t size;
        uint64_t value;
    } changes[] = {
        {EFI_TABLE, 1, 0},
        {EFI_TABLE + 104, 8, 0},
        {EFI_TABLE + 104, 8, UINT64_MAX},
        {EFI_TABLE + 112, 8, 0},
        {EFI_TABLE + 112, 8, MEMORY_SIZE - 47},
        {EFI_ENTRIES + 24, 1, 0},
        {EFI_ENTRIES + 40, 8, MEMORY_SIZE - 31},
        {ENTRY + 5, 1, 0},
        {ENTRY + 6, 1, 0},
        {ENTRY + 6, 1, 255},
        {STRUCTURES, 1, 127},
        {STRUCTURES + 1, 1, 0},
        {STRUCTURES + 1, 1, 3},
        {STRUCTURES + 1, 1, 255},
    };

    for (unsigned int i = 0; i < array_size(changes); i++) {
        make_tables();
        put(changes[i].at, changes[i].value, changes[i].size);
        EXPECT(!find(EFI_TABLE, 38, 17));
    }
    /* Strings that never end. */
    make_tables();
    memset(memory + STRUCTURES + 6, 'x', 64 - 6);
    EXPECT(!find(EFI_TABLE, 38, 17));
}

/*
 * One that is busy for ever; one whose status is what was written there: not its turn to write; and
 * one that is not there.
 */
KTEST(kcs_that_does_not_answer)
{
    volatile uint8_t registers[2] = {0, 0x02};
    struct kcs kcs = {.memory = registers, .spacing = 1};
    uint8_t message[4] = {0x18, 0x25};

    EXPECT_EQUAL(kcs_transact(&kcs, message, 2, sizeof(message)), -ETIMEDOUT);
    EXPECT_EQUAL(registers[0], 0);
    registers[1] = 0;
    EXPECT_EQUAL(kcs_transact(&kcs, message, 2, sizeof(message)), -EIO);
    registers[1] = 0xff;
    EXPECT_EQUAL(kcs_transact(&kcs, message, 2, sizeof(message)), -ENODEV);
}
