// SPDX-License-Identifier: MIT
/*
 * membarrier: a memory barrier in other threads, by an interrupt to the CPUs that run them. A CPU
 * that begins to run the address space meanwhile passes a barrier by itself, as it joins the set.
 */
#include "kernel/more/membarrier.h"

#include <linux/membarrier.h>

#include "arch/cpu/percpu.h"
#include "arch/mmu/tlb.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

/* GET_REGISTRATIONS, which no header of uapi has in Linux 6.1. */
#define GET_REGISTRATIONS (1 << 9)

#define ALL_COMMANDS                                                                          \
    (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                \
     MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |            \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | GET_REGISTRATIONS)

/* What the others are asked for is to invalidate nothing, and so no more than their answer. */
void barrier_on(const struct cpu_set *cpus)
{
    static const struct tlb_batch nothing;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    tlb_flush(cpus, &nothing);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void barrier_everywhere(void)
{
    struct cpu_set all = {{0}};

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        cpu_set_add(&all, cpu);
    barrier_on(&all);
}

/* The command that registers for a private one is the bit above it. */
static long barrier_private(struct address_space *space, uint32_t command)
{
    if (!(__atomic_load_n(&space->membarriers, __ATOMIC_RELAXED) & command << 1))
        return -EPERM;
    barrier_on(&space->cpus);
    return 0;
}

PARALLEL_SYSCALL3(membarrier, int, command, unsigned int, flags, int, cpu)
{
    struct address_space *space = current()->space;

    (void)cpu; /* it belongs to a flag of the command for rseq, which is not there */
    if (flags)
        return -EINVAL;
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return ALL_COMMANDS;
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
        barrier_everywhere();
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE: /* which IRET does (SDM vol. 3A, 9.3) */
        return barrier_private(space, (uint32_t)command);
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
        __atomic_fetch_or(&space->membarriers, (uint32_t)command, __ATOMIC_RELAXED);
        return 0;
    case GET_REGISTRATIONS:
        return __atomic_load_n(&space->membarriers, __ATOMIC_RELAXED);
    default:
        return -EINVAL;
    }
}
