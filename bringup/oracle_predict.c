// SPDX-License-Identifier: MIT
/*
 * The rules of 4-level paging for one access, written from the SDM, volume 3A, sections 4.5 to
 * 4.7, in their order and words; their numbers are those of the 2023 editions.
 */
#include "bringup/oracle.h"

/* Control registers: 2.5. */
#define CR0_WRITE_PROTECT (1ull << 16)
#define CR4_SMEP_ENABLE   (1ull << 20)
#define CR4_SMAP_ENABLE   (1ull << 21)
#define CR4_PK_ENABLE     (1ull << 22)
#define EFER_NX_ENABLE    (1ull << 11)
#define EFLAGS_AC         (1ull << 18)

/* What a walk finds. An address is a user-mode address if U/S is 1 in every entry (4.6). */
struct translation {
    bool present;
    bool reserved; /* a reserved bit is set in an entry that is present */
    bool user_address;
    bool writable;         /* R/W is 1 in every entry */
    bool execute_disabled; /* XD is 1 in some entry */
    unsigned int key;      /* of the entry that maps the page */
};

static bool maps_a_page(uint64_t entry, unsigned int level)
{
    return level == 1 || (level < 4 && (entry & ENTRY_PS));
}

/* Bits low to high. */
static uint64_t bits(unsigned int low, unsigned int high)
{
    return high < low ? 0 : (2ull << high) - (1ull << low);
}

/* 4.5, tables 4-15 to 4-20. */
static uint64_t reserved_bits(const struct oracle_case *c, uint64_t entry, unsigned int level)
{
    uint64_t reserved = bits(c->physical_bits, 51);

    if (!(c->efer & EFER_NX_ENABLE))
        reserved |= ENTRY_XD;
    if (level == 4)
        reserved |= ENTRY_PS;
    if (level == 3 && !c->has_1g_pages)
        reserved |= ENTRY_PS;
    if (level == 3 && (entry & ENTRY_PS))
        reserved |= bits(13, 29);
    if (level == 2 && (entry & ENTRY_PS))
        reserved |= bits(13, 20);
    return reserved;
}

static struct translation translate(const struct oracle_case *c)
{
    struct translation t = {.present = true, .user_address = true, .writable = true};
    unsigned int level = 5;

    do {
        uint64_t entry = c->entry[--level];
        if (!(entry & ENTRY_P)) {
            t.present = false;
            return t;
        }
        if (entry & reserved_bits(c, entry, level)) {
            t.reserved = true;
            return t;
        }
        t.user_address = t.user_address && (entry & ENTRY_US);
        t.writable = t.writable && (entry & ENTRY_RW);
        t.execute_disabled = t.execute_disabled || (entry & ENTRY_XD);
        t.key = (entry & ENTRY_KEYS) >> ENTRY_KEY_SHIFT;
    } while (!maps_a_page(c->entry[level], level));
    return t;
}

/* 4.6.2: whether PKRU forbids the access, which also decides bit 5 of the error code (4.7). */
static bool key_forbids(const struct oracle_case *c, const struct translation *t)
{
    bool access_disable = c->pkru >> (2 * t->key) & 1;
    bool write_disable = c->pkru >> (2 * t->key + 1) & 1;

    if (!(c->cr4 & CR4_PK_ENABLE) || !t->user_address || c->access == ORACLE_FETCH)
        return false;
    if (access_disable)
        return true;
    return write_disable && c->access == ORACLE_WRITE &&
           (c->cpl == 3 || (c->cr0 & CR0_WRITE_PROTECT));
}

/* 4.6.1, access rights of supervisor-mode accesses, but for keys. */
static bool supervisor_may(const struct oracle_case *c, const struct translation *t)
{
    if (c->access == ORACLE_FETCH) {
        if (t->user_address && (c->cr4 & CR4_SMEP_ENABLE))
            return false;
        return !((c->efer & EFER_NX_ENABLE) && t->execute_disabled);
    }
    if (t->user_address && (c->cr4 & CR4_SMAP_ENABLE) && !(c->rflags & EFLAGS_AC))
        return false;
    if (c->access == ORACLE_WRITE && (c->cr0 & CR0_WRITE_PROTECT))
        return t->writable;
    return true;
}

/* 4.6.1, access rights of user-mode accesses, but for keys. */
static bool user_may(const struct oracle_case *c, const struct translation *t)
{
    if (!t->user_address)
        return false;
    if (c->access == ORACLE_WRITE)
        return t->writable;
    if (c->access == ORACLE_FETCH)
        return !((c->efer & EFER_NX_ENABLE) && t->execute_disabled);
    return true;
}

/* 4.7: the bits that say what the access was. */
static uint32_t access_code(const struct oracle_case *c)
{
    uint32_t code = c->cpl == 3 ? CODE_US : 0;

    if (c->access == ORACLE_WRITE)
        code |= CODE_WR;
    if (c->access == ORACLE_FETCH && ((c->efer & EFER_NX_ENABLE) || (c->cr4 & CR4_SMEP_ENABLE)))
        code |= CODE_ID;
    return code;
}

struct oracle_verdict oracle_predict(const struct oracle_case *c)
{
    struct translation t = translate(c);
    uint32_t code = access_code(c);

    if (!t.present)
        return (struct oracle_verdict){true, code};
    code |= CODE_P;
    if (t.reserved)
        return (struct oracle_verdict){true, code | CODE_RSVD};
    bool forbidden = key_forbids(c, &t);
    if (forbidden)
        code |= CODE_PK;
    if (forbidden || !(c->cpl == 3 ? user_may(c, &t) : supervisor_may(c, &t)))
        return (struct oracle_verdict){true, code};
    return (struct oracle_verdict){false, 0};
}
