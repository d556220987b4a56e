// SPDX-License-Identifier: MIT
/*
 * A function that keeps a frame pointer has this at RBP, and the next frame is its caller's:
 *
 *     rbp + 16   what the caller had on its stack
 *     rbp + 8    return address
 *     rbp        the caller's rbp
 *
 * The entry code (arch/entry/entry.asm) leaves RBP alone and calls up with a trap_frame on top of
 * the stack. So a return address in the entry code is followed by the registers of what was
 * interrupted: its rip is the next row.
 */
#include "kernel/explain/backtrace.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/trap.h"
#include "kernel/console/console.h"
#include "kernel/console/symbols.h"
#include "kernel/report/report.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"
#include "mm/table/page_table.h"

#define ROWS_MAX 24

extern const char text_start[], text_end[];

bool panic_read(uintptr_t address, uint64_t *value)
{
    unsigned int level;
    pte_t leaf;

    if (address < UPPER_HALF || address % sizeof(*value) ||
        !pt_query(paddr(read_cr3() & PTE_ADDRESS_MASK), address, &leaf, &level) ||
        !pte_is_present(leaf))
        return false;
    *value = *(const uint64_t *)address;
    return true;
}

static bool is_text(uintptr_t address)
{
    return address >= (uintptr_t)text_start && address < (uintptr_t)text_end;
}

/*
 * lookup: the address whose function is named. For a return address that is the byte before it,
 * because after a call that never returns the next function may begin.
 */
static const char *report_row(const char *label, uintptr_t address, uintptr_t lookup)
{
    uintptr_t offset;
    const char *name = is_text(lookup) ? symbol_lookup(lookup, &offset) : NULL;

    if (name)
        kprintf(REPORT_LABEL "%016lx  %s+0x%lx\n", label, address, name,
                offset + (address - lookup));
    else
        kprintf(REPORT_LABEL "%016lx  not in the kernel's text\n", label, address);
    return name;
}

/* Says what entered the kernel. Returns whether it came from the kernel, so that there is more. */
static bool report_trap(uintptr_t frame)
{
    uint64_t vector, rip, cs;

    if (!panic_read(frame + offsetof(struct trap_frame, vector), &vector) ||
        !panic_read(frame + offsetof(struct trap_frame, rip), &rip) ||
        !panic_read(frame + offsetof(struct trap_frame, cs), &cs))
        return false;
    if (cs & 3) {
        kprintf(REPORT_LABEL "%s in ring 3 at %lx\n", "", report_vector_name(vector), rip);
        return false;
    }
    kprintf(REPORT_LABEL "%s in the kernel, at\n", "", report_vector_name(vector));
    report_row("", rip, rip);
    return true;
}

static void report_syscall(uintptr_t frame)
{
    uint64_t number, rip;

    if (panic_read(frame + offsetof(struct trap_frame, error_code), &number) &&
        panic_read(frame + offsetof(struct trap_frame, rip), &rip))
        kprintf(REPORT_LABEL "system call %lu from ring 3, back to %lx\n", "", number, rip);
}

/* Goes past the entry code's frame. Returns whether the kernel's stack goes on below it. */
static bool pass_entry(const char *function, uintptr_t frame)
{
    if (strcmp(function, "syscall_entry") == 0) {
        report_syscall(frame);
        return false;
    }
    if (strcmp(function, "trap_entry") == 0 || strcmp(function, "paranoid_entry") == 0)
        return report_trap(frame);
    return true;
}

/* A function that calls itself gives the same row again and again: says only how often. */
static void report_repeats(unsigned int repeats)
{
    if (repeats)
        kprintf(REPORT_LABEL "... and %u times more\n", "", repeats);
}

static void report_frames(const char *label, uintptr_t rbp)
{
    uint64_t caller_rbp, return_address, last = 0;
    unsigned int rows = 0, repeats = 0;

    while (rows < ROWS_MAX && panic_read(rbp, &caller_rbp) &&
           panic_read(rbp + sizeof(uint64_t), &return_address)) {
        if (caller_rbp == 0 && !is_text(return_address))
            break; /* boot/entry.asm, whose part of the image is not mapped any more */
        if (return_address == last) {
            repeats++;
        } else {
            report_repeats(repeats);
            const char *function = report_row(label, return_address, return_address - 1);
            if (!function || !pass_entry(function, rbp + 2 * sizeof(uint64_t)))
                return;
            label = "";
            repeats = 0;
            rows++;
        }
        /* A caller's frame lies above, on the same stack. */
        if (caller_rbp <= rbp || caller_rbp - rbp > KERNEL_STACK_SIZE)
            break;
        last = return_address;
        rbp = caller_rbp;
    }
    report_repeats(repeats);
}

void backtrace_from(uintptr_t rbp)
{
    report_frames("trace", rbp);
}

/* Where a function has not made its frame yet, the return address is on top of the stack. */
static bool is_before_frame(uintptr_t rip)
{
    uintptr_t offset;

    return !is_text(rip) || (symbol_lookup(rip, &offset) && offset == 0);
}

void backtrace_trap(const struct trap_frame *frame)
{
    uint64_t return_address;

    report_row("trace", frame->rip, frame->rip);
    if (is_before_frame(frame->rip) && panic_read(frame->rsp, &return_address))
        report_row("", return_address, return_address - 1);
    report_frames("", frame->rbp);
}
