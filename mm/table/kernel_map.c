// SPDX-License-Identifier: MIT
#include "mm/table/kernel_map.h"

#include <asm/errno.h>

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/types.h"
#include "arch/lock/spinlock.h"
#include "arch/mmu/tlb.h"
#include "libc/include/string.h"
#include "mm/table/page_table.h"

/* Accessed and dirty are set beforehand, so that the CPU never has to write the entry. */
#define MAP_TEXT      (PTE_P | PTE_A | PTE_G)
#define MAP_RODATA    (PTE_P | PTE_A | PTE_G | PTE_NX)
#define MAP_DATA      (PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX)
#define MAP_DEVICE    (MAP_DATA | PTE_PCD | PTE_PWT)
#define MAP_COMBINING (MAP_DATA | PTE_PWT) /* PAT_VALUE in arch/start/cpu_setup.c */

#define KERNEL_HALF (PTE_PER_TABLE / 2) /* first top-level entry of the upper half */

extern const char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern const char boot_stack_guard[];

static paddr_t kernel_root;
static struct spinlock map_lock = SPINLOCK_INIT("kernel map");
static uintptr_t device_next = DEVICE_BASE;
uintptr_t kernel_stack_next = KERNEL_STACK_BASE;
static uintptr_t free_stacks; /* each free stack's first word points to the next */

static int map_image(const char *start, const char *end, uint64_t bits)
{
    return pt_map(kernel_root, (uintptr_t)start, (size_t)(end - start), image_paddr(start), bits,
                  1);
}

/* By the largest pages that fit. */
static int map_direct(uint64_t start, uint64_t end, uint64_t bits)
{
    int error = 0;

    while (!error && start < end) {
        unsigned int level = cpu_state.has_1g_pages ? 3 : 2;
        while (level > 1 && (start % pte_level_size(level) || end - start < pte_level_size(level)))
            level--;
        uint64_t size = pte_level_size(level);
        error = pt_map(kernel_root, DIRECT_MAP_BASE + start, size, paddr(start), bits, level);
        start += size;
    }
    return error;
}

/* Maps a range of RAM, but the kernel's own text and constants read-only here too. */
static int map_ram(const struct page_range *range)
{
    uint64_t fixed = image_paddr(text_start).value;
    uint64_t fixed_end = image_paddr(rodata_end).value;
    uint64_t start = range->start.value;
    uint64_t end = range->end.value;

    if (fixed < start || fixed_end > end)
        return map_direct(start, end, MAP_DATA);
    int error = map_direct(start, fixed, MAP_DATA);
    if (!error)
        error = map_direct(fixed, fixed_end, MAP_RODATA);
    return error ? error : map_direct(fixed_end, end, MAP_DATA);
}

/* Makes the tables of all top-level entries in use: spaces copy these, so they never change. */
static int make_upper_half(void)
{
    static const uintptr_t parts[] = {DIRECT_MAP_BASE, KERNEL_STACK_BASE, KERNEL_BASE};
    struct pt_walk walk = {.flags = PT_CREATE, .level = 3};

    for (size_t i = 0; i < array_size(parts); i++) {
        uintptr_t base = align_down(parts[i], pte_level_size(4));
        if (pt_walk(kernel_root, base, base + pte_level_size(3), &walk))
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
    for (size_t i = 0; !error && i < ram.count; i++)
        error = map_ram(&ram.range[i]);
    if (!error)
        error = kasan_map(kernel_root);
    if (error)
        return error;
    load_cr3(kernel_root);
    /* Global translations of the early tables survive it; a change of CR4.PGE drops them. */
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

static void *map_in_window(paddr_t address, size_t size, uint64_t bits)
{
    uint64_t offset = address.value % PAGE_SIZE;
    uint64_t bytes = align_up(offset + size, PAGE_SIZE);
    void *result = NULL;

    /* Firmware may name any address; one too wide for this CPU would set reserved bits. */
    if (size > DEVICE_SIZE || address.value > (1ul << cpu_physical_bits()) - size)
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
 * Maps one block of pages for a new stack, above a guard page. It is zeroed for the sake of QEMU's
 * TCG: where firmware code has run, stores are slow until they have overwritten it.
 */
static uintptr_t new_stack(void)
{
    struct page *block = page_alloc(KERNEL_STACK_ORDER, PAGE_ZERO);
    uintptr_t stack = kernel_stack_next + PAGE_SIZE;

    if (!block)
        return 0;
    if (kasan_stack_map(kernel_root, stack, KERNEL_STACK_SIZE) ||
        pt_map(kernel_root, stack, KERNEL_STACK_SIZE, page_paddr(block), MAP_DATA, 1)) {
        page_put(block);
        return 0;
    }
    kernel_stack_next = stack + KERNEL_STACK_SIZE;
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
