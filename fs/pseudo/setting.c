// SPDX-License-Identifier: MIT
#include "fs/pseudo/setting.h"

#include "fs/more/node_more.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"

#define NUMBER_SIZE 22 /* characters of a number that Linux has room for, with a NUL */

const struct node_operations setting_operations = {
    .open = pseudo_open_text,
    .release = pseudo_release,
    .more = &(const struct node_more){.has_fixed_mode = true},
};

/* ---- numbers ---- */

static bool is_space(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static bool ends_number(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

static size_t count_spaces(const char *bytes, size_t size)
{
    size_t count = 0;

    while (count < size && is_space(bytes[count]))
        count++;
    return count;
}

/* The first number of the text, and the bytes up to the next one: -EINVAL. */
static int parse_number(const char *bytes, size_t size, uint64_t *number, size_t *used)
{
    char copy[NUMBER_SIZE] = "";
    size_t start = count_spaces(bytes, size), length = 0;

    while (start + length < size && !ends_number(bytes[start + length]))
        length++;
    if (length >= sizeof(copy) - 1)
        return -EINVAL;
    memcpy(copy, bytes + start, length);
    if (copy[0] == '+' || strlen(copy) < length || parse_u64(copy, number))
        return -EINVAL;
    *used = start + length;
    *used += count_spaces(bytes + *used, size - *used);
    return 0;
}

int setting_show_number(const struct pseudo_node *node, struct text *text)
{
    const struct number_setting *setting = node->entry->setting;

    text_print(text, "%lu\n", *setting->value);
    return 0;
}

long setting_write_number(const struct pseudo_node *node, const char *bytes, size_t size,
                          uint64_t offset)
{
    const struct number_setting *setting = node->entry->setting;
    uint64_t number;
    size_t used;
    int error;

    if (setting->may_change && !setting->may_change())
        return -EPERM;
    if (offset)
        return (long)size;
    error = parse_number(bytes, size, &number, &used);
    if (!error && (number < setting->min || number > setting->max))
        error = -EINVAL;
    if (!error && setting->change)
        error = setting->change(&number);
    if (error)
        return error;
    *setting->value = number;
    return (long)used;
}

/* ---- names ---- */

int setting_show_name(const struct pseudo_node *node, struct text *text)
{
    const struct name_setting *setting = node->entry->setting;

    text_print(text, "%s\n", setting->name);
    return 0;
}

/* From the offset on, which is at most the name's end: what is cut off is passed over. */
long setting_write_name(const struct pseudo_node *node, const char *bytes, size_t size,
                        uint64_t offset)
{
    const struct name_setting *setting = node->entry->setting;
    size_t end = offset;

    if (offset > strlen(setting->name))
        return (long)size;
    for (size_t i = 0; i < size && end < setting->size - 1; i++) {
        if (!bytes[i] || bytes[i] == '\n')
            break;
        setting->name[end++] = bytes[i];
    }
    setting->name[end] = '\0';
    return (long)size;
}
