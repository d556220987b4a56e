// SPDX-License-Identifier: MIT
/*
 * The live page tables, walked by a walk of the test's own: no page is both writable and
 * executable, by whichever names; no page of the kernel's is within reach of ring 3; and nothing
 * else is mapped.
 */
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "bringup/oracle.h"
#include "tests/kernel/ktest.h"

#define ADDRESS_BITS 0x000ffffffffff000ull
#define FIRST_MIB    0x100000ull

extern const char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern const char boot_stack_guard[];

struct rights {
    bool user, writable, executable;
};

struct survey {
    unsigned int pages[4]; /* by level */
    unsigned int executable_pages;
    unsigned int tables;
};

static bool is_in(uint64_t address, const char *start, const char *end)
{
    return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* A page of the kernel image has the rights of its section; no other page is executable. */
static void expect_image_rights(uint64_t address, struct rights rights)
{
    EXPECT_EQUAL(rights.executable, is_in(address, text_start, text_end));
    if (address < KERNEL_BASE)
        return;
    EXPECT(is_in(address, text_start, text_end) || is_in(address, rodata_start, rodata_end) ||
           is_in(address, data_start, data_end));
    EXPECT_EQUAL(rights.writable, is_in(address, data_start, data_end));
    EXPECT(!is_in(address, boot_stack_guard, boot_stack_guard + PAGE_SIZE));
}

/* Text and constants cannot be written by another name, such as the direct map's, either. */
static bool shows_fixed_frames(uint64_t entry, unsigned int level)
{
    uint64_t start = entry & ADDRESS_BITS;
    uint64_t end = start + (1ull << (12 + 9 * (level - 1)));

    return start < (uintptr_t)rodata_end - KERNEL_BASE && end > (uintptr_t)text_start - KERNEL_BASE;
}

static void expect_sound_leaf(uint64_t entry, uint64_t address, unsigned int level,
                              struct rights rights, struct survey *survey)
{
    bool is_device = address >= DEVICE_BASE && address < DEVICE_BASE + DEVICE_SIZE;

    survey->pages[level]++;
    survey->executable_pages += rights.executable;
    EXPECT(!(rights.writable && rights.executable));
    EXPECT(!(rights.writable && shows_fixed_frames(entry, level)));
    EXPECT(!rights.user);
    EXPECT_EQUAL(entry & ENTRY_KEYS, 0);
    EXPECT(is_device || (entry & ADDRESS_BITS) >= FIRST_MIB);
    expect_image_rights(address, rights);
}

static void walk(uint64_t table, unsigned int level, uint64_t base, struct rights above,
                 struct survey *survey)
{
    const uint64_t *entries = direct_map(paddr(table & ADDRESS_BITS));
    unsigned int shift = 12 + 9 * (level - 1);

    survey->tables++;
    for (unsigned int i = level == 4 ? 256 : 0; i < 512; i++) {
        uint64_t entry = entries[i];
        uint64_t address = base + ((uint64_t)i << shift);
        struct rights rights = {
            .user = above.user && (entry & ENTRY_US),
            .writable = above.writable && (entry & ENTRY_RW),
            .executable = above.executable && !(entry & ENTRY_XD),
        };
        if (!(entry & ENTRY_P))
            EXPECT_EQUAL(entry, 0);
        else if (level == 1 || (entry & ENTRY_PS))
            expect_sound_leaf(entry, address, level, rights, survey);
        else
            walk(entry, level - 1, address, rights, survey);
    }
}

KTEST(kernel_map_is_w_xor_x)
{
    struct survey survey = {.tables = 0};
    struct rights all = {.user = true, .writable = true, .executable = true};
    const uint64_t *root = direct_map(paddr(read_cr3() & ADDRESS_BITS));

    /* No program runs: the lower half, and so the identity map of start-up, is gone. */
    for (unsigned int i = 0; i < 256; i++)
        EXPECT_EQUAL(root[i], 0);
    walk(read_cr3(), 4, 0xffff000000000000ull, all, &survey);
    EXPECT_EQUAL(survey.executable_pages, (text_end - text_start) / 4096);
    ktest_note("%u tables; pages: %u of 4 KiB (%u executable), %u of 2 MiB, %u of 1 GiB",
               survey.tables, survey.pages[1], survey.executable_pages, survey.pages[2],
               survey.pages[3]);
}
