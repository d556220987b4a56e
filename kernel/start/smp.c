// SPDX-License-Identifier: MIT
#include "kernel/start/start.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/start/start.h"
#include "boot/boot_info.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/task/sched.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/table/kernel_map.h"

#define RUN_WAIT_US 10
#define RUN_WAITS   100000u

_Static_assert(sizeof(struct percpu) <= PAGE_SIZE, "prepare_slot() allocates a page for it");

static struct ap_slot slots[CPU_MAX];
static struct madt madt;

struct ap_plan smp_plan;

static void note_failure(uint32_t apic_id, const char *reason)
{
    kprintf(KERN_ERR "cpus       FAILED: the CPU with APIC id %u %s\n", apic_id, reason);
    TELL(cpu_is_missing, apic_id, reason);
}

/* ---- what a CPU needs to start ---- */

/* The highest page below the legacy screen that is RAM and in no other range; 0: none. */
static paddr_t find_low_page(const struct boot_info *info)
{
    for (uint64_t page = LOW_MEMORY_END - PAGE_SIZE; page; page -= PAGE_SIZE) {
        bool is_ram = false, is_other = false;

        for (unsigned int i = 0; i < info->memory_count; i++) {
            const struct boot_memory_range *range = &info->memory[i];
            uint64_t start = range->base.value;
            uint64_t end = start + range->size;
            if (range->type == BOOT_MEMORY_RAM)
                is_ram |= start <= page && end >= page + PAGE_SIZE;
            else
                is_other |= start < page + PAGE_SIZE && end > page;
        }
        if (is_ram && !is_other)
            return paddr(page);
    }
    return paddr(0);
}

/* Allocates a percpu area and stacks. A failed attempt leaks them: memory is out anyway. */
static int prepare_slot(struct ap_slot *slot, uint32_t apic_id)
{
    uintptr_t stacks[IST_COUNT] = {0};
    struct page *block = page_alloc(0, PAGE_ZERO);

    *slot = (struct ap_slot){.apic_id = apic_id, .state = AP_STARTED};
    if (!block)
        return -ENOMEM;
    for (unsigned int i = 0; i < IST_COUNT; i++) {
        uintptr_t stack = kernel_stack_alloc();
        if (!stack)
            return -ENOMEM;
        stacks[i] = stack + KERNEL_STACK_SIZE;
    }
    slot->cpu = page_address(block);
    slot->cpu->apic_id = apic_id;
    slot->stack = stacks[IST_NONE];
    descriptors_prepare(slot->cpu, stacks);
    return 0;
}

/* Prepares a slot for each CPU but this one, in the MADT's order; returns how many. */
static unsigned int prepare_slots(void)
{
    uint32_t own = cpu_apic_id();
    unsigned int count = 0;
    bool is_listed = false;

    for (unsigned int i = 0; i < madt.count; i++) {
        uint32_t id = madt.apic_ids[i];
        if (id == own) {
            is_listed = true;
        } else if (!apic_can_reach(id)) {
            note_failure(id, "cannot be reached in xAPIC mode");
        } else if (count + 1 < CPU_MAX && !ASK(cpu_is_left_out, count + 1)) {
            if (prepare_slot(&slots[count], id)) {
                kprintf(KERN_ERR "cpus       not enough memory for more than %u CPUs\n", count + 1);
                break;
            }
            count++;
        }
    }
    if (madt.count && !is_listed)
        kprintf(KERN_WARNING "cpus       the boot CPU, APIC id %u, is not in the firmware's list\n",
                own);
    return count;
}

/* ---- starting ---- */

void smp_run(struct ap_slot *slot)
{
    (void)slot;
    TELL(cpu_joins);
    if (sched_add_cpu())
        kprintf(KERN_ERR "cpus       not enough memory for CPU %u\n", this_cpu()->number);
    else
        sched_start();
}

static int make_plan(const struct boot_info *info, unsigned int count)
{
    struct ap_plan *plan = &smp_plan;

    *plan = (struct ap_plan){.slots = slots, .count = count, .root = kernel_map_root()};
    plan->page = find_low_page(info);
    if (plan->page.value == 0) {
        kprintf(KERN_ERR
                "cpus       FAILED: no page of RAM below 640 KiB to start other CPUs from\n");
        return -ENOMEM;
    }
    plan->page_view = device_map(plan->page, PAGE_SIZE);
    if (!plan->page_view || kernel_map_identity(plan->page, &plan->page_root)) {
        kprintf(KERN_ERR "cpus       FAILED: not enough memory to start other CPUs\n");
        return -ENOMEM;
    }
    return 0;
}

static void finish_slot(struct ap_slot *slot)
{
    if (slot->state != AP_READY) {
        note_failure(slot->apic_id, slot->state == AP_ABSENT ? "does not start" : slot->problem);
        return;
    }
    TELL(cpu_is_ready, slot);
    percpu_add(slot->cpu);
    smp_call(slot, smp_run);
}

/* A CPU in the scheduler has a current task. One that failed never has: hence the limit. */
void smp_wait_until_running(void)
{
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        for (unsigned int i = 0; i < RUN_WAITS && !percpu_of(cpu)->current; i++)
            clock_wait(RUN_WAIT_US);
}

void smp_start(const struct boot_info *info)
{
    const struct acpi *acpi = firmware_acpi();
    const struct acpi_header *table = acpi_find(acpi, "APIC");

    if (table)
        madt_read(table, acpi->access, &madt);
    unsigned int count = prepare_slots();
    if (count && !make_plan(info, count)) {
        smp_start_all(&smp_plan);
        for (unsigned int i = 0; i < count; i++)
            finish_slot(&slots[i]);
    }
    kprintf("cpus       %u of %u up\n", cpu_count, madt.count ? madt.count : 1);
}
