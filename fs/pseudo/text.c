// SPDX-License-Identifier: MIT
/*
 * Generated text.
 */
#include "fs/pseudo/text.h"

#include <asm/errno.h>

#include "fs/tmpfs/tmpfs.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/object/object.h"

void text_init(struct text *text)
{
    text->object = object_create();
    text->error = text->object ? 0 : -ENOMEM;
}

void text_free(struct text *text)
{
    if (text->object)
        object_put(text->object);
    text->object = NULL;
}

uint64_t text_size(const struct text *text)
{
    return text->object ? text->object->size : 0;
}

static int put_piece(struct text *text, const char *bytes, size_t count)
{
    struct memory_object *object = text->object;
    struct page *page;
    int error = object_page(object, object->size / PAGE_SIZE, true, &page);

    if (error)
        return error;
    memcpy((char *)page_address(page) + object->size % PAGE_SIZE, bytes, count);
    page_put(page);
    object_extend(object, object->size + count);
    return 0;
}

void text_put(struct text *text, const char *bytes, size_t count)
{
    while (count && !text->error) {
        size_t piece = piece_in_page(text_size(text), count);

        text->error = put_piece(text, bytes, piece);
        bytes += piece;
        count -= piece;
    }
}

static void put_formatted(void *text, const char *bytes, size_t count)
{
    text_put(text, bytes, count);
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_output(put_formatted, text, format, arguments);
    va_end(arguments);
}

void text_pad(struct text *text, uint64_t line_start, unsigned int width)
{
    while (!text->error && text_size(text) - line_start < width)
        text_put(text, " ", 1);
}

long text_read(const struct text *text, struct io_iter *to, uint64_t *offset)
{
    return text->object ? object_read(text->object, to, offset) : 0;
}
