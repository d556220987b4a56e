// SPDX-License-Identifier: MIT
/*
 * PT_INTERP: the dynamic loader that a program names. Loaders and programs are small images made
 * here.
 */
#include "tests/ring3/process/image.h"

#include <linux/auxvec.h>

static const char loader_path[] = "/tmp/latchkey-loader";

#define NO_BASE   50 /* the statuses of find_base */
#define ITS_BASE  51
#define PATH_SIZE sizeof(loader_path)

/* ---- loaders ---- */

#define FIND_IN_AUXV(type)                                                                    \
    0x48, 0x8b, 0x3c, 0x24,           /*    mov rdi, [rsp] */                                 \
        0x48, 0x8d, 0x74, 0xfc, 0x10, /*    lea rsi, [rsp + rdi * 8 + 16]; the environment */ \
        0x48, 0xad,                   /* 1: lodsq */                                          \
        0x48, 0x85, 0xc0,             /*    test rax, rax */                                  \
        0x75, 0xf9,                   /*    jnz 1b */                                         \
        0x48, 0xad,                   /* 2: lodsq */                                          \
        0x48, 0x89, 0xc2,             /*    mov rdx, rax */                                   \
        0x48, 0xad,                   /*    lodsq */                                          \
        0x83, 0xfa, type,             /*    cmp edx, type */                                  \
        0x75, 0xf4                    /*    jne 2b */

static const unsigned char enter_program[] = {
    FIND_IN_AUXV(AT_ENTRY), 0xff, 0xe0, /* jmp rax */
};

/* Ends with ITS_BASE if AT_BASE is where it has been loaded, else with NO_BASE. */
static const unsigned char find_base[] = {
    FIND_IN_AUXV(AT_BASE),
    0x48,
    0x8d,
    0x3d,
    0xdd,
    0xef,
    0xff,
    0xff, /* lea rdi, [rip - TEXT_OFFSET - what is above] */
    0x48,
    0x29,
    0xc7, /* sub rdi, rax */
    0x40,
    0x0f,
    0x94,
    0xc7, /* sete dil */
    0x40,
    0x0f,
    0xb6,
    0xff, /* movzx edi, dil */
    0x83,
    0xc7,
    NO_BASE, /* add edi, NO_BASE */
    0xb8,
    231,
    0,
    0,
    0,
    0x0f,
    0x05, /* mov eax, exit_group; syscall */
};

static void make_moving(void)
{
    image.header.e_type = ET_DYN;
    image.header.e_entry = TEXT_OFFSET;
    image.headers[0].p_vaddr = TEXT_OFFSET;
}

static void write_loader(const unsigned char *code, size_t size)
{
    make_image(code, size);
    make_moving();
    write_image(loader_path, IMAGE_SIZE);
}

/* ---- programs that name one ---- */

static void name_loader(const char *path, size_t size)
{
    image.header.e_phnum = 2;
    image.headers[1] = image.headers[0];
    image.headers[0] = segment(PF_R, 0x2000, BASE + 0x2000, size);
    image.headers[0].p_type = PT_INTERP;
    memcpy(at_offset(0x2000), path, size);
}

static void make_program(void)
{
    make_good_image();
    name_loader(loader_path, PATH_SIZE);
}

#define EXPECT_STATUS(status) EXPECT_EQUAL(status_of_image(IMAGE_SIZE), (status) << 8)

/* ---- the tests ---- */

static void enters_program(void)
{
    write_loader(enter_program, sizeof(enter_program));
    make_program();
    EXPECT_ANSWER();
    make_good_image();
    make_moving();
    name_loader(loader_path, PATH_SIZE);
    EXPECT_ANSWER();
}

static void knows_base(void)
{
    write_loader(find_base, sizeof(find_base));
    make_program();
    EXPECT_STATUS(ITS_BASE);
    make_image(find_base, sizeof(find_base));
    make_moving();
    EXPECT_STATUS(NO_BASE); /* run by itself it has none */
}

/* The loader that does not move is where it says, and AT_BASE is 0. */
static void fixed_loader(void)
{
    make_image(enter_program, sizeof(enter_program));
    image.header.e_entry = image.headers[0].p_vaddr = 2 * BASE;
    write_image(loader_path, IMAGE_SIZE);
    make_program();
    EXPECT_ANSWER();
}

/* A loader is no program: it needs none itself, and the second that a program names is not used. */
static void only_the_first(void)
{
    make_image(enter_program, sizeof(enter_program));
    make_moving();
    name_loader("/no", 4);
    write_image(loader_path, IMAGE_SIZE);
    make_program();
    image.header.e_phnum = 3;
    image.headers[2] = image.headers[0];
    image.headers[2].p_filesz = 1;
    EXPECT_ANSWER();
}

static void missing_loader(void)
{
    unlink(loader_path);
    make_program();
    EXPECT_REFUSED(ENOENT);
    make_good_image();
    name_loader("/tmp/a/../b", 12);
    EXPECT_REFUSED(ENOENT);
}

static void not_to_be_run(void)
{
    write_loader(enter_program, sizeof(enter_program));
    EXPECT_SUCCESS(syscall(__NR_chmod, loader_path, 0600));
    make_program();
    EXPECT_REFUSED(EACCES);
    make_good_image();
    name_loader("/tmp", 5);
    EXPECT_REFUSED(EACCES);
    make_good_image();
    name_loader("/proc/self/exe/x", 17);
    EXPECT_REFUSED(ENOTDIR);
}

static void bad_names(void)
{
    write_loader(enter_program, sizeof(enter_program));
    make_program();
    image.headers[0].p_filesz = PATH_SIZE - 1; /* no NUL at its end */
    EXPECT_REFUSED(ENOEXEC);
    make_program();
    image.headers[0].p_filesz = 1;
    EXPECT_REFUSED(ENOEXEC);
    make_program();
    image.headers[0].p_filesz = 4097;
    EXPECT_REFUSED(ENOEXEC);
    make_program();
    image.headers[0].p_offset = IMAGE_SIZE - 4;
    EXPECT_REFUSED(EIO);
}

static void expect_loader_refused(size_t size, int error)
{
    write_image(loader_path, size);
    make_program();
    EXPECT_REFUSED(error);
}

static void bad_loaders(void)
{
    make_good_image();
    image.header.e_ident[1] = 'X';
    expect_loader_refused(IMAGE_SIZE, ELIBBAD);
    make_good_image();
    image.header.e_machine = EM_386;
    expect_loader_refused(IMAGE_SIZE, ELIBBAD);
    make_good_image();
    image.header.e_phentsize = 32;
    expect_loader_refused(IMAGE_SIZE, ELIBBAD);
    expect_loader_refused(0, EIO);
    expect_loader_refused(sizeof(Elf64_Ehdr) - 1, EIO);
}

static void unmappable_loader(void)
{
    make_good_image();
    image.headers[0].p_vaddr = USER_END;
    write_image(loader_path, IMAGE_SIZE);
    make_program();
    EXPECT_NOT_RUN();
}

static const struct ktap_test tests[] = {
    {"the loader runs first, and finds the program by AT_ENTRY", enters_program},
    {"AT_BASE is its own place, and 0 when it is run by itself", knows_base},
    {"one with addresses of its own is put there", fixed_loader},
    {"of two the first counts, and a loader's own is not looked at", only_the_first},
    {"a missing one is ENOENT", missing_loader},
    {"one that may not be run, or is no file, is EACCES", not_to_be_run},
    {"a name too short, too long or without its end is ENOEXEC, one cut off EIO", bad_names},
    {"what is no ELF file for this machine is ELIBBAD, one cut off EIO", bad_loaders},
    {"one that cannot be mapped does not run", unmappable_loader},
};

int main(void)
{
    int status;

    probe_init();
    status = ktap_run(tests, COUNT(tests), NULL);
    unlink(loader_path);
    return status;
}
