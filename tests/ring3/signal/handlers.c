// SPDX-License-Identifier: MIT
/*
 * PKRU in signal handlers, in the frames they get, and after they return. The frame's XSAVE image:
 *
 *     +0     FXSAVE's 512 bytes; from +464 what Linux says about the frame:
 *            magic1, extended_size (32 bits), xfeatures (64), xstate_size (32)
 *     +512   XSTATE_BV, the first word of the XSAVE header
 *     +576   the components, at CPUID's offsets
 *     +xstate_size  magic2
 */
#include "tests/ring3/ring3.h"

#include <setjmp.h>
#include <sys/auxv.h>

#define MAGIC1    0x46505853
#define MAGIC2    0x46505845
#define PKRU_BIT  ((uint64_t)1 << XFEATURE_PKRU)
#define OLD_VALUE 0xaaaaaaa8 /* when the signal comes */
#define NEW_VALUE 0x5555fff0

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

struct image_note {
    uint32_t magic1;
    uint32_t extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size;
};

/* What the handler is to do with its context, and what it saw. */
static void (*edit)(ucontext_t *);
static uint32_t pkru_in_handler, pkru_in_frame;
static int handled;

static void *image_of(ucontext_t *context)
{
    return context->uc_mcontext.fpregs;
}

static struct image_note *note_of(ucontext_t *context)
{
    return (struct image_note *)((char *)image_of(context) + XSAVE_SW_RESERVED);
}

static uint64_t *xstate_bv_of(ucontext_t *context)
{
    return (uint64_t *)((char *)image_of(context) + XSAVE_HEADER_XSTATE_BV);
}

static uint32_t *magic2_of(ucontext_t *context)
{
    return (uint32_t *)((char *)image_of(context) + note_of(context)->xstate_size);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    uint32_t pkru = pkru_read();

    (void)number;
    (void)info;
    pkru_in_handler = pkru;
    pkru_in_frame = pkru_get_in_image(image_of(context));
    handled++;
    if (edit != NULL)
        edit(context);
}

/* PKRU after a signal under the given value, whose handler edits its context. */
static uint32_t after_signal(uint32_t before, void (*edit_context)(ucontext_t *))
{
    uint32_t after;

    edit = edit_context;
    handled = 0;
    handle(SIGUSR1, on_signal, 0);
    pkru_write(before);
    raise_here(SIGUSR1);
    after = pkru_read();
    pkru_write(PKRU_INIT);
    EXPECT_EQUAL(handled, 1);
    return after;
}

/* ---- the handler's own PKRU ---- */

static const uint32_t values[] = {0, PKRU_INIT, 0xfffffffc, OLD_VALUE, 0x12345678};

static void runs_with_init(void)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        EXPECT_EQUAL(after_signal(values[i], NULL), values[i]);
        EXPECT_EQUAL(pkru_in_handler, first_pkru);
    }
}

static void frame_keeps_interrupted(void)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        after_signal(values[i], NULL);
        EXPECT_EQUAL(pkru_in_frame, values[i]);
    }
}

static void write_in_handler(ucontext_t *context)
{
    (void)context;
    pkru_write(0);
}

static void handlers_write_is_gone(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, write_in_handler), OLD_VALUE);
}

static uint32_t outer_in_handler, outer_in_frame;

static void signal_within(ucontext_t *context)
{
    outer_in_handler = pkru_in_handler;
    outer_in_frame = pkru_get_in_image(image_of(context));
    edit = NULL;
    handle(SIGUSR2, on_signal, 0);
    pkru_write(NEW_VALUE);
    raise_here(SIGUSR2);
    EXPECT_EQUAL(pkru_read(), NEW_VALUE);
}

static void nested_handlers(void)
{
    edit = signal_within;
    handled = 0;
    handle(SIGUSR1, on_signal, 0);
    pkru_write(OLD_VALUE);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(pkru_read(), OLD_VALUE);
    pkru_write(PKRU_INIT);
    EXPECT_EQUAL(handled, 2);
    EXPECT_EQUAL(outer_in_handler, first_pkru);
    EXPECT_EQUAL(outer_in_frame, OLD_VALUE);
    EXPECT_EQUAL(pkru_in_handler, first_pkru);
    EXPECT_EQUAL(pkru_in_frame, NEW_VALUE);
}

static void fault_is_the_same(void)
{
    char *page = map_pages(1, READ_WRITE);
    int key = pkey_alloc(0, 0);
    struct fault fault;

    pkey_mprotect(page, PAGE, READ_WRITE, key);
    pkru_write(0xfffffffc);
    fault = read_fault(page);
    EXPECT_EQUAL(pkru_read(), 0xfffffffc);
    pkru_write(PKRU_INIT);
    EXPECT_EQUAL(fault.pkru, 0xfffffffc);
    EXPECT_EQUAL(fault.pkru_in_handler, first_pkru);
    munmap(page, PAGE);
    pkey_free(key);
}

static sigjmp_buf before_signal;

static void jump_out(ucontext_t *context)
{
    (void)context;
    pkru_write(NEW_VALUE);
    siglongjmp(before_signal, 1);
}

static void jump_does_not_restore(void)
{
    if (sigsetjmp(before_signal, 1) == 0)
        after_signal(OLD_VALUE, jump_out);
    EXPECT_EQUAL(pkru_read(), NEW_VALUE);
    pkru_write(PKRU_INIT);
}

/* ---- the frame ---- */

static struct image_note note;
static uint64_t xstate_bv;
static uint32_t magic2;
static uintptr_t image_address;

static void look_at_image(ucontext_t *context)
{
    image_address = (uintptr_t)image_of(context);
    note = *note_of(context);
    xstate_bv = *xstate_bv_of(context);
    magic2 = *magic2_of(context);
}

static void frame_has_notes(void)
{
    unsigned int eax, ebx, largest, edx;

    __cpuid_count(0xD, 0, eax, ebx, largest, edx); // the size with all that the CPU supports
    after_signal(OLD_VALUE, look_at_image);
    EXPECT_EQUAL(image_address % 64, 0);
    EXPECT_EQUAL(note.magic1, MAGIC1);
    EXPECT(note.xstate_size <= largest && note.xstate_size >= pkru_xsave_offset() + 8);
    EXPECT_EQUAL(note.extended_size, note.xstate_size + 4);
    EXPECT((note.xfeatures & PKRU_BIT) != 0);
    EXPECT_EQUAL(magic2, MAGIC2);
}

static void frame_has_pkru_even_if_0(void)
{
    after_signal(OLD_VALUE, look_at_image);
    EXPECT((xstate_bv & PKRU_BIT) != 0);
    after_signal(0, look_at_image);
    EXPECT((xstate_bv & PKRU_BIT) != 0);
    EXPECT_EQUAL(pkru_in_frame, 0);
}

static uintptr_t handlers_stack;

static void on_signal_note_stack(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    handlers_stack = (uintptr_t)__builtin_frame_address(0) + 16;
}

static void frame_fits_its_size(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    handle(SIGUSR1, on_signal_note_stack, 0);
    raise_here(SIGUSR1);
    // The functions between here and the signal have small frames and the red zone has 128 bytes.
    EXPECT(here - handlers_stack <= getauxval(AT_MINSIGSTKSZ) + 1024);
    EXPECT(getauxval(AT_MINSIGSTKSZ) > note.extended_size);
}

/* ---- what the return makes of an edited frame ---- */

static void set_in_frame(ucontext_t *context)
{
    pkru_set_in_image(image_of(context), NEW_VALUE);
}

static void edited_value_counts(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, set_in_frame), NEW_VALUE);
}

static void set_0_in_frame(ucontext_t *context)
{
    pkru_set_in_image(image_of(context), 0);
}

static void edited_0_counts(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, set_0_in_frame), 0);
}

static void clear_xstate_bv(ucontext_t *context)
{
    *xstate_bv_of(context) &= ~PKRU_BIT;
}

static void without_xstate_bv(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, clear_xstate_bv), 0);
}

static void clear_xfeatures(ucontext_t *context)
{
    note_of(context)->xfeatures &= ~PKRU_BIT;
}

static void without_xfeatures(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, clear_xfeatures), 0);
}

static void break_magic1(ucontext_t *context)
{
    note_of(context)->magic1++;
}

static void with_wrong_magic1(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, break_magic1), 0);
}

static void break_magic2(ucontext_t *context)
{
    ++*magic2_of(context);
}

static void with_wrong_magic2(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, break_magic2), 0);
}

static void break_size(ucontext_t *context)
{
    note_of(context)->xstate_size = 0x7fffff00;
}

static void with_wrong_size(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, break_size), 0);
}

static void drop_image(ucontext_t *context)
{
    context->uc_mcontext.fpregs = NULL;
}

static void without_image(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, drop_image), first_pkru);
}

/* The XSAVE image may lie anywhere that the program can read, if it is aligned. */
static void move_image(ucontext_t *context)
{
    static _Alignas(64) char elsewhere[16384];
    struct image_note *there = (struct image_note *)(elsewhere + XSAVE_SW_RESERVED);

    EXPECT(note_of(context)->extended_size <= sizeof(elsewhere));
    memcpy(elsewhere, image_of(context), note_of(context)->extended_size);
    pkru_set_in_image(elsewhere, NEW_VALUE);
    EXPECT_EQUAL(there->magic1, MAGIC1);
    context->uc_mcontext.fpregs = (fpregset_t)elsewhere;
}

static void with_image_elsewhere(void)
{
    EXPECT_EQUAL(after_signal(OLD_VALUE, move_image), NEW_VALUE);
}

static const struct ktap_test tests[] = {
    {"a handler runs with the initial value, whatever was in force", runs_with_init},
    {"the frame has the value that was in force", frame_keeps_interrupted},
    {"what a handler writes to PKRU is gone after its return", handlers_write_is_gone},
    {"a handler within a handler: the initial value again, and the outer one's in the frame",
     nested_handlers},
    {"a fault's handler: the same", fault_is_the_same},
    {"siglongjmp does not restore PKRU", jump_does_not_restore},
    {"the frame's XSAVE image is aligned, and has its magic numbers and sizes", frame_has_notes},
    {"XSTATE_BV[9] is set in the frame even if PKRU is 0", frame_has_pkru_even_if_0},
    {"AT_MINSIGSTKSZ covers the frame", frame_fits_its_size},
    {"return with the frame's value edited: that value", edited_value_counts},
    {"return with the frame's value edited to 0: 0", edited_0_counts},
    {"return with XSTATE_BV[9] cleared: 0", without_xstate_bv},
    {"return with xfeatures bit 9 cleared: 0", without_xfeatures},
    {"return with a wrong magic1: 0", with_wrong_magic1},
    {"return with a wrong magic2: 0", with_wrong_magic2},
    {"return with a wrong size: 0", with_wrong_size},
    {"return without an image (fpstate NULL): the initial value", without_image},
    {"return with the image elsewhere: the value there", with_image_elsewhere},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), without_pku());
}
