// SPDX-License-Identifier: MIT
/*
 * What the report of a fatal signal knows: gathered once under the address space's lock, then
 * printed and judged without it. Only the rooms of reports include this.
 */
#ifndef KERNEL_REPORT_REPORT_FACTS_H
#define KERNEL_REPORT_REPORT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"
#include "kernel/report/report_text.h"
#include "kernel/signal/signal.h"
#include "mm/table/page_table.h"

#define CODE_SIZE_MAX 15 /* of an instruction */

/* An area as it was; end is 0 when there is none. */
struct area_facts {
    uintptr_t start, end;
    uint8_t prot, max_prot, key, flags;
    const char *name;
    bool has_object;
    uint64_t object_start; /* byte of the object at start */
    uint64_t object_size;  /* bytes */
};

struct fault_facts {
    const struct trap_frame *frame;
    const siginfo_t *info;
    uint32_t pkru;
    bool page_fault;   /* one whose address and error code are known */
    bool exception;    /* another exception, whose frame this is */
    uintptr_t address; /* that the page fault names */
    struct pt_path path;
    struct area_facts area;         /* that holds address */
    struct area_facts below, above; /* the nearest ones, when none does */
    int execute_only_key;           /* or -1 */
    uint64_t stack_limit;
    uint8_t code[CODE_SIZE_MAX]; /* the bytes at rip */
    unsigned int code_size;      /* how many of them could be read */
};

static inline bool area_exists(const struct area_facts *area)
{
    return area->end != 0;
}

/*
 * The report's one sentence, without a full stop, is about to be appended: who knows more about it
 * than this room appends it and answers 1. No lock is held.
 */
EVENT(fault_reason, int, struct report_text *text, const struct fault_facts *facts);

/* And what this room appends of page faults. */
void why_page_fault(struct report_text *text, const struct fault_facts *facts);

#endif
