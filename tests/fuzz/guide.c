// SPDX-License-Identifier: MIT
#include "tests/fuzz/guide.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/fuzz/random.h"

#define KCOV_PATH   "/sys/kernel/debug/kcov"
#define WORDS       ((uint64_t)65536) /* of a trace */
#define BLOCKS      (1u << 19) /* so many addresses are told apart: 2 MiB of calls, 5 bytes each */
#define KEPT_MAX    512
#define WORTH_WHILE 12 /* new blocks for which a sequence gets into the tree */

struct kept {
    struct sequence sequence;
    unsigned int blocks;
};

/* What a worker has found, shared with the supervisor and with its successor of the next seed. */
struct findings {
    uint64_t kept_count; /* ever; the latest KEPT_MAX are there */
    struct kept kept[KEPT_MAX];
    uint8_t reached[BLOCKS / 8];
};

static struct findings *all; /* of each worker; NULL: the kernel has no kcov */
static unsigned int count;
static struct findings *own;
static volatile uint64_t *trace; /* of this process; NULL: none */

void guide_create(unsigned int workers)
{
    size_t size = workers * sizeof(*all);
    long fd = KERNEL(open, KCOV_PATH, O_RDWR);

    if (is_error(fd))
        return;
    KERNEL(close, fd);
    /* All of it at once, or it would look like a leak. */
    all =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (all == MAP_FAILED) {
        perror("fuzz: mmap");
        exit(1);
    }
    count = workers;
}

/* The trace needs no descriptor, once it has begun. */
static long start_trace(void)
{
    long fd = KERNEL(open, KCOV_PATH, O_RDWR | O_CLOEXEC);
    long memory, result;

    if (is_error(fd))
        return fd;
    result = KERNEL(ioctl, fd, KCOV_INIT_TRACE, WORDS);
    memory = KERNEL(mmap, 0, WORDS * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!is_error(result) && !is_error(memory))
        result = KERNEL(ioctl, fd, KCOV_ENABLE, KCOV_TRACE_PC);
    KERNEL(close, fd);
    return is_error(result) ? result : memory;
}

void guide_start(unsigned int number)
{
    long memory = all ? start_trace() : -ENOENT;

    if (is_error(memory))
        return;
    trace = (volatile uint64_t *)memory;
    own = &all[number];
}

bool guide_is_there(void)
{
    return trace;
}

void guide_begin(void)
{
    if (trace)
        trace[0] = 0;
}

unsigned int guide_end(void)
{
    uint64_t length = trace ? trace[0] : 0;
    unsigned int blocks = 0;

    for (uint64_t i = 1; i <= length; i++) {
        uint64_t block = trace[i] / 4 % BLOCKS;
        uint8_t bit = (uint8_t)(1u << block % 8);

        blocks += !(own->reached[block / 8] & bit);
        own->reached[block / 8] |= bit;
    }
    return blocks;
}

void guide_keep(const struct sequence *sequence, unsigned int blocks)
{
    own->kept[own->kept_count++ % KEPT_MAX] = (struct kept){*sequence, blocks};
}

const struct sequence *guide_pick(void)
{
    uint64_t there = own->kept_count < KEPT_MAX ? own->kept_count : KEPT_MAX;

    return there == 0 ? NULL : &own->kept[random_below(there)].sequence;
}

/* ---- the end ---- */

static unsigned int count_reached(void)
{
    unsigned int reached = 0;

    for (size_t i = 0; i < sizeof(own->reached); i++) {
        uint8_t bits = 0;

        for (unsigned int worker = 0; worker < count; worker++)
            bits |= all[worker].reached[i];
        reached += (unsigned int)__builtin_popcount(bits);
    }
    return reached;
}

static void print_kept(const struct findings *findings)
{
    uint64_t there = findings->kept_count < KEPT_MAX ? findings->kept_count : KEPT_MAX;

    for (uint64_t i = 0; i < there; i++) {
        if (findings->kept[i].blocks < WORTH_WHILE)
            continue;
        sequence_print(&findings->kept[i].sequence, "corpus:");
        printf("corpus:\n");
    }
}

void guide_report(bool with_sequences)
{
    uint64_t kept = 0;

    for (unsigned int worker = 0; worker < count; worker++) {
        kept += all[worker].kept_count;
        if (with_sequences)
            print_kept(&all[worker]);
    }
    if (all)
        printf("kcov: sequences reached %u blocks; %lu of them reached new ones\n", count_reached(),
               (unsigned long)kept);
}
