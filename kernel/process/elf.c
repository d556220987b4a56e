// SPDX-License-Identifier: MIT
#include "kernel/process/exec.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "arch/cpu/layout.h"
#include "kernel/call/permission.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/space/fault.h"
#include "mm/space/mmap.h"

/* Where position-independent programs go, as Linux without randomisation has it. */
#define PIE_BASE 0x0000555555554000ul

static const char *check_header(const Elf64_Ehdr *header)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return "it is not an ELF file";
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is an ELF file, but not for x86-64 (ELF64, little-endian)";
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return "it is an ELF file, but not an executable: an object file, or a core dump";
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
        return "its program headers are damaged or missing";
    if (header->e_phnum > ELF_HEADERS_MAX)
        return "it has more than 64 program headers";
    return NULL;
}

static const char *check_segment(const struct elf_image *image, const Elf64_Phdr *header,
                                 uintptr_t lowest)
{
    if (header->p_filesz > header->p_memsz)
        return "a segment is larger in the file than in memory";
    if (header->p_offset > image->file_size ||
        header->p_filesz > image->file_size - header->p_offset)
        return "it is truncated: a segment reaches beyond the end of the file";
    if (header->p_vaddr % PAGE_SIZE != header->p_offset % PAGE_SIZE)
        return "a segment's address and offset disagree within a page";
    if (header->p_vaddr > USER_END - image->bias ||
        header->p_memsz > USER_END - image->bias - header->p_vaddr)
        return "a segment asks for addresses above the user half";
    if (image->bias + header->p_vaddr < lowest)
        return "its segments overlap or are not in order";
    return NULL;
}

static bool is_loaded(const Elf64_Phdr *header)
{
    return header->p_type == PT_LOAD && header->p_memsz;
}

/* Checks all segments to load, which must be in the order of their addresses. */
static const char *check_segments(struct elf_image *image, uint64_t headers_offset)
{
    for (unsigned int i = 0; i < image->header_count; i++) {
        const Elf64_Phdr *header = &image->headers[i];
        if (header->p_type == PT_INTERP && !ASK(interpreter_is_named))
            return "it is dynamically linked; link it with -static (or -static-pie)";
        if (!is_loaded(header))
            continue;
        const char *problem = check_segment(image, header, image->end);
        if (problem)
            return problem;
        uintptr_t start = image->bias + header->p_vaddr;
        image->end = align_up(start + header->p_memsz, PAGE_SIZE);
        if (header->p_offset <= headers_offset &&
            headers_offset - header->p_offset < header->p_filesz)
            image->headers_address = start + headers_offset - header->p_offset;
    }
    return image->end ? NULL : "it has no segment to load";
}

int elf_read(struct file *file, struct elf_image *image, const char **problem)
{
    struct memory_object *object = file->operations->object ? file->operations->object(file) : NULL;
    Elf64_Ehdr header;

    memset(image, 0, sizeof(*image));
    image->file = file;
    *problem = "it is not a regular file";
    if (!object)
        return -EACCES;
    image->file_size = object->size;
    *problem = "it cannot be read";
    long got = file_read_kernel(file, &header, sizeof(header), 0);
    if (got < 0)
        return (int)got;
    *problem = "it is too short for an ELF file";
    if (got != sizeof(header))
        return -ENOEXEC;
    *problem = check_header(&header);
    if (*problem)
        return -ENOEXEC;
    image->bias = header.e_type == ET_DYN ? PIE_BASE : 0;
    image->entry = image->start = image->bias + header.e_entry;
    image->header_count = header.e_phnum;
    size_t size = header.e_phnum * sizeof(Elf64_Phdr);
    *problem = "it is truncated: the program headers are not in the file";
    if (file_read_kernel(file, image->headers, size, header.e_phoff) != (long)size)
        return -ENOEXEC;
    *problem = check_segments(image, header.e_phoff);
    return *problem ? -ENOEXEC : 0;
}

/* Zeroes the rest of the page in which the file's part ends: it shows what follows in the file. */
static int zero_tail(struct address_space *space, uintptr_t from, uintptr_t to)
{
    static const char zeros[PAGE_SIZE];

    return space_fill(space, from, zeros, to - from) ? -ENOMEM : 0;
}

static int protection_of(const Elf64_Phdr *header)
{
    return (header->p_flags & PF_R ? PROT_READ : 0) | (header->p_flags & PF_W ? PROT_WRITE : 0) |
           (header->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_segment(const struct elf_image *image, const Elf64_Phdr *header,
                       struct address_space *space)
{
    uintptr_t start = align_down(image->bias + header->p_vaddr, PAGE_SIZE);
    uintptr_t file_end = image->bias + header->p_vaddr + header->p_filesz;
    uintptr_t file_pages_end = header->p_filesz ? align_up(file_end, PAGE_SIZE) : start;
    uintptr_t end = align_up(image->bias + header->p_vaddr + header->p_memsz, PAGE_SIZE);
    uintptr_t address;
    int error = 0;
    struct map_request request = {
        .address = start,
        .size = file_pages_end - start,
        .prot = protection_of(header),
        .max_prot = PROT_READ | PROT_WRITE | PROT_EXEC,
        .fixed = true,
        .no_replace = true,
        .lowest = credentials_lowest_address(),
        .object = image->file->operations->object(image->file),
        .object_page = header->p_offset >> PAGE_SHIFT,
    };

    if (request.size)
        error = space_map(space, &request, &address);
    if (!error && header->p_filesz && header->p_memsz > header->p_filesz)
        error = zero_tail(space, file_end, file_pages_end);
    if (!error && end > file_pages_end) {
        request.address = file_pages_end;
        request.size = end - file_pages_end;
        request.object = NULL;
        request.object_page = 0;
        error = space_map(space, &request, &address);
    }
    return error;
}

int elf_map(const struct elf_image *image, struct address_space *space)
{
    int error = 0;

    for (unsigned int i = 0; i < image->header_count && !error; i++)
        if (is_loaded(&image->headers[i]))
            error = map_segment(image, &image->headers[i], space);
    return error;
}
