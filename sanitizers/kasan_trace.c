// SPDX-License-Identifier: MIT
/*
 * Stacks of calls by number. Each that is different is kept once, in memory that is never given
 * back, and found by a hash of its addresses. There is no lock: a new one is complete before it
 * is linked, and when two CPUs link the same one at once it is there twice.
 */
#include "arch/cpu/layout.h"
#include "kernel/console/console.h"
#include "kernel/console/symbols.h"
#include "kernel/report/report.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "mm/table/kernel_map.h"
#include "sanitizers/kasan_shadow.h"

#define CALLS_MAX    14
#define BUCKET_COUNT 16384

extern const char text_start[], text_end[], entry_text_end[];

struct trace {
    uint32_t next; /* in its bucket, by number */
    uint32_t count;
    uint32_t calls[CALLS_MAX]; /* return addresses, from KERNEL_BASE on */
};

static struct trace *traces; /* the first is not used: 0 is no number */
static uint32_t trace_max;
static uint32_t trace_next = 1;
static uint32_t buckets[BUCKET_COUNT];

/* A block as large as the machine's memory allows. */
void kasan_traces_init(void)
{
    unsigned int order = page_count_total() < 65536 ? PAGE_ORDER_MAX - 2 : PAGE_ORDER_MAX;
    struct page *block = page_alloc(order, PAGE_ANY);

    if (!block)
        return;
    traces = page_address(block);
    trace_max = (uint32_t)((PAGE_SIZE << order) / sizeof(*traces));
}

/* Nothing above the entry code is the kernel's: RBP is the program's there. */
static bool is_inner_text(uintptr_t address)
{
    return address >= (uintptr_t)entry_text_end && address < (uintptr_t)text_end;
}

static void read_calls(struct trace *trace, uintptr_t rbp)
{
    trace->count = 0;
    while (trace->count < CALLS_MAX && rbp % sizeof(uint64_t) == 0) {
        const uintptr_t *frame = (const uintptr_t *)rbp;
        if (!is_inner_text(frame[1]))
            return;
        trace->calls[trace->count++] = (uint32_t)(frame[1] - KERNEL_BASE);
        if (frame[0] <= rbp || frame[0] - rbp > KERNEL_STACK_SIZE)
            return;
        rbp = frame[0];
    }
}

static uint32_t hash(const struct trace *trace)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < trace->count; i++)
        value = (value ^ trace->calls[i]) * 0x9e3779b97f4a7c15ul;
    return (uint32_t)(value >> 40) % BUCKET_COUNT;
}

static bool is_same(const struct trace *one, const struct trace *other)
{
    if (one->count != other->count)
        return false;
    for (uint32_t i = 0; i < one->count; i++)
        if (one->calls[i] != other->calls[i])
            return false;
    return true;
}

static uint32_t find(const struct trace *trace, uint32_t number)
{
    while (number && !is_same(&traces[number], trace))
        number = traces[number].next;
    return number;
}

static uint32_t add(const struct trace *trace, uint32_t *bucket)
{
    uint32_t number = __atomic_fetch_add(&trace_next, 1, __ATOMIC_RELAXED);
    uint32_t first = __atomic_load_n(bucket, __ATOMIC_RELAXED);

    if (number >= trace_max) {
        __atomic_store_n(&trace_next, trace_max, __ATOMIC_RELAXED);
        return 0;
    }
    traces[number] = *trace;
    do
        traces[number].next = first;
    while (!__atomic_compare_exchange_n(bucket, &first, number, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    return number;
}

uint32_t kasan_trace_keep(uintptr_t rbp)
{
    struct trace trace;

    read_calls(&trace, rbp);
    uint32_t *bucket = &buckets[hash(&trace)];
    uint32_t number = find(&trace, __atomic_load_n(bucket, __ATOMIC_ACQUIRE));
    return number ? number : add(&trace, bucket);
}

void kasan_trace_print(const char *label, uint32_t number)
{
    uintptr_t offset;

    if (!number || number >= trace_max) {
        kprintf(REPORT_LABEL "nobody knows where\n", label);
        return;
    }
    for (uint32_t i = 0; i < traces[number].count; i++) {
        uintptr_t address = KERNEL_BASE + traces[number].calls[i];
        const char *name = symbol_lookup(address - 1, &offset);
        kprintf(REPORT_LABEL "%016lx  %s+0x%lx\n", i ? "" : label, address, name ? name : "?",
                offset + 1);
    }
}
