// SPDX-License-Identifier: MIT
/*
 * Explaining faults: the walk through the four levels with each entry decoded, the key, PKRU by
 * key, and one sentence that says why an access was refused.
 *
 *     VMA     7ffff77fe000-7ffff77ff000 rw- key 1, private, 4 KiB
 *     why      The page is present and the VMA allows writing, but ...
 *
 * The room owns the report of a program's end by a fault, the panic (kernel/report/panic.h), and
 * what both are made of. It leaves exceptions other than page faults, the instruction, and what is
 * not about keys to kernel/explain/, how many reports there may be to kernel/log/, and where they
 * appear to kernel/console/.
 *
 * kernel/report/report.c gathers and prints, kernel/report/report_decode.c decodes what the CPU has
 * (for a panic too), kernel/report/report_why.c finds the sentence.
 */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"
#include "arch/cpu/types.h"
#include "kernel/signal/signal.h"
#include "mm/space/vma.h"
#include "mm/table/page_table.h"

/*
 * The running task dies of a signal that nobody handles; info is what the handler would have been
 * given. For a page fault the report explains the access; what is said of others is
 * kernel/explain/'s.
 * pkru: what was in force at the fault. Call it while the task's tables are as the fault saw them.
 *
 * The report says what the program itself may not know: what is in its execute-only memory and
 * under keys that it has closed, physical addresses, page-table entries. So its lines are private
 * in the log (kernel/log/log.h); all of it is on the console.
 *
 * The facts are gathered under the address space's lock, and printed with no lock at all: a slow
 * serial line holds up this task alone. So the caller makes sure that only one task reports at a
 * time.
 */
void report_fatal_signal(const struct trap_frame *frame, const siginfo_t *info, uint32_t pkru);

/* ---- the form: rows of a label and its content, aligned, at most 80 columns wide ---- */

/* For printf: the label's column, which a row without a label leaves empty. */
#define REPORT_LABEL "%-9s"

#define REPORT_TEXT_SIZE 512

/* Text that is put together piece by piece. used is 0 at first; what does not fit is cut off. */
struct report_text {
    size_t used;
    char bytes[REPORT_TEXT_SIZE];
};

void text_add(struct report_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a number of bytes with its unit: exact, or "about" so many if that would be long. */
void text_add_size(struct report_text *text, uint64_t bytes);

/* Prints the text as one line, the content of a row. */
void report_line(const char *label, const struct report_text *text);

/* The same, wrapped over as many lines as it needs. */
void report_sentence(const char *label, const struct report_text *text);

/* ---- rows that the panic has too; none takes a lock or memory ---- */

/* The walk to an address, one row per level, as far as it gets; and one that was read before. */
void report_page_walk(paddr_t root, uintptr_t address);
void report_page_path(paddr_t root, uintptr_t address, const struct pt_path *path);

/* PKRU decoded: which keys are open, which may not be written, which not accessed. */
void report_pkru(uint32_t pkru);

/* The error code of a page fault, bit by bit. */
void report_error_code(uint64_t code);

void report_registers(const struct trap_frame *frame);

/* Name of an exception vector, such as "#PF page fault". */
const char *report_vector_name(uint64_t vector);

/* ---- what the report knows: gathered once, under the address space's lock ---- */

struct fault_facts {
    const struct trap_frame *frame;
    const siginfo_t *info;
    uint32_t pkru;
    bool page_fault;   /* one whose address and error code are known */
    uintptr_t address; /* that the page fault names */
    struct pt_path path;
    struct vma vma;       /* that holds address, as it was; all 0 when none does */
    uint64_t object_byte; /* what address is in the object that the VMA maps, */
    uint64_t object_size; /* and the bytes that it has */
    int execute_only_key; /* or -1 */
};

static inline bool vma_exists(const struct vma *vma)
{
    return vma->end != 0;
}

/* Whether the page lies beyond the end of the file that the VMA maps. */
bool is_beyond_object(const struct fault_facts *facts);

/* The row of a VMA, if it exists. */
void report_vma(const char *label, const struct vma *vma);

/*
 * The first rows of a report have been printed, and the VMA's is the next: more may be added. No
 * lock is held.
 */
EVENT(fault_report, void, const struct fault_facts *facts);

/*
 * The report's one sentence, without a full stop, is about to be written: a room that knows more
 * about it than this one appends its own and answers 1. No lock is held.
 */
EVENT(fault_reason, int, struct report_text *text, const struct fault_facts *facts);

/* This room's sentence about a page fault. */
void why_page_fault(struct report_text *text, const struct fault_facts *facts);

#endif
