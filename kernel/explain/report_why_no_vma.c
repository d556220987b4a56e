// SPDX-License-Identifier: MIT
/* Why nothing is mapped at the address of a page fault, in one sentence. */
#include "arch/cpu/layout.h"
#include "arch/cpu/trap.h"
#include "arch/cpu/types.h"
#include "kernel/explain/more_facts.h"
#include "mm/space/address_space.h"

static void why_null(struct report_text *text, const struct fault_facts *facts)
{
    if (facts->frame->error_code & X86_PF_INSTR)
        text_add(text,
                 "The program jumped to address 0x%lx, where nothing is mapped: it called through "
                 "a null pointer",
                 facts->address);
    else if (facts->address == 0)
        text_add(text, "The program followed a null pointer: nothing is mapped at address 0");
    else
        text_add(text,
                 "Nothing is mapped at address 0x%lx: it is what a null pointer and an offset of "
                 "%lu bytes give",
                 facts->address, facts->address);
}

/* A growing stack did not grow: too long already, or too near to what lies below it. */
static bool why_stack(struct report_text *text, const struct fault_facts *facts,
                      const struct surroundings *near)
{
    const struct vma *stack = &near->above;

    if (!vma_exists(stack) || !(stack->flags & VMA_GROWS_DOWN) ||
        stack->start - facts->address > STACK_GUARD_GAP)
        return false;
    text_add(text, "The stack overflowed: the address lies ");
    text_add_size(text, stack->start - facts->address);
    text_add(text, " below it, and ");
    if (stack->end - align_down(facts->address, PAGE_SIZE) > near->stack_limit) {
        text_add(text, "it may not grow beyond ");
        text_add_size(text, near->stack_limit);
        text_add(text, " (RLIMIT_STACK)");
    } else {
        text_add(text, "it must keep ");
        text_add_size(text, STACK_GUARD_GAP);
        text_add(text, " free above the area below it");
    }
    return true;
}

/* Where the address lies, seen from the nearest VMA. */
static void add_nearest(struct report_text *text, const struct fault_facts *facts,
                        const struct surroundings *near)
{
    uint64_t past = facts->address - near->below.end;
    uint64_t before = near->above.start - facts->address;

    if (vma_exists(&near->below) && (!vma_exists(&near->above) || past < before)) {
        text_add(text, "the nearest ends ");
        if (past)
            text_add_size(text, past);
        else
            text_add(text, "right");
        text_add(text, " below it%s",
                 past < PAGE_SIZE ? ", so this may be a step past its end" : "");
    } else if (vma_exists(&near->above)) {
        text_add(text, "the nearest starts ");
        text_add_size(text, before);
        text_add(text, " above it");
    } else {
        text_add(text, "there is none at all");
    }
}

static void why_hole(struct report_text *text, const struct fault_facts *facts,
                     const struct surroundings *near)
{
    bool fetch = facts->frame->error_code & X86_PF_INSTR;

    if (fetch && facts->address != facts->frame->rip)
        text_add(text, "The instruction runs on into a page where no area is; ");
    else if (fetch)
        text_add(text, "The program jumped to where no area is; ");
    else
        text_add(text, "No area holds the address; ");
    add_nearest(text, facts, near);
}

static int explain_no_vma(struct report_text *text, const struct fault_facts *facts)
{
    struct surroundings near;

    if (!facts->page_fault || vma_exists(&facts->vma))
        return 0;
    read_surroundings(facts, &near);
    if (facts->address >= USER_END)
        text_add(text,
                 "The address is not in the user half, which ends at 0x%lx: what is mapped above "
                 "it is the kernel's and has U=0, so ring 3 may not touch it",
                 USER_END);
    else if (facts->address < PAGE_SIZE)
        why_null(text, facts);
    else if (!why_stack(text, facts, &near))
        why_hole(text, facts, &near);
    return 1;
}
ATTACH(fault_reason, explain_no_vma);
