// SPDX-License-Identifier: MIT
#include "bringup/oracle_known.h"

#define PKRU_ALL_AD   0x55555555u
#define RIGHTS_ONE_WD 2u

/* As if a walk that ends at a reserved bit had ended at an entry that is not present. */
static struct oracle_verdict without_p(const struct oracle_case *c)
{
    struct oracle_verdict verdict = oracle_predict(c);

    if (verdict.code & CODE_RSVD)
        verdict.code &= ~CODE_P;
    return verdict;
}

static struct oracle_verdict with_1g_pages(const struct oracle_case *c)
{
    struct oracle_case able = *c;

    able.has_1g_pages = true;
    return without_p(&able);
}

static struct oracle_case without_supervisor_ad(const struct oracle_case *c)
{
    struct oracle_case lenient = *c;

    if (c->cpl == 0)
        lenient.pkru &= ~PKRU_ALL_AD;
    return lenient;
}

static struct oracle_verdict ad_for_ring_3_only(const struct oracle_case *c)
{
    struct oracle_case lenient = without_supervisor_ad(c);

    return oracle_predict(&lenient);
}

/* The key is looked at first, as if all pages were user pages; then everything else. */
static struct oracle_verdict keys_on_all_pages(const struct oracle_case *c)
{
    struct oracle_case lenient = without_supervisor_ad(c);
    struct oracle_case as_user_page = lenient;

    for (unsigned int level = 1; level <= 4; level++)
        as_user_page.entry[level] |= ENTRY_US;
    struct oracle_verdict verdict = oracle_predict(&as_user_page);
    return verdict.code & CODE_PK ? verdict : oracle_predict(&lenient);
}

const struct oracle_known oracle_known[ORACLE_KNOWN_COUNT] = {
    {EMULATOR_TCG, "QEMU TCG clears bit 0 of the error code for a reserved bit", without_p},
    {EMULATOR_TCG, "QEMU TCG maps 1 GiB pages on a CPU without them", with_1g_pages},
    {EMULATOR_BOCHS, "Bochs does not judge AD of PKRU at CPL 0", ad_for_ring_3_only},
    {EMULATOR_BOCHS, "Bochs judges PKRU on supervisor pages", keys_on_all_pages},
};

bool oracle_may_set_key_0(enum emulator emulator, uint32_t rights)
{
    return emulator != EMULATOR_BOCHS || !(rights & RIGHTS_ONE_WD);
}
