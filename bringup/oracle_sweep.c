// SPDX-License-Identifier: MIT
#include "bringup/oracle_sweep.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "bringup/oracle.h"
#include "bringup/oracle_machine.h"
#include "libc/core/format.h"

#define DESCRIBED 4 /* differences printed in full */

/* ---- one combination ---- */

struct combination {
    struct oracle_case c;
    unsigned int leaf; /* its level */
    unsigned int mode;
};

/* What is left in memory is right: A and D of the leaf, and the word itself. */
static bool effects_agree(const struct combination *combination,
                          const struct oracle_verdict *verdict, uint64_t before, uint64_t value)
{
    const struct oracle_case *c = &combination->c;
    uint64_t leaf = oracle_read_leaf(combination->leaf);
    uint64_t expected = c->entry[combination->leaf];
    bool writes = c->access == ORACLE_WRITE && !verdict->faults;

    /* Whether an access that faults sets A is the processor's affair: SDM vol. 3A, 4.8. */
    if (verdict->faults)
        leaf &= ~ENTRY_A;
    else
        expected |= ENTRY_A | (writes ? ENTRY_D : 0);
    return leaf == expected && *oracle_target() == (writes ? value : before);
}

static bool exception_agrees(const struct combination *combination,
                             const struct oracle_verdict *verdict,
                             const struct oracle_outcome *outcome, uint64_t before)
{
    const struct oracle_case *c = &combination->c;
    uintptr_t instruction = oracle_instruction(combination->leaf, c->access, c->cpl);
    unsigned int length = c->access == ORACLE_FETCH ? 1 : 4; /* INT3, or MOV and INT3 */

    if (verdict->faults)
        return outcome->vector == ORACLE_VECTOR_PF && outcome->code == verdict->code &&
               outcome->cr2 == oracle_address(combination->leaf, c->access) &&
               outcome->rip == instruction;
    if (outcome->vector != ORACLE_VECTOR_BP || outcome->rip != instruction + length)
        return false;
    return c->access != ORACLE_READ || outcome->value == before;
}

static void describe(const struct sweep *sweep, const struct combination *combination,
                     const struct oracle_verdict *verdict, const struct oracle_outcome *outcome)
{
    static const char *const sizes[] = {"", "4 KiB", "2 MiB", "1 GiB"};
    static const char *const accesses[] = {"read", "write", "fetch"};
    const struct oracle_case *c = &combination->c;
    char text[SWEEP_TEXT_SIZE];

    snprintf(text, sizeof(text),
             "CPL %u %s of a %s page, WP=%d PKE=%d SMEP=%d SMAP=%d AC=%d PKRU=%#x", c->cpl,
             accesses[c->access], sizes[combination->leaf], !!(combination->mode & MODE_WP),
             !!(combination->mode & MODE_PKE), !!(combination->mode & MODE_SMEP),
             !!(combination->mode & MODE_SMAP), !!(combination->mode & MODE_AC), c->pkru);
    sweep->say(sweep->context, text);
    snprintf(text, sizeof(text), "  entries, PML4E first: %#lx %#lx %#lx %#lx", c->entry[4],
             c->entry[3], c->entry[2], c->entry[1]);
    sweep->say(sweep->context, text);
    snprintf(text, sizeof(text),
             "  predicted %s %#x; found vector %lu, code %#lx, CR2 %#lx, RIP %#lx, leaf %#lx",
             verdict->faults ? "#PF" : "no fault", verdict->code, outcome->vector, outcome->code,
             outcome->cr2, outcome->rip, oracle_read_leaf(combination->leaf));
    sweep->say(sweep->context, text);
}

static bool agrees(const struct combination *combination, const struct oracle_verdict *verdict,
                   const struct oracle_outcome *outcome, uint64_t before, uint64_t value)
{
    return exception_agrees(combination, verdict, outcome, before) &&
           effects_agree(combination, verdict, before, value);
}

static bool is_known(struct sweep *sweep, const struct combination *combination,
                     const struct oracle_outcome *outcome, uint64_t before, uint64_t value)
{
    for (size_t i = 0; i < ORACLE_KNOWN_COUNT; i++) {
        if (oracle_known[i].emulator != sweep->emulator)
            continue;
        struct oracle_verdict verdict = oracle_known[i].predict(&combination->c);
        if (agrees(combination, &verdict, outcome, before, value)) {
            sweep->known[i]++;
            return true;
        }
    }
    return false;
}

/* Marsaglia's xorshift: which combinations a sweep by samples takes. */
static bool is_taken(struct sweep *sweep)
{
    if (sweep->sample < 2)
        return true;
    sweep->random ^= sweep->random << 13;
    sweep->random ^= sweep->random >> 7;
    sweep->random ^= sweep->random << 17;
    return sweep->random % sweep->sample == 0;
}

static void try_combination(struct sweep *sweep, const struct combination *combination)
{
    if (!is_taken(sweep))
        return;
    struct oracle_verdict verdict = oracle_predict(&combination->c);
    uint64_t before = *oracle_target();
    uint64_t value = ++sweep->combinations;
    struct oracle_outcome outcome = oracle_try(combination->leaf, &combination->c, value);

    if (agrees(combination, &verdict, &outcome, before, value) ||
        is_known(sweep, combination, &outcome, before, value))
        return;
    if (sweep->differing++ < DESCRIBED)
        describe(sweep, combination, &verdict, &outcome);
}

/* ---- the sweeps, from the outer loop to the inner ---- */

static uint64_t reserved_bit(unsigned int leaf, unsigned int level)
{
    if (level == 4)
        return ENTRY_PS;
    if (level == leaf && level > 1)
        return 1ull << 13;
    return oracle_features()->physical_bits < 52 ? 1ull << 51 : 0;
}

static uint64_t make_entry(const struct combination *combination, unsigned int level,
                           unsigned int defects)
{
    uint64_t entry = ENTRY_P | ENTRY_RW | ENTRY_US |
                     oracle_entry_base(combination->leaf, level, combination->c.access);

    if (defects & NOT_PRESENT)
        entry &= ~ENTRY_P;
    if (defects & READ_ONLY)
        entry &= ~ENTRY_RW;
    if (defects & SUPERVISOR)
        entry &= ~ENTRY_US;
    if (defects & NO_EXECUTE)
        entry |= ENTRY_XD;
    if (defects & RESERVED_BIT)
        entry |= reserved_bit(combination->leaf, level);
    if (defects & KEY_BITS)
        entry |= ENTRY_KEYS;
    return entry;
}

/* Both privilege levels and all subsets of the sweep's defects of the leaf. */
static void sweep_leaf(struct sweep *sweep, struct combination *combination, unsigned int key)
{
    unsigned int leaf = combination->leaf;

    for (unsigned int defects = sweep->defects;; defects = (defects - 1) & sweep->defects) {
        combination->c.entry[leaf] =
            make_entry(combination, leaf, defects) | (uint64_t)key << ENTRY_KEY_SHIFT;
        combination->c.cpl = 0;
        try_combination(sweep, combination);
        combination->c.cpl = 3;
        try_combination(sweep, combination);
        if (!defects)
            return;
    }
}

/* Sound upper entries; then each of the sweep's upper defects in each of them. */
static void sweep_upper(struct sweep *sweep, struct combination *combination, unsigned int key)
{
    for (unsigned int level = combination->leaf + 1; level <= 4; level++)
        combination->c.entry[level] = make_entry(combination, level, 0);
    sweep_leaf(sweep, combination, key);
    for (unsigned int level = combination->leaf + 1; level <= 4; level++) {
        uint64_t sound = combination->c.entry[level];
        for (unsigned int defect = 1; defect <= sweep->upper; defect <<= 1) {
            combination->c.entry[level] = make_entry(combination, level, defect);
            sweep_leaf(sweep, combination, key);
        }
        combination->c.entry[level] = sound;
    }
}

static void sweep_accesses(struct sweep *sweep, struct combination *combination, unsigned int key)
{
    for (unsigned int leaf = 1; leaf <= 3; leaf++) {
        if (!(sweep->leaves & 1u << leaf))
            continue;
        combination->leaf = leaf;
        for (unsigned int access = ORACLE_READ; access <= ORACLE_FETCH; access++) {
            combination->c.access = access;
            sweep_upper(sweep, combination, key);
        }
    }
}

/*
 * The key's rights, and the opposite for all other keys, so that a wrong key shows. Key 0 stays
 * open where the opposite would not do.
 */
static uint32_t pkru_of(const struct sweep *sweep, unsigned int key, uint32_t rights)
{
    uint32_t others = (rights ^ 3) * 0x55555555u;

    if (!oracle_may_set_key_0(sweep->emulator, rights ^ 3))
        others &= ~3u;
    return (others & ~(3u << (2 * key))) | rights << (2 * key);
}

static void sweep_keys(struct sweep *sweep, struct combination *combination)
{
    for (unsigned int i = 0; i < 16 * 4; i++) {
        unsigned int key = i / 4;
        if (!(sweep->keys & 1u << key))
            continue;
        if (key == 0 && !oracle_may_set_key_0(sweep->emulator, i % 4)) {
            sweep->left_out++;
            continue;
        }
        combination->c.pkru = pkru_of(sweep, key, i % 4);
        oracle_set_modes(combination->c.cr0, combination->c.cr4, combination->c.pkru);
        sweep_accesses(sweep, combination, key);
    }
}

static unsigned int possible_modes(void)
{
    const struct oracle_features *features = oracle_features();

    return MODE_WP | MODE_AC | (features->pku ? MODE_PKE : 0) | (features->smep ? MODE_SMEP : 0) |
           (features->smap ? MODE_SMAP : 0);
}

static void set_mode(struct combination *combination, unsigned int mode)
{
    struct oracle_case *c = &combination->c;

    combination->mode = mode;
    c->cr0 = (oracle_initial_cr0() & ~CR0_WP) | (mode & MODE_WP ? CR0_WP : 0);
    c->cr4 = (oracle_initial_cr4() & ~(CR4_PKE | CR4_SMEP | CR4_SMAP)) |
             (mode & MODE_PKE ? CR4_PKE : 0) | (mode & MODE_SMEP ? CR4_SMEP : 0) |
             (mode & MODE_SMAP ? CR4_SMAP : 0);
    c->rflags = RFLAGS_FIXED | (mode & MODE_AC ? RFLAGS_AC : 0);
}

int oracle_sweep(struct sweep *sweep)
{
    struct combination combination = {.leaf = 1};
    int error = oracle_machine_open();

    if (error)
        return error;
    combination.c.efer = oracle_efer();
    combination.c.physical_bits = oracle_features()->physical_bits;
    combination.c.has_1g_pages = oracle_features()->has_1g_pages;
    sweep->modes &= possible_modes();
    for (unsigned int mode = sweep->modes;; mode = (mode - 1) & sweep->modes) {
        set_mode(&combination, mode);
        sweep_keys(sweep, &combination);
        if (!mode)
            break;
    }
    oracle_machine_close();
    return 0;
}
