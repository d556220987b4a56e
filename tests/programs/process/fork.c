// SPDX-License-Identifier: MIT
/*
 * fork and vfork: what parent and child share, and what each has for itself.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int data = 1;

static void memory(void)
{
    int *heap = malloc(sizeof(*heap));
    int stack = 3;
    int status;

    *heap = 2;
    pid_t pid = fork();
    if (pid == 0) {
        data = 10;
        *heap = 20;
        stack = 30;
        _exit(data + *heap + stack);
    }
    SHOW_WORKS(pid);
    SHOW_WORKS(waitpid(pid, &status, 0)); /* wait for the child */
    say_status("sum of what the child wrote", status);
    say("data %d, heap %d, stack %d are the parent's", data, *heap, stack);
    free(heap);
}

static void shared_memory(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    int protection = PROT_READ | PROT_WRITE;
    int *shared = mmap(NULL, size, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *private = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();

    if (pid == 0) {
        *shared = 5;
        *private = 6;
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    SHOW(*shared);  /* memory after the child wrote 5 */
    SHOW(*private); /* memory after the child wrote 6 */
    munmap(shared, size);
    munmap(private, size);
}

static void open_files(void)
{
    int ends[2];
    char text[8] = "";

    SHOW(pipe(ends));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(write(ends[1], "child", 5) == 5 ? 0 : 1);
    }
    waitpid(pid, NULL, 0);
    close(ends[1]);
    SHOW(read(ends[0], text, sizeof(text) - 1)); /* bytes from the child */
    say("text from the child: %s", text);
    SHOW(read(ends[0], text, sizeof(text) - 1));
    close(ends[0]);
}

static void identity(void)
{
    pid_t parent = getpid(), group = getpgrp(), session = getsid(0);
    mode_t mask = umask(027);
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        SHOW(getpid() != parent);   /* the child has another pid */
        SHOW(getppid() == parent);  /* the child's parent is the parent */
        SHOW(getpgrp() == group);   /* the child is in the parent's group */
        SHOW(getsid(0) == session); /* the child is in the parent's session */
        say("the child's umask: %03o", umask(0));
        _exit(0);
    }
    SHOW(waitpid(pid, &status, 0) == pid); /* wait gives the child's pid */
    say_status("the child", status);
    say("the parent's umask: %03o", umask(mask));
}

static volatile int written;

static void vforked(void)
{
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        written = 7;
        _exit(4);
    }
    SHOW(written); /* what the child of vfork wrote */
    waitpid(pid, &status, 0);
    say_status("the child of vfork", status);
}

/* A signal that ends the parent does so at once, and the child of vfork goes on. */
static void end_in_vfork(const char *what, int signal_at_end)
{
    int ends[2], status;
    char byte;

    if (pipe(ends))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (vfork() == 0) {
            usleep(500000);
            _exit(0);
        }
        _exit(1);
    }
    close(ends[1]);
    usleep(50000);
    kill(pid, signal_at_end);
    waitpid(pid, &status, 0);
    say_status(what, status);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    SHOW(read(ends[0], &byte, 1)); /* its child has not ended */
    fcntl(ends[0], F_SETFL, 0);
    SHOW(read(ends[0], &byte, 1)); /* until now */
    close(ends[0]);
}

int main(void)
{
    memory();
    shared_memory();
    open_files();
    identity();
    vforked();
    end_in_vfork("a parent that waits for the child of vfork gets SIGKILL", SIGKILL);
    end_in_vfork("or SIGTERM", SIGTERM);
    return 0;
}
