// SPDX-License-Identifier: MIT
/*
 * malloc: blocks of powers of two from 32 bytes up. The first 16 bytes of each are its header,
 * which keeps the pointer that is given out aligned to 16.
 *
 *     0         8          16
 *     | size    | next     | the memory given out ...           |
 *                 (free)                                      size
 *
 * A freed block goes to the list of its size and is given out again from there. New blocks are cut
 * from chunks that mmap gives; blocks larger than a chunk are mappings of their own. Simple rather
 * than thrifty: the programs here are small.
 */
#include <stdlib.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define SMALLEST_ORDER 5  /* 32 bytes */
#define LARGEST_ORDER  18 /* 256 KiB: a chunk */
#define CHUNK          ((size_t)1 << LARGEST_ORDER)

struct block {
    size_t size; /* with this header */
    struct block *next;
};

static struct block *free_lists[LARGEST_ORDER + 1];
static char *chunk; /* what is left of the last one */
static size_t chunk_left;
static pthread_mutex_t lock; /* for all of these */

static unsigned int order_of(size_t size)
{
    unsigned int order = SMALLEST_ORDER;

    while (((size_t)1 << order) < size)
        order++;
    return order;
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* What is left of the chunk before is less than the block asked for, and is given up. */
static struct block *cut_block(size_t size)
{
    struct block *block;

    if (chunk_left < size) {
        chunk = map(CHUNK);
        chunk_left = chunk == NULL ? 0 : CHUNK;
        if (chunk == NULL)
            return NULL;
    }
    block = (struct block *)chunk;
    chunk += size;
    chunk_left -= size;
    return block;
}

static struct block *get_block(size_t size)
{
    struct block *block;
    unsigned int order;

    if (size > CHUNK) {
        block = map(size);
    } else {
        order = order_of(size);
        size = (size_t)1 << order;
        pthread_mutex_lock(&lock);
        block = free_lists[order];
        if (block != NULL)
            free_lists[order] = block->next;
        else
            block = cut_block(size);
        pthread_mutex_unlock(&lock);
    }
    if (block != NULL)
        block->size = size;
    return block;
}

/*
 * malloc() under a name that says nothing to the compiler: it makes a call of calloc() out of
 * malloc() followed by memset(), in calloc() too.
 */
static void *allocate(size_t size)
{
    struct block *block = NULL;

    if (size <= PTRDIFF_MAX)
        block = get_block(size + sizeof(struct block));
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return block + 1;
}

void *malloc(size_t size)
{
    return allocate(size);
}

void free(void *memory)
{
    struct block *block = (struct block *)memory - 1;
    unsigned int order;

    if (memory == NULL)
        return;
    if (block->size > CHUNK) {
        munmap(block, block->size);
        return;
    }
    order = order_of(block->size);
    pthread_mutex_lock(&lock);
    block->next = free_lists[order];
    free_lists[order] = block;
    pthread_mutex_unlock(&lock);
}

void *calloc(size_t count, size_t size)
{
    void *memory;

    if (__builtin_mul_overflow(count, size, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    memory = allocate(size);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

void *realloc(void *memory, size_t size)
{
    struct block *block = (struct block *)memory - 1;
    size_t room;
    void *larger;

    if (memory == NULL)
        return malloc(size);
    room = block->size - sizeof(struct block);
    if (size <= room)
        return memory;
    larger = malloc(size);
    if (larger != NULL) {
        memcpy(larger, memory, room);
        free(memory);
    }
    return larger;
}
