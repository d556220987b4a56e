// SPDX-License-Identifier: MIT
/*
 * Batches of translations to be invalidated: neighbours are joined, and many become all. And
 * barriers, which ask the same CPUs.
 */
#include "arch/tlb.h"

#include "arch/percpu.h"
#include "kernel/ktest.h"

#define BASE 0x10000000ul

KTEST(tlb_batch_joins_neighbours)
{
    struct tlb_batch batch = {0};

    for (unsigned int i = 0; i < TLB_FLUSH_ALL_PAGES; i++)
        tlb_batch_add(&batch, BASE + i * PAGE_SIZE);
    EXPECT_EQ(1, batch.count);
    EXPECT_EQ(BASE, batch.ranges[0].start);
    EXPECT_EQ(BASE + TLB_FLUSH_ALL_PAGES * PAGE_SIZE, batch.ranges[0].end);
    EXPECT(!tlb_batch_is_all(&batch));
    tlb_batch_add(&batch, BASE - PAGE_SIZE);
    EXPECT(tlb_batch_is_all(&batch));
}

KTEST(tlb_batch_of_many_ranges_is_all)
{
    struct tlb_batch batch = {0};

    for (unsigned int i = 0; i < TLB_RANGES_MAX; i++)
        tlb_batch_add(&batch, BASE + 2 * i * PAGE_SIZE);
    EXPECT_EQ(TLB_RANGES_MAX, batch.count);
    EXPECT_EQ(TLB_RANGES_MAX, batch.pages);
    EXPECT(!tlb_batch_is_all(&batch));
    tlb_batch_add(&batch, BASE + 100 * PAGE_SIZE);
    EXPECT(tlb_batch_is_all(&batch));
}

/* How many CPUs a barrier interrupts. */
static uint64_t asked_by_barrier(const struct cpu_set *cpus)
{
    struct tlb_events before, after;

    tlb_read_events(&before);
    tlb_barrier(cpus);
    tlb_read_events(&after);
    return after.targets - before.targets;
}

KTEST(barrier_interrupts_the_others)
{
    struct cpu_set cpus = {{0}};

    cpu_set_add(&cpus, this_cpu_number());
    EXPECT_EQ(0, asked_by_barrier(&cpus));
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        cpu_set_add(&cpus, cpu);
    EXPECT_EQ(cpu_count - 1, asked_by_barrier(&cpus));
}
