// SPDX-License-Identifier: MIT
/*
 * The program that test_run.py runs in the machine: its first argument says what it does. Built by
 * the test with the host's compiler and C library, as any user's program is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[1 << 16];

/* Copies standard input to standard output. */
static int copy(void)
{
    ssize_t count;

    while ((count = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
        for (ssize_t done = 0; done < count;)
            done += write(STDOUT_FILENO, buffer + done, count - done);
    }
    return 0;
}

/* Writes a megabyte after the other, until something stops it. */
static int flood(void)
{
    while (write(STDOUT_FILENO, buffer, sizeof(buffer)) > 0)
        ;
    return 1;
}

/* Says what each standard descriptor is. */
static int describe(void)
{
    for (int fd = 0; fd < 3; fd++) {
        struct stat status;
        struct winsize size = {0};

        fstat(fd, &status);
        printf("%d: %s", fd, isatty(fd) ? "terminal" : S_ISFIFO(status.st_mode) ? "pipe" : "other");
        if (ioctl(fd, TIOCGWINSZ, &size) == 0)
            printf(" %d x %d", size.ws_row, size.ws_col);
        printf("\n");
    }
    return 0;
}

static void on_signal(int number)
{
    char line[] = "signal NN\n";

    line[7] = '0' + number / 10;
    line[8] = '0' + number % 10;
    write(STDOUT_FILENO, line, strlen(line)); /* printf() may be what was interrupted */
    if (number != SIGWINCH)
        _exit(40);
}

/* Waits for a signal, and for the end of input. */
static int wait_for_signal(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGWINCH, &action, NULL);
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    printf("end of input\n");
    return 0;
}

/* Ignores everything that tools/run can send. */
static int ignore(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    printf("ready\n");
    fflush(stdout);
    for (;;)
        pause();
}

/* Prints arguments, variables and files. */
static int show(int count, char **words)
{
    for (int i = 0; i < count; i++) {
        FILE *file = words[i][0] == '/' ? fopen(words[i], "r") : NULL;

        printf("[%s]", words[i]);
        if (words[i][0] == '$')
            printf(" %s", getenv(words[i] + 1) ? getenv(words[i] + 1) : "(not set)");
        while (file && fgets(buffer, sizeof(buffer), file))
            printf(" %s", buffer);
        printf("\n");
    }
    return 0;
}

int main(int count, char **words)
{
    const char *way = count > 1 ? words[1] : "";

    if (strcmp(way, "copy") == 0)
        return copy();
    if (strcmp(way, "flood") == 0)
        return flood();
    if (strcmp(way, "describe") == 0)
        return describe();
    if (strcmp(way, "wait") == 0)
        return wait_for_signal();
    if (strcmp(way, "ignore") == 0)
        return ignore();
    if (strcmp(way, "show") == 0)
        return show(count, words);
    if (strcmp(way, "streams") == 0)
        return fprintf(stderr, "to the error"), printf("to the output"), 0;
    if (strcmp(way, "raise") == 0)
        return raise(atoi(words[2]));
    if (strcmp(way, "crash") == 0)
        return *(volatile int *)8;
    if (strcmp(way, "exit") == 0)
        return atoi(words[2]);
    for (;;)
        pause();
}
