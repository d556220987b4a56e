// SPDX-License-Identifier: MIT
/*
 * Batches of translations to be invalidated: neighbours are joined, and many become all. And
 * barriers, which ask the same CPUs.
 */
#include "arch/mmu/tlb.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "kernel/more/membarrier.h"
#include "tests/kernel/ktest.h"

#define BASE 0x10000000ul

KTEST(tlb_batch_joins_neighbours)
{
    struct tlb_batch batch = {0};

    for (unsigned int i = 0; i < TLB_FLUSH_ALL_PAGES; i++)
        tlb_batch_add(&batch, BASE + i * PAGE_SIZE);
    EXPECT_EQUAL(batch.count, 1);
    EXPECT_EQUAL(batch.ranges[0].start, BASE);
    EXPECT_EQUAL(batch.ranges[0].end, BASE + TLB_FLUSH_ALL_PAGES * PAGE_SIZE);
    EXPECT(!tlb_batch_is_all(&batch));
    tlb_batch_add(&batch, BASE - PAGE_SIZE);
    EXPECT(tlb_batch_is_all(&batch));
}

KTEST(tlb_batch_of_many_ranges_is_all)
{
    struct tlb_batch batch = {0};

    for (unsigned int i = 0; i < TLB_RANGES_MAX; i++)
        tlb_batch_add(&batch, BASE + 2 * i * PAGE_SIZE);
    EXPECT_EQUAL(batch.count, TLB_RANGES_MAX);
    EXPECT_EQUAL(batch.pages, TLB_RANGES_MAX);
    EXPECT(!tlb_batch_is_all(&batch));
    tlb_batch_add(&batch, BASE + 100 * PAGE_SIZE);
    EXPECT(tlb_batch_is_all(&batch));
}

/* How many CPUs a barrier interrupts. */
static uint64_t asked_by_barrier(const struct cpu_set *cpus)
{
    const uint64_t *targets = &this_cpu()->tlb.events.targets;
    uint64_t before = *targets;

    irq_enable(); /* as in a system call */
    barrier_on(cpus);
    irq_disable();
    return *targets - before;
}

KTEST(barrier_interrupts_the_others)
{
    struct cpu_set cpus = {{0}};

    cpu_set_add(&cpus, this_cpu_number());
    EXPECT_EQUAL(asked_by_barrier(&cpus), 0);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        cpu_set_add(&cpus, cpu);
    EXPECT_EQUAL(asked_by_barrier(&cpus), cpu_count - 1);
}
