// SPDX-License-Identifier: MIT
/*
 * What this room knows of a fatal signal beside the facts of kernel/report/report.h. Each is read
 * when it is asked for: the task that dies is the running one, and stays as it is meanwhile.
 */
#ifndef KERNEL_EXPLAIN_MORE_FACTS_H
#define KERNEL_EXPLAIN_MORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/report/report.h"

#define CODE_SIZE_MAX 15 /* of an instruction */

/* The bytes at rip, as many as could be read. */
struct code_bytes {
    uint8_t bytes[CODE_SIZE_MAX];
    unsigned int size;
};

void read_code(const struct fault_facts *facts, struct code_bytes *code);

/* What is near an address that no VMA holds. */
struct surroundings {
    struct vma below, above; /* the nearest VMAs, as they were; all 0 when there is none */
    uint64_t stack_limit;
};

void read_surroundings(const struct fault_facts *facts, struct surroundings *near);

/* Whether the facts' frame is that of an exception, no page fault, which caused the signal. */
bool is_exception(const struct fault_facts *facts);

#endif
