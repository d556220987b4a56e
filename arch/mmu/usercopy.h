// SPDX-License-Identifier: MIT
/*
 * User memory, and the only way to access it.
 *
 * The room owns what the CPU does with an address: the format of an entry (pte.h), PKRU (pkru.h),
 * translations and their invalidation (tlb.h), and these copies. It leaves the walk over page
 * tables to mm/table/, and VMAs and the faults in them to mm/space/.
 *
 * Under SMAP the kernel may access user pages only between STAC and CLAC, which only the macros
 * below and copy_user.asm have. The copies run with the user's PKRU in force: a key that denies the
 * program denies the kernel that acts for it. A fault that the address space cannot resolve is
 * looked up in the exception table and ends the copy.
 */
#ifndef ARCH_MMU_USERCOPY_H
#define ARCH_MMU_USERCOPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/cpu/check.h"
#include "arch/cpu/layout.h"

/* Both return the number of bytes NOT copied, counted exactly to the byte that faulted. */
size_t copy_to_user(uintptr_t destination, const void *source, size_t size);
size_t copy_from_user(void *destination, uintptr_t source, size_t size);

/* The same of one int: 0 or -EFAULT. */
static inline int put_user_int(uintptr_t destination, int value)
{
    return copy_to_user(destination, &value, sizeof(value)) ? -EFAULT : 0;
}

static inline int get_user_int(int *value, uintptr_t source)
{
    return copy_from_user(value, source, sizeof(*value)) ? -EFAULT : 0;
}

/* Fills with zeros; returns the number of bytes not filled. */
size_t clear_user(uintptr_t destination, size_t size);

/*
 * Copies a string with its NUL. Returns its length; size if there is no NUL in the first size
 * bytes; -EFAULT.
 */
long strncpy_from_user(char *destination, uintptr_t source, size_t size);

/*
 * Reads a word that threads share, 32 bits and aligned, by one access: 0 or -EFAULT. It resolves no
 * page fault and takes no lock, so it is for callers that hold one: when it fails, the caller lets
 * its locks go, makes an access that brings the page in or fails for good, and begins again.
 */
int user_word_try_load(uintptr_t address, uint32_t *value);

/* Whether [start, start + size) lies in the user half. */
static inline bool user_range_ok(uintptr_t start, size_t size)
{
    return size <= USER_END && start <= USER_END - size;
}

/*
 * Whether a page fault in ring 3 was an implicit supervisor-mode access, which SMAP refuses
 * whatever is mapped. CPUs make such accesses only to descriptor tables (SDM vol. 3A, 4.6), which
 * are not in user memory; QEMU before 9.1 also to the stack of a far return and of IRETQ.
 */
bool access_is_implicit(uint32_t error_code);

/* Patches STAC and CLAC over NOPs of the image, before the kernel's text is read-only. */
void usercopy_enable_smap(void);

/* For inline assembly that touches user memory: STAC and CLAC, or three bytes of NOP. */
#define SMAP_PATCH(last_byte)       \
    "771: .byte 0x0f, 0x1f, 0x00\n" \
    ".pushsection .smap, \"a\"\n"   \
    ".quad 771b, " last_byte "\n"   \
    ".popsection\n"
#define STAC_IF_SMAP SMAP_PATCH("0xcb")
#define CLAC_IF_SMAP SMAP_PATCH("0xca")

/*
 * An entry of the exception table: a fault of the instruction at label continues at fixup; a page
 * fault only if it cannot be resolved or, with at_once, without trying.
 */
#define EXCEPTION_ENTRY(label, fixup, at_once)  \
    ".pushsection .extable, \"a\"\n"            \
    ".quad " label ", " fixup ", " at_once "\n" \
    ".popsection\n"
#define EXCEPTION_TABLE(label, fixup)         EXCEPTION_ENTRY(label, fixup, "0")
#define EXCEPTION_TABLE_AT_ONCE(label, fixup) EXCEPTION_ENTRY(label, fixup, "1")

/*
 * For structures that are written or read field by field, in place: between these two, user_put()
 * stores to user memory and user_get() loads from it, in a range that user_range_ok() has accepted.
 * Nothing else is to be done there. place and into are pointers to 2, 4 or 8 bytes; a fault that
 * cannot be resolved goes to a label.
 */
static inline void user_access_begin(void)
{
    __asm__ volatile(STAC_IF_SMAP : : : "memory");
}

static inline void user_access_end(void)
{
    __asm__ volatile(CLAC_IF_SMAP : : : "memory");
}

#define user_put(value, place, label)                                      \
    __asm__ goto("1: mov %0, %1\n" EXCEPTION_TABLE("1b", "%l[" #label "]") \
                 :                                                         \
                 : "r"((__typeof__(*(place)))(value)), "m"(*(place))       \
                 :                                                         \
                 : label)

/* Through a named register: GCC 12 may lose an output of asm goto (PR 113921). */
#define USER_GET_BY(accumulator, into, place, label)                                   \
    __asm__ goto("1: mov %0, %%" accumulator "\n"                                      \
                 "mov %%" accumulator ", %1\n" EXCEPTION_TABLE("1b", "%l[" #label "]") \
                 :                                                                     \
                 : "m"(*(place)), "m"(*(into))                                         \
                 : "rax", "memory"                                                     \
                 : label)

#define user_get(into, place, label)                                       \
    do {                                                                   \
        _Static_assert(sizeof(*(into)) == sizeof(*(place)), "user_get()"); \
        kasan_check_write(into, sizeof(*(into)));                          \
        if (sizeof(*(place)) == 8)                                         \
            USER_GET_BY("rax", into, place, label);                        \
        else if (sizeof(*(place)) == 4)                                    \
            USER_GET_BY("eax", into, place, label);                        \
        else                                                               \
            USER_GET_BY("ax", into, place, label);                         \
    } while (0)

/* Where to continue after a fault of the instruction at address, or 0. */
uintptr_t exception_fixup(uintptr_t address);

/* Whether a page fault of that instruction must not be resolved: its caller holds a lock. */
bool exception_is_at_once(uintptr_t address);

#endif
