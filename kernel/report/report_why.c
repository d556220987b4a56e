// SPDX-License-Identifier: MIT
/*
 * Why a page fault was fatal, in one sentence. The cases follow the order in which mm/space/fault.c
 * judges: is there a VMA, does its key allow the access, does its protection, is there a page.
 * kernel/explain/ has more to say of the first and the last.
 *
 * Most such accesses are bugs, and the protection was there to find them. So what would allow the
 * access is said only in case it was meant.
 */
#include <asm/mman.h>

#include "arch/mmu/pkru.h"
#include "kernel/report/report.h"
#include "mm/space/address_space.h"

/* The access, as the words that the sentences need. */
struct access_words {
    const char *noun;   /* the read was refused */
    const char *gerund; /* the VMA allows reading */
    const char *prot;   /* mprotect() with PROT_READ */
    uint8_t prot_bit;
};

static struct access_words words_of(uint64_t error_code)
{
    if (error_code & X86_PF_INSTR)
        return (struct access_words){"instruction fetch", "executing", "PROT_EXEC", PROT_EXEC};
    if (error_code & X86_PF_WRITE)
        return (struct access_words){"write", "writing", "PROT_WRITE", PROT_WRITE};
    return (struct access_words){"read", "reading", "PROT_READ", PROT_READ};
}

static bool leaf_is_present(const struct fault_facts *facts)
{
    return facts->path.mapped && pte_is_present(facts->path.entry[facts->path.level]);
}

/* Whether the VMA's rights would let the access through; any right on x86 means reading too. */
static bool vma_allows(const struct vma *vma, const struct access_words *access)
{
    return access->prot_bit == PROT_READ ? vma->prot : vma->prot & access->prot_bit;
}

bool is_beyond_object(const struct fault_facts *facts)
{
    return facts->vma.object && facts->object_byte >= align_up(facts->object_size, PAGE_SIZE);
}

/* A page that waits for its copy on write has no W, whatever the VMA allows. */
static bool waits_for_copy(const struct fault_facts *facts)
{
    return (facts->frame->error_code & X86_PF_WRITE) &&
           !(facts->path.entry[facts->path.level].value & PTE_W);
}

/* If a stray pointer led here, opening the key is wrong, so both cases are named. */
static void add_advice(struct report_text *text, const struct fault_facts *facts,
                       const struct access_words *access)
{
    unsigned int key = facts->vma.key;
    bool no_access = pkru_rights(facts->pkru, key) & PKRU_AD;

    text_add(text,
             ". The key did its work: if the %s was not meant, look for how the instruction came "
             "by this address; if it was, pkey_set(%u, 0) before it would allow it, and "
             "pkey_set(%u, %s) after it closes the key again",
             access->noun, key, key, no_access ? "PKEY_DISABLE_ACCESS" : "PKEY_DISABLE_WRITE");
}

static void why_execute_only(struct report_text *text, const struct fault_facts *facts,
                             const struct access_words *access)
{
    text_add(text,
             "The area is execute-only: it has PROT_EXEC alone, so the kernel took key %u for it "
             "and set AD for that key in PKRU, and the %s was refused; if it was meant, mprotect() "
             "with %s would allow it",
             facts->vma.key, access->noun, access->prot);
}

/* ---- SEGV_PKUERR ---- */

static void why_key_alone(struct report_text *text, const struct fault_facts *facts,
                          const struct access_words *access, const char *bit)
{
    unsigned int key = facts->vma.key;

    if (leaf_is_present(facts))
        text_add(text,
                 "The page is present and the area allows %s%s, but its key %u has %s set in ",
                 access->gerund,
                 waits_for_copy(facts) ? " (W=0 until the first write copies it)" : "", key, bit);
    else
        text_add(text,
                 "No page is there yet, and the area allows %s, but the kernel asks the key before "
                 "it makes a page: key %u has %s set in ",
                 access->gerund, key, bit);
    text_add(text, "PKRU, so the %s was refused", access->noun);
    add_advice(text, facts, access);
}

static void why_key(struct report_text *text, const struct fault_facts *facts)
{
    const struct vma *vma = &facts->vma;
    struct access_words access = words_of(facts->frame->error_code);
    const char *bit = pkru_rights(facts->pkru, vma->key) & PKRU_AD ? "AD" : "WD";
    unsigned int key = vma->key;

    if (vma->prot == PROT_EXEC && (int)key == facts->execute_only_key)
        why_execute_only(text, facts, &access);
    else if (!vma->prot)
        text_add(text,
                 "The area's key %u has %s set in PKRU, so the %s was refused, and the area, "
                 "which is PROT_NONE, allows no access whatever the key",
                 key, bit, access.noun);
    else if (!vma_allows(vma, &access))
        text_add(text,
                 "The area's key %u has %s set in PKRU, so the %s was refused, and the area does "
                 "not allow %s either",
                 key, bit, access.noun, access.gerund);
    else if (is_beyond_object(facts))
        text_add(text,
                 "The area's key %u has %s set in PKRU, so the %s was refused before it mattered "
                 "that the page lies beyond the end of the file",
                 key, bit, access.noun);
    else
        why_key_alone(text, facts, &access, bit);
}

/* ---- SEGV_ACCERR ---- */

static void why_protection(struct report_text *text, const struct fault_facts *facts)
{
    const struct vma *vma = &facts->vma;
    struct access_words access = words_of(facts->frame->error_code);

    if (!vma->prot)
        text_add(text, "The area is PROT_NONE, so every access is refused");
    else
        text_add(text, "The area was mapped without %s, so the %s was refused whatever the key",
                 access.prot, access.noun);
    if (facts->frame->error_code & X86_PF_INSTR)
        text_add(text, ", which fetches never ask");
    if (vma->max_prot & access.prot_bit)
        text_add(text, "; if it was meant, mprotect() with %s would allow it", access.prot);
    else
        text_add(text, "; mprotect() may not add it, because the file is not open for %s",
                 access.gerund);
}

void why_page_fault(struct report_text *text, const struct fault_facts *facts)
{
    if (!vma_exists(&facts->vma))
        text_add(text, "No area holds the address");
    else if (facts->info->si_signo == SIGBUS)
        text_add(text, "The area allows the access, but there is no page for it");
    else if (facts->info->si_code == SEGV_PKUERR)
        why_key(text, facts);
    else
        why_protection(text, facts);
}
