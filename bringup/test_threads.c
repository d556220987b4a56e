// SPDX-License-Identifier: MIT
/* Threads and logical CPUs: PKRU goes with a thread to another CPU, and stays with each CPU. */
#include <stddef.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/crew.h"
#include "bringup/key_page.h"
#include "bringup/pkru_image.h"
#include "bringup/test.h"
#include "bringup/topology.h"
#include "mm/page/page.h"

#define IMAGE_ORDER     2
#define LAPS            20
#define ROUNDS          500
#define EMULATED_LAPS   2 /* more CPUs than the host has wait long for each other */
#define EMULATED_ROUNDS 4
#define ACCESSES        100
#define KEY             5
#define WAIT_US         20000000ul

/* Until another CPU has counted up to a number; false when it does not. */
static bool wait_until(const uint32_t *count, uint32_t number)
{
    uint64_t start = rdtsc(), limit = clock_ticks(WAIT_US);

    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < number) {
        if (rdtsc() - start > limit)
            return false;
        spin_relax();
    }
    return true;
}

/* A value for PKRU that leaves key 0 open. */
static uint32_t value_of(const struct test_run *run, unsigned int round)
{
    return ((uint32_t)(run->seed >> 32) ^ round * 0x9e3779b9u) & ~3u;
}

/* ---- migration ---- */

/* A thread that goes from CPU to CPU, round and round: its image, and what its PKRU is. */
static struct {
    struct page *image;
    uint32_t pkru;
    uint32_t stops; /* where it is: so many stops from the first CPU */
    unsigned int place[CPU_MAX];
    unsigned int places;
} traveller;

void prepare_migration(void)
{
    if (!traveller.image)
        traveller.image = page_alloc(IMAGE_ORDER, PAGE_ZERO);
    traveller.stops = 0;
    traveller.places = 0;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (!crew_is_silent(cpu))
            traveller.place[cpu] = traveller.places++;
}

/* The thread runs here, changes its PKRU, and goes; this CPU's next thread has another. */
static void host_traveller(struct test_run *run, uint32_t stop)
{
    void *image = page_address(traveller.image);

    if (stop) {
        pkru_xrstor(image);
        expect_equal(run, "PKRU of a thread that comes from another CPU", traveller.pkru,
                     read_pkru());
    }
    traveller.pkru = value_of(run, stop);
    write_pkru(traveller.pkru);
    pkru_xsave(image);
    __atomic_store_n(&traveller.stops, stop + 1, __ATOMIC_RELEASE);
}

void test_migration(struct test_run *run)
{
    unsigned int laps = run->emulator ? EMULATED_LAPS : LAPS;
    uint32_t stop = traveller.place[run->cpu];
    uint32_t own = ~value_of(run, 0) & ~3u;

    if (traveller.places == 1) {
        skip(run, "there is one CPU");
        return;
    }
    if (!(fpu_layout.xcr0 & XFEATURE_PKRU)) {
        skip(run, "PKRU is not in XCR0");
        return;
    }
    if (!traveller.image || fpu_layout.size > PAGE_SIZE << IMAGE_ORDER) {
        fail(run, "memory for an XSAVE image", "none");
        return;
    }
    for (unsigned int lap = 0; lap < laps; lap++, stop += traveller.places) {
        write_pkru(own);
        if (!wait_until(&traveller.stops, stop)) {
            fail(run, "the thread comes from the CPU before", "not within %lu s",
                 WAIT_US / 1000000);
            return;
        }
        expect_equal(run, "PKRU of the thread that waited here", own, read_pkru());
        host_traveller(run, stop);
    }
    record(run, "a thread came %u times", laps);
}

/* ---- the threads of a core ---- */

static uint32_t arrivals[CPU_MAX]; /* by the core's first CPU: how often its CPUs came together */

void prepare_threads(void)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        arrivals[cpu] = 0;
}

struct core {
    unsigned int first, threads; /* CPUs that are up and not silent */
    unsigned int index;          /* of this one */
};

/* Who shares this CPU's core; the others are named. False when CPUID does not say. */
static bool find_core(struct test_run *run, struct core *core)
{
    struct place own, other;

    *core = (struct core){.first = run->cpu};
    if (!topology_place(percpu_of(run->cpu)->apic_id, &own))
        return false;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        topology_place(percpu_of(cpu)->apic_id, &other);
        if (crew_is_silent(cpu) || own.package != other.package || own.core != other.core)
            continue;
        if (cpu < run->cpu)
            core->index++;
        if (cpu < core->first)
            core->first = cpu;
        core->threads++;
        if (cpu != run->cpu)
            record(run, "package %u core %u shared with CPU %u", own.package, own.core, cpu);
    }
    return true;
}

/* One thread may not write, the next one may, each in its own tables, and both at once. */
static void expect_own_rights(struct test_run *run, bool is_denied)
{
    uint32_t value = pkru_with_rights(0, KEY, is_denied ? PKRU_WD : 0);

    write_pkru(value);
    for (unsigned int i = 0; i < ACCESSES; i++) {
        expect_equal(run, "write denied by this thread's PKRU", is_denied,
                     key_page_denies_write(run));
        expect_equal(run, "this thread's PKRU", value, read_pkru());
    }
}

void test_threads(struct test_run *run)
{
    unsigned int rounds = run->emulator ? EMULATED_ROUNDS : ROUNDS;
    struct key_page page;
    struct core core;

    if (!find_core(run, &core)) {
        skip(run, "CPUID 0xB does not say which CPUs share a core");
        return;
    }
    if (core.threads == 1) {
        skip(run, "no other thread of its core is up");
        return;
    }
    if (!key_page_enter(run, &page, KEY))
        return;
    for (unsigned int round = 0; round < rounds; round++) {
        __atomic_fetch_add(&arrivals[core.first], 1, __ATOMIC_ACQ_REL);
        if (!wait_until(&arrivals[core.first], (round + 1) * core.threads)) {
            fail(run, "the core's other thread goes along", "not within %lu s", WAIT_US / 1000000);
            break;
        }
        expect_own_rights(run, (round + core.index) % 2);
    }
    key_page_leave(&page);
    record(run, "%u times %u accesses each", rounds, ACCESSES);
}
