// SPDX-License-Identifier: MIT
/*
 * PKRU as a register of the process: its first value, that it lasts, and the instructions' own
 * faults.
 */
#include "tests/ring3/ring3.h"

#include <sched.h>

static void first_value(void)
{
    EXPECT_EQUAL(first_pkru, PKRU_INIT);
}

static void wrpkru_with_high_registers(void)
{
    EXPECT_SEGV(PROBE("xor %%eax, %%eax\n\txor %%edx, %%edx\n\tmov $1, %%ecx\n\twrpkru", 0),
                CODE_KERNEL);
    EXPECT_EQUAL(probe.fault.address, 0);
    EXPECT_EQUAL(probe.fault.trap, 13);
    EXPECT_EQUAL(probe.fault.error, 0);
    EXPECT_SEGV(PROBE("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\tmov $1, %%edx\n\twrpkru", 0),
                CODE_KERNEL);
    EXPECT_EQUAL(pkru_read(), first_pkru);
}

static void rdpkru_with_ecx(void)
{
    EXPECT_SEGV(PROBE("mov $1, %%ecx\n\trdpkru", 0), CODE_KERNEL);
    EXPECT_EQUAL(probe.fault.address, 0);
}

static void all_bits_are_writable(void)
{
    static const uint32_t values[] = {0, 0xfffffffc, 0x55555554, 0xaaaaaaa8, 0x12345678};

    for (size_t i = 0; i < COUNT(values); i++) {
        pkru_write(values[i]);
        EXPECT_EQUAL(pkru_read(), values[i]);
    }
    pkru_write(PKRU_INIT);
}

static void lasts_through_calls(void)
{
    pkru_write(0xaaaaaaa8);
    for (int i = 0; i < 10; i++) {
        getppid();
        sched_yield();
    }
    EXPECT_EQUAL(pkru_read(), 0xaaaaaaa8);
    pkru_write(PKRU_INIT);
}

static void await_turn(volatile uint32_t *turn, uint32_t mine)
{
    while (*turn != mine)
        sched_yield();
}

static void give_turn(volatile uint32_t *turn, uint32_t to)
{
    *turn = to;
}

/* Two processes with values of their own pass the processor to and fro. */
static void lasts_through_switches(uint32_t mine, uint32_t childs)
{
    volatile uint32_t *turn =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;
    bool same = true;
    pid_t child;

    if (!EXPECT(turn != MAP_FAILED))
        return;
    child = fork();
    if (child == 0)
        pkru_write(childs);
    else
        pkru_write(mine);
    for (int i = 0; i < 50; i++) {
        await_turn(turn, child == 0);
        same &= pkru_read() == (child == 0 ? childs : mine);
        give_turn(turn, child != 0);
        same &= pkru_read() == (child == 0 ? childs : mine);
    }
    if (child == 0)
        _exit(same ? 0 : 1);
    waitpid(child, &status, 0);
    EXPECT(same);
    EXPECT_EQUAL(status, 0);
    munmap((void *)turn, PAGE);
    pkru_write(PKRU_INIT);
}

static void each_process_has_its_own(void)
{
    lasts_through_switches(0x55555550, 0xaaaaaaa8);
}

static void zero_lasts(void)
{
    lasts_through_switches(0, PKRU_INIT);
    lasts_through_switches(0xfffffffc, 0);
    lasts_through_switches(0, 0);
}

/* Long enough for the timer to take the processor away from each, several times. */
static void lasts_through_preemption(void)
{
    int status;
    bool same = true;
    pid_t child = fork();
    uint32_t value = child == 0 ? 0 : 0xfffffff0;

    pkru_write(value);
    for (long i = 0; i < 20000000 && same; i++)
        same = pkru_read() == value;
    if (child == 0)
        _exit(same ? 0 : 1);
    waitpid(child, &status, 0);
    EXPECT(same);
    EXPECT_EQUAL(status, 0);
    pkru_write(PKRU_INIT);
}

static uint32_t seen_in_child;

static void child_of_fork(void)
{
    EXPECT_EQUAL(pkru_read(), seen_in_child);
    pkru_write(0x12345678);
}

static void fork_copies_it(void)
{
    static const uint32_t values[] = {0, 0xfffffffc, 0xaaaaaaa8};

    for (size_t i = 0; i < COUNT(values); i++) {
        seen_in_child = values[i];
        pkru_write(values[i]);
        run_in_child(child_of_fork);
        EXPECT_EQUAL(pkru_read(), values[i]);
    }
    pkru_write(PKRU_INIT);
}

static void counts_at_once(void)
{
    char *page = map_pages(1, READ_WRITE);
    int key = pkey_alloc(0, 0);

    pkey_mprotect(page, PAGE, READ_WRITE, key);
    for (int i = 0; i < 100; i++) {
        pkey_set(key, 0);
        page[0] = 1;
        pkey_set(key, PKEY_DISABLE_WRITE);
        if (!EXPECT_KEY_FAULT(write_fault(page), key))
            break;
        pkey_set(key, PKEY_DISABLE_ACCESS);
        if (!EXPECT_KEY_FAULT(read_fault(page), key))
            break;
    }
    munmap(page, PAGE);
    pkey_free(key);
}

static void cpuid_describes_it(void)
{
    unsigned int size, offset, flags, unused;

    __cpuid_count(0xD, XFEATURE_PKRU, size, offset, flags, unused);
    if (size == 0) {
        ktap_skip("this CPU's leaf 0xD.9 is empty");
        return;
    }
    EXPECT_EQUAL(size, 8);
    EXPECT(offset >= XSAVE_FIRST_COMPONENT);
    EXPECT_EQUAL(flags & 1, 0);
}

static const struct ktap_test tests[] = {
    {"a program starts with 55555554 (hex)", first_value},
    {"WRPKRU with ECX or EDX not 0: #GP, si_code 128, si_addr 0", wrpkru_with_high_registers},
    {"RDPKRU with ECX not 0: #GP, si_code 128, si_addr 0", rdpkru_with_ecx},
    {"all 32 bits can be written and read", all_bits_are_writable},
    {"it lasts through system calls", lasts_through_calls},
    {"it lasts through switches to a process with another value", each_process_has_its_own},
    {"0, which a CPU may take for its initial state, lasts through switches", zero_lasts},
    {"it lasts through the timer's preemption", lasts_through_preemption},
    {"fork copies the live value, and neither side's changes reach the other", fork_copies_it},
    {"a change counts for the very next access", counts_at_once},
    {"CPUID gives its place in the XSAVE image: 8 bytes, user state", cpuid_describes_it},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), without_pku());
}
