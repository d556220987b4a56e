// SPDX-License-Identifier: MIT
#include "mm/kernel_map.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "arch/spinlock.h"
#include "arch/tlb.h"
#include "libc/include/string.h"
#include "mm/page_table.h"
#include "sanitizers/kasan.h"

/* Accessed and dirty are set beforehand, so that the CPU never has to write the entry. */
#define MAP_TEXT      (PTE_P | PTE_A | PTE_G)
#define MAP_RODATA    (PTE_P | PTE_A | PTE_G | PTE_NX)
#define MAP_DATA      (PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX)
#define MAP_DEVICE    (MAP_DATA | PTE_PCD | PTE_PWT)
#define MAP_COMBINING (MAP_DATA | PTE_PWT) /* cpu.c, PAT_VALUE */

#define KERNEL_HALF (PTE_PER_TABLE / 2) /* first top-level entry of the upper half */

extern const char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern const char boot_stack_guard[];

static paddr_t kernel_root;
static struct spinlock map_lock = SPINLOCK_INIT("kernel map");
static uintptr_t device_next = DEVICE_BASE;
static uintptr_t stack_next = KERNEL_STACK_BASE;
static uintptr_t free_stacks; /* each free stack's first word names the next */

static int map_image(const char *start, const char *end, uint64_t bits)
{
    return pt_map(kernel_root, (uintptr_t)start, (size_t)(end - start), image_paddr(start), bits,
                  1);
}

/* The largest level whose pages fit at start and end no later than end. */
static unsigned int largest_level(uint64_t start, uint64_t end)
{
    unsigned int level = cpu_state.has_1g_pages ? 3 : 2;

    while (level > 1 && (start % pte_level_size(level) || end - start < pte_level_size(level)))
        level--;
    return level;
}

static int map_direct(uint64_t start, uint64_t end, uint64_t bits)
{
    while (start < end) {
        unsigned int level = largest_level(start, end);
        uint64_t size = pte_level_size(level);
        /* Up to where a larger page would fit, or to the end. */
        uint64_t stop = level < 3 ? align_up(start + 1, pte_level_size(level + 1)) : end;
        if (stop > end)
            stop = end;
        uint64_t bytes = align_down(stop - start, size);
        int error = pt_map(kernel_root, DIRECT_MAP_BASE + start, bytes, paddr(start), bits, level);
        if (error)
            return error;
        start += bytes;
    }
    return 0;
}

/* A range of RAM, in which the kernel's own text and constants are not writable here either. */
static int map_ram(struct page_range range, void *context)
{
    uint64_t fixed = image_paddr(text_start).value;
    uint64_t fixed_end = image_paddr(rodata_end).value;
    uint64_t start = range.start.value;
    uint64_t end = range.end.value;

    (void)context;
    if (fixed < start || fixed_end > end)
        return map_direct(start, end, MAP_DATA);
    int error = map_direct(start, fixed, MAP_DATA);
    if (!error)
        error = map_direct(fixed, fixed_end, MAP_RODATA);
    return error ? error : map_direct(fixed_end, end, MAP_DATA);
}

/* Every top-level entry of the upper half gets its table now, so that they never change again. */
static int make_upper_half(void)
{
    struct pt_walk walk = {.flags = PT_CREATE, .level = 3};
    pte_t *root = direct_map(kernel_root);

    for (unsigned int i = KERNEL_HALF; i < PTE_PER_TABLE; i++) {
        uintptr_t base = 0xffff000000000000ul | (uintptr_t)i << pte_level_shift(PTE_LEVELS);
        bool wanted = base == align_down(DIRECT_MAP_BASE, pte_level_size(4)) ||
                      base == align_down(KERNEL_STACK_BASE, pte_level_size(4)) ||
                      base == align_down(KERNEL_BASE, pte_level_size(4));
        if (wanted && pte_is_empty(root[i]) &&
            pt_walk(kernel_root, base, base + pte_level_size(3), &walk))
            return -ENOMEM;
    }
    return 0;
}

int kernel_map_init(void)
{
    int error;

    kernel_root = pt_alloc_table();
    if (kernel_root.value == 0)
        return -ENOMEM;
    error = make_upper_half();
    if (!error)
        error = map_image(text_start, text_end, MAP_TEXT);
    if (!error)
        error = map_image(rodata_start, rodata_end, MAP_RODATA);
    if (!error)
        error = map_image(data_start, boot_stack_guard, MAP_DATA);
    if (!error)
        error = map_image(boot_stack_guard + PAGE_SIZE, data_end, MAP_DATA);
    if (!error)
        error = page_for_each_ram(map_ram, NULL);
    if (!error)
        error = kasan_map(kernel_root);
    if (error)
        return error;
    load_cr3(kernel_root);
    /* Global translations of the early tables survive that; a change of CR4.PGE drops them. */
    write_cr4(read_cr4() & ~CR4_PGE);
    write_cr4(cpu_state.cr4);
    kasan_start();
    return 0;
}

paddr_t kernel_map_root(void)
{
    return kernel_root;
}

void kernel_map_share(paddr_t root)
{
    pte_t *to = direct_map(root);
    const pte_t *from = direct_map(kernel_root);

    memset(to, 0, KERNEL_HALF * sizeof(pte_t));
    memcpy(to + KERNEL_HALF, from + KERNEL_HALF, KERNEL_HALF * sizeof(pte_t));
}

int kernel_map_identity(paddr_t page, paddr_t *root)
{
    static pte_t table[PTE_PER_TABLE] __attribute__((aligned(4096))); /* with the image, low */

    *root = image_paddr(table);
    kernel_map_share(*root);
    return pt_map(*root, page.value, PAGE_SIZE, page, PTE_P | PTE_A, 1);
}

/* Firmware may name any address; one that is too wide for this CPU would set reserved bits. */
static bool can_be_mapped(paddr_t address, size_t size)
{
    uint64_t end = 1ul << cpu_physical_bits();

    return size <= DEVICE_SIZE && address.value <= end - size;
}

static void *map_in_window(paddr_t address, size_t size, uint64_t bits)
{
    uint64_t offset = address.value % PAGE_SIZE;
    uint64_t bytes = align_up(offset + size, PAGE_SIZE);
    void *result = NULL;

    if (!can_be_mapped(address, size))
        return NULL;

    spin_lock(&map_lock);
    if (device_next + bytes <= DEVICE_BASE + DEVICE_SIZE &&
        !pt_map(kernel_root, device_next, bytes, paddr(address.value - offset), bits, 1)) {
        result = (char *)device_next + offset;
        device_next += bytes;
    }
    spin_unlock(&map_lock);
    return result;
}

void *device_map(paddr_t address, size_t size)
{
    return map_in_window(address, size, MAP_DEVICE);
}

void *device_map_combining(paddr_t address, size_t size)
{
    return map_in_window(address, size, MAP_COMBINING);
}

const void *firmware_map(paddr_t address, size_t size)
{
    return map_in_window(address, size, MAP_RODATA);
}

/*
 * Maps pages for a new stack above its guard page: one block. It is cleared for TCG's sake:
 * where firmware's code has run, every store is slow there until it has been overwritten.
 */
static uintptr_t new_stack(void)
{
    struct page *block = page_alloc(KERNEL_STACK_ORDER, PAGE_ZERO);
    uintptr_t stack = stack_next + PAGE_SIZE;

    if (!block)
        return 0;
    if (kasan_stack_map(kernel_root, stack, KERNEL_STACK_SIZE) ||
        pt_map(kernel_root, stack, KERNEL_STACK_SIZE, page_paddr(block), MAP_DATA, 1)) {
        page_put(block);
        return 0;
    }
    stack_next = stack + KERNEL_STACK_SIZE;
    return stack;
}

uintptr_t kernel_stack_alloc(void)
{
    spin_lock(&map_lock);
    uintptr_t stack = free_stacks;
    if (stack)
        free_stacks = *(uintptr_t *)stack;
    else
        stack = new_stack();
    if (stack)
        kasan_stack_allocated(stack, KERNEL_STACK_SIZE);
    spin_unlock(&map_lock);
    return stack;
}

void kernel_stack_free(uintptr_t stack)
{
    spin_lock(&map_lock);
    kasan_stack_freed(stack, KERNEL_STACK_SIZE);
    *(uintptr_t *)stack = free_stacks;
    free_stacks = stack;
    spin_unlock(&map_lock);
}

uint64_t kernel_stack_pages(void)
{
    uint64_t size = stack_next - KERNEL_STACK_BASE;
    uint64_t stacks = size / (PAGE_SIZE + KERNEL_STACK_SIZE);
    uint64_t tables = align_up(size, pte_level_size(2)) / pte_level_size(2) +
                      align_up(size, pte_level_size(3)) / pte_level_size(3);

    return stacks * (KERNEL_STACK_SIZE / PAGE_SIZE) + tables + kasan_stack_pages();
}
