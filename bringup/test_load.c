// SPDX-License-Identifier: MIT
/* How long instructions take, and how the CPU does under load. */
#include <stddef.h>

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/tlb.h"
#include "bringup/key_page.h"
#include "bringup/oracle_machine.h"
#include "bringup/pkru_image.h"
#include "bringup/test.h"

#define SAMPLES      32
#define REPETITIONS  64
#define OUTLIER      4 /* times the boot CPU's */
#define STRESS_CHECK 64

enum instruction {
    INSTRUCTION_WRPKRU,
    INSTRUCTION_RDPKRU,
    INSTRUCTION_INVLPG,
    INSTRUCTION_SYSCALL,
    INSTRUCTION_XSAVE,
    INSTRUCTION_XRSTOR,
    INSTRUCTION_COUNT,
};

static const char *const instruction_names[INSTRUCTION_COUNT] = {"WRPKRU",  "RDPKRU", "INVLPG",
                                                                 "SYSCALL", "XSAVE",  "XRSTOR"};

static uint64_t boot_ticks[INSTRUCTION_COUNT];

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
        pkru_xsave(image);
        break;
    default:
        pkru_xrstor(image);
        break;
    }
}

/* With SYSRET, by ring 3; the least of many samples. */
static uint64_t measure_system_call(struct test_run *run)
{
    uint64_t least = UINT64_MAX;

    if (oracle_machine_open()) {
        fail(run, "memory for page tables", "none");
        return 0;
    }
    for (unsigned int sample = 0; sample < SAMPLES; sample++) {
        uint64_t ticks = oracle_call(oracle_call_timed, oracle_sysret, 0).value;
        if (ticks < least)
            least = ticks;
    }
    oracle_machine_close();
    return least;
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
        uint64_t ticks = i == INSTRUCTION_SYSCALL ? measure_system_call(run) : measure(i, image);
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
    static void (*const tests[])(struct test_run *) = {test_instructions, test_at_once,
                                                       test_key_change,   test_interrupts,
                                                       test_system_calls, test_oracle};
    struct result inner;
    struct test_run part = *run;
    uint64_t start = rdtsc(), length = clock_ticks(run->stress_us);
    unsigned int last = array_size(tests) - 1, rounds = 0;

    part.result = &inner;
    do {
        inner = (struct result){.outcome = OUTCOME_PASS};
        part.seed = part.seed * 6364136223846793005ul + 1442695040888963407ul;
        part.seed |= 1;
        tests[(part.seed >> 33) % last](&part);
        if (++rounds % STRESS_CHECK == 0)
            tests[last](&part);
        if (inner.outcome == OUTCOME_FAIL) {
            fail(run, inner.expected, "%s, in round %u", inner.found, rounds);
            return;
        }
    } while (rdtsc() - start < length);
    record(run, "%u rounds", rounds);
}
