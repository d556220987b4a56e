// SPDX-License-Identifier: MIT
#include "kernel/smp.h"

#include <asm/errno.h>
#include <stdarg.h>

#include "arch/apic.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/smp.h"
#include "boot/boot_info.h"
#include "kernel/command_line.h"
#include "kernel/console.h"
#include "kernel/firmware.h"
#include "kernel/sched.h"
#include "libc/core/parse.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "mm/slab.h"

#define LOW_MEMORY_END 0xa0000ul
#define RUN_WAIT_US    10
#define RUN_WAITS      100000u

_Static_assert(sizeof(struct percpu) <= PAGE_SIZE, "prepare_slot() allocates a page for it");

static struct ap_slot slots[CPU_MAX];
static struct madt madt;
static void (*run_before)(void);

struct smp_failure smp_failures[CPU_MAX];
unsigned int smp_failure_count;

static void __attribute__((format(printf, 2, 3)))
note_failure(uint32_t apic_id, const char *format, ...)
{
    struct smp_failure failure = {.apic_id = apic_id};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(failure.reason, sizeof(failure.reason), format, arguments);
    va_end(arguments);
    kprintf(KERN_ERR "cpus       FAILED: the CPU with APIC id %u %s\n", apic_id, failure.reason);
    if (smp_failure_count < CPU_MAX)
        smp_failures[smp_failure_count++] = failure;
}

/* ---- the table ---- */

const char smp_row_head[] =
    "cpu   APIC id  1.ECX     7.EBX     7.ECX     CR4.PKE  XCR0     PKRU offset  TSC offset";

void smp_format_row(unsigned int cpu, char row[SMP_ROW_SIZE])
{
    const struct percpu *area = percpu_of(cpu);
    const struct cpu_facts *facts = &area->facts;

    snprintf(row, SMP_ROW_SIZE, "%3u  %8u  %08x  %08x  %08x  %7u  0x%-5lx  %11u  %10ld", cpu,
             area->apic_id, facts->features_1_ecx, facts->features_7_ebx, facts->features_7_ecx,
             !!(facts->cr4 & CR4_PKE), facts->xcr0, facts->pkru_offset, area->tsc_offset);
}

static void log_table(void)
{
    char row[SMP_ROW_SIZE];

    kprintf("\ncpus       %s\n", smp_row_head);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        smp_format_row(cpu, row);
        kprintf("           %s\n", row);
    }
    kprintf("           %u of %u up, all alike\n\n", cpu_count, madt.count ? madt.count : 1);
}

/* ---- what a CPU needs to start ---- */

/* The highest whole page of RAM below the legacy screen that nothing else lies in; 0: none. */
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

/* An area and stacks. What an attempt that fails has allocated is lost: memory is out anyway. */
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

static unsigned int read_limit(void)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t limit;

    if (!command_line_value("maxcpus", value))
        return CPU_MAX;
    if (!parse_u64(value, &limit) && limit > 0)
        return limit < CPU_MAX ? (unsigned int)limit : CPU_MAX;
    kprintf(KERN_WARNING "command    maxcpus=%s is not a number above 0; all CPUs are used\n",
            value);
    return CPU_MAX;
}

/* A slot for each CPU but this one, in the MADT's order; how many. */
static unsigned int prepare_slots(void)
{
    uint32_t own = cpu_apic_id();
    unsigned int limit = read_limit();
    unsigned int count = 0;
    bool is_listed = false;

    for (unsigned int i = 0; i < madt.count; i++) {
        uint32_t id = madt.apic_ids[i];
        if (id == own) {
            is_listed = true;
        } else if (!apic_can_reach(id)) {
            note_failure(id, "cannot be reached in xAPIC mode");
        } else if (count + 1 < limit) {
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

/* Where an admitted CPU goes. */
static void run_cpu(void)
{
    if (run_before)
        run_before();
    if (sched_add_cpu())
        kprintf(KERN_ERR "cpus       not enough memory for CPU %u\n", this_cpu()->number);
    else
        sched_start();
}

static int make_plan(const struct boot_info *info, unsigned int count, struct ap_plan *plan)
{
    *plan = (struct ap_plan){.slots = slots, .count = count, .run = run_cpu};
    plan->root = kernel_map_root();
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

/*
 * Where the bounds leave room for 0 the TSCs agree as far as can be told. Otherwise the kernel's
 * clock is put right, but programs that read TSCs of several CPUs will notice.
 */
static void compare_tsc(struct ap_slot *slot)
{
    struct tsc_agreement agreement;

    smp_compare_tsc(slot, &agreement);
    if (agreement.answered && agreement.low <= 0 && agreement.high >= 0)
        return;
    clock_tsc_objection = "the TSCs of the CPUs are not known to be the same";
    if (!agreement.answered) {
        kprintf(KERN_WARNING "cpus       APIC id %u did not answer when its TSC was compared\n",
                slot->apic_id);
    } else if (agreement.low > agreement.high) {
        kprintf(KERN_WARNING
                "cpus       the TSC of APIC id %u runs at another rate than the boot CPU's\n",
                slot->apic_id);
    } else {
        slot->cpu->tsc_offset = agreement.low + (agreement.high - agreement.low) / 2;
        kprintf(KERN_WARNING "cpus       the TSC of APIC id %u is off by %ld\n", slot->apic_id,
                -slot->cpu->tsc_offset);
    }
}

static void finish_slot(struct ap_slot *slot)
{
    const struct cpu_difference *difference = &slot->difference;

    if (slot->state == AP_ABSENT) {
        note_failure(slot->apic_id, "does not start");
    } else if (slot->state == AP_DIFFERENT) {
        note_failure(slot->apic_id, "is not used: its %s is %#lx, the boot CPU's %#lx",
                     difference->name, difference->found, difference->expected);
    } else {
        compare_tsc(slot);
        smp_admit(slot);
    }
}

/* Until the CPUs that were let in have got their idle tasks, or have failed to. */
void smp_wait_until_running(void)
{
    for (unsigned int cpu = 1; cpu < cpu_count; cpu++)
        for (unsigned int i = 0; i < RUN_WAITS && !percpu_of(cpu)->current; i++)
            clock_wait(RUN_WAIT_US);
}

void smp_start(const struct boot_info *info, void (*before)(void))
{
    struct ap_plan plan;

    run_before = before;

    firmware_read_cpus(&madt);
    cpu_read_facts(&this_cpu()->facts);
    unsigned int count = prepare_slots();
    if (count && !make_plan(info, count, &plan)) {
        smp_start_all(&plan);
        for (unsigned int i = 0; i < count; i++)
            finish_slot(&slots[i]);
        if (!before)
            smp_wait_until_running();
    }
    log_table();
}

bool smp_restart_cpu(unsigned int cpu)
{
    for (unsigned int i = 0; i < CPU_MAX; i++)
        if (slots[i].cpu && slots[i].cpu == percpu_of(cpu))
            return smp_restart(&slots[i]);
    return false;
}
