// SPDX-License-Identifier: MIT
#include "arch/start/start.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/device/power.h"
#include "arch/entry/idt.h"
#include "libc/include/string.h"

/* SDM vol. 3A, 8.4.4.1: INIT, 10 ms, start-up, 200 us, start-up. */
#define INIT_WAIT_US    10000
#define STARTUP_WAIT_US 200

/* How long a CPU may take to report: an emulator's CPU may have to wait for host time. */
#define ANSWER_LIMIT_US 5000000ul
#define POLL_US         100

/* The words at the end of boot/ap_trampoline.asm. */
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

/* arch/start/ap_entry.asm, and what it reads. */
void ap_entry(void);
void ap_main(struct ap_slot *slot) __attribute__((noreturn));
struct ap_slot *ap_slots;
uint32_t ap_slot_count;
paddr_t ap_root;

static enum ap_state state_of(const struct ap_slot *slot)
{
    return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
}

/* From AP_STARTED; false when the other side was quicker. */
static bool leave_started(struct ap_slot *slot, enum ap_state state)
{
    uint32_t expected = AP_STARTED;

    return __atomic_compare_exchange_n(&slot->state, &expected, state, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* ---- the started CPU ---- */

/* Sets this CPU up like the boot CPU; false when a room above says that it cannot be used. */
static bool set_up(struct ap_slot *slot)
{
    if (ASK(cpu_is_unfit, slot, AP_BEFORE_SET_UP))
        return false;
    cpu_setup_other();
    apic_init_other();
    return !ASK(cpu_is_unfit, slot, AP_SET_UP);
}

/* Interrupts are on only during HLT, which VECTOR_WAKE ends. */
void ap_main(struct ap_slot *slot)
{
    descriptors_load(slot->cpu);
    idt_load();
    if (!leave_started(slot, set_up(slot) ? AP_READY : AP_UNFIT))
        power_halt();
    for (;;) {
        void (*function)(struct ap_slot *) =
            __atomic_exchange_n(&slot->function, NULL, __ATOMIC_ACQUIRE);
        if (function)
            function(slot);
        else
            cpu_wait_for_interrupt();
    }
}

/* ---- the boot CPU ---- */

/* Copies the trampoline to its page. Offsets in its words become addresses in that page. */
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
    uint32_t page = (uint32_t)(plan->page.value >> PAGE_SHIFT);

    for (unsigned int i = 0; i < plan->count; i++)
        if (state_of(&plan->slots[i]) == AP_STARTED)
            apic_send(plan->slots[i].apic_id, APIC_ICR_STARTUP | page);
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
    ap_slots = plan->slots;
    ap_slot_count = plan->count;
    ap_root = plan->root;
    fill_page(plan);
    for (unsigned int i = 0; i < plan->count; i++)
        apic_send(plan->slots[i].apic_id, APIC_ICR_INIT);
    clock_wait(INIT_WAIT_US);
    send_startup(plan);
    clock_wait(STARTUP_WAIT_US);
    send_startup(plan);
    wait_for_all(plan);
}

void smp_call(struct ap_slot *slot, void (*function)(struct ap_slot *slot))
{
    __atomic_store_n(&slot->function, function, __ATOMIC_RELEASE);
    apic_send(slot->apic_id, VECTOR_WAKE);
}
