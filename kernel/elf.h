// SPDX-License-Identifier: MIT
/* Reading and checking ELF64 executables (System V ABI, chapters 4 and 5). */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <stddef.h>
#include <stdint.h>

struct file;
struct address_space;

#define ELF_HEADERS_MAX 64

/* A PT_LOAD segment: file_size bytes of the file from offset on, then zeros up to memory_size. */
struct elf_segment {
    uintptr_t address; /* where it is mapped */
    uint64_t offset, file_size, memory_size;
    int prot; /* PROT_* */
};

struct elf_image {
    struct file *file;
    uint64_t file_size;
    struct elf_segment segments[ELF_HEADERS_MAX];
    unsigned int segment_count;
    uintptr_t bias;    /* added to every address: 0 but for position-independent programs */
    uintptr_t entry;   /* first instruction */
    uintptr_t end;     /* first page behind the last segment */
    uintptr_t headers; /* where the program headers are mapped, for AT_PHDR; 0: nowhere */
    unsigned int header_count;
};

/*
 * Reads the headers and checks them whole: what passes can be mapped. On an error *problem says
 * in words what is wrong. -ENOEXEC, -EIO.
 */
int elf_read(struct file *file, struct elf_image *image, const char **problem);

/* Bytes of one program header: AT_PHENT. */
#define ELF_HEADER_SIZE 56

/* Maps the segments into an address space. -ENOMEM, -EEXIST. */
int elf_map(const struct elf_image *image, struct address_space *space);

#endif
