// SPDX-License-Identifier: MIT
/* How long instructions take, and how the CPU does under load. */
#include <stddef.h>

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/pkru.h"
#include "arch/tlb.h"
#include "arch/types.h"
#include "bringup/key_page.h"
#include "bringup/test.h"

#define SAMPLES      32
#define REPETITIONS  64
#define OUTLIER      4 /* times the boot CPU's */
#define STRESS_CHECK 64

enum instruction {
    INSTRUCTION_WRPKRU,
    INSTRUCTION_RDPKRU,
    INSTRUCTION_INVLPG,
    INSTRUCTION_XSAVE,
    INSTRUCTION_XRSTOR,
    INSTRUCTION_COUNT,
};

static const char *const instruction_names[INSTRUCTION_COUNT] = {"WRPKRU", "RDPKRU", "INVLPG",
                                                                 "XSAVE", "XRSTOR"};

static uint64_t boot_ticks[INSTRUCTION_COUNT];

/* Room for PKRU alone: nothing else is saved, but the image reaches up to it. */
static void xsave_pkru(char *image)
{
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(image), "a"((uint32_t)XFEATURE_PKRU), "d"(0)
                     : "memory");
}

static void xrstor_pkru(char *image)
{
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(image), "a"((uint32_t)XFEATURE_PKRU), "d"(0)
                     : "memory");
}

static void execute(enum instruction instruction, char *image)
{
    switch (instruction) {
    case INSTRUCTION_WRPKRU:
        write_pkru(0);
        break;
    case INSTRUCTION_RDPKRU:
        read_pkru();
        break;
    case INSTRUCTION_INVLPG:
        invlpg(KEY_PAGE_ADDRESS);
        break;
    case INSTRUCTION_XSAVE:
        xsave_pkru(image);
        break;
    default:
        xrstor_pkru(image);
        break;
    }
}

/* The least of many samples, each of many executions; the loop's own time is part of it. */
static uint64_t measure(enum instruction instruction, char *image)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int sample = 0; sample < SAMPLES; sample++) {
        uint64_t start = rdtsc_ordered();
        for (unsigned int i = 0; i < REPETITIONS; i++)
            execute(instruction, image);
        uint64_t ticks = (rdtsc_ordered() - start) / REPETITIONS;
        if (ticks < least)
            least = ticks;
    }
    return least;
}

void test_cycles(struct test_run *run)
{
    static char image[2 * PAGE_SIZE] __attribute__((aligned(64)));
    bool has_image = fpu_layout.xcr0 & XFEATURE_PKRU && fpu_layout.size <= sizeof(image);

    for (unsigned int i = 0; i < (has_image ? INSTRUCTION_COUNT : INSTRUCTION_XSAVE); i++) {
        uint64_t ticks = measure(i, image);
        if (run->cpu == 0)
            boot_ticks[i] = ticks;
        record(run, "%s %lu", instruction_names[i], ticks);
        if (ticks > OUTLIER * (boot_ticks[i] + 1) || boot_ticks[i] > OUTLIER * (ticks + 1))
            warn(run, "%s takes %lu ticks, on the boot CPU %lu", instruction_names[i], ticks,
                 boot_ticks[i]);
    }
}

/* ---- stress ---- */

/* The tests that need no partner, over and over, with another seed each time. */
void test_stress(struct test_run *run)
{
    static void (*const tests[])(struct test_run *) = {
        test_instructions, test_at_once, test_key_change, test_interrupts, test_oracle};
    struct result inner;
    struct test_run part = *run;
    uint64_t start = rdtsc(), length = clock_ticks(run->stress_us);
    unsigned int rounds = 0;

    part.result = &inner;
    do {
        inner = (struct result){.outcome = OUTCOME_PASS};
        part.seed = part.seed * 6364136223846793005ul + 1442695040888963407ul;
        part.seed |= 1;
        tests[part.seed >> 33 & 3](&part);
        if (++rounds % STRESS_CHECK == 0)
            tests[array_size(tests) - 1](&part);
        if (inner.outcome == OUTCOME_FAIL) {
            fail(run, inner.expected, "%s, in round %u", inner.found, rounds);
            return;
        }
    } while (rdtsc() - start < length);
    record(run, "%u rounds", rounds);
}
