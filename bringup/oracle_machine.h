// SPDX-License-Identifier: MIT
/*
 * Makes the processor carry out single memory accesses under conditions of the caller's choice.
 *
 * It owns page tables of its own, whose lower half has one address for each size of page, and
 * runs with them, with interrupts off, from oracle_machine_open() to oracle_machine_close().
 */
#ifndef BRINGUP_ORACLE_MACHINE_H
#define BRINGUP_ORACLE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/trap.h"
#include "bringup/oracle.h"

/* What this CPU can be asked to do. */
struct oracle_features {
    bool pku, smep, smap, has_1g_pages;
    unsigned int physical_bits;
};

/* What became of an access. */
struct oracle_outcome {
    uint64_t vector; /* of the exception that ended it: #BP is success */
    uint64_t code;   /* its error code */
    uint64_t cr2;    /* of a page fault */
    uint64_t rip;
    uint64_t value; /* that a read gave */
};

#define ORACLE_VECTOR_BP 3
#define ORACLE_VECTOR_PF 14

/*
 * Each CPU has a machine of its own, and they may be open at the same time. 0 or -ENOMEM. A trap
 * hook that is set already stays, and has to call oracle_end_access().
 */
int oracle_machine_open(void);
void oracle_machine_close(void);

/* Takes the exception that ends an access; false when it is not one. */
bool oracle_end_access(struct trap_frame *frame);

/* When something else has ended it. */
void oracle_forget_access(void);

const struct oracle_features *oracle_features(void);

/*
 * The address bits of the entry of this level on the way to the page of the given size (leaf:
 * 1 4 KiB, 2 2 MiB, 3 1 GiB) that an access of this kind is to. Bit 7 is included where the entry
 * has to have it.
 */
uint64_t oracle_entry_base(unsigned int leaf, unsigned int level, enum oracle_access access);

/* The address of such an access, and of the instruction that makes it. */
uintptr_t oracle_address(unsigned int leaf, enum oracle_access access);
uintptr_t oracle_instruction(unsigned int leaf, enum oracle_access access, unsigned int cpl);

/* CR0, CR4 and PKRU from now on; PKRU is kept, not judged, while CR4.PKE is 0. */
void oracle_set_modes(uint64_t cr0, uint64_t cr4, uint32_t pkru);

/* The values before oracle_machine_open(). */
uint64_t oracle_initial_cr0(void);
uint64_t oracle_initial_cr4(void);
uint64_t oracle_efer(void);

/*
 * Writes the case's entries, invalidates, and makes the access: a write writes value. CR0, CR4
 * and PKRU must have been set.
 */
struct oracle_outcome oracle_try(unsigned int leaf, const struct oracle_case *c, uint64_t value);

/*
 * Has ring 3 run a function up to its breakpoint, which leaves the function's result in the
 * outcome's value. SYSCALL leads to entry.
 */
struct oracle_outcome oracle_call(const char *function, const char *entry, uint64_t argument);

/*
 * bringup/oracle_access.asm: functions that make system calls, and entries. The first takes a
 * value for PKRU and gives it as ring 3 has it after the calls; the upper half is what
 * oracle_syscall saw, if that is the entry. The second gives the ticks of one call.
 */
extern const char oracle_call_keeping[], oracle_call_timed[];
extern const char oracle_syscall[], oracle_sysret[];

/* The leaf as the processor left it. */
uint64_t oracle_read_leaf(unsigned int leaf);

/* The word that reads and writes are of, seen through the kernel's own map. */
uint64_t *oracle_target(void);

#endif
