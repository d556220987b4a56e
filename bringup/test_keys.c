// SPDX-License-Identifier: MIT
/* Keys as an instruction set: what CPUID says, RDPKRU and WRPKRU, and when a change counts. */
#include <stddef.h>

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/cpu_set.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/key_page.h"
#include "bringup/oracle_sweep.h"
#include "bringup/probe.h"
#include "bringup/test.h"
#include "kernel/cpus/facts.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"

#define VALUE           0x0c0ffee0u /* key 0 is open in all values written here */
#define HIGH            0xdeadbeef00000000ul
#define XSAVE_LEAF      0xd
#define PKRU_COMPONENT  9
#define PKRU_SIZE       8
#define ROUNDS          100
#define ORACLE_SAMPLE   400 /* about 3000 of all combinations */
#define SHOOTDOWNS      100
#define SHOOTDOWN_LIMIT 20000000ul /* microseconds; for those that are interrupted twice that */

/* ---- CPUID ---- */

void test_cpuid_keys(struct test_run *run)
{
    uint32_t main_leaf[4], leaf[4];

    expect_equal(run, "CPUID 7.0 ECX.PKU as on the boot CPU",
                 cpu_facts_of(0)->features_7_ecx >> 3 & 1, this_cpu_has(X86_FEATURE_PKU));
    expect_equal(run, "CR4.PKE", cpu_state.pku, !!(read_cr4() & CR4_PKE));
    expect_equal(run, "CPUID 7.0 ECX.OSPKE", cpu_state.pku, this_cpu_has(X86_FEATURE_OSPKE));
    if (!cpu_state.pku) {
        fail(run, "protection keys in use", "%s", cpu_why_no_keys());
        return;
    }
    if (fpu_layout.xcr0 & XFEATURE_PKRU) {
        cpuid_now(XSAVE_LEAF, 0, main_leaf);
        cpuid_now(XSAVE_LEAF, PKRU_COMPONENT, leaf);
        expect_equal(run, "CPUID 0xD.0 EAX bit 9", 1, main_leaf[CPUID_EAX] >> PKRU_COMPONENT & 1);
        expect_equal(run, "XCR0 bit 9", 1, fpu_read_xcr0() >> PKRU_COMPONENT & 1);
        if (leaf[CPUID_EAX] == 0 && run->emulator == EMULATOR_BOCHS) {
            known(run, "Bochs leaves CPUID 0xD.9 empty");
        } else {
            expect_equal(run, "CPUID 0xD.9 EAX (size)", PKRU_SIZE, leaf[CPUID_EAX]);
            expect_equal(run, "CPUID 0xD.9 EBX (offset)", fpu_layout.pkru_offset, leaf[CPUID_EBX]);
            expect_equal(run, "CPUID 0xD.9 ECX", 0, leaf[CPUID_ECX]);
        }
    }
    record(run, "PKU OSPKE; PKRU at %zu", fpu_layout.pkru_offset);
}

/* ---- the instructions ---- */

static void expect_fault(struct test_run *run, const char *what, struct probe_result result,
                         unsigned int vector)
{
    if (!result.faulted)
        fail(run, what, "no exception");
    else if (expect_equal(run, what, vector, result.vector))
        expect_equal(run, "error code", 0, result.code);
}

static void expect_no_instructions(struct test_run *run)
{
    write_pkru(VALUE);
    write_cr4(read_cr4() & ~CR4_PKE);
    bool ospke = this_cpu_has(X86_FEATURE_OSPKE);
    struct probe_result read = probe(probe_rdpkru, 0, 0, 0);
    struct probe_result write = probe(probe_wrpkru, 0, 0, 0);
    write_cr4(read_cr4() | CR4_PKE);
    expect_equal(run, "OSPKE with CR4.PKE = 0", 0, ospke);
    expect_equal(run, "OSPKE with CR4.PKE = 1", 1, this_cpu_has(X86_FEATURE_OSPKE));
    expect_fault(run, "#UD (6) of RDPKRU with CR4.PKE = 0", read, VECTOR_UD);
    expect_fault(run, "#UD (6) of WRPKRU with CR4.PKE = 0", write, VECTOR_UD);
    expect_equal(run, "PKRU after CR4.PKE was 0", VALUE, read_pkru());
}

void test_instructions(struct test_run *run)
{
    struct probe_result wrote = probe(probe_wrpkru, HIGH | VALUE, HIGH, HIGH);

    expect_equal(run, "WRPKRU ignores upper halves: exceptions", 0, wrote.faulted);
    expect_equal(run, "RDPKRU, EDX:EAX", VALUE, probe(probe_rdpkru, HIGH, 0, 0).value);
    expect_fault(run, "#GP (13) of WRPKRU with ECX = 1", probe(probe_wrpkru, 0, 1, 0), VECTOR_GP);
    expect_fault(run, "#GP (13) of WRPKRU with EDX = 1", probe(probe_wrpkru, 0, 0, 1), VECTOR_GP);
    expect_fault(run, "#GP (13) of RDPKRU with ECX = 1", probe(probe_rdpkru, 1, 0, 0), VECTOR_GP);
    expect_fault(run, "#GP (13) of RDPKRU with ECX = 0x80000000",
                 probe(probe_rdpkru, 0x80000000, 0, 0), VECTOR_GP);
    expect_equal(run, "PKRU after refused instructions", VALUE, read_pkru());
    expect_no_instructions(run);
}

/* ---- the oracle ---- */

static void note_difference(void *context, const char *text)
{
    struct test_run *run = context;
    char *found = run->result->found;

    fail(run, "what the SDM says of the access", "%s", "");
    size_t length = strlen(found);
    strlcpy(found + length, text, RESULT_TEXT_SIZE - length);
}

void test_oracle(struct test_run *run)
{
    struct sweep sweep = {
        .keys = ALL_KEYS,
        .modes = ALL_MODES,
        .defects = NOT_PRESENT | READ_ONLY | SUPERVISOR | NO_EXECUTE | RESERVED_BIT,
        .leaves = 7 << 1,
        .emulator = run->emulator,
        .sample = ORACLE_SAMPLE,
        .random = run->seed,
        .say = note_difference,
        .context = run,
    };

    if (oracle_sweep(&sweep)) {
        fail(run, "memory for the oracle's tables", "none");
        return;
    }
    for (size_t i = 0; i < ORACLE_KNOWN_COUNT; i++)
        if (sweep.known[i])
            known(run, "%s (%u)", oracle_known[i].what, sweep.known[i]);
    if (sweep.left_out)
        known(run, "Bochs would deny the kernel its own pages: WD for key 0 is left out (%u)",
              sweep.left_out);
    record(run, "%u accesses as predicted", sweep.combinations);
}

/* ---- when a change counts ---- */

void test_at_once(struct test_run *run)
{
    struct key_page page;

    if (!key_page_enter(run, &page, 5))
        return;
    write_pkru(0);
    expect_equal(run, "write with PKRU = 0 denied", false, key_page_denies_write(run));
    for (unsigned int i = 0; i < ROUNDS; i++) {
        write_pkru(pkru_with_rights(0, 5, PKRU_WD));
        expect_equal(run, "write under WD of its key denied", true, key_page_denies_write(run));
        write_pkru(pkru_with_rights(0, 6, PKRU_WD));
        expect_equal(run, "write under WD of another key denied", false,
                     key_page_denies_write(run));
    }
    key_page_leave(&page);
    record(run, "%u changes of PKRU, each at once", 2 * ROUNDS);
}

void test_key_change(struct test_run *run)
{
    struct key_page page;

    if (!key_page_enter(run, &page, 8))
        return;
    /* Not key 0: an emulator that judges supervisor pages would deny the kernel its own. */
    for (unsigned int key = 1; key < PKEY_COUNT; key++) {
        unsigned int other = key == 1 ? 2 : key - 1;
        write_pkru(pkru_with_rights(0, key, PKRU_WD));
        key_page_set(&page, key);
        invlpg(KEY_PAGE_ADDRESS);
        expect_equal(run, "write after the key was denied and INVLPG: denied", true,
                     key_page_denies_write(run));
        key_page_set(&page, other);
        invlpg(KEY_PAGE_ADDRESS);
        expect_equal(run, "write after another key and INVLPG: denied", false,
                     key_page_denies_write(run));
    }
    key_page_leave(&page);
    record(run, "keys 1 to %u", PKEY_COUNT - 1);
}

/* ---- on other CPUs ---- */

/* An even round: the key is open. An odd one: it is denied, and the shootdown is done. */
static struct {
    struct key_page page;
    struct cpu_set cpus;
    uint32_t round;
    uint32_t in_place;
    bool failed_to_open;
} shot;

void prepare_shootdown(void)
{
    cpu_set_clear(&shot.cpus);
    shot.round = 0;
    shot.in_place = 0;
    shot.failed_to_open = key_page_open(&shot.page, 1) != 0;
}

#define ROUND_END UINT32_MAX

static uint32_t round_now(void)
{
    return __atomic_load_n(&shot.round, __ATOMIC_SEQ_CST);
}

static void shoot(struct test_run *run)
{
    struct tlb_batch batch = {0};
    uint64_t start = rdtsc();

    tlb_batch_add(&batch, KEY_PAGE_ADDRESS);
    while (__atomic_load_n(&shot.in_place, __ATOMIC_ACQUIRE) != cpu_count - 1 &&
           rdtsc() - start < clock_ticks(SHOOTDOWN_LIMIT))
        spin_relax();
    expect_equal(run, "CPUs that wait to be interrupted", cpu_count - 1, shot.in_place);
    uint32_t i = 1;
    for (; i <= SHOOTDOWNS && rdtsc() - start < clock_ticks(SHOOTDOWN_LIMIT); i++) {
        /* Between the rounds anything may be seen. */
        __atomic_store_n(&shot.round, 4 * i, __ATOMIC_SEQ_CST);
        key_page_set(&shot.page, 1 + i % 2);
        tlb_flush(&shot.cpus, &batch);
        __atomic_store_n(&shot.round, 4 * i + 1 + i % 2, __ATOMIC_SEQ_CST);
        expect_equal(run, "denied on the CPU that changed the key", i % 2,
                     key_page_denies_write(run));
        clock_wait(50);
    }
    __atomic_store_n(&shot.round, ROUND_END, __ATOMIC_SEQ_CST);
    record(run, "%u shootdowns", i - 1);
}

/* Each round's word says what is to be seen: 4i+1 open, 4i+2 denied, 4i either. */
static void be_shot_at(struct test_run *run)
{
    unsigned int seen = 0, denied = 0;
    uint64_t start = rdtsc();
    uint32_t before;

    __atomic_fetch_add(&shot.in_place, 1, __ATOMIC_SEQ_CST);
    while ((before = round_now()) != ROUND_END &&
           rdtsc() - start < clock_ticks(2 * SHOOTDOWN_LIMIT)) {
        bool is_denied = key_page_denies_write(run);
        if (before % 4 == 0 || round_now() != before)
            continue;
        expect_equal(run, "denied after another CPU's shootdown", before % 4 == 2, is_denied);
        seen++;
        denied += is_denied;
    }
    record(run, "%u accesses, %u denied", seen, denied);
}

void test_shootdown(struct test_run *run)
{
    if (cpu_count == 1) {
        skip(run, "there is one CPU");
        return;
    }
    if (shot.failed_to_open) {
        fail(run, "memory for page tables", "none");
        return;
    }
    tlb_load(shot.page.root, &shot.cpus);
    write_pkru(pkru_with_rights(0, 2, PKRU_WD));
    irq_enable();
    if (run->cpu == 0)
        shoot(run);
    else
        be_shot_at(run);
    tlb_load(kernel_map_root(), NULL); /* with interrupts, for one that was sent before */
    irq_disable();
}
