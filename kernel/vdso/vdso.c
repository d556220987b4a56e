// SPDX-License-Identifier: MIT
#include "kernel/vdso/vdso.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/elf.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/device/clock.h"
#include "kernel/console/console.h"
#include "kernel/keys/rights.h"
#include "kernel/process/events.h"
#include "kernel/report/panic.h"
#include "kernel/start/events.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"
#include "mm/space/mmap.h"
#include "vdso/vvar.h"

_Static_assert(CPU_NUMBER_SELECTOR == NUMBER_SS, "the vDSO asks for a limit that is there");

#define USER_READ_ONLY (0xf1ul << 40) /* data, accessed, DPL 3; its limit counts bytes */

#define NOP       0x90
#define JMP_SHORT 0xeb /* and a signed byte, from the next instruction on */

_Static_assert(VVAR_SIZE == PAGE_SIZE && sizeof(struct vvar) <= VVAR_SIZE, "one page");

/* kernel/vdso/vdso_image.asm */
extern const char vdso_image[], vdso_image_end[];

static struct memory_object *image, *closed_image, *variables;
static struct vvar *page;
static uintptr_t sequence, sequence_end; /* pkey_set() in the image */

/* ---- the objects ---- */

/* One page more, of zeros; its bytes. */
static char *add_page(struct memory_object *object)
{
    struct page *added;

    if (object_page(object, object->size >> PAGE_SHIFT, true, &added))
        return NULL;
    page_put(added); /* the object has it, for ever */
    object_extend(object, object->size + PAGE_SIZE);
    return page_address(added);
}

/* From so many bytes; NULL without memory. */
static struct memory_object *make_image(const char *from, size_t size)
{
    struct memory_object *made = object_create();

    for (size_t at = 0; made && at < size; at += PAGE_SIZE) {
        char *bytes = add_page(made);
        if (!bytes)
            return NULL;
        memcpy(bytes, from + at, size - at < PAGE_SIZE ? size - at : PAGE_SIZE);
    }
    return made;
}

/*
 * Takes WRPKRU out of pkey_set(). All up to it becomes NOP, and it a jump to what comes behind the
 * function, the system call (vdso/pkey.asm). So a thread that is inside when the image changes also
 * makes that call, with the arguments, which it still has; or it has written PKRU and returns.
 */
static void take_out_wrpkru(char *bytes)
{
    static const unsigned char wrpkru[] = {0x0f, 0x01, 0xef}, jump[] = {NOP, JMP_SHORT};
    uintptr_t at = sequence;

    while (memcmp(bytes + at, wrpkru, sizeof(wrpkru)) != 0) {
        bytes[at++] = (char)NOP;
        assert(at < sequence_end);
    }
    memcpy(bytes + at, jump, sizeof(jump));
    bytes[at + sizeof(jump)] = (char)(sequence_end - (at + sizeof(wrpkru)));
}

static int make_images(void)
{
    size_t size = (size_t)(vdso_image_end - vdso_image);
    char *bytes = kmalloc(size);

    if (!bytes)
        return -ENOMEM;
    memcpy(bytes, vdso_image, size);
    image = make_image(bytes, size);
    take_out_wrpkru(bytes);
    closed_image = make_image(bytes, size);
    kfree(bytes);
    return image && closed_image ? 0 : -ENOMEM;
}

static void follow_clock(uint64_t now)
{
    (void)now;
    __atomic_store_n(&page->realtime_offset, time_realtime_offset(), __ATOMIC_RELAXED);
}

ATTACH(clock_is_set, follow_clock);

static int make_variables(void)
{
    variables = object_create();
    page = variables ? (struct vvar *)add_page(variables) : NULL;
    if (!page)
        return -ENOMEM;
    page->has_keys = cpu_state.pku;
    page->tsc_is_common = !clock_tsc_objection;
    page->tsc_base = clock_tsc_base;
    page->tsc_multiplier = clock_tsc_multiplier;
    page->realtime_offset = time_realtime_offset();
    if (clock_tsc_objection)
        kprintf(KERN_WARNING "vdso       programs read the clocks by system calls: %s\n",
                clock_tsc_objection);
    return 0;
}

/* ---- the image's symbols ---- */

static const Elf64_Shdr *find_section(uint32_t type)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso_image;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(vdso_image + header->e_shoff);

    for (unsigned int i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == type)
            return &sections[i];
    return NULL;
}

static const Elf64_Sym *find_symbol(const char *name)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso_image;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(vdso_image + header->e_shoff);
    const Elf64_Shdr *table = find_section(SHT_DYNSYM);
    const Elf64_Sym *symbols = (const Elf64_Sym *)(vdso_image + table->sh_offset);
    const char *names = vdso_image + sections[table->sh_link].sh_offset;

    for (uint64_t i = 0; i < table->sh_size / sizeof(*symbols); i++)
        if (!strcmp(names + symbols[i].st_name, name))
            return &symbols[i];
    return NULL;
}

/* Now that all TSCs have been compared: it is decided what the clocks are like. */
static void make(void)
{
    const Elf64_Sym *set = find_symbol("__vdso_pkey_set");

    assert(set);
    sequence = set->st_value;
    sequence_end = set->st_value + set->st_size;
    if (make_images() || make_variables())
        panic("not enough memory for the vDSO; Latchkey wants 32 MiB");
}

ATTACH(boot_machine, make);

/*
 * Tells each CPU's number to ring 3, by the limit that LSL reads: Linux's way as well. Its low 16
 * bits are the descriptor's, which is enough for CPU_MAX.
 */
static void number_cpus(void)
{
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        percpu_of(cpu)->tables.gdt[NUMBER_SS / 8] = USER_READ_ONLY | cpu;
}

ATTACH(boot_machine, number_cpus);

/* ---- in a process ---- */

/* At the highest free addresses of a space that nobody else has. */
static int map(struct address_space *space, struct elf_image *program,
               struct exec_arguments *arguments)
{
    uintptr_t start;

    (void)program;
    (void)arguments;
    space_lock_write(space);
    start = space_find_gap_locked(space, VVAR_SIZE + image->size, PAGE_SIZE);
    space_unlock_write(space);
    if (!start)
        return -ENOMEM;
    const struct map_request requests[] = {
        {
            .address = start,
            .size = VVAR_SIZE,
            .prot = PROT_READ,
            .max_prot = PROT_READ,
            .fixed = true,
            .object = variables,
            .name = "[vvar]",
        },
        {
            .address = start + VVAR_SIZE,
            .size = image->size,
            .prot = PROT_READ | PROT_EXEC,
            .max_prot = PROT_READ | PROT_WRITE | PROT_EXEC,
            .fixed = true,
            .object = image,
            .name = "[vdso]",
        },
    };
    int error = space_map(space, &requests[0], &start);
    return error ? error : space_map(space, &requests[1], &space->vdso);
}

ATTACH(exec_maps, map);

/* What maps the first object maps the second from now on, with none of the pages that it had. */
static void exchange_object(struct address_space *space, struct memory_object *old,
                            struct memory_object *new)
{
    struct vma *vma;

    space_lock_write(space);
    RB_FOREACH (vma, vma_tree, &space->vmas) {
        if (vma->object != old)
            continue;
        space_zap_locked(space, vma->start, vma->end);
        object_get(new);
        vma->object = new;
        vma->has_copies = false;
        object_put(old);
    }
    space_flush_locked(space);
    space_unlock_write(space);
}

void vdso_close(struct address_space *space)
{
    exchange_object(space, image, closed_image);
}

/* The start of the image's pkey_set() in the space if the address is inside it; or 0. */
static uintptr_t find_sequence(const struct address_space *space, uintptr_t address)
{
    uintptr_t base = __atomic_load_n(&space->vdso, __ATOMIC_RELAXED);

    if (!base || address <= base + sequence || address >= base + sequence_end)
        return 0;
    return base + sequence;
}

/*
 * A thread that has read PKRU and not written it yet would write the old rights back. That is known
 * of the vDSO's pkey_set() alone: no program names a place that other threads are sent to.
 */
static void restart_sequence(const struct task *thread, struct trap_frame *frame)
{
    uintptr_t start = find_sequence(thread->space, frame->rip);

    if (!start)
        return;
    frame->rip = start;
    frame_is_changed(frame);
    __atomic_fetch_add(&rights_counters.restarts, 1, __ATOMIC_RELAXED);
}

ATTACH(rights_change, restart_sequence);
