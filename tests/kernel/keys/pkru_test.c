// SPDX-License-Identifier: MIT
/*
 * PKRU as a register: its instructions, when it takes effect, and its place in the XSAVE image
 * (SDM vol. 2, RDPKRU and WRPKRU; vol. 3A, 4.6.2; vol. 1, 13).
 */
#include "arch/mmu/pkru.h"

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/tlb.h"
#include "bringup/emulator.h"
#include "bringup/probe.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"
#include "mm/table/page_table.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/tables.h"

#define VALUE   0x0c0ffee0u /* key 0 is open in all values written here */
#define ADDRESS 0x0000200000000000ul

static bool has_no_pku(void)
{
    if (!cpu_state.pku)
        ktest_skip("the CPU has no protection keys, or they are off");
    return !cpu_state.pku;
}

static bool ospke(void)
{
    return this_cpu_has(X86_FEATURE_OSPKE);
}

KTEST(pkru_instructions)
{
    const uint64_t high = 0xdeadbeef00000000ul;

    if (has_no_pku())
        return;
    uint64_t irq = irq_save();
    uint32_t saved = read_pkru();

    EXPECT(!probe(probe_wrpkru, high | VALUE, high, high).faulted);
    EXPECT_EQUAL(probe(probe_rdpkru, high, 0, 0).value, VALUE);
    struct probe_result bad[] = {
        probe(probe_wrpkru, 0, 1, 0),
        probe(probe_wrpkru, 0, 0, 1),
        probe(probe_rdpkru, 1, 0, 0),
        probe(probe_rdpkru, 0x80000000, 0, 0),
    };
    for (size_t i = 0; i < array_size(bad); i++) {
        EXPECT(bad[i].faulted);
        EXPECT_EQUAL(bad[i].vector, VECTOR_GP);
        EXPECT_EQUAL(bad[i].code, 0);
    }
    EXPECT_EQUAL(read_pkru(), VALUE);
    write_pkru(saved);
    irq_restore(irq);
}

KTEST(pkru_without_pke)
{
    if (has_no_pku())
        return;
    uint64_t irq = irq_save();
    uint32_t saved = read_pkru();

    write_pkru(VALUE);
    EXPECT(ospke());
    write_cr4(cpu_state.cr4 & ~CR4_PKE);
    EXPECT(!ospke());
    struct probe_result read = probe(probe_rdpkru, 0, 0, 0);
    struct probe_result write = probe(probe_wrpkru, 0, 0, 0);
    write_cr4(cpu_state.cr4);
    EXPECT(ospke());
    EXPECT(read.faulted);
    EXPECT_EQUAL(read.vector, VECTOR_UD);
    EXPECT(write.faulted);
    EXPECT_EQUAL(write.vector, VECTOR_UD);
    EXPECT_EQUAL(read_pkru(), VALUE);
    write_pkru(saved);
    irq_restore(irq);
}

/* ---- when a change takes effect ---- */

static bool write_is_denied(void)
{
    struct probe_result result = probe(probe_write, ADDRESS, 1, 0);

    if (result.faulted) {
        EXPECT_EQUAL(result.vector, VECTOR_PF);
        EXPECT_EQUAL(result.code, X86_PF_PROT | X86_PF_WRITE | X86_PF_PK);
        EXPECT_EQUAL(result.address, ADDRESS);
    }
    return result.faulted;
}

/* Back and forth on a page whose translation the processor has: no invalidation in between. */
static void expect_at_once(void)
{
    write_pkru(0);
    EXPECT(!write_is_denied());
    for (unsigned int i = 0; i < 100; i++) {
        write_pkru(pkru_with_rights(0, 5, PKRU_WD));
        EXPECT(write_is_denied());
        write_pkru(pkru_with_rights(0, 6, PKRU_WD));
        EXPECT(!write_is_denied());
    }
}

static void set_key(paddr_t root, unsigned int key)
{
    struct pt_path path;
    pte_t *table = NULL;

    pt_read_path(root, ADDRESS, &path);
    table = direct_map(pte_address(path.entry[2]));
    pte_t *leaf = table + pte_index(ADDRESS, 1);
    leaf->value = (leaf->value & ~PTE_KEY_MASK) | pte_key_bits(key);
}

static void expect_after_invlpg(paddr_t root)
{
    write_pkru(pkru_with_rights(0, 7, PKRU_WD));
    for (unsigned int i = 0; i < 100; i++) {
        set_key(root, 7);
        invlpg(ADDRESS);
        EXPECT(write_is_denied());
        set_key(root, 8);
        invlpg(ADDRESS);
        EXPECT(!write_is_denied());
    }
}

KTEST(pkru_takes_effect)
{
    if (has_no_pku())
        return;
    struct page *target = page_alloc(0, PAGE_ZERO);
    paddr_t root = pt_alloc_table();
    uint64_t bits = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX | pte_key_bits(5);
    if (!EXPECT(target) || !EXPECT(root.value))
        return;
    kernel_map_share(root);
    EXPECT_EQUAL(pt_map(root, ADDRESS, PAGE_SIZE, page_paddr(target), bits, 1), 0);

    uint64_t irq = irq_save();
    paddr_t live = paddr(read_cr3());
    uint32_t saved = read_pkru();
    load_cr3(root);
    expect_at_once();
    expect_after_invlpg(root);
    write_pkru(saved);
    load_cr3(live);
    irq_restore(irq);

    struct pt_walk walk = {.flags = PT_FREE_TABLES, .level = 1, .ceiling = UINTPTR_MAX};
    pt_unmap(root, ADDRESS, PAGE_SIZE);
    EXPECT_EQUAL(pt_walk(root, ADDRESS, ADDRESS + PAGE_SIZE, &walk), 0);
    page_put(page_of(root));
    page_put(target);
}

/* ---- the XSAVE image ---- */

static uint64_t xstate_bv(const char *image)
{
    uint64_t value;

    memcpy(&value, image + XSAVE_XSTATE_BV, sizeof(value));
    return value;
}

static void set_xstate_bv(char *image, uint64_t value)
{
    memcpy(image + XSAVE_XSTATE_BV, &value, sizeof(value));
}

static uint32_t word_at(const char *image, size_t offset)
{
    uint32_t value;

    memcpy(&value, image + offset, sizeof(value));
    return value;
}

/* Where CPUID says PKRU is, except on Bochs, whose leaf 0xD.9 is empty. */
KTEST(pkru_offset_is_cpuids)
{
    uint32_t size, offset, flags, reserved;

    if (has_no_pku())
        return;
    __cpuid_count(0xd, 9, size, offset, flags, reserved);
    if (size == 0 && emulator_detect() == EMULATOR_BOCHS) {
        ktest_note("known difference: Bochs leaves CPUID 0xD.9 empty; PKRU is at %zu",
                   fpu_layout.pkru_offset);
        EXPECT(fpu_layout.pkru_offset >= XSAVE_MINIMUM);
    } else {
        EXPECT_EQUAL(size, 8);
        EXPECT_EQUAL(flags, 0);
        EXPECT_EQUAL(fpu_layout.pkru_offset, offset);
    }
    EXPECT(fpu_layout.pkru_offset + 8 <= fpu_layout.size);
}

/* Saved by the processor, and read back by it; and the same by way of the image. */
static void expect_round_trip(char *image)
{
    write_pkru(VALUE);
    fpu_save(image);
    EXPECT(xstate_bv(image) & XFEATURE_PKRU);
    EXPECT_EQUAL(word_at(image, fpu_layout.pkru_offset), VALUE);
    EXPECT_EQUAL(fpu_image_pkru(image), VALUE);

    write_pkru(0);
    fpu_restore(image);
    EXPECT_EQUAL(read_pkru(), VALUE);

    fpu_image_set_pkru(image, 0x55555550);
    fpu_restore(image);
    EXPECT_EQUAL(read_pkru(), 0x55555550);

    write_pkru(0);
    fpu_save(image);
    EXPECT_EQUAL(fpu_image_pkru(image), 0);
    write_pkru(VALUE);
    fpu_restore(image);
    EXPECT_EQUAL(read_pkru(), 0);
}

/* The init value with its bit; a clear bit is the initial state, which is 0, whatever lies there.
 */
static void expect_bit_decides(char *image)
{
    fpu_image_init(image);
    EXPECT(xstate_bv(image) & XFEATURE_PKRU);
    EXPECT_EQUAL(fpu_image_pkru(image), pkru_init_value);
    fpu_restore(image);
    EXPECT_EQUAL(read_pkru(), pkru_init_value);

    fpu_image_set_pkru(image, VALUE);
    set_xstate_bv(image, xstate_bv(image) & ~XFEATURE_PKRU);
    EXPECT_EQUAL(fpu_image_pkru(image), 0);
    fpu_restore(image);
    EXPECT_EQUAL(read_pkru(), 0);

    fpu_image_set_pkru(image, 0);
    EXPECT(xstate_bv(image) & XFEATURE_PKRU);
    write_pkru(VALUE);
    fpu_reset();
    EXPECT_EQUAL(read_pkru(), pkru_init_value);
}

KTEST(pkru_in_the_image)
{
    if (has_no_pku())
        return;
    /* Whole pages are aligned enough for XSAVE. */
    struct page *block = page_alloc(2, PAGE_ZERO);
    if (!EXPECT(block) || !EXPECT(fpu_layout.size <= PAGE_SIZE << 2))
        return;
    char *image = page_address(block);
    uint64_t irq = irq_save();
    uint32_t saved = read_pkru();
    fpu_image_init(image);
    expect_round_trip(image);
    expect_bit_decides(image);
    write_pkru(saved);
    irq_restore(irq);
    page_put(block);
}
