// SPDX-License-Identifier: MIT
/*
 * The permission oracle: what the processor's rules say of one memory access, against what the
 * processor does.
 *
 *   oracle_predict.c   the rules, from the SDM alone
 *   oracle_machine.c   makes the processor carry out one access under given conditions
 *   oracle_sweep.c     which accesses are tried, and the comparison
 *
 * This header is what the three share. It and the predictor know nothing of arch/ and mm/: a
 * mistake there must not be able to repeat itself here.
 */
#ifndef BRINGUP_ORACLE_H
#define BRINGUP_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* Paging-structure entries: SDM vol. 3A, tables 4-15 to 4-20. */
#define ENTRY_P         (1ull << 0)
#define ENTRY_RW        (1ull << 1)
#define ENTRY_US        (1ull << 2)
#define ENTRY_A         (1ull << 5)
#define ENTRY_D         (1ull << 6)
#define ENTRY_PS        (1ull << 7)
#define ENTRY_KEY_SHIFT 59
#define ENTRY_KEYS      (15ull << ENTRY_KEY_SHIFT)
#define ENTRY_XD        (1ull << 63)

/* Page-fault error code: SDM vol. 3A, 4.7, figure 4-12. */
#define CODE_P    (1u << 0)
#define CODE_WR   (1u << 1)
#define CODE_US   (1u << 2)
#define CODE_RSVD (1u << 3)
#define CODE_ID   (1u << 4)
#define CODE_PK   (1u << 5)

enum oracle_access {
    ORACLE_READ,
    ORACLE_WRITE,
    ORACLE_FETCH,
};

/* Everything that an access's fate depends on. */
struct oracle_case {
    uint64_t entry[5]; /* by level: [4] PML4E, [3] PDPTE, [2] PDE, [1] PTE; none below a leaf */
    uint64_t cr0, cr4, efer, rflags;
    uint32_t pkru;
    unsigned int physical_bits; /* MAXPHYADDR */
    bool has_1g_pages;
    enum oracle_access access;
    unsigned int cpl; /* 0 or 3 */
};

struct oracle_verdict {
    bool faults;
    uint32_t code; /* of the page fault */
};

struct oracle_verdict oracle_predict(const struct oracle_case *c);

#endif
