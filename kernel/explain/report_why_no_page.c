// SPDX-License-Identifier: MIT
/*
 * Why a page fault had nothing to do with keys or a VMA's rights, in one sentence: there was no
 * page to be had, or the access was not the instruction's own.
 */
#include "arch/mmu/usercopy.h"
#include "kernel/report/report.h"

static void why_no_page(struct report_text *text, const struct fault_facts *facts)
{
    if (facts->vma.object && !is_beyond_object(facts)) {
        text_add(text,
                 "The area allows the access, but the page is a hole in the file, and the file "
                 "system is full: it may have half of all memory");
        return;
    }
    if (!is_beyond_object(facts)) {
        text_add(text, "The area allows the access, but the pool of 2 MiB pages, which MAP_HUGETLB "
                       "takes from, is empty");
        return;
    }
    text_add(text, "The page lies beyond the end of the file that the area maps: the file has ");
    text_add_size(text, facts->object_size);
    text_add(text, ", and the access was %lu bytes past its start", facts->object_byte);
}

static void why_implicit(struct report_text *text, const struct fault_facts *facts)
{
    text_add(
        text,
        "The %s had the rights of ring 0, though the instruction is ring 3's, and SMAP refused "
        "it: so QEMU before 9.1 does a far return and IRETQ",
        facts->frame->error_code & X86_PF_WRITE ? "write" : "read");
}

static int explain_no_page(struct report_text *text, const struct fault_facts *facts)
{
    if (!facts->page_fault || !vma_exists(&facts->vma))
        return 0;
    if (facts->info->si_signo == SIGBUS)
        why_no_page(text, facts);
    else if (facts->info->si_code != SEGV_PKUERR &&
             access_is_implicit((uint32_t)facts->frame->error_code))
        why_implicit(text, facts);
    else
        return 0;
    return 1;
}
ATTACH(fault_reason, explain_no_page);
