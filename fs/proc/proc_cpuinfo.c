// SPDX-License-Identifier: MIT
/*
 * /proc/cpuinfo. The names of the flags and their order are Linux's (its cpufeatures.h): word by
 * word, each a register of CPUID. Linux's words of its own making have no line here.
 */
#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "fs/proc/proc.h"
#include "kernel/cpus/facts.h"
#include "libc/include/string.h"

#define BITS 32

struct feature_word {
    uint32_t leaf, index;
    enum cpuid_register in;
    const char *names[BITS]; /* by bit; NULL: not shown */
};

/* clang-format off */
static const struct feature_word words[] = {
    {1, 0, CPUID_EDX, {
        "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", NULL, "sep", "mtrr",
        "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", NULL, "dts", "acpi", "mmx", "fxsr",
        "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe"}},
    {0x80000001, 0, CPUID_EDX, {
        [11] = "syscall", [19] = "mp", [20] = "nx", [22] = "mmxext", [25] = "fxsr_opt",
        [26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", [30] = "3dnowext", [31] = "3dnow"}},
    {1, 0, CPUID_ECX, {
        "pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3",
        "cid", "sdbg", "fma", "cx16", "xtpr", "pdcm", NULL, "pcid", "dca", "sse4_1", "sse4_2",
        "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", NULL, "avx", "f16c",
        "rdrand", "hypervisor"}},
    {0x80000001, 0, CPUID_ECX, {
        "lahf_lm", "cmp_legacy", "svm", "extapic", "cr8_legacy", "abm", "sse4a", "misalignsse",
        "3dnowprefetch", "osvw", "ibs", "xop", "skinit", "wdt", NULL, "lwp", "fma4", "tce",
        [19] = "nodeid_msr", [21] = "tbm", [22] = "topoext"}},
    {7, 0, CPUID_EBX, {
        "fsgsbase", "tsc_adjust", NULL, "bmi1", "hle", "avx2", NULL, "smep", "bmi2", "erms",
        "invpcid", "rtm", "cqm", NULL, "mpx", "rdt_a", "avx512f", "avx512dq", "rdseed", "adx",
        "smap", "avx512ifma", NULL, "clflushopt", "clwb", "intel_pt", "avx512pf", "avx512er",
        "avx512cd", "sha_ni", "avx512bw", "avx512vl"}},
    {0xd, 1, CPUID_EAX, {"xsaveopt", "xsavec", "xgetbv1", "xsaves"}},
    {7, 0, CPUID_ECX, {
        NULL, "avx512vbmi", "umip", "pku", "ospke", "waitpkg", "avx512_vbmi2", NULL, "gfni",
        "vaes", "vpclmulqdq", "avx512_vnni", "avx512_bitalg", "tme", "avx512_vpopcntdq",
        [16] = "la57", [22] = "rdpid", [25] = "cldemote", [27] = "movdiri", [28] = "movdir64b"}},
    {7, 0, CPUID_EDX, {
        [2] = "avx512_4vnniw", [3] = "avx512_4fmaps", [4] = "fsrm", [8] = "avx512_vp2intersect",
        [10] = "md_clear", [14] = "serialize"}},
};

/* What the CPU has but Latchkey has not turned on, as Linux clears flags that it does not use. */
static const struct { const char *name; uint64_t component; } by_component[] = {
    {"avx512", XFEATURE_AVX512},
    {"avx", XFEATURE_AVX}, {"fma", XFEATURE_AVX}, {"f16c", XFEATURE_AVX}, {"xop", XFEATURE_AVX},
    {"vaes", XFEATURE_AVX}, {"vpclmulqdq", XFEATURE_AVX},
    {"xsave", XFEATURE_SSE}, {"xgetbv1", XFEATURE_SSE},
};
/* clang-format on */

static uint32_t read_register(const struct feature_word *word)
{
    uint32_t registers[4] = {0};

    if ((uint32_t)__get_cpuid_max(word->leaf & 0x80000000u, NULL) >= word->leaf)
        __cpuid_count(word->leaf, word->index, registers[CPUID_EAX], registers[CPUID_EBX],
                      registers[CPUID_ECX], registers[CPUID_EDX]);
    return registers[word->in];
}

static bool is_turned_off(const char *name)
{
    for (unsigned int i = 0; i < array_size(by_component); i++)
        if (!strncmp(name, by_component[i].name, strlen(by_component[i].name)))
            return !(cpu_state.xcr0 & by_component[i].component);
    if (!strcmp(name, "pku"))
        return !cpu_state.pku;
    return !strcmp(name, "la57") && !(cpu_state.cr4 & CR4_LA57);
}

static void put_flags(struct text *text)
{
    text_print(text, "flags\t\t:");
    for (unsigned int i = 0; i < array_size(words); i++) {
        uint32_t value = read_register(&words[i]);

        for (unsigned int bit = 0; bit < BITS; bit++) {
            const char *name = words[i].names[bit];

            if ((value >> bit & 1) && name && !is_turned_off(name))
                text_print(text, " %s", name);
        }
    }
    text_print(text, "\nbugs\t\t:\n");
}

static void put_vendor(struct text *text)
{
    uint32_t eax, name[3];

    __cpuid(0, eax, name[0], name[2], name[1]);
    text_print(text, "vendor_id\t: %.12s\n", (const char *)name);
}

/* SDM vol. 2A, CPUID leaf 1, figure 3-6. */
static void put_signature(struct text *text)
{
    uint32_t signature, ebx, ecx, edx;
    unsigned int family, model;
    char brand[CPU_BRAND_SIZE];

    __cpuid(1, signature, ebx, ecx, edx);
    family = signature >> 8 & 0xf;
    model = signature >> 4 & 0xf;
    if (family == 6 || family == 15)
        model += signature >> 12 & 0xf0;
    if (family == 15)
        family += signature >> 20 & 0xff;
    cpu_read_brand(brand);
    text_print(text, "cpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n", family, model,
               brand[0] ? brand : "unknown");
    text_print(text, "stepping\t: %u\n", signature & 0xf);
}

static void put_topology(struct text *text, uint32_t apic_id)
{
    text_print(text, "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
    text_print(text, "apicid\t\t: %u\ninitial apicid\t: %u\n", apic_id, apic_id);
}

static void put_sizes(struct text *text)
{
    uint32_t eax = 36 | 48 << 8, ebx, ecx, edx; /* without leaf 80000008h */
    unsigned int line;

    __cpuid(1, line, ebx, ecx, edx);
    line = (ebx >> 8 & 0xff) * 8;
    __get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
    text_print(text, "clflush size\t: %u\ncache_alignment\t: %u\n", line, line);
    text_print(text, "address sizes\t: %u bits physical, %u bits virtual\n", eax & 0xff,
               eax >> 8 & 0xff);
}

/* All CPUs are alike but for their APIC ids, so the one that this runs on tells for each. */
static void put_cpu(struct text *text, unsigned int cpu)
{
    uint64_t khz = clock_rates.tsc_hz / 1000;

    text_print(text, "processor\t: %u\n", cpu);
    put_vendor(text);
    put_signature(text);
    text_print(text, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
    put_topology(text, percpu_of(cpu)->apic_id);
    text_print(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
               __get_cpuid_max(0, NULL));
    put_flags(text);
    text_print(text, "bogomips\t: %lu.%02lu\n", khz / 500, khz / 5 % 100);
    put_sizes(text);
    text_print(text, "power management:\n\n");
}

int proc_show_cpuinfo(const struct pseudo_node *node, struct text *text)
{
    (void)node;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        put_cpu(text, cpu);
    return 0;
}
