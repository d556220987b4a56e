// SPDX-License-Identifier: MIT
/*
 * The memory that calls are aimed at.
 *
 *     | play: 4 MiB, a patchwork of areas | scratch: 64 KiB | guard: 1 GiB, PROT_NONE |
 *
 * Calls may do to the play pages what they like, and the fuzzer itself never touches them. Scratch
 * holds what arguments point to and stays as it is. A kernel that writes more than there is room
 * for runs into the guard, so buffers may claim any size.
 */
#ifndef TESTS_FUZZ_ARENA_H
#define TESTS_FUZZ_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/call.h"

#define PAGE ((uint64_t)4096)

/* A moment or a duration as the kernel's ABI has it: seconds, and nanoseconds or microseconds. */
struct fuzz_time {
    long seconds;
    long fraction;
};

/* Once for each worker; ends the process if there is no memory. */
void arena_create(void);

/*
 * New play pages, some of them of the file FD_FILE; all protection keys and mappings made meanwhile
 * are given back.
 */
void arena_reset(void);

/* For each use of a call: what was taken from scratch before is free again. */
void scratch_reset(void);

/* Zeroed memory that stays until the next reset: sizes of arguments, at most 8 KiB. */
void *scratch_take(size_t size);

bool is_scratch(uint64_t address);

/* Remembers a mapping outside the play pages, which a later call or reset unmaps. */
void remember_mapping(uint64_t start, uint64_t size);

/* An address that is nobody's or the kernel's, and a value that is an edge of something. */
uint64_t wild_address(void);
uint64_t wild_value(void);

/* A page among the play pages with so many bytes behind it. */
uint64_t play_room(uint64_t size);

/* ---- generators ---- */

uint64_t play_address(const struct use *use); /* mostly page-aligned */
uint64_t play_length(const struct use *use);  /* behind an address: not beyond the play pages */
uint64_t play_huge_address(const struct use *use);
uint64_t mapping_address(const struct use *use); /* of a remembered mapping, or the play pages */
uint64_t mapping_length(const struct use *use);

uint64_t buffer(const struct use *use); /* in scratch or in the play pages */
uint64_t buffer_or_null(const struct use *use);
uint64_t buffer_size(const struct use *use);
uint64_t word(const struct use *use); /* eight bytes of scratch, with a small number */
uint64_t io_vector(const struct use *use);
uint64_t io_vector_count(const struct use *use);
uint64_t remote_vector(const struct use *use); /* into the play pages only */
uint64_t short_time(const struct use *use);    /* a timespec of a few milliseconds */
uint64_t short_time_or_null(const struct use *use);

#endif
