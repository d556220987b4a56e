// SPDX-License-Identifier: MIT
/*
 * The loader: the input is a file. What elf_read() lets pass has to be possible to map, as its
 * header says: in order, in the user half, and no page of the file that is not there.
 */
#include "kernel/process/exec.h"

#include "arch/cpu/layout.h"
#include "kernel/call/permission.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/space/fault.h"
#include "mm/space/mmap.h"
#include "tests/parsers/support/harness.h"

static const char *content;
static struct memory_object object;
static uintptr_t mapped_end;

static struct memory_object *object_of(struct file *file)
{
    (void)file;
    return &object;
}

static const struct file_operations operations = {.object = object_of};
static struct file input = {.operations = &operations};

/* ---- what the loader leans on ---- */

/* That a room loads interpreters, as in the kernel. */
static int yes(void)
{
    return 1;
}

interpreter_is_named_event_t *const attached_interpreter_is_named_start[] = {yes};
__asm__(".globl attached_interpreter_is_named_end\n"
        ".set attached_interpreter_is_named_end, attached_interpreter_is_named_start + 8\n");

long file_read_kernel(struct file *file, void *buffer, size_t size, uint64_t offset)
{
    expect(file == &input);
    if (offset >= object.size)
        return 0;
    if (size > object.size - offset)
        size = object.size - offset;
    memcpy(buffer, content + offset, size);
    return (long)size;
}

uintptr_t credentials_lowest_address(void)
{
    return 0;
}

int space_map(struct address_space *space, const struct map_request *request, uintptr_t *address)
{
    (void)space;
    expect(request->fixed && request->no_replace && request->size);
    expect(request->address % PAGE_SIZE == 0 && request->size % PAGE_SIZE == 0);
    expect(request->address >= mapped_end && request->address <= USER_END);
    expect(request->size <= USER_END - request->address);
    if (request->object) {
        uint64_t file_end = align_up(object.size, PAGE_SIZE);
        expect(request->object_page <= file_end >> PAGE_SHIFT);
        expect(request->size <= file_end - (request->object_page << PAGE_SHIFT));
    }
    mapped_end = request->address + request->size;
    *address = request->address;
    return 0;
}

int space_fill(struct address_space *space, uintptr_t address, const void *bytes, size_t size)
{
    char page[PAGE_SIZE];

    (void)space;
    expect(size < PAGE_SIZE && address + size == mapped_end);
    memcpy(page, bytes, size);
    return 0;
}

/* ---- the input ---- */

static void check(const struct elf_image *image)
{
    expect(image->header_count > 0 && image->header_count <= ELF_HEADERS_MAX);
    expect(image->end > 0 && image->end <= USER_END);
    for (unsigned int i = 0; i < image->header_count; i++)
        if (image->headers[i].p_type == PT_LOAD)
            expect(image->headers[i].p_filesz <= image->headers[i].p_memsz ||
                   !image->headers[i].p_memsz);
    if (image->headers_address)
        expect(image->headers_address < image->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct elf_image image;
    const char *problem = NULL;
    char *copy = exact_copy(bytes, size);

    content = copy;
    object.size = size;
    mapped_end = 0;
    if (elf_read(&input, &image, &problem)) {
        expect(problem && strlen(problem));
    } else {
        check(&image);
        expect(!elf_map(&image, NULL));
    }
    free(copy);
    return 0;
}
