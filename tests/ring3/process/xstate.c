// SPDX-License-Identifier: MIT
/*
 * The extended state: x87, SSE and AVX registers through system calls, switches, signals and fork.
 */
#include "tests/ring3/ring3.h"

#include <sched.h>

#define XMM_IN_IMAGE   160 /* of FXSAVE: xmm0 */
#define MXCSR_IN_IMAGE 24
#define AVX_COMPONENT  2

/* All that a test sets and compares. */
struct registers {
    uint64_t xmm[16][2];
    uint64_t ymm_high[16][2]; /* 0 without AVX */
    double x87[2];            /* st0 and st1 */
    uint32_t mxcsr;
    uint16_t control;
};

static bool has_avx(void)
{
    unsigned int eax, ebx, ecx, edx;
    uint32_t low, high;

    __cpuid(1, eax, ebx, ecx, edx);
    if (!(ecx >> 27 & 1) || !(ecx >> 28 & 1)) // OSXSAVE and AVX
        return false;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low >> AVX_COMPONENT & 1) != 0;
}

static void fill(struct registers *registers, uint64_t seed)
{
    memset(registers, 0, sizeof(*registers));
    for (uint64_t i = 0; i < 16; i++) {
        registers->xmm[i][0] = seed * 0x0101010101010101 + i;
        registers->xmm[i][1] = seed * 0x0303030303030303 + i;
        if (has_avx()) {
            registers->ymm_high[i][0] = seed * 0x0505050505050505 + i;
            registers->ymm_high[i][1] = seed * 0x0707070707070707 + i;
        }
    }
    registers->x87[0] = (double)seed;
    registers->x87[1] = (double)seed / 4;
    registers->mxcsr = seed & 1 ? 0x1f80 | 0x2000 : 0x1f80 | 0x4000; // rounding
    registers->control = seed & 1 ? 0x37f | 0x400 : 0x37f | 0x800;
}

/* Loads the registers, makes one system call and stores them: no compiled code comes between. */
#define EACH_XMM(operation)                                                                    \
    operation(0) operation(1) operation(2) operation(3) operation(4) operation(5) operation(6) \
        operation(7) operation(8) operation(9) operation(10) operation(11) operation(12)       \
            operation(13) operation(14) operation(15)
#define LOAD_XMM(n)  "movdqu 16*" #n "(%[in]), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqu %%xmm" #n ", 16*" #n "(%[out])\n\t"
#define LOAD_YMM(n)  "vinsertf128 $1, 256+16*" #n "(%[in]), %%ymm" #n ", %%ymm" #n "\n\t"
#define STORE_YMM(n) "vextractf128 $1, %%ymm" #n ", 256+16*" #n "(%[out])\n\t"

static void call_with(long number, long first, long second, const struct registers *in,
                      struct registers *out)
{
    static const uint32_t usual_mxcsr = 0x1f80;
    long avx = has_avx();

    memset(out, 0, sizeof(*out));
    __asm__ volatile("fldl 520(%[in])\n\t"
                     "fldl 512(%[in])\n\t"
                     "ldmxcsr 528(%[in])\n\t"
                     "fldcw 532(%[in])\n\t" EACH_XMM(LOAD_XMM) //
                     "test %[avx], %[avx]\n\t"
                     "jz 1f\n\t" EACH_XMM(LOAD_YMM) //
                     "1:\n\t"
                     "syscall\n\t" EACH_XMM(STORE_XMM) //
                     "test %[avx], %[avx]\n\t"
                     "jz 2f\n\t" EACH_XMM(STORE_YMM) //
                     "vzeroupper\n"
                     "2:\n\t"
                     "fnstcw 532(%[out])\n\t"
                     "stmxcsr 528(%[out])\n\t"
                     "fstpl 512(%[out])\n\t"
                     "fstpl 520(%[out])\n\t"
                     "fninit\n\t"
                     "ldmxcsr %[usual]"
                     : "+a"(number)
                     : [in] "r"(in), [out] "r"(out), [avx] "r"(avx), [usual] "m"(usual_mxcsr),
                       "D"(first), "S"(second)
                     : "rcx", "r11", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
}

_Static_assert(offsetof(struct registers, ymm_high) == 256 &&
                   offsetof(struct registers, x87) == 512 &&
                   offsetof(struct registers, mxcsr) == 528 &&
                   offsetof(struct registers, control) == 532,
               "call_with knows the layout");

/* Makes the call with registers of the given seed; returns whether they came back unchanged. */
static bool kept(long number, long first, long second, uint64_t seed)
{
    struct registers in, out;

    fill(&in, seed);
    call_with(number, first, second, &in, &out);
    if (memcmp(&in, &out, sizeof(in)) == 0)
        return true;
    for (int i = 0; i < 16; i++) {
        if (memcmp(in.xmm[i], out.xmm[i], 16) != 0)
            ktap_note("xmm%d differs", i);
        if (memcmp(in.ymm_high[i], out.ymm_high[i], 16) != 0)
            ktap_note("the upper half of ymm%d differs", i);
    }
    ktap_note("x87 %s, mxcsr %#x, control word %#x",
              memcmp(in.x87, out.x87, sizeof(in.x87)) == 0 ? "the same" : "differs", out.mxcsr,
              out.control);
    return false;
}

static void through_calls(void)
{
    for (uint64_t seed = 1; seed < 10; seed++) {
        if (!EXPECT(kept(__NR_getpid, 0, 0, seed)) || !EXPECT(kept(__NR_sched_yield, 0, 0, seed)))
            break;
    }
}

/* Both sides sleep in a read of a pipe, each with registers of its own. */
static void through_switches(void)
{
    int status = 0;
    bool same = true;
    pid_t child = fork();
    uint64_t seed = child == 0 ? 100 : 201;

    for (int i = 0; i < 200 && same; i++)
        same = kept(__NR_sched_yield, 0, 0, seed + (uint64_t)i % 7);
    if (child == 0)
        _exit(same ? 0 : 1);
    waitpid(child, &status, 0);
    EXPECT(same);
    EXPECT_EQUAL(status, 0);
}

/* Fills the registers, computes for some time slices and looks at xmm7 all the while. */
static bool kept_while_computing(uint64_t seed)
{
    uint64_t found;
    uint64_t rounds = 20000000;

    __asm__ volatile("movq %[seed], %%xmm7\n"
                     "1:\n\t"
                     "movq %%xmm7, %[found]\n\t"
                     "cmp %[seed], %[found]\n\t"
                     "jne 2f\n\t"
                     "dec %[rounds]\n\t"
                     "jnz 1b\n"
                     "2:"
                     : [found] "=&r"(found), [rounds] "+r"(rounds)
                     : [seed] "r"(seed)
                     : "xmm7", "cc");
    return found == seed && rounds == 0;
}

static void through_preemption(void)
{
    int status = 0;
    pid_t child = fork();
    bool same = kept_while_computing(child == 0 ? 0x1111 : 0x2222);

    if (child == 0)
        _exit(same ? 0 : 1);
    waitpid(child, &status, 0);
    EXPECT(same);
    EXPECT_EQUAL(status, 0);
}

/* ---- signals ---- */

static uint64_t xmm3_in_frame;
static uint32_t mxcsr_in_frame, mxcsr_in_handler;
static uint64_t xmm3_to_set;

static void use_registers(int number, siginfo_t *info, void *context)
{
    char *image = (char *)((ucontext_t *)context)->uc_mcontext.fpregs;
    struct registers other, unused;

    (void)number;
    (void)info;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr_in_handler));
    memcpy(&xmm3_in_frame, image + XMM_IN_IMAGE + 3 * 16, sizeof(xmm3_in_frame));
    memcpy(&mxcsr_in_frame, image + MXCSR_IN_IMAGE, sizeof(mxcsr_in_frame));
    if (xmm3_to_set != 0)
        memcpy(image + XMM_IN_IMAGE + 3 * 16, &xmm3_to_set, sizeof(xmm3_to_set));
    fill(&other, 77);
    call_with(__NR_getpid, 0, 0, &other, &unused);
}

static void through_signals(void)
{
    xmm3_to_set = 0;
    handle(SIGUSR1, use_registers, 0);
    EXPECT(kept(__NR_kill, getpid(), SIGUSR1, 5));
}

static void frame_has_them(void)
{
    struct registers in, out;

    xmm3_to_set = 0;
    handle(SIGUSR1, use_registers, 0);
    fill(&in, 9);
    call_with(__NR_kill, getpid(), SIGUSR1, &in, &out);
    EXPECT_EQUAL(xmm3_in_frame, in.xmm[3][0]);
    EXPECT_EQUAL(mxcsr_in_frame, in.mxcsr);
    EXPECT_EQUAL(mxcsr_in_handler, 0x1f80);
}

static void frame_sets_them(void)
{
    struct registers in, out;

    xmm3_to_set = 0x1234567890;
    handle(SIGUSR1, use_registers, 0);
    fill(&in, 9);
    call_with(__NR_kill, getpid(), SIGUSR1, &in, &out);
    EXPECT_EQUAL(out.xmm[3][0], 0x1234567890);
    EXPECT_EQUAL(out.xmm[4][0], in.xmm[4][0]);
    xmm3_to_set = 0;
}

static void drop_image(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.fpregs = NULL;
}

static void return_without_image(void)
{
    struct registers in, out;

    handle(SIGUSR1, drop_image, 0);
    fill(&in, 9);
    // Empty x87 registers: stores of them would give not-a-number, so they are not compared.
    call_with(__NR_kill, getpid(), SIGUSR1, &in, &out);
    EXPECT_EQUAL(out.xmm[3][0], 0);
    EXPECT_EQUAL(out.ymm_high[3][0], 0);
    EXPECT_EQUAL(out.mxcsr, 0x1f80);
    EXPECT_EQUAL(out.control, 0x37f);
}

/* ---- fork ---- */

static void fork_copies_them(void)
{
    struct registers in, out;
    int status = 0;
    pid_t parent = getpid();

    fill(&in, 3);
    call_with(__NR_fork, 0, 0, &in, &out);
    if (getpid() != parent)
        _exit(memcmp(&in, &out, sizeof(in)) == 0 ? 0 : 1);
    EXPECT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
    waitpid(-1, &status, 0);
    EXPECT_EQUAL(status, 0);
}

static const struct ktap_test tests[] = {
    {"x87, SSE and AVX registers last through system calls", through_calls},
    {"they last through switches to a process that uses them too", through_switches},
    {"they last through the timer's preemption", through_preemption},
    {"they last through a handler that uses them", through_signals},
    {"the frame has them, and the handler starts with the initial MXCSR", frame_has_them},
    {"a change in the frame counts", frame_sets_them},
    {"return without an image: all in their initial state", return_without_image},
    {"fork copies them", fork_copies_them},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
