// SPDX-License-Identifier: MIT
/*
 * The ELF loader: small images made here, good and damaged. A damaged one must be refused or
 * killed; which of the two is the kernel's choice where Linux notices too late to say no.
 */
#include "tests/ring3/process/image.h"

#include "libc/include/latchkey/mdwe.h"

/* ---- good images ---- */

static void runs(void)
{
    make_good_image();
    EXPECT_ANSWER();
}

static void runs_position_independent(void)
{
    make_good_image();
    image.header.e_type = ET_DYN;
    image.header.e_entry = TEXT_OFFSET;
    image.headers[0] = segment(PF_R | PF_X, TEXT_OFFSET, TEXT_OFFSET, PAGE);
    EXPECT_ANSWER();
}

static void runs_unaligned_segment(void)
{
    make_good_image();
    image.headers[0] = segment(PF_R | PF_X, TEXT_OFFSET + 0x10, BASE + TEXT_OFFSET + 0x10, 0x100);
    image.header.e_entry += 0x10;
    memcpy(at_offset(TEXT_OFFSET + 0x10), exit_code, sizeof(exit_code));
    EXPECT_ANSWER();
}

/* ---- images at low addresses: vm.mmap_min_addr ---- */

#define LOW    0x1000UL
#define NOBODY 65534

/* Where no mapping may be lower; 0 where every address may be mapped. */
static unsigned long lowest_address(void)
{
    char text[32] = "0";
    int file = open("/proc/sys/vm/mmap_min_addr", O_RDONLY);

    EXPECT(read(file, text, sizeof(text) - 1) > 0);
    close(file);
    return strtoul(text, NULL, 10);
}

static void make_low_image(uint64_t address, const unsigned char *code, size_t size)
{
    make_image(code, size);
    image.headers[0] = segment(PF_R | PF_X, TEXT_OFFSET, address, PAGE);
    image.header.e_entry = address;
}

/* By its descriptor: nobody may search the folders above it. */
static void exec_image_as_nobody(void)
{
    char *arguments[] = {(char *)image_path, NULL};
    int file = open(image_path, O_PATH | O_CLOEXEC);

    syscall(__NR_setuid, NOBODY);
    syscall(__NR_execveat, file, "", arguments, environ, AT_EMPTY_PATH);
    _exit(NOT_EXECUTED + errno);
}

/* Linux notices when it is too late to say no. */
static void no_low_image_without_privilege(void)
{
    unsigned long lowest;
    int status;

    if (skipped_without_room("kernel/user"))
        return;
    lowest = lowest_address();
    if (syscall(__NR_geteuid) != 0 || !lowest) {
        ktap_skip("it is not root, or any address may be mapped");
        return;
    }
    make_low_image(lowest - PAGE, exit_code, sizeof(exit_code));
    write_image(image_path, IMAGE_SIZE);
    EXPECT_SUCCESS(syscall(__NR_chmod, image_path, 0755));
    status = status_of(exec_image_as_nobody);
    EXPECT_EQUAL(status, is_latchkey() ? (NOT_EXECUTED + EPERM) << 8 : SIGSEGV);
    EXPECT_EQUAL(status_of(exec_image), ANSWER << 8);
    make_low_image(lowest, exit_code, sizeof(exit_code));
    write_image(image_path, IMAGE_SIZE);
    EXPECT_SUCCESS(syscall(__NR_chmod, image_path, 0755));
    EXPECT_EQUAL(status_of(exec_image_as_nobody), ANSWER << 8);
    unlink(image_path);
}

/* Becomes nobody, then asks for a page more of heap: ends with how many pages it got. */
static const unsigned char grow_heap_code[] = {
    0xbf, 0xfe, 0xff, 0,  0,                /* mov edi, NOBODY */
    0xb8, 105,  0,    0,  0,    0x0f, 0x05, /* mov eax, setuid; syscall */
    0x31, 0xff,                             /* xor edi, edi */
    0xb8, 12,   0,    0,  0,    0x0f, 0x05, /* mov eax, brk; syscall */
    0x48, 0x89, 0xc3,                       /* mov rbx, rax */
    0x48, 0x8d, 0xb8, 0,  0x10, 0,    0,    /* lea rdi, [rax + PAGE] */
    0xb8, 12,   0,    0,  0,    0x0f, 0x05, /* mov eax, brk; syscall */
    0x48, 0x29, 0xd8,                       /* sub rax, rbx */
    0x48, 0xc1, 0xe8, 12,                   /* shr rax, 12 */
    0x89, 0xc7,                             /* mov edi, eax */
    0xb8, 231,  0,    0,  0,    0x0f, 0x05, /* mov eax, exit_group; syscall */
};

static void exec_image_without_random_heap(void)
{
    syscall(__NR_personality, 0x40000 /* ADDR_NO_RANDOMIZE */);
    exec_image();
}

static void low_heap(void)
{
    unsigned long lowest;

    if (skipped_without_room("kernel/user"))
        return;
    lowest = lowest_address();
    if (syscall(__NR_geteuid) != 0) {
        ktap_skip("it is not root");
        return;
    }
    make_low_image(LOW, grow_heap_code, sizeof(grow_heap_code));
    write_image(image_path, IMAGE_SIZE);
    EXPECT_EQUAL(status_of(exec_image_without_random_heap), (LOW + PAGE >= lowest) << 8);
    unlink(image_path);
}

/* mov edi, [address]; add edi, [address + distance]; mov eax, exit_group; syscall */
static void make_adding_image(uint32_t address, uint32_t distance)
{
    unsigned char code[] = {0x8b, 0x3c, 0x25, 0,    0,   0, 0, 0x03, 0x3c, 0x25, 0,
                            0,    0,    0,    0xb8, 231, 0, 0, 0,    0x0f, 0x05};
    uint32_t second = address + distance;

    memcpy(code + 3, &address, sizeof(address));
    memcpy(code + 10, &second, sizeof(second));
    make_image(code, sizeof(code));
}

/* The data segment's file part ends in the middle of a page; zeros follow, over a page's end. */
static void zeros_behind_data(void)
{
    uint32_t answer = ANSWER;

    make_adding_image(BASE + 0x2000, 0x10);
    image.header.e_phnum = 2;
    image.headers[1] = segment(PF_R | PF_W, 0x2000, BASE + 0x2000, 0x10);
    image.headers[1].p_memsz = 0x3000;
    memcpy(at_offset(0x2000), &answer, sizeof(answer));
    memset(at_offset(0x2010), 0xff, 0x100);
    EXPECT_ANSWER();

    make_adding_image(BASE + 0x2000, 0x2ff0);
    image.header.e_phnum = 2;
    image.headers[1] = segment(PF_R | PF_W, 0x2000, BASE + 0x2000, 0x10);
    image.headers[1].p_memsz = 0x3000;
    memcpy(at_offset(0x2000), &answer, sizeof(answer));
    EXPECT_ANSWER();
}

static void text_is_not_writable(void)
{
    /* mov dword [BASE + TEXT_OFFSET], 0; then exit */
    unsigned char code[11 + sizeof(exit_code)] = {0xc7, 0x04, 0x25};
    uint32_t address = BASE + TEXT_OFFSET;

    memcpy(code + 3, &address, sizeof(address));
    memcpy(code + 11, exit_code, sizeof(exit_code));
    make_image(code, sizeof(code));
    EXPECT_EQUAL(status_of_image(IMAGE_SIZE), SIGSEGV);
}

/* Linux before 6.3 has no such setting, and then the image runs. */
static void run_with_refusal(void)
{
    if (syscall(__NR_prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0)
        EXPECT_NOT_RUN();
    make_good_image();
    EXPECT_ANSWER();
}

static void writable_code(void)
{
    make_good_image();
    image.headers[0].p_flags |= PF_W;
    EXPECT_ANSWER();
    run_in_child(run_with_refusal);
}

static void data_is_not_executable(void)
{
    make_good_image();
    image.headers[0].p_flags = PF_R;
    EXPECT_EQUAL(status_of_image(IMAGE_SIZE), SIGSEGV);
}

/* mov edi, [BASE + TEXT_OFFSET]; then exit */
static void execute_only_segment(void)
{
    unsigned char code[7 + sizeof(exit_code)] = {0x8b, 0x3c, 0x25};
    uint32_t address = BASE + TEXT_OFFSET;

    memcpy(code + 3, &address, sizeof(address));
    memcpy(code + 7, exit_code, sizeof(exit_code));
    make_image(code, sizeof(code));
    EXPECT_ANSWER();
    image.headers[0].p_flags = PF_X;
    EXPECT_EQUAL(status_of_image(IMAGE_SIZE), pkru_enabled() ? SIGSEGV : ANSWER << 8);
    make_good_image();
    image.headers[0].p_flags = PF_X;
    EXPECT_ANSWER();
}

static void initial_registers(void)
{
    /* stmxcsr [rsp - 8]; mov edi, [rsp - 8]; sub edi, 0x1f80 - ANSWER; then exit */
    static const unsigned char code[] = {0x0f, 0xae, 0x5c, 0x24, 0xf8, 0x8b, 0x7c, 0x24,
                                         0xf8, 0x81, 0xef, 0x56, 0x1f, 0x00, 0x00, 0xb8,
                                         231,  0,    0,    0,    0x0f, 0x05};

    make_image(code, sizeof(code));
    EXPECT_ANSWER();
}

/* ---- damaged images ---- */

static void not_elf(void)
{
    make_good_image();
    image.header.e_ident[1] = 'X';
    EXPECT_REFUSED(ENOEXEC);
    memset(&image, 0, sizeof(image));
    EXPECT_REFUSED(ENOEXEC);
    EXPECT_EQUAL(status_of_image(0), (NOT_EXECUTED + ENOEXEC) << 8);
    make_good_image();
    EXPECT_EQUAL(status_of_image(10), (NOT_EXECUTED + ENOEXEC) << 8);
    EXPECT_EQUAL(status_of_image(sizeof(Elf64_Ehdr) - 1), (NOT_EXECUTED + ENOEXEC) << 8);
}

static void other_machines(void)
{
    make_good_image();
    image.header.e_machine = EM_386;
    image.header.e_ident[EI_CLASS] = ELFCLASS32;
    EXPECT_NOT_RUN();
    make_good_image();
    image.header.e_machine = 183; // AArch64
    EXPECT_REFUSED(ENOEXEC);
    make_good_image();
    image.header.e_type = ET_REL;
    EXPECT_REFUSED(ENOEXEC);
}

static void bad_program_headers(void)
{
    make_good_image();
    image.header.e_phnum = 0;
    EXPECT_NOT_RUN();
    make_good_image();
    image.header.e_phentsize = 32;
    EXPECT_REFUSED(ENOEXEC);
    make_good_image();
    image.header.e_phoff = 0x7fffffffffff0000;
    EXPECT_NOT_RUN();
    make_good_image();
    image.header.e_phoff = IMAGE_SIZE - 8;
    EXPECT_NOT_RUN();
    make_good_image();
    image.header.e_phnum = 0xffff;
    EXPECT_NOT_RUN();
}

static void file_larger_than_memory(void)
{
    make_good_image();
    image.headers[0].p_memsz = 0x10;
    EXPECT_NOT_RUN();
}

static void beyond_user_space(void)
{
    static const uint64_t addresses[] = {USER_END, USER_END + PAGE, 0xffffffff80000000,
                                         0xfffffffffffff000};

    for (size_t i = has_five_levels() ? 2 : 0; i < COUNT(addresses); i++) {
        make_good_image();
        image.headers[0].p_vaddr = addresses[i];
        image.header.e_entry = addresses[i];
        EXPECT_NOT_RUN();
    }
    make_good_image();
    image.headers[0].p_memsz = UINT64_MAX / 2;
    EXPECT_NOT_RUN();
    make_good_image();
    image.headers[0].p_memsz = UINT64_MAX;
    EXPECT_NOT_RUN();
}

static void entry_elsewhere(void)
{
    make_good_image();
    image.header.e_entry = 0x8000000000000000;
    EXPECT_NOT_RUN();
    make_good_image();
    image.header.e_entry = 0x20000000;
    EXPECT_EQUAL(status_of_image(IMAGE_SIZE), SIGSEGV);
}

static void needs_interpreter(void)
{
    static const char interpreter[] = "/lib/there-is-no-such-thing";

    make_good_image();
    image.header.e_phnum = 2;
    image.headers[1] = image.headers[0];
    image.headers[0] = segment(PF_R, 0x2000, BASE + 0x2000, sizeof(interpreter));
    image.headers[0].p_type = PT_INTERP;
    memcpy(at_offset(0x2000), interpreter, sizeof(interpreter));
    EXPECT_NOT_RUN();
}

static void truncated(void)
{
    make_good_image();
    EXPECT(was_not_run(status_of_image(sizeof(Elf64_Ehdr) + 10)));
    EXPECT(was_not_run(status_of_image(TEXT_OFFSET)));
}

static void misaligned(void)
{
    make_good_image();
    image.headers[0].p_vaddr += 8;
    image.header.e_entry += 8;
    EXPECT_NOT_RUN();
}

static const struct ktap_test tests[] = {
    {"a static program runs", runs},
    {"a position-independent one runs", runs_position_independent},
    {"a segment may start within a page", runs_unaligned_segment},
    {"behind a segment's bytes in the file its memory is zero", zeros_behind_data},
    {"a segment without PF_W cannot be written", text_is_not_writable},
    {"a segment without PF_X cannot be executed", data_is_not_executable},
    {"one with PF_W and PF_X is for those who did not refuse it", writable_code},
    {"a segment with PF_X alone is execute-only where there are keys", execute_only_segment},
    {"MXCSR is initial", initial_registers},
    {"none lies below vm.mmap_min_addr without CAP_SYS_RAWIO", no_low_image_without_privilege},
    {"nor does the heap behind one that was allowed to", low_heap},
    {"what is not ELF or shorter than its header is ENOEXEC", not_elf},
    {"other classes, machines and types do not run", other_machines},
    {"bad program headers do not run", bad_program_headers},
    {"a segment larger in the file than in memory does not run", file_larger_than_memory},
    {"a segment beyond user space does not run", beyond_user_space},
    {"an entry point outside the program does not run", entry_elsewhere},
    {"a missing interpreter: does not run", needs_interpreter},
    {"a truncated file does not run", truncated},
    {"a segment whose address does not fit its offset does not run", misaligned},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
