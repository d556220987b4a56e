// SPDX-License-Identifier: MIT
/* Rows of a report: the instruction's bytes, an exception, and the VMAs near a hole. */
#include "kernel/console/console.h"
#include "kernel/explain/more_facts.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

/*
 * A vector of 0 may also mean a frame that was changed (frame_is_changed()), and a page fault's
 * frame is here of another signal only when its handler could not be entered.
 */
bool is_exception(const struct fault_facts *facts)
{
    const siginfo_t *info = facts->info;
    uint64_t vector = facts->frame->vector;

    if (vector == VECTOR_DE)
        return info->si_signo == SIGFPE && info->si_code > 0;
    return info->si_code > 0 && vector < VECTOR_IRQ_FIRST && vector != VECTOR_PF;
}

/* By the direct map, which neither a key nor an execute-only VMA restricts. */
void read_code(const struct fault_facts *facts, struct code_bytes *code)
{
    struct address_space *space = current()->space;
    unsigned int level;
    pte_t leaf;

    space_lock_read(space);
    for (code->size = 0; code->size < CODE_SIZE_MAX; code->size++) {
        uintptr_t at = facts->frame->rip + code->size;
        if (at >= USER_END || !pt_query(space->root, at, &leaf, &level))
            break;
        paddr_t byte = paddr_add(pte_address(leaf), at % pte_level_size(level));
        code->bytes[code->size] = *(const uint8_t *)direct_map(byte);
    }
    space_unlock_read(space);
}

void read_surroundings(const struct fault_facts *facts, struct surroundings *near)
{
    struct address_space *space = current()->space;

    *near = (struct surroundings){.stack_limit = space->stack_limit};
    space_lock_read(space);
    const struct vma *vma = vma_find(&space->vmas, facts->address);
    if (vma)
        near->above = *vma;
    vma = vma ? vma->previous : RB_MAX(vma_tree, &space->vmas);
    if (vma)
        near->below = *vma;
    space_unlock_read(space);
}

static void report_code(const struct fault_facts *facts)
{
    struct report_text text = {0};
    struct code_bytes code;

    read_code(facts, &code);
    for (unsigned int i = 0; i < code.size; i++)
        text_add(&text, i ? " %02x" : "%02x", code.bytes[i]);
    if (text.used)
        report_sentence("code", &text);
}

static void report_surroundings(const struct fault_facts *facts)
{
    struct surroundings near;

    read_surroundings(facts, &near);
    kprintf_private(REPORT_LABEL "none holds the address; the nearest:\n", "area");
    report_vma("  below", &near.below);
    report_vma("  above", &near.above);
}

static void report_more(const struct fault_facts *facts)
{
    const struct trap_frame *frame = facts->frame;

    if (facts->page_fault) {
        if (!(frame->error_code & X86_PF_INSTR))
            report_code(facts);
        if (!vma_exists(&facts->vma))
            report_surroundings(facts);
    } else if (is_exception(facts)) {
        kprintf_private(REPORT_LABEL "%s at 0x%lx, error code 0x%lx\n", "trap",
                        report_vector_name(frame->vector), frame->rip, frame->error_code);
        report_code(facts);
        report_pkru(facts->pkru);
    }
}

ATTACH(fault_report, report_more);
