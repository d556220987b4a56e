// SPDX-License-Identifier: MIT
#include "arch/device/apic.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/io.h"
#include "arch/cpu/percpu.h"

/* Offsets in the xAPIC page; in x2APIC mode MSR 0x800 + offset / 16. */
enum apic_register {
    APIC_ID = 0x20,
    APIC_TPR = 0x80,
    APIC_EOI = 0xb0,
    APIC_SVR = 0xf0,
    APIC_ICR_LOW = 0x300, /* writing it sends; in x2APIC mode the one register of 64 bits */
    APIC_ICR_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_BOOT_CPU   (1ul << 8)
#define APIC_XAPIC_BROADCAST 0xffu
#define APIC_SVR_ENABLE      (1u << 8)
#define APIC_LVT_MASKED      (1u << 16)
#define APIC_LVT_DEADLINE    (1u << 18)
#define APIC_LVT_NMI         (4u << 8)
#define APIC_DIVIDE_BY_16    3u

#define APIC_ICR_PENDING (1u << 12)
#define APIC_ICR_ASSERT  (1u << 14)
#define ICR_WAIT_LIMIT   1000000u

#define MSR_X2APIC 0x800

#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1

static volatile char *apic_page; /* NULL: x2APIC */
static uint64_t boot_base;       /* MSR_APIC_BASE of the boot CPU */

static uint32_t apic_read(enum apic_register offset)
{
    if (apic_page)
        return mmio_read32(apic_page + offset);
    return (uint32_t)rdmsr(MSR_X2APIC + offset / 16);
}

static void apic_write(enum apic_register offset, uint32_t value)
{
    if (apic_page)
        mmio_write32(apic_page + offset, value);
    else
        wrmsr(MSR_X2APIC + offset / 16, value);
}

bool apic_is_memory_mapped(paddr_t *page)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    *page = paddr(align_down(base & 0x000ffffffffff000ul, PAGE_SIZE));
    return !(base & APIC_BASE_X2APIC);
}

/* LINT0 is the 8259s' line, and is masked as they are; LINT1 is the board's NMI. */
static void set_registers(void)
{
    apic_write(APIC_TPR, 0);
    apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
    apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
    apic_write(APIC_LVT_LINT1, APIC_LVT_NMI);
    apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
    apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
    apic_write(APIC_SVR, APIC_SVR_ENABLE | VECTOR_SPURIOUS);
}

void apic_init(volatile void *registers)
{
    apic_page = registers;
    wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    boot_base = rdmsr(MSR_APIC_BASE);
    outb(PIC1_DATA, 0xff);
    outb(PIC2_DATA, 0xff);
    set_registers();
}

/* x2APIC mode can only be left by turning the APIC off: SDM vol. 3A, figure 10-27. */
void apic_init_other(void)
{
    uint64_t base = (boot_base & ~APIC_BASE_BOOT_CPU) | (rdmsr(MSR_APIC_BASE) & APIC_BASE_BOOT_CPU);

    if ((rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) && !(base & APIC_BASE_X2APIC))
        wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_ENABLE);
    if (!(rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC))
        wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_X2APIC);
    wrmsr(MSR_APIC_BASE, base);
    set_registers();
}

bool apic_can_reach(uint32_t id)
{
    return !apic_page || id < APIC_XAPIC_BROADCAST;
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(APIC_ID);

    return apic_page ? id >> 24 : id;
}

/* ---- interrupts to other CPUs ---- */

void apic_send(uint32_t id, uint32_t command)
{
    command |= APIC_ICR_ASSERT;
    if (!apic_page) {
        /* This does not wait for earlier stores as a write to memory does: SDM vol. 3A, 10.12.3. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        wrmsr(MSR_X2APIC + APIC_ICR_LOW / 16, (uint64_t)id << 32 | command);
        return;
    }
    /* The two halves must not be parted by a handler that sends something itself. */
    uint64_t flags = irq_save();
    for (uint32_t i = 0; i < ICR_WAIT_LIMIT && (apic_read(APIC_ICR_LOW) & APIC_ICR_PENDING); i++)
        cpu_relax();
    apic_write(APIC_ICR_HIGH, id << 24);
    apic_write(APIC_ICR_LOW, command);
    irq_restore(flags);
}

void ipi_send(unsigned int cpu, enum vector vector)
{
    apic_send(percpu_of(cpu)->apic_id, vector);
}

unsigned int ipi_send_set(const struct cpu_set *set, enum vector vector)
{
    unsigned int sent = 0;
    unsigned int cpu;

    for_each_cpu(cpu, set)
    {
        if (cpu == this_cpu_number())
            continue;
        ipi_send(cpu, vector);
        sent++;
    }
    return sent;
}

void ipi_send_nmi_to_others(void)
{
    uint32_t own = cpu_apic_id();

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (percpu_of(cpu)->apic_id != own)
            apic_send(percpu_of(cpu)->apic_id, APIC_ICR_NMI);
}

/* ---- the timer ---- */

void apic_timer_start_counting(void)
{
    apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED); /* and out of deadline mode */
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_remaining(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_once(uint32_t ticks)
{
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, ticks);
}

/* In xAPIC mode WRMSR could overtake the first write, to memory: SDM vol. 3A, 10.5.4.1. */
void apic_timer_deadline(uint64_t tsc)
{
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER | APIC_LVT_DEADLINE);
    __asm__ volatile("mfence" : : : "memory");
    wrmsr(MSR_TSC_DEADLINE, tsc);
}

void apic_end_of_interrupt(void)
{
    apic_write(APIC_EOI, 0);
}
