// SPDX-License-Identifier: MIT
/* PKRU as state: in XSAVE images, each CPU's own, and through interrupts (SDM vol. 1, 13). */
#include <stddef.h>

#include "arch/board/fpu_image.h"
#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "bringup/crew.h"
#include "bringup/oracle_machine.h"
#include "bringup/pkru_image.h"
#include "bringup/probe.h"
#include "bringup/test.h"
#include "libc/include/string.h"
#include "mm/page/page.h"

#define VALUE         0x0c0ffee0u
#define IMAGE_ORDER   2
#define COMPACTED     (1ul << 63)
#define ROUNDS        200
#define OWN_VALUE_US  20000ul
#define DWELL_US      200000ul
#define EMULATED_US   10000ul /* in place of both: nothing happens by itself there, but slowly */
#define NMI_LIMIT_US  1000000ul
#define MSR_SMI_COUNT 0x34
#define MSR_XSS       0xda0

/* XCOMP_BV and the alignment bit: SDM vol. 1, 13.4.3. */
#define COMPONENT_ALIGN 64

struct image {
    struct page *page;
    char *bytes;
};

static bool open_image(struct test_run *run, struct image *image)
{
    if (!(fpu_layout.xcr0 & XFEATURE_PKRU)) {
        skip(run, "PKRU is not in XCR0");
        return false;
    }
    image->page = page_alloc(IMAGE_ORDER, PAGE_ZERO);
    if (!image->page || fpu_layout.size > PAGE_SIZE << IMAGE_ORDER) {
        fail(run, "memory for an XSAVE image", "none");
        return false;
    }
    image->bytes = page_address(image->page);
    return true;
}

static uint64_t *header(const struct image *image, size_t offset)
{
    return (uint64_t *)(image->bytes + offset);
}

static uint32_t *pkru_at(const struct image *image, size_t offset)
{
    return (uint32_t *)(image->bytes + offset);
}

static void expect_round_trip(struct test_run *run, const struct image *image, void (*save)(void *))
{
    size_t offset = fpu_layout.pkru_offset;

    memset(image->bytes, 0, fpu_layout.size);
    write_pkru(VALUE);
    save(image->bytes);
    expect_equal(run, "XSTATE_BV bit 9 after a save", 1, *header(image, XSAVE_XSTATE_BV) >> 9 & 1);
    expect_equal(run, "PKRU in the image", VALUE, *pkru_at(image, offset));
    write_pkru(0);
    pkru_xrstor(image->bytes);
    expect_equal(run, "PKRU after XRSTOR", VALUE, read_pkru());
}

/* With the bit clear PKRU is 0 afterwards, whatever lies in the image. */
static void expect_init_state(struct test_run *run, const struct image *image)
{
    memset(image->bytes, 0, fpu_layout.size);
    *pkru_at(image, fpu_layout.pkru_offset) = VALUE;
    write_pkru(VALUE);
    pkru_xrstor(image->bytes);
    expect_equal(run, "PKRU after XRSTOR with XSTATE_BV bit 9 clear", 0, read_pkru());
    pkru_xsave(image->bytes);
    if (*header(image, XSAVE_XSTATE_BV) & XFEATURE_PKRU)
        expect_equal(run, "PKRU = 0 in the image", 0, *pkru_at(image, fpu_layout.pkru_offset));
    record(run, "XSTATE_BV bit 9 at PKRU = 0: %lu", *header(image, XSAVE_XSTATE_BV) >> 9 & 1);
}

/* WRPKRU does not ask XCR0, and XSAVE and XRSTOR leave alone what XCR0 has not got. */
static void expect_without_xcr0(struct test_run *run, const struct image *image)
{
    uint64_t xcr0 = fpu_read_xcr0();

    memset(image->bytes, 0, fpu_layout.size);
    fpu_write_xcr0(xcr0 & ~XFEATURE_PKRU);
    write_pkru(VALUE);
    uint32_t written = read_pkru();
    pkru_xsave(image->bytes);
    uint64_t saved = *header(image, XSAVE_XSTATE_BV);
    pkru_xrstor(image->bytes);
    uint32_t restored = read_pkru();
    fpu_write_xcr0(xcr0);
    expect_equal(run, "PKRU written with XCR0 bit 9 clear", VALUE, written);
    expect_equal(run, "XSTATE_BV of XSAVE with XCR0 bit 9 clear", 0, saved & XFEATURE_PKRU);
    expect_equal(run, "PKRU after XRSTOR with XCR0 bit 9 clear", VALUE, restored);
    expect_equal(run, "PKRU after XCR0 bit 9 was clear", VALUE, read_pkru());
}

void test_xsave(struct test_run *run)
{
    struct image image;

    if (!open_image(run, &image))
        return;
    expect_round_trip(run, &image, pkru_xsave);
    if (fpu_layout.xsaveopt)
        expect_round_trip(run, &image, pkru_xsaveopt);
    expect_init_state(run, &image);
    expect_without_xcr0(run, &image);
    write_pkru(pkru_init_value);
    page_put(image.page);
    record(run, fpu_layout.xsaveopt ? "XSAVE XSAVEOPT XRSTOR" : "XSAVE XRSTOR, no XSAVEOPT");
}

/* ---- the compacted format, on a scratch area ---- */

static void expect_compact(struct test_run *run, const struct image *image, const char *what,
                           void (*save)(void *), void (*restore)(void *))
{
    /* PKRU is the only component, so it stands right behind the header. */
    memset(image->bytes, 0, fpu_layout.size);
    write_pkru(VALUE);
    save(image->bytes);
    expect_equal(run, "XCOMP_BV", COMPACTED | XFEATURE_PKRU, *header(image, XSAVE_XCOMP_BV));
    if (run->emulator == EMULATOR_BOCHS && *header(image, XSAVE_XSTATE_BV) == XFEATURE_PKRU &&
        *pkru_at(image, XSAVE_MINIMUM) == 0) {
        known(run, "Bochs leaves PKRU out of compacted images: %s", what);
        return;
    }
    expect_equal(run, what, VALUE, *pkru_at(image, XSAVE_MINIMUM));
    write_pkru(0);
    restore(image->bytes);
    expect_equal(run, "PKRU after the compacted image", VALUE, read_pkru());
    record(run, "%s", what);
}

void test_xsave_compact(struct test_run *run)
{
    struct image image;
    bool c = this_cpu_has(X86_FEATURE_XSAVEC), s = this_cpu_has(X86_FEATURE_XSAVES);

    if (!c && !s) {
        skip(run, "the CPU has neither XSAVEC nor XSAVES");
        return;
    }
    if (!open_image(run, &image))
        return;
    if (c)
        expect_compact(run, &image, "PKRU by XSAVEC", pkru_xsavec, pkru_xrstor);
    if (s)
        expect_compact(run, &image, "PKRU by XSAVES", pkru_xsaves, pkru_xrstors);
    write_pkru(pkru_init_value);
    page_put(image.page);
}

/* ---- this CPU's alone ---- */

/* All logical CPUs, hyperthreads of a core among them, write values of their own at once. */
void test_own_value(struct test_run *run)
{
    uint64_t end = rdtsc() + clock_ticks(run->emulator ? EMULATED_US : OWN_VALUE_US);
    uint32_t mask = ~3u;
    unsigned int rounds = 0;

    do {
        uint32_t value = (uint32_t)(run->seed >> 32 ^ rounds * 0x9e3779b9u) & mask;
        write_pkru(value);
        for (unsigned int i = 0; i < ROUNDS; i++)
            expect_equal(run, "this CPU's PKRU", value, read_pkru());
        rounds++;
    } while (rdtsc() < end);
    record(run, "%u values, read %u times each", rounds, ROUNDS);
}

/* ---- interrupts ---- */

static void expect_value(struct test_run *run, const char *after)
{
    char what[48] = "PKRU after ";

    strlcpy(what + strlen(what), after, sizeof(what) - strlen(what));
    expect_equal(run, what, VALUE, read_pkru());
}

static void take_nmi(struct test_run *run)
{
    unsigned int before = crew_nmis();
    uint64_t start = rdtsc();

    apic_send(this_cpu()->apic_id, APIC_ICR_NMI);
    while (crew_nmis() == before && rdtsc() - start < clock_ticks(NMI_LIMIT_US))
        cpu_relax();
    expect_equal(run, "NMIs taken", 1, crew_nmis() - before);
}

void test_interrupts(struct test_run *run)
{
    write_pkru(VALUE);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        apic_send(this_cpu()->apic_id, VECTOR_WAKE);
        irq_enable();
        cpu_relax();
        irq_disable();
    }
    expect_value(run, "interrupts");
    for (unsigned int i = 0; i < 10; i++)
        take_nmi(run);
    expect_value(run, "NMIs");
    probe(probe_wrpkru, 0, 1, 0);
    expect_value(run, "exceptions");
    record(run, "%u interrupts, 10 NMIs", ROUNDS);
}

/* ---- system calls ---- */

/* Made by ring 3, and answered at once: SYSCALL, a look at PKRU in ring 0, SYSRET. */
void test_system_calls(struct test_run *run)
{
    if (oracle_machine_open()) {
        fail(run, "memory for page tables", "none");
        return;
    }
    struct oracle_outcome outcome = oracle_call(oracle_call_keeping, oracle_syscall, VALUE);
    oracle_machine_close();
    expect_equal(run, "the exception at the end: #BP,", ORACLE_VECTOR_BP, outcome.vector);
    expect_equal(run, "PKRU in ring 0 after SYSCALL", VALUE, outcome.value >> 32);
    expect_equal(run, "PKRU in ring 3 after SYSRET", VALUE, (uint32_t)outcome.value);
    record(run, "100 system calls");
}

/* ---- time ---- */

/* Long enough for SMIs, which are counted where they are: Intel since Nehalem, SDM vol. 4. */
void test_dwell(struct test_run *run)
{
    struct probe_result before = probe(probe_rdmsr, MSR_SMI_COUNT, 0, 0);
    uint64_t time = run->emulator ? EMULATED_US : DWELL_US;

    write_pkru(VALUE);
    clock_wait(time);
    expect_value(run, "a dwell");
    struct probe_result after = probe(probe_rdmsr, MSR_SMI_COUNT, 0, 0);
    if (before.faulted || after.faulted)
        record(run, "%lu ms; SMIs cannot be counted", time / 1000);
    else
        record(run, "%lu ms, %lu SMIs", time / 1000, after.value - before.value);
}
