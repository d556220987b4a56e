// SPDX-License-Identifier: MIT
/*
 * Just enough of the x86 instruction format to name an instruction that faulted (SDM vol. 2A,
 * chapter 2).
 */
#ifndef KERNEL_EXPLAIN_REPORT_INSTRUCTION_H
#define KERNEL_EXPLAIN_REPORT_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/explain/more_facts.h"

/* An instruction without its prefixes. */
struct opcode {
    const uint8_t *bytes;
    unsigned int size; /* of what is known of it */
    uint8_t rex;       /* or 0 */
    bool operand_size; /* the prefix 66h */
};

struct opcode opcode_of(const struct code_bytes *code);

bool opcode_is_wrpkru(const struct opcode *opcode);
bool opcode_is_rdpkru(const struct opcode *opcode);
bool opcode_is_ud2(const struct opcode *opcode);
bool opcode_is_int(const struct opcode *opcode); /* INT n, with n in bytes[1] */

/* The instruction's name if it is one of that kind, or NULL. */
const char *opcode_ring0_only(const struct opcode *opcode);
const char *opcode_needs_iopl(const struct opcode *opcode);
const char *opcode_hidden_by_umip(const struct opcode *opcode);
const char *opcode_wants_alignment(const struct opcode *opcode); /* to 16 bytes */

struct named_register {
    const char *name;
    uint64_t value;
};

/* A general register by the number that instructions give it, 0 to 15. */
struct named_register numbered_register(const struct trap_frame *frame, unsigned int number);

/* The register that a DIV or IDIV divides by, and as much of it as counts; false if it is not one.
 */
bool opcode_divisor(const struct opcode *opcode, const struct trap_frame *frame,
                    struct named_register *divisor);

#endif
