// SPDX-License-Identifier: MIT
#include "kernel/vdso.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/elf.h>

#include "arch/bug.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "kernel/console.h"
#include "kernel/time.h"
#include "libc/include/string.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "vdso/vvar.h"

#define NOP       0x90
#define JMP_SHORT 0xeb /* and a signed byte, from the next instruction on */

_Static_assert(VVAR_SIZE == PAGE_SIZE && sizeof(struct vvar) <= VVAR_SIZE, "one page");

/* kernel/vdso_image.asm */
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

static int make_variables(void)
{
    variables = object_create();
    page = variables ? (struct vvar *)add_page(variables) : NULL;
    if (!page)
        return -ENOMEM;
    page->has_keys = cpu_state.pku;
    page->tsc_is_common = !clock_tsc_objection;
    clock_read_formula(&page->tsc_base, &page->tsc_multiplier);
    vdso_set_realtime_offset(clock_boot_seconds() * NS_PER_SECOND);
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

int vdso_init(void)
{
    const Elf64_Sym *set = find_symbol("__vdso_pkey_set");

    assert(set);
    sequence = set->st_value;
    sequence_end = set->st_value + set->st_size;
    int error = make_images();
    return error ? error : make_variables();
}

/* ---- in a process ---- */

int vdso_map(struct address_space *space)
{
    uintptr_t start;

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

void vdso_close(struct address_space *space)
{
    space_exchange_object(space, image, closed_image);
}

uint64_t vdso_realtime_offset(void)
{
    return __atomic_load_n(&page->realtime_offset, __ATOMIC_RELAXED);
}

void vdso_set_realtime_offset(uint64_t ns)
{
    __atomic_store_n(&page->realtime_offset, ns, __ATOMIC_RELAXED);
}

uintptr_t vdso_sequence(const struct address_space *space, uintptr_t address)
{
    uintptr_t base = __atomic_load_n(&space->vdso, __ATOMIC_RELAXED);

    if (!base || address <= base + sequence || address >= base + sequence_end)
        return 0;
    return base + sequence;
}
