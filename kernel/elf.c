// SPDX-License-Identifier: MIT
#include "kernel/elf.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/elf.h>

#include "arch/layout.h"
#include "kernel/credentials.h"
#include "kernel/file.h"
#include "libc/include/string.h"
#include "mm/access.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/slab.h"

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

static void add_segment(struct elf_image *image, const Elf64_Phdr *header, uint64_t headers_offset)
{
    struct elf_segment *segment = &image->segments[image->segment_count++];

    *segment = (struct elf_segment){
        .address = image->bias + header->p_vaddr,
        .offset = header->p_offset,
        .file_size = header->p_filesz,
        .memory_size = header->p_memsz,
        .prot = (header->p_flags & PF_R ? PROT_READ : 0) |
                (header->p_flags & PF_W ? PROT_WRITE : 0) |
                (header->p_flags & PF_X ? PROT_EXEC : 0),
    };
    image->end = align_up(segment->address + segment->memory_size, PAGE_SIZE);
    if (segment->offset <= headers_offset && headers_offset - segment->offset < segment->file_size)
        image->headers = segment->address + headers_offset - segment->offset;
}

/* All PT_LOAD segments, which must be in the order of their addresses. */
static const char *take_segments(struct elf_image *image, const Elf64_Ehdr *header,
                                 const Elf64_Phdr *headers)
{
    for (unsigned int i = 0; i < header->e_phnum; i++) {
        if (headers[i].p_type == PT_INTERP)
            return "it is dynamically linked; link it with -static (or -static-pie)";
        if (headers[i].p_type != PT_LOAD || headers[i].p_memsz == 0)
            continue;
        const char *problem = check_segment(image, &headers[i], image->end);
        if (problem)
            return problem;
        add_segment(image, &headers[i], header->e_phoff);
    }
    return image->segment_count ? NULL : "it has no segment to load";
}

static int read_headers(struct elf_image *image, const Elf64_Ehdr *header, const char **problem)
{
    size_t size = header->e_phnum * sizeof(Elf64_Phdr);
    Elf64_Phdr *headers = kmalloc(size);
    int error = -ENOEXEC;

    _Static_assert(sizeof(Elf64_Phdr) == ELF_HEADER_SIZE, "AT_PHENT");
    if (!headers)
        return -ENOMEM;
    *problem = "it is truncated: the program headers are not in the file";
    if (file_read_kernel(image->file, headers, size, header->e_phoff) == (long)size) {
        *problem = take_segments(image, header, headers);
        error = *problem ? -ENOEXEC : 0;
    }
    kfree(headers);
    return error;
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
    image->entry = image->bias + header.e_entry;
    image->header_count = header.e_phnum;
    return read_headers(image, &header, problem);
}

/* The rest of the page in which the file's part ends, and what a shared page showed there. */
static int zero_tail(struct address_space *space, uintptr_t from, uintptr_t to)
{
    static const char zeros[PAGE_SIZE];
    size_t size = to - from;

    return space_write(space, from, zeros, size) == size ? 0 : -ENOMEM;
}

static int map_segment(const struct elf_image *image, const struct elf_segment *segment,
                       struct address_space *space)
{
    uintptr_t start = align_down(segment->address, PAGE_SIZE);
    uintptr_t file_end = segment->address + segment->file_size;
    uintptr_t file_pages_end = segment->file_size ? align_up(file_end, PAGE_SIZE) : start;
    uintptr_t end = align_up(segment->address + segment->memory_size, PAGE_SIZE);
    uintptr_t address;
    int error = 0;
    struct map_request request = {
        .address = start,
        .size = file_pages_end - start,
        .prot = segment->prot,
        .max_prot = PROT_READ | PROT_WRITE | PROT_EXEC,
        .fixed = true,
        .no_replace = true,
        .lowest = credentials_lowest_address(),
        .object = image->file->operations->object(image->file),
        .object_page = segment->offset >> PAGE_SHIFT,
    };

    if (request.size)
        error = space_map(space, &request, &address);
    if (!error && segment->file_size && segment->memory_size > segment->file_size)
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
    for (unsigned int i = 0; i < image->segment_count; i++) {
        int error = map_segment(image, &image->segments[i], space);
        if (error)
            return error;
    }
    return 0;
}
