// SPDX-License-Identifier: MIT
#include "arch/mmu/tlb.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"

void load_cr3(paddr_t root)
{
    this_cpu()->tlb.events.cr3_loads++;
    write_cr3(root.value);
}

void tlb_load(paddr_t root, struct cpu_set *space)
{
    struct percpu *cpu = this_cpu();
    struct cpu_set *old = cpu->tlb.space;

    if (space == old)
        return;
    if (space)
        cpu_set_add(space, cpu->number); /* a full barrier: see arch/mmu/tlb.h */
    cpu->tlb.space = space;
    load_cr3(root);
    if (old) {
        cpu_set_remove(old, cpu->number);
        tlb_check_unload(old); /* only the address is used: old may be freed from here on */
    }
}

/* ---- on this CPU ---- */

static void flush_page(const struct tlb_cpu *tlb, uintptr_t address)
{
    tlb_check_invlpg(tlb->space, address);
    invlpg(address);
}

static void flush_range(const struct tlb_cpu *tlb, const struct tlb_range *range)
{
    for (uintptr_t at = range->start; at < range->end; at += range->step)
        flush_page(tlb, at);
}

/* All translations of programs: a load of CR3 drops those that are not global. */
static void flush_all(const struct tlb_cpu *tlb)
{
    tlb_check_reload(tlb->space);
    load_cr3(paddr(read_cr3()));
}

static void flush_here(struct tlb_cpu *tlb, const struct tlb_batch *batch)
{
    if (tlb_batch_is_all(batch)) {
        flush_all(tlb);
        return;
    }
    for (unsigned int i = 0; i < batch->count; i++)
        flush_range(tlb, &batch->ranges[i]);
    tlb->events.invlpg += batch->pages;
}

/* ---- asking other CPUs, and answering ---- */

/* As soon as it is answered, the asking CPU may continue, and reuse asked_space and asked_batch. */
static void answer(struct tlb_cpu *tlb, struct tlb_cpu *asker)
{
    if (asker->asked_space == tlb->space)
        flush_here(tlb, asker->asked_batch);
    __atomic_fetch_sub(&asker->unanswered, 1, __ATOMIC_RELEASE);
}

/* VECTOR_TLB may interrupt it and run it again; each bit is taken by one of the two runs. */
void tlb_answer(void)
{
    struct tlb_cpu *tlb = &this_cpu()->tlb;

    for (unsigned int i = 0; i < CPU_SET_WORDS; i++) {
        if (!__atomic_load_n(&tlb->incoming.words[i], __ATOMIC_RELAXED))
            continue;
        uint64_t askers = __atomic_exchange_n(&tlb->incoming.words[i], 0, __ATOMIC_ACQUIRE);
        for (; askers; askers &= askers - 1) {
            unsigned int bit = (unsigned int)__builtin_ctzl(askers);
            answer(tlb, &percpu_of(i * CPU_SET_WORD_BITS + bit)->tlb);
        }
    }
}

/* The members of a set except this CPU; false if there are none. */
static bool others_of(const struct cpu_set *set, struct cpu_set *others)
{
    unsigned int me = this_cpu_number();
    uint64_t any = 0;

    for (unsigned int i = 0; i < CPU_SET_WORDS; i++) {
        others->words[i] = __atomic_load_n(&set->words[i], __ATOMIC_RELAXED);
        if (i == me / CPU_SET_WORD_BITS)
            others->words[i] &= ~cpu_set_bit(me);
        any |= others->words[i];
    }
    return any != 0;
}

static void ask(struct tlb_cpu *tlb, const struct cpu_set *others, const struct cpu_set *space,
                const struct tlb_batch *batch)
{
    unsigned int targets = cpu_set_count(others);
    unsigned int cpu;

    tlb->events.shootdowns++;
    tlb->events.targets += targets;
    tlb->asked_space = space;
    tlb->asked_batch = batch;
    __atomic_store_n(&tlb->unanswered, targets, __ATOMIC_RELAXED);
    for_each_cpu(cpu, others) cpu_set_add(&percpu_of(cpu)->tlb.incoming, this_cpu_number());
    ipi_send_set(others, VECTOR_TLB);
}

void spin_relax(void)
{
    tlb_answer();
    cpu_relax();
}

static void await_answers(const struct tlb_cpu *tlb)
{
    while (__atomic_load_n(&tlb->unanswered, __ATOMIC_ACQUIRE))
        spin_relax();
}

/* Starts the flush on the other CPUs that have the space loaded; await_answers() ends it. */
static void ask_others(struct tlb_cpu *tlb, const struct cpu_set *space,
                       const struct tlb_batch *batch)
{
    struct cpu_set others;

    if (!others_of(space, &others))
        return;
    assert(irq_is_enabled()); /* they answer when they can: interrupts would be off as long */
    ask(tlb, &others, space, batch);
}

static void __attribute__((noinline))
flush_everywhere(struct tlb_cpu *tlb, const struct cpu_set *space, const struct tlb_batch *batch)
{
    ask_others(tlb, space, batch);
    if (tlb->space == space) /* while the others flush */
        flush_here(tlb, batch);
    await_answers(tlb);
}

void tlb_flush(const struct cpu_set *space, const struct tlb_batch *batch)
{
    struct tlb_cpu *tlb = &this_cpu()->tlb;

    if (cpu_count > 1) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the entries, then the set: see arch/mmu/tlb.h */
        flush_everywhere(tlb, space, batch);
    } else if (tlb->space == space) {
        flush_here(tlb, batch);
    }
    tlb_check_flushed(space);
}
