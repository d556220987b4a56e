// SPDX-License-Identifier: MIT
/*
 * Copy-on-write: what parent and child see of each other's memory after fork() and vfork(), and
 * memory that two processes share.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define BOTH (PROT_READ | PROT_WRITE)

static int in_data = 1;
static int in_bss;

static unsigned char *map(size_t pages, int sharing)
{
    return mmap(NULL, pages * PAGE, BOTH, sharing | MAP_ANONYMOUS, -1, 0);
}

static void change_all(int *on_stack, int *on_heap)
{
    in_data = 11;
    in_bss = 12;
    *on_stack = 13;
    *on_heap = 14;
    _exit(in_data + in_bss + *on_stack + *on_heap);
}

static void copies(void)
{
    int on_stack = 3, *on_heap = malloc(sizeof(int));

    *on_heap = 4;
    in_bss = 2;
    section("a child changes everything");
    SHOW_CHILD(change_all(&on_stack, on_heap));
    SHOW(in_data);
    SHOW(in_bss);
    SHOW(on_stack);
    SHOW(*on_heap);
    free(on_heap);
}

/* Parent and child write the page by turns, and each sees its own. */
static void turns(void)
{
    unsigned char *place = map(1, MAP_PRIVATE);
    int to_child[2], to_parent[2];
    char token = 0;
    pid_t pid;

    section("by turns");
    if (pipe(to_child) || pipe(to_parent))
        exit(1);
    place[0] = 'o';
    pid = fork();
    if (!pid) {
        place[0] = 'c';
        if (write(to_parent[1], "x", 1) != 1 || read(to_child[0], &token, 1) != 1)
            _exit(1);
        _exit(place[0]);
    }
    SHOW(read(to_parent[0], &token, 1));
    SHOW(place[0]);
    place[0] = 'p';
    SHOW(write(to_child[1], "x", 1));
    show_end("the child saw", pid);
    SHOW(place[0]);
}

/* Each of eight generations writes its own page of an array that all inherit. */
static void generations(void)
{
    unsigned char *place = map(8, MAP_PRIVATE);
    unsigned char *results = map(1, MAP_SHARED);
    int generation = 0;

    section("eight generations");
    for (; generation < 8; generation++) {
        place[generation * PAGE] = (unsigned char)(generation + 1);
        if (fork()) {
            wait(NULL);
            break;
        }
    }
    for (int i = 0; i < 8; i++)
        results[generation] = (unsigned char)(results[generation] + place[i * PAGE]);
    if (generation)
        _exit(0);
    for (int i = 0; i <= 8; i++)
        say("generation %d sees the sum %d", i, results[i]);
}

static void kernel_writes(void)
{
    unsigned char *place = map(1, MAP_PRIVATE);
    int ends[2];

    section("the kernel writes to a page that is shared until then");
    memcpy(place, "parent", 7);
    SHOW(pipe(ends));
    SHOW(write(ends[1], "child", 6));
    SHOW_CHILD(_exit(read(ends[0], place, 6) != 6 || strcmp((char *)place, "child")));
    SHOW(strcmp((char *)place, "parent"));
}

static void shared(void)
{
    unsigned char *place = map(4, MAP_SHARED);
    int fd = memfd_create("shared", 0);
    unsigned char *file;

    section("shared memory");
    SHOW_CHILD(memset(place, 's', 4 * PAGE));
    SHOW(place[3 * PAGE]);
    SHOW_CHILD(munmap(place, 4 * PAGE); _exit(7));
    SHOW(place[0]);
    SHOW_CHILD(mprotect(place, PAGE, PROT_NONE); place[0] = 'x');
    SHOW_ACCESS(writing, place);
    SHOW(ftruncate(fd, PAGE));
    file = mmap(NULL, PAGE, BOTH, MAP_PRIVATE, fd, 0);
    SHOW_CHILD(file[0] = 'c');
    SHOW(file[0]);
    SHOW_CHILD(pwrite(fd, "w", 1, 0));
    SHOW(file[0]);
    close(fd);
}

static int vfork_changes(void)
{
    static volatile int changed;
    pid_t pid = vfork();

    if (!pid) {
        changed = 5;
        _exit(6);
    }
    show_end("the vforked child", pid);
    return changed;
}

static void many(void)
{
    size_t size = 4UL << 20;
    unsigned char *place = map(size / PAGE, MAP_PRIVATE);
    int wrong = 0;

    section("4 MiB, and every second page is changed");
    for (size_t at = 0; at < size; at += PAGE)
        place[at] = 1;
    if (!fork()) {
        for (size_t at = 0; at < size; at += 2 * PAGE)
            place[at] = 2;
        for (size_t at = 0; at < size; at += PAGE)
            wrong += place[at] != (at / PAGE % 2 ? 1 : 2);
        _exit(wrong != 0);
    }
    for (size_t at = 0; at < size; at += PAGE)
        wrong += place[at] != 1;
    SHOW(wrong);
    int status;
    SHOW(wait(&status) > 0);
    SHOW(status);
}

int main(void)
{
    copies();
    turns();
    generations();
    kernel_writes();
    shared();
    section("vfork");
    SHOW(vfork_changes());
    many();
    return 0;
}
