// SPDX-License-Identifier: MIT
/* Batches of translations to be invalidated: neighbours are joined, and many become all. */
#include "arch/tlb.h"

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
