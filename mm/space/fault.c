// SPDX-License-Identifier: MIT
#include "mm/space/fault.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/trap.h"
#include "arch/mmu/pkru.h"
#include "libc/include/string.h"
#include "mm/space/mmap.h"
#include "mm/table/page_table.h"

/* ---- judging ---- */

bool key_denies(unsigned int key, uint32_t pkru, uint32_t error_code)
{
    uint32_t rights = pkru_rights(pkru, key);

    if (!cpu_state.pku || (error_code & X86_PF_INSTR))
        return false;
    return (rights & PKRU_AD) || ((rights & PKRU_WD) && (error_code & X86_PF_WRITE));
}

/* On x86 a page that is writable or executable is readable too: only PROT_NONE denies reads. */
static bool protection_denies(const struct vma *vma, uint32_t error_code)
{
    if (error_code & X86_PF_WRITE)
        return !(vma->prot & PROT_WRITE);
    if (error_code & X86_PF_INSTR)
        return !(vma->prot & PROT_EXEC);
    return !vma->prot;
}

/* ---- faults ---- */

/*
 * The verdict on an access to a VMA that holds the address. Linux's order: the key first, so that
 * an access which both key and protection deny is reported as a key fault.
 *
 * The CPU's PK bit is not used. Before the first touch of a page there is no entry, so the CPU
 * reports P=0 and knows no key; and another thread may have changed the key since the fault. The
 * VMA's key and PKRU at the fault decide, and so the answer is the same each time.
 */
static int judge(struct address_space *space, struct vma *vma, uintptr_t address,
                 uint32_t error_code, uint32_t pkru, struct fault_verdict *verdict)
{
    if (key_denies(vma->key, pkru, error_code))
        return refuse(verdict, SIGSEGV, SEGV_PKUERR, vma);
    if (protection_denies(vma, error_code))
        return refuse(verdict, SIGSEGV, SEGV_ACCERR, vma);
    return space_resolve_locked(space, vma, address, error_code & X86_PF_WRITE, verdict);
}

int space_fault(struct address_space *space, uintptr_t address, uint32_t error_code, uint32_t pkru,
                struct fault_verdict *verdict)
{
    int error;

    space_lock_read(space);
    struct vma *vma = vma_find(&space->vmas, address);
    if (vma && !vma_holds(vma, address) && (vma->flags & VMA_GROWS_DOWN)) {
        space_unlock_read(space);
        TELL(stack_is_touched, space, address);
        space_lock_read(space);
        /* Once more: while the lock was released, others may have changed the VMAs. */
        vma = vma_find(&space->vmas, address);
    }
    if (vma_holds(vma, address))
        error = judge(space, vma, address, error_code, pkru, verdict);
    else
        error = refuse(verdict, SIGSEGV, SEGV_MAPERR, NULL);
    space_unlock_read(space);
    return error;
}

/* ---- memory on somebody else's behalf ---- */

int space_memory_locked(struct address_space *space, struct vma *vma, uintptr_t address, bool write,
                        char **memory)
{
    struct fault_verdict verdict;
    unsigned int level;
    pte_t leaf;

    /* Until the leaf is there, and owned for a write: other threads may change it too. */
    do {
        if (space_resolve_locked(space, vma, address, write, &verdict))
            return -EFAULT;
    } while (!pt_query(space->root, address, &leaf, &level) ||
             (write && !(leaf.value & PTE_OWNED)));
    *memory = (char *)direct_map(pte_address(leaf)) + address % pte_level_size(level);
    return 0;
}

int space_fill(struct address_space *space, uintptr_t address, const void *bytes, size_t size)
{
    const char *from = bytes;
    int error = 0;
    size_t piece;

    space_lock_read(space);
    for (size_t done = 0; !error && done < size; done += piece) {
        uintptr_t at = address + done;
        struct vma *vma = vma_find(&space->vmas, at);
        char *memory;
        piece = PAGE_SIZE - at % PAGE_SIZE < size - done ? PAGE_SIZE - at % PAGE_SIZE : size - done;
        error = vma_holds(vma, at) ? space_memory_locked(space, vma, at, true, &memory) : -EFAULT;
        if (!error)
            memcpy(memory, from + done, piece);
    }
    space_unlock_read(space);
    return error;
}
