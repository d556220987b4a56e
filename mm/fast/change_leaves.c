// SPDX-License-Identifier: MIT
/*
 * The change of rights or key in the leaves of a VMA, fast: what changes is the same for each, so
 * it is bits to be flipped, in a loop without a branch over eight plain words at a time.
 */
#include "mm/fast/descend.h"
#include "mm/space/mmap.h"

/*
 * All leaves of a VMA have its rights, so what changes is the same for each: bits to be flipped.
 * W alone differs, where a page is not the space's own yet and waits for a copy.
 */
struct leaf_change {
    uint64_t flip; /* of P, NX and the key */
    bool writing;  /* the right to write comes or goes: W of the leaves that are owned */
    bool weaker;   /* a right is lost, or the key is another: translations have to go */
    struct address_space *space;
};

/* PTE_OWNED moves down to PTE_W, so that the loop needs no branch for copy-on-write. */
#define OWNED_TO_W 8
_Static_assert(PTE_OWNED >> OWNED_TO_W == PTE_W, "the shift below");

/* Returns 1 for a leaf and 0 for an empty entry. */
static inline unsigned int flip_leaf(const struct pt_run *run, unsigned int i,
                                     const struct leaf_change *change, uint64_t w)
{
    pte_t *entry = &run->entries[i];
    pte_t leaf = *entry;

    if (pte_is_empty(leaf))
        return 0;
    entry->value = leaf.value ^ change->flip ^ (leaf.value >> OWNED_TO_W & w);
    tlb_check_change(&change->space->cpus, run->address + i * pte_level_size(run->level), leaf,
                     *entry);
    return 1;
}

/*
 * The whole cost of a change of key: one pass over plain words, for a table at a time. w: PTE_W if
 * that changes, or 0. Returns how many leaves there are.
 */
static inline __attribute__((always_inline)) unsigned int
flip_run(const struct pt_run *run, const struct leaf_change *change, uint64_t w)
{
    struct leaf_change copy = *change; /* which no store to a table can change */
    struct pt_run rest = *run;
    unsigned int leaves = 0;

    for (; rest.count >= 8; rest.count -= 8, rest.entries += 8) {
#pragma GCC unroll 8
        for (unsigned int i = 0; i < 8; i++)
            leaves += flip_leaf(&rest, i, &copy, w);
        rest.address += 8 * pte_level_size(run->level);
    }
    for (unsigned int i = 0; i < rest.count; i++)
        leaves += flip_leaf(&rest, i, &copy, w);
    return leaves;
}

/* All leaves of the run have been made weaker: so many, the rest of it is empty. */
static void gather_run(struct address_space *space, const struct pt_run *run, unsigned int leaves)
{
    struct tlb_batch *batch = &space->gather.batch;
    uint64_t size = pte_level_size(run->level);
    uintptr_t at = run->address;

    if (tlb_batch_is_all(batch) || leaves == 0)
        return;
    if (leaves > TLB_FLUSH_ALL_PAGES) {
        tlb_batch_add_all(batch);
    } else if (leaves == run->count) {
        tlb_batch_add_pages(batch, at, leaves, size);
    } else {
        for (unsigned int i = 0; i < run->count; i++, at += size)
            if (!pte_is_empty(run->entries[i]))
                tlb_batch_add_pages(batch, at, 1, size);
    }
}

static int change_run(const struct pt_run *run, void *context)
{
    const struct leaf_change *change = context;
    unsigned int leaves = change->writing ? flip_run(run, change, PTE_W) : flip_run(run, change, 0);

    if (change->weaker)
        gather_run(change->space, run, leaves);
    return 0;
}

/* What most calls change lies in one table, or has no table yet. */
static void change_in_one_table(paddr_t root, uintptr_t start, uintptr_t end,
                                struct leaf_change *change)
{
    unsigned int level;
    pte_t *entry = pt_descend(root, start, 1, &level);
    struct pt_run run = {entry, (end - start) >> PAGE_SHIFT, 1, start};

    if (level > 1 && pte_is_empty(pt_load(entry)))
        return;
    if (level > 1) {
        run.count = 1;
        run.level = level;
    }
    change_run(&run, change);
}

/* Large pages side by side, whose leaves one table has: false when it is not so. */
static bool change_large(paddr_t root, uintptr_t start, uintptr_t end, struct leaf_change *change)
{
    unsigned int level;

    if ((start | end) % HUGE_PAGE_SIZE || (start ^ (end - 1)) >> pte_level_shift(3))
        return false;
    pte_t *entry = pt_descend(root, start, 2, &level);
    if (level != 2 || !(entry->value & PTE_PS))
        return false;
    struct pt_run run = {entry, (unsigned int)((end - start) / HUGE_PAGE_SIZE), 2, start};
    for (unsigned int i = 1; i < run.count; i++)
        if (!(entry[i].value & PTE_PS))
            return false;
    change_run(&run, change);
    return true;
}

void space_change_leaves(struct address_space *space, const struct vma *vma, uint8_t old_prot,
                         uint8_t old_key, bool is_weaker)
{
    struct leaf_change change = {
        .flip = pte_key_bits(vma->key ^ old_key),
        .writing = (vma->prot ^ old_prot) & PROT_WRITE,
        .weaker = is_weaker,
        .space = space,
    };
    const struct vma before = {.prot = old_prot};
    uintptr_t start = vma->start, end = vma->end;

    if (vma->prot != old_prot)
        change.flip |=
            (space_leaf_bits(&before, false) ^ space_leaf_bits(vma, false)) & (PTE_P | PTE_NX);
    if (!((start ^ (end - 1)) >> pte_level_shift(2))) {
        change_in_one_table(space->root, start, end, &change);
    } else if (!change_large(space->root, start, end, &change)) {
        struct pt_walk walk = {.visit = change_run, .context = &change, .level = 1};
        pt_walk(space->root, start, end, &walk);
    }
}
