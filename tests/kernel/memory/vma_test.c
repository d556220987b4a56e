// SPDX-License-Identifier: MIT
/* VMAs: each knows its neighbours, and an address is found in the one that holds it. */
#include "mm/space/vma.h"

#include <asm/mman.h>

#include "arch/cpu/layout.h"
#include "mm/space/mmap.h"
#include "tests/kernel/ktest.h"

#define SLOTS   32 /* VMAs of a page in a row, any of them there or not */
#define CHANGES 400
#define FIRST   (1ul << 30)

static uint32_t random_state;

static unsigned int random_below(unsigned int limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % limit;
}

static uintptr_t slot_address(unsigned int slot)
{
    return FIRST + slot * PAGE_SIZE;
}

/* The tree's order is the neighbours'. */
static void expect_neighbours(struct vma_tree *tree)
{
    struct vma *previous = NULL;
    struct vma *vma;

    RB_FOREACH (vma, vma_tree, tree) {
        EXPECT(vma->previous == previous);
        EXPECT(!previous || previous->next == vma);
        previous = vma;
    }
    EXPECT(!previous || !previous->next);
}

/* The first VMA that ends above the address, one after the other. */
static void expect_found(struct vma_tree *tree, uintptr_t address)
{
    struct vma *vma;

    RB_FOREACH (vma, vma_tree, tree)
        if (vma->end > address)
            break;
    EXPECT(vma_find(tree, address) == vma);
}

/* Maps a page, or two that are merged or split, or takes one away. */
static void change(struct address_space *space)
{
    struct map_request request = {.address = slot_address(random_below(SLOTS)),
                                  .size = PAGE_SIZE * (1 + random_below(2)),
                                  .prot = random_below(2) ? PROT_READ : PROT_NONE,
                                  .max_prot = PROT_READ,
                                  .fixed = true};
    uintptr_t address;

    if (random_below(3))
        EXPECT_EQUAL(space_map(space, &request, &address), 0);
    else
        EXPECT_EQUAL(space_unmap(space, request.address, request.size), 0);
}

KTEST(vmas_know_their_neighbours)
{
    struct address_space *space = space_create();

    if (!EXPECT(space))
        return;
    random_state = 1;
    for (unsigned int i = 0; i < CHANGES; i++) {
        change(space);
        expect_neighbours(&space->vmas);
        expect_found(&space->vmas, slot_address(random_below(SLOTS)));
        expect_found(&space->vmas, slot_address(random_below(SLOTS)));
    }
    struct address_space *copy = space_copy(space);
    if (EXPECT(copy)) {
        expect_neighbours(&copy->vmas);
        change(copy);
        expect_neighbours(&copy->vmas);
        space_put(copy);
    }
    space_put(space);
}
