// SPDX-License-Identifier: MIT
#include "kernel/command_line.h"

#include "arch/types.h"
#include "libc/include/string.h"

static const char *line = "";

static const char *const known_names[] = {"console",  "channel", "init",  "init_pkru", "nopku",
                                          "maxcpus",  "x2apic",  "test",  "exit",      "bringup",
                                          "reports",  "tests",   "seed",  "minutes",   "limit",
                                          "loglevel", "onpass",  "onfail"};

struct word {
    const char *start;
    size_t name_length;
    size_t length;
};

void command_line_init(const char *text)
{
    line = text;
}

const char *command_line_text(void)
{
    return line;
}

/* The next word from *at on, which moves on behind it; false at the end. */
static bool next_word(const char **at, struct word *word)
{
    while (**at == ' ')
        (*at)++;
    word->start = *at;
    word->name_length = 0;
    bool in_name = true;
    for (; **at && **at != ' '; (*at)++) {
        in_name = in_name && **at != '=';
        word->name_length += in_name;
    }
    word->length = (size_t)(*at - word->start);
    return word->length > 0;
}

static bool is_named(const struct word *word, const char *name)
{
    return strlen(name) == word->name_length && !memcmp(word->start, name, word->name_length);
}

bool command_line_has(const char *name)
{
    const char *at = line;
    struct word word;

    while (next_word(&at, &word))
        if (is_named(&word, name))
            return true;
    return false;
}

static void copy_value(const struct word *word, size_t from, char value[COMMAND_LINE_VALUE_SIZE])
{
    size_t length = word->length - from;

    if (length > COMMAND_LINE_VALUE_SIZE - 1)
        length = COMMAND_LINE_VALUE_SIZE - 1;
    memcpy(value, word->start + from, length);
    value[length] = '\0';
}

bool command_line_value(const char *name, char value[COMMAND_LINE_VALUE_SIZE])
{
    const char *at = line;
    struct word word;
    bool found = false;

    while (next_word(&at, &word)) {
        if (!is_named(&word, name) || word.length == word.name_length)
            continue;
        copy_value(&word, word.name_length + 1, value);
        found = true;
    }
    return found;
}

void command_line_check(void (*unknown)(const char *word))
{
    char text[COMMAND_LINE_VALUE_SIZE];
    const char *at = line;
    struct word word;

    while (next_word(&at, &word)) {
        bool known = false;
        for (unsigned int i = 0; i < array_size(known_names); i++)
            known |= is_named(&word, known_names[i]);
        if (known)
            continue;
        copy_value(&word, 0, text);
        unknown(text);
    }
}
