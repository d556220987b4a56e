// SPDX-License-Identifier: MIT
/*
 * Small ELF images made by a test, and run by execve.
 *
 * The images end with the status ANSWER unless their code says otherwise.
 */
#ifndef TESTS_RING3_PROCESS_IMAGE_H
#define TESTS_RING3_PROCESS_IMAGE_H

#include "tests/ring3/ring3.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#define ANSWER       42
#define NOT_EXECUTED 100 /* the exit status of a child is this and the errno of execve */
#define BASE         0x10000000UL
#define TEXT_OFFSET  0x1000UL
#define IMAGE_SIZE   0x3000

static const char image_path[] = "/tmp/latchkey-elf";

/*
 *     0       ELF header and up to four program headers
 *     0x1000  code
 *     0x2000  data
 */
static struct {
    Elf64_Ehdr header;
    Elf64_Phdr headers[4];
    unsigned char rest[IMAGE_SIZE - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
} image;

static inline unsigned char *at_offset(size_t offset)
{
    return (unsigned char *)&image + offset;
}

/* mov edi, ANSWER; mov eax, exit_group; syscall */
static const unsigned char exit_code[] = {0xbf, ANSWER, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05};

static inline Elf64_Phdr segment(unsigned int flags, uint64_t offset, uint64_t address,
                                 uint64_t size)
{
    return (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = address,
        .p_paddr = address,
        .p_filesz = size,
        .p_memsz = size,
        .p_align = PAGE,
    };
}

/* One segment, read and execute, with the code at its start. */
static inline void make_image(const unsigned char *code, size_t size)
{
    memset(&image, 0, sizeof(image));
    memcpy(image.header.e_ident, ELFMAG, SELFMAG);
    image.header.e_ident[EI_CLASS] = ELFCLASS64;
    image.header.e_ident[EI_DATA] = ELFDATA2LSB;
    image.header.e_ident[EI_VERSION] = EV_CURRENT;
    image.header.e_type = ET_EXEC;
    image.header.e_machine = EM_X86_64;
    image.header.e_version = EV_CURRENT;
    image.header.e_entry = BASE + TEXT_OFFSET;
    image.header.e_phoff = sizeof(image.header);
    image.header.e_ehsize = sizeof(image.header);
    image.header.e_phentsize = sizeof(Elf64_Phdr);
    image.header.e_phnum = 1;
    image.headers[0] = segment(PF_R | PF_X, TEXT_OFFSET, BASE + TEXT_OFFSET, PAGE);
    memcpy(at_offset(TEXT_OFFSET), code, size);
}

static inline void make_good_image(void)
{
    make_image(exit_code, sizeof(exit_code));
}

static inline void write_image(const char *path, size_t size)
{
    int file;

    mkdir("/tmp", 0777);
    unlink(path);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    EXPECT(file >= 0);
    EXPECT_EQUAL(write(file, &image, size), size);
    close(file);
}

static inline void exec_image(void)
{
    char *arguments[] = {(char *)image_path, NULL};

    execve(image_path, arguments, environ);
    _exit(NOT_EXECUTED + errno);
}

/* The wait status of the first size bytes of the image as a program. */
static inline int status_of_image(size_t size)
{
    int status;

    write_image(image_path, size);
    status = status_of(exec_image);
    unlink(image_path);
    return status;
}

#define EXPECT_ANSWER() EXPECT_EQUAL(status_of_image(IMAGE_SIZE), ANSWER << 8)
#define EXPECT_REFUSED(error) \
    EXPECT_EQUAL(status_of_image(IMAGE_SIZE), (NOT_EXECUTED + (error)) << 8)
#define EXPECT_NOT_RUN() EXPECT(was_not_run(status_of_image(IMAGE_SIZE)))

/* Refused with an error, or killed. */
static inline bool was_not_run(int status)
{
    if (WIFSIGNALED(status) || WEXITSTATUS(status) > NOT_EXECUTED)
        return true;
    ktap_note("wait status %#x", (unsigned int)status);
    return false;
}

#endif
