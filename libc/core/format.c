// SPDX-License-Identifier: MIT
/*
 * The printf engine, and snprintf on top of it. A conversion is parsed into a struct conversion
 * first and then written as
 *
 *     [spaces] [sign or 0x] [zeros] body [spaces]
 *
 * where the width decides about the spaces, and the precision or the flag 0 about the zeros.
 */
#include "libc/core/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "libc/include/string.h"

struct output {
    format_sink *sink;
    void *context;
    size_t count; /* bytes given to sink so far */
    va_list arguments;
};

enum flags {
    FLAG_LEFT = 1 << 0, /* in the order of flag_characters */
    FLAG_ZERO = 1 << 1,
    FLAG_PLUS = 1 << 2,
    FLAG_SPACE = 1 << 3,
    FLAG_ALTERNATE = 1 << 4,
};

static const char flag_characters[] = "-0+ #";

struct conversion {
    unsigned int flags;
    size_t width;
    bool has_precision;
    size_t precision;
    unsigned int size; /* bytes of an integer */
    char type;
};

static void put(struct output *out, const char *bytes, size_t count)
{
    if (count > 0)
        out->sink(out->context, bytes, count);
    out->count += count;
}

static void put_repeated(struct output *out, char byte, size_t count)
{
    char row[16];

    memset(row, byte, sizeof(row));
    for (; count > sizeof(row); count -= sizeof(row))
        put(out, row, sizeof(row));
    put(out, row, count);
}

static void put_field(struct output *out, const struct conversion *conversion, const char *prefix,
                      size_t zeros, const char *body, size_t body_size)
{
    size_t prefix_size = strlen(prefix);
    size_t size = prefix_size + zeros + body_size;
    size_t padding = conversion->width > size ? conversion->width - size : 0;

    if (!(conversion->flags & FLAG_LEFT))
        put_repeated(out, ' ', padding);
    put(out, prefix, prefix_size);
    put_repeated(out, '0', zeros);
    put(out, body, body_size);
    if (conversion->flags & FLAG_LEFT)
        put_repeated(out, ' ', padding);
}

static void put_number(struct output *out, const struct conversion *conversion, const char *prefix,
                       uint64_t value, unsigned int base)
{
    const char *digits = conversion->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char buffer[24]; /* 64 bits are 22 octal digits */
    char *end = buffer + sizeof(buffer);
    char *start = end;
    size_t minimum = conversion->has_precision ? conversion->precision : 1;
    size_t used = strlen(prefix);
    size_t size;

    for (; value != 0; value /= base)
        *--start = digits[value % base];
    size = (size_t)(end - start);
    if ((conversion->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO && !conversion->has_precision &&
        conversion->width > used + minimum)
        minimum = conversion->width - used;
    if (conversion->type == 'o' && (conversion->flags & FLAG_ALTERNATE) && minimum <= size)
        minimum = size + 1;
    put_field(out, conversion, prefix, minimum > size ? minimum - size : 0, start, size);
}

/* The next argument, cut to the conversion's size, and extended by its sign or by zeros. */
static uint64_t take_integer(struct output *out, const struct conversion *conversion,
                             bool is_signed)
{
    unsigned int spare = 64 - 8 * conversion->size;
    uint64_t value;

    if (conversion->size == sizeof(long))
        value = va_arg(out->arguments, unsigned long);
    else
        value = va_arg(out->arguments, unsigned int);
    value <<= spare;
    return is_signed ? (uint64_t)((int64_t)value >> spare) : value >> spare;
}

static void put_signed(struct output *out, const struct conversion *conversion)
{
    uint64_t value = take_integer(out, conversion, true);

    if ((int64_t)value < 0)
        put_number(out, conversion, "-", -value, 10);
    else
        put_number(out, conversion,
                   conversion->flags & FLAG_PLUS    ? "+"
                   : conversion->flags & FLAG_SPACE ? " "
                                                    : "",
                   value, 10);
}

static void put_unsigned(struct output *out, const struct conversion *conversion, unsigned int base)
{
    uint64_t value = take_integer(out, conversion, false);
    const char *prefix = "";

    if (base == 16 && (conversion->flags & FLAG_ALTERNATE) && value)
        prefix = conversion->type == 'X' ? "0X" : "0x";
    if (conversion->type == 'p' && !value)
        put_field(out, conversion, "", 0, "(nil)", 5);
    else
        put_number(out, conversion, prefix, value, base);
}

static void put_string(struct output *out, const struct conversion *conversion)
{
    const char *string = va_arg(out->arguments, const char *);
    size_t limit = conversion->has_precision ? conversion->precision : SIZE_MAX;

    if (string == NULL)
        string = limit >= 6 ? "(null)" : "";
    put_field(out, conversion, "", 0, string, strnlen(string, limit));
}

static void put_character(struct output *out, const struct conversion *conversion)
{
    char character = (char)va_arg(out->arguments, int);

    put_field(out, conversion, "", 0, &character, 1);
}

static const char *parse_flags(struct conversion *conversion, const char *at)
{
    for (const char *flag; *at && (flag = strchr(flag_characters, *at)); at++)
        conversion->flags |= 1u << (flag - flag_characters);
    return at;
}

/* A width or a precision: digits, or * for an argument, which may be negative. */
static const char *parse_count(struct output *out, const char *at, int *count)
{
    unsigned int value = 0;

    if (*at == '*') {
        *count = va_arg(out->arguments, int);
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++)
        value = value < INT32_MAX / 10 ? value * 10 + (unsigned int)(*at - '0') : INT32_MAX;
    *count = (int)value;
    return at;
}

/* hh and h; l and ll, z, j and t, which are all the same size. */
static const char *parse_length(struct conversion *conversion, const char *at)
{
    conversion->size = sizeof(int);
    for (; *at == 'h' && conversion->size > 1; at++)
        conversion->size /= 2;
    for (; *at && strchr("lzjt", *at); at++)
        conversion->size = sizeof(long);
    return at;
}

/* Reads what follows a '%'. Returns where the conversion ends. */
static const char *parse_conversion(struct output *out, struct conversion *conversion,
                                    const char *at)
{
    int count;

    memset(conversion, 0, sizeof(*conversion));
    at = parse_flags(conversion, at);
    at = parse_count(out, at, &count);
    if (count < 0)
        conversion->flags |= FLAG_LEFT;
    conversion->width = count < 0 ? -(size_t)count : (size_t)count;
    if (*at == '.') {
        at = parse_count(out, at + 1, &count);
        conversion->has_precision = count >= 0;
        conversion->precision = count >= 0 ? (size_t)count : 0;
    }
    at = parse_length(conversion, at);
    conversion->type = *at;
    if (*at == 'p') {
        conversion->size = sizeof(void *);
        conversion->flags |= FLAG_ALTERNATE;
    }
    return *at == '\0' ? at : at + 1;
}

/* Returns false if there is no such conversion. */
static bool put_conversion(struct output *out, const struct conversion *conversion)
{
    switch (conversion->type) {
    case 'd':
    case 'i':
        put_signed(out, conversion);
        return true;
    case 'u':
        put_unsigned(out, conversion, 10);
        return true;
    case 'x':
    case 'X':
    case 'p':
        put_unsigned(out, conversion, 16);
        return true;
    case 'o':
        put_unsigned(out, conversion, 8);
        return true;
    case 's':
        put_string(out, conversion);
        return true;
    case 'c':
        put_character(out, conversion);
        return true;
    case '%':
        put(out, "%", 1);
        return true;
    default:
        return false;
    }
}

int format_output(format_sink *sink, void *context, const char *format, va_list arguments)
{
    struct output out = {.sink = sink, .context = context};

    va_copy(out.arguments, arguments);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        const char *start = format + plain;
        struct conversion conversion;

        put(&out, format, plain);
        if (*start == '\0')
            break;
        format = parse_conversion(&out, &conversion, start + 1);
        if (!put_conversion(&out, &conversion))
            put(&out, start, (size_t)(format - start));
    }
    va_end(out.arguments);
    return out.count <= INT32_MAX ? (int)out.count : -1;
}

struct string_sink {
    char *buffer;
    size_t size;
    size_t used;
};

static void put_into_string(void *context, const char *bytes, size_t count)
{
    struct string_sink *string = context;
    size_t room = string->size - string->used;
    size_t fits = count < room ? count : room;

    memcpy(string->buffer + string->used, bytes, fits);
    string->used += fits;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    // One byte is kept for the NUL; with size 0 there is neither room nor NUL.
    struct string_sink string = {.buffer = buffer, .size = size > 0 ? size - 1 : 0};
    int count = format_output(put_into_string, &string, format, arguments);

    if (size > 0)
        buffer[string.used] = '\0';
    return count;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return count;
}
