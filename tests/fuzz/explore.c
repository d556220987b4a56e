// SPDX-License-Identifier: MIT
#include "tests/fuzz/explore.h"

#include "tests/fuzz/guide.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/sequence.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/worker.h"

/* The text of corpus/sequences.txt, with a NUL behind it. */
extern const char corpus_text[];
__asm__(".pushsection .rodata\n"
        "corpus_text: .incbin \"tests/fuzz/corpus/sequences.txt\"\n"
        ".byte 0\n"
        ".popsection");

/* All begin with the same surroundings. It is worth keeping up to the last call with new blocks. */
static void make(struct sequence *sequence)
{
    unsigned int blocks = 0;
    uint32_t useful = 0;

    worker->sequence = *sequence;
    random_start(0, 0);
    worker_begin();
    for (uint32_t i = 0; i < sequence->count; i++) {
        unsigned int found;

        random_start(sequence->calls[i].seed, 0);
        guide_begin();
        worker_use(calls_get(sequence->calls[i].call));
        found = guide_end();
        blocks += found;
        if (found)
            useful = i + 1;
    }
    worker->sequence.count = 0;
    sequence->count = useful;
    if (useful)
        guide_keep(sequence, blocks);
}

void explore_corpus(unsigned int number, unsigned int workers)
{
    struct sequence sequence;
    unsigned int line = 0;

    for (const char *text = corpus_text; *text != '\0'; line++) {
        text = sequence_parse(&sequence, text);
        if (line % workers == number)
            make(&sequence);
    }
}

void explore_one(void)
{
    const struct sequence *first = guide_pick(), *second = guide_pick();
    struct sequence sequence;

    if (first && !one_in(4)) {
        sequence = *first;
        sequence_mutate(&sequence, second);
    } else {
        sequence_generate(&sequence);
    }
    make(&sequence);
}
