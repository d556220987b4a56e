// SPDX-License-Identifier: MIT
/*
 * The beginning and the end of a program: the initial stack, main(), exit() and what it runs.
 */
#include <stdlib.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/internal.h"

#define EXIT_FUNCTIONS 32

int main(int argc, char **argv, char **envp);

__thread int errno;
char **environ;
static const unsigned long *auxv; /* pairs of type and value, ended by AT_NULL */

static void (*exit_functions[EXIT_FUNCTIONS])(void);
static int exit_function_count;

long libc_result(long kernel_result)
{
    if (kernel_result >= -4095 && kernel_result < 0) {
        errno = (int)-kernel_result;
        return -1;
    }
    return kernel_result;
}

void libc_start(long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    char **after_environment;

    environ = argv + argc + 1;
    after_environment = environ;
    while (*after_environment != NULL)
        after_environment++;
    auxv = (const unsigned long *)(after_environment + 1);
    libc_start_first_thread();
    exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
    for (const unsigned long *entry = auxv; entry[0] != AT_NULL; entry += 2) {
        if (entry[0] == type)
            return entry[1];
    }
    errno = ENOENT;
    return 0;
}

char *getenv(const char *name)
{
    size_t length = strlen(name);

    for (char **variable = environ; *variable != NULL; variable++) {
        if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
            return *variable + length + 1;
    }
    return NULL;
}

int atexit(void (*function)(void))
{
    if (exit_function_count == EXIT_FUNCTIONS)
        return -1;
    exit_functions[exit_function_count++] = function;
    return 0;
}

void exit(int status)
{
    while (exit_function_count > 0)
        exit_functions[--exit_function_count]();
    fflush(NULL);
    _exit(status);
}

void _exit(int status)
{
    for (;;)
        syscall(__NR_exit_group, status);
}

void abort(void)
{
    sigset_t only_abort;

    sigemptyset(&only_abort);
    sigaddset(&only_abort, SIGABRT);
    sigprocmask(SIG_UNBLOCK, &only_abort, NULL);
    raise(SIGABRT);
    // A handler returned, or the signal is ignored: take the default action.
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(127);
}
