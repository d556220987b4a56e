// SPDX-License-Identifier: MIT
/* Areas: each knows its neighbours, and an address is found in the one that holds it. */
#include "mm/space/area.h"

#include <asm/mman.h>

#include "arch/cpu/layout.h"
#include "mm/space/mmap.h"
#include "tests/kernel/ktest.h"

#define SLOTS   32 /* areas of a page in a row, any of them there or not */
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
static void expect_neighbours(struct area_tree *tree)
{
    struct area *previous = NULL;
    struct area *area;

    RB_FOREACH (area, area_tree, tree) {
        EXPECT(area->previous == previous);
        EXPECT(!previous || previous->next == area);
        previous = area;
    }
    EXPECT(!previous || !previous->next);
}

/* The first area that ends above the address, one after the other. */
static void expect_found(struct area_tree *tree, uintptr_t address)
{
    struct area *area;

    RB_FOREACH (area, area_tree, tree)
        if (area->end > address)
            break;
    EXPECT(area_find(tree, address) == area);
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

KTEST(areas_know_their_neighbours)
{
    struct address_space *space = space_create();

    if (!EXPECT(space))
        return;
    random_state = 1;
    for (unsigned int i = 0; i < CHANGES; i++) {
        change(space);
        expect_neighbours(&space->areas);
        expect_found(&space->areas, slot_address(random_below(SLOTS)));
        expect_found(&space->areas, slot_address(random_below(SLOTS)));
    }
    struct address_space *copy = space_copy(space);
    if (EXPECT(copy)) {
        expect_neighbours(&copy->areas);
        change(copy);
        expect_neighbours(&copy->areas);
        space_put(copy);
    }
    space_put(space);
}
