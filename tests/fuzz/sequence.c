// SPDX-License-Identifier: MIT
#include "tests/fuzz/sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/random.h"
#include "tests/fuzz/worker.h"

#define MUTATIONS_MAX 4
#define COLUMNS       100 /* of text */

static struct planned_call plan_call(void)
{
    struct planned_call planned = {calls_index(worker_choose_call()), (uint32_t)random_bits()};

    return planned;
}

void sequence_generate(struct sequence *sequence)
{
    sequence->count = 1 + (uint32_t)random_below(SEQUENCE_MAX);
    for (uint32_t i = 0; i < sequence->count; i++)
        sequence->calls[i] = plan_call();
}

/* ---- mutations ---- */

static void insert(struct sequence *sequence, uint32_t at)
{
    if (sequence->count == SEQUENCE_MAX)
        sequence->count--;
    memmove(&sequence->calls[at + 1], &sequence->calls[at],
            (sequence->count - at) * sizeof(sequence->calls[0]));
    sequence->calls[at] = plan_call();
    sequence->count++;
}

static void remove_call(struct sequence *sequence, uint32_t at)
{
    if (sequence->count == 1)
        return;
    sequence->count--;
    memmove(&sequence->calls[at], &sequence->calls[at + 1],
            (sequence->count - at) * sizeof(sequence->calls[0]));
}

/* What comes from there on is the end of the other. */
static void splice(struct sequence *sequence, uint32_t at, const struct sequence *other)
{
    uint32_t from = (uint32_t)random_below(other->count);

    sequence->count = at;
    while (from < other->count && sequence->count < SEQUENCE_MAX)
        sequence->calls[sequence->count++] = other->calls[from++];
}

void sequence_mutate(struct sequence *sequence, const struct sequence *other)
{
    for (uint64_t left = 1 + random_below(MUTATIONS_MAX); left > 0; left--) {
        uint32_t at = (uint32_t)random_below(sequence->count);

        switch (random_below(5)) {
        case 0:
            sequence->calls[at].seed = (uint32_t)random_bits();
            break;
        case 1:
            sequence->calls[at] = plan_call();
            break;
        case 2:
            insert(sequence, at);
            break;
        case 3:
            remove_call(sequence, at);
            break;
        default:
            splice(sequence, at, other);
        }
    }
}

/* ---- text ---- */

/* The index of the call with a name of that length; or how many there are. */
static uint32_t find_call(const char *name, size_t length)
{
    uint32_t index = 0;

    while (index < calls_count() && (strlen(calls_get(index)->name) != length ||
                                     memcmp(calls_get(index)->name, name, length) != 0))
        index++;
    return index;
}

const char *sequence_parse(struct sequence *sequence, const char *text)
{
    const char *end = strstr(text, "\n\n");

    if (end == NULL)
        end = text + strlen(text);
    sequence->count = 0;
    for (text += strspn(text, " \n"); text < end; text += strspn(text, " \n")) {
        size_t length = strcspn(text, " :\n");
        uint32_t call = find_call(text, length);

        if (text[length] == ':' && call < calls_count() && sequence->count < SEQUENCE_MAX)
            sequence->calls[sequence->count++] = (struct planned_call){
                call,
                (uint32_t)strtoul(text + length + 1, NULL, 16),
            };
        text += strcspn(text, " \n");
    }
    return text;
}

void sequence_print(const struct sequence *sequence, const char *head)
{
    char word[64];
    size_t column = 0;

    for (uint32_t i = 0; i < sequence->count; i++) {
        const struct planned_call *planned = &sequence->calls[i];
        size_t length = (size_t)snprintf(word, sizeof(word), " %s:%x",
                                         calls_get(planned->call)->name, planned->seed);

        if (column == 0 || column + length > COLUMNS) {
            printf("%s%s", column == 0 ? "" : "\n", head);
            column = strlen(head);
        }
        printf("%s", word);
        column += length;
    }
    printf("\n");
}
