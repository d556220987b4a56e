// SPDX-License-Identifier: MIT
#include "arch/smp.h"

#include "arch/apic.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/ipi.h"
#include "arch/percpu.h"
#include "libc/include/string.h"

/* SDM vol. 3A, 8.4.4.1: INIT, 10 ms, start-up, 200 us, start-up. */
#define INIT_WAIT_US    10000
#define STARTUP_WAIT_US 200

/*
 * How long a CPU may take until it reports, or answers with its TSC. An emulator's may not get the
 * host's time at once, and a late answer says no less about its TSC: the bounds are only wider.
 */
#define ANSWER_LIMIT_US 5000000ul
#define POLL_US         100

#define TSC_ROUNDS 8

/* The end of boot/ap_trampoline.asm. */
struct ap_trampoline_words {
    uint64_t entry;
    uint32_t root;
    uint32_t protected_mode;
    uint16_t protected_mode_segment;
    uint16_t gdt_limit;
    uint32_t gdt;
    uint32_t long_mode;
    uint16_t long_mode_segment;
} __attribute__((packed));

extern const char ap_trampoline[], ap_trampoline_words[], ap_trampoline_end[];

/* arch/ap_entry.asm, and what it reads. */
void ap_entry(void);
void ap_main(struct ap_slot *slot) __attribute__((noreturn));
struct ap_slot *ap_slots;
uint32_t ap_slot_count;
paddr_t ap_root;

static struct cpu_facts boot_facts;
static void (*run_admitted)(void);
static paddr_t startup_page;

static enum ap_state state_of(const struct ap_slot *slot)
{
    return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
}

static void set_state(struct ap_slot *slot, enum ap_state state)
{
    __atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

/* From AP_STARTED; false when the other side was quicker. */
static bool leave_started(struct ap_slot *slot, enum ap_state state)
{
    uint32_t expected = AP_STARTED;

    return __atomic_compare_exchange_n(&slot->state, &expected, state, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* ---- the started CPU ---- */

static void __attribute__((noreturn)) halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Sets itself up as the boot CPU is, unless it lacks or has something that the boot CPU has not. */
static bool set_up(struct ap_slot *slot)
{
    struct cpu_facts *facts = &slot->cpu->facts;

    cpu_read_facts(facts);
    if (cpu_facts_differ(&boot_facts, facts, CPU_FEATURES, &slot->difference))
        return false;
    cpu_setup_other();
    apic_init_other();
    cpu_read_facts(facts);
    return !cpu_facts_differ(&boot_facts, facts, CPU_FEATURES_AND_REGISTERS, &slot->difference);
}

static void answer(struct ap_slot *slot)
{
    uint32_t asked = __atomic_load_n(&slot->asked, __ATOMIC_ACQUIRE);

    if (asked == slot->answered) {
        cpu_relax();
        return;
    }
    slot->tsc = rdtsc_ordered();
    __atomic_store_n(&slot->answered, asked, __ATOMIC_RELEASE);
}

/* Runs with interrupts off but for the HLT, out of which VECTOR_WAKE brings it. */
void ap_main(struct ap_slot *slot)
{
    descriptors_load(slot->cpu);
    if (!leave_started(slot, set_up(slot) ? AP_READY : AP_DIFFERENT))
        halt();
    for (;;) {
        switch (state_of(slot)) {
        case AP_READY:
            cpu_wait_for_interrupt();
            break;
        case AP_MEASURED:
            answer(slot);
            break;
        case AP_ADMITTED:
            run_admitted();
            halt();
        default:
            halt();
        }
    }
}

/* ---- the boot CPU ---- */

/* How far up the page the words are, and that they fit, is the same for every copy. */
static void fill_page(const struct ap_plan *plan)
{
    size_t size = (size_t)(ap_trampoline_end - ap_trampoline);
    size_t words_at = (size_t)(ap_trampoline_words - ap_trampoline);
    uint32_t page = (uint32_t)plan->page.value;
    struct ap_trampoline_words words;

    memcpy(&words, ap_trampoline_words, sizeof(words));
    words.entry = (uintptr_t)ap_entry;
    words.root = (uint32_t)plan->page_root.value;
    words.protected_mode += page;
    words.gdt += page;
    words.long_mode += page;
    memcpy(plan->page_view, ap_trampoline, size);
    memcpy((char *)plan->page_view + words_at, &words, sizeof(words));
}

static unsigned int count_started(const struct ap_plan *plan)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < plan->count; i++)
        count += state_of(&plan->slots[i]) == AP_STARTED;
    return count;
}

static void send_startup(const struct ap_plan *plan)
{
    for (unsigned int i = 0; i < plan->count; i++)
        if (state_of(&plan->slots[i]) == AP_STARTED)
            apic_send_startup(plan->slots[i].apic_id, plan->page);
}

static void wait_for_all(const struct ap_plan *plan)
{
    for (uint64_t waited = 0; waited < ANSWER_LIMIT_US && count_started(plan); waited += POLL_US)
        clock_wait(POLL_US);
    for (unsigned int i = 0; i < plan->count; i++)
        leave_started(&plan->slots[i], AP_ABSENT);
}

void smp_start_all(const struct ap_plan *plan)
{
    cpu_read_facts(&boot_facts);
    this_cpu()->facts = boot_facts;
    run_admitted = plan->run;
    startup_page = plan->page;
    ap_slots = plan->slots;
    ap_slot_count = plan->count;
    ap_root = plan->root;
    fill_page(plan);
    for (unsigned int i = 0; i < plan->count; i++)
        apic_send_init(plan->slots[i].apic_id);
    clock_wait(INIT_WAIT_US);
    send_startup(plan);
    clock_wait(STARTUP_WAIT_US);
    send_startup(plan);
    wait_for_all(plan);
}

static void wake(const struct ap_slot *slot)
{
    apic_send_interrupt(slot->apic_id, VECTOR_WAKE);
}

/* One round: the answer was read between two readings here. Narrows the agreement; false: late. */
static bool compare_once(struct ap_slot *slot, uint32_t round, struct tsc_agreement *agreement)
{
    uint64_t before = rdtsc_ordered();
    uint64_t limit = clock_ticks(ANSWER_LIMIT_US);

    __atomic_store_n(&slot->asked, round, __ATOMIC_RELEASE);
    while (__atomic_load_n(&slot->answered, __ATOMIC_ACQUIRE) != round) {
        if (rdtsc() - before > limit)
            return false;
        cpu_relax();
    }
    int64_t low = (int64_t)(before - slot->tsc);
    int64_t high = (int64_t)(rdtsc_ordered() - slot->tsc);
    if (low > agreement->low)
        agreement->low = low;
    if (high < agreement->high)
        agreement->high = high;
    return true;
}

void smp_compare_tsc(struct ap_slot *slot, struct tsc_agreement *agreement)
{
    *agreement = (struct tsc_agreement){true, INT64_MIN, INT64_MAX};
    set_state(slot, AP_MEASURED);
    wake(slot);
    for (uint32_t round = 1; round <= TSC_ROUNDS && agreement->answered; round++)
        agreement->answered = compare_once(slot, round, agreement);
    set_state(slot, AP_READY);
}

void smp_admit(struct ap_slot *slot)
{
    percpu_add(slot->cpu);
    set_state(slot, AP_ADMITTED);
    wake(slot);
}

bool smp_restart(struct ap_slot *slot)
{
    const struct ap_plan plan = {.slots = slot, .count = 1, .page = startup_page};

    set_state(slot, AP_STARTED);
    apic_send_init(slot->apic_id);
    clock_wait(INIT_WAIT_US);
    send_startup(&plan);
    clock_wait(STARTUP_WAIT_US);
    send_startup(&plan);
    wait_for_all(&plan);
    if (state_of(slot) != AP_READY)
        return false;
    set_state(slot, AP_ADMITTED);
    wake(slot);
    return true;
}

void smp_refuse(struct ap_slot *slot)
{
    set_state(slot, AP_REFUSED);
    wake(slot);
}
