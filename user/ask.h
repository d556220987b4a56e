// SPDX-License-Identifier: MIT
/*
 * The demonstrations at a terminal: colour, a pause at each step, and a prediction before what is
 * worth one. Where standard input or output is no terminal, nobody is asked and all runs through.
 *
 * For a key the terminal is without lines, echo and signals. It is as before when the program goes
 * on or ends: a Ctrl-C, too, is read, and raised once the terminal is as it was.
 */
#ifndef USER_ASK_H
#define USER_ASK_H

#include <asm/termbits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ASK_BOLD   "1"
#define ASK_DIM    "2"
#define ASK_GREEN  "1;32"
#define ASK_YELLOW "1;33"
#define ASK_END    ""

static struct {
    const char *choices; /* of the question that has an answer; NULL: none has */
    char answer;
    bool is_asked; /* since the last step, so that it needs no pause */
    bool is_over;  /* by Ctrl-D: nothing more is asked */
} ask;

/* As a terminal's attribute, where there is one that has attributes and nobody objects. */
static inline void ask_colour(const char *attribute)
{
    const char *terminal = getenv("TERM"), *objection = getenv("NO_COLOR");

    if (isatty(STDOUT_FILENO) && !(objection && objection[0]) &&
        !(terminal && !strcmp(terminal, "dumb")))
        printf("\033[%sm", attribute);
}

static inline void ask_print(const char *attribute, const char *text)
{
    ask_colour(attribute);
    printf("%s", text);
    ask_colour(ASK_END);
}

/* A machine that tools/run has not started may have a screen and no keyboard. */
static inline bool ask_may_hang(void)
{
    return getpid() == 1 && access("/run/argv", F_OK) < 0;
}

static inline bool ask_somebody(void)
{
    return !ask.is_over && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !ask_may_hang();
}

/* What was typed before the question is no answer to it. */
static inline void ask_forget(void)
{
    ioctl(STDIN_FILENO, TCFLSH, TCIFLUSH);
}

/* The next key, of what sends several bytes the first; 0 at the end of the input. */
static inline unsigned char ask_read(struct termios *before)
{
    struct termios alone = *before;
    unsigned char bytes[16];

    alone.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    alone.c_cc[VMIN] = 1;
    alone.c_cc[VTIME] = 0;
    ioctl(STDIN_FILENO, TCSETS, &alone);
    ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));
    ioctl(STDIN_FILENO, TCSETS, before);
    return count > 0 ? bytes[0] : 0;
}

/* The signal that a terminal with signals would have sent for a key, or 0. */
static inline int ask_signal(unsigned char key, const struct termios *settings)
{
    if (key == settings->c_cc[VINTR])
        return SIGINT;
    if (key == settings->c_cc[VQUIT])
        return SIGQUIT;
    return key == settings->c_cc[VSUSP] ? SIGTSTP : 0;
}

/* Waits for a key; 0 for Ctrl-D, after which nothing more is asked. */
static inline char ask_key(void)
{
    struct termios settings;

    fflush(stdout);
    while (ioctl(STDIN_FILENO, TCGETS, &settings) == 0) {
        unsigned char key = ask_read(&settings);

        if (key == 0 || key == settings.c_cc[VEOF])
            break;
        int number = ask_signal(key, &settings);
        if (number == 0)
            return (char)key;
        printf("\n");
        fflush(stdout);
        raise(number);
    }
    ask.is_over = true;
    return 0;
}

/* Waits before a step, unless a question has. */
static inline void ask_pause(void)
{
    static const char *words = "    (press any key to continue, Ctrl-D to run to the end)";

    if (ask_somebody() && !ask.is_asked) {
        ask_forget();
        ask_print(ASK_DIM, words);
        ask_key();
        printf("\r%*s\r", (int)strlen(words), "");
        words = "    (press any key to continue)";
    }
    ask.is_asked = false;
}

/* The choice that begins with a letter, or NULL; they are separated by a bar. */
static inline const char *ask_choice(const char *choices, char letter)
{
    for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
        choice += choice[0] == '|';
        if (choice[0] == letter)
            return choice;
    }
    return NULL;
}

static inline int ask_length(const char *choice)
{
    return (int)strcspn(choice, "|");
}

/* What will happen? One of the choices, "refused|allowed", which begin with different letters. */
__attribute__((format(printf, 2, 3))) static inline void ask_what(const char *choices,
                                                                  const char *format, ...)
{
    va_list arguments;

    ask.choices = NULL;
    if (!ask_somebody())
        return;
    ask_forget();
    printf("\n    ");
    va_start(arguments, format);
    ask_colour(ASK_BOLD);
    vprintf(format, arguments);
    ask_colour(ASK_END);
    va_end(arguments);
    printf("\n   ");
    for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
        choice += choice[0] == '|';
        printf(" [%c]%.*s ", choice[0], ask_length(choice) - 1, choice + 1);
    }
    printf(" (any other key skips): ");
    ask.answer = ask_key();
    const char *answer = ask_choice(choices, ask.answer);
    printf("%.*s\n", answer ? ask_length(answer) : 0, answer ? answer : "");
    ask.choices = answer ? choices : NULL;
    ask.is_asked = true;
}

/* What happened, a choice of the last question. Whoever has predicted hears if it was that. */
static inline void ask_came(const char *what)
{
    const char *answer = ask.choices ? ask_choice(ask.choices, ask.answer) : NULL;

    if (answer == NULL)
        return;
    bool is_right = answer[0] == what[0];
    printf("    You said %.*s: ", ask_length(answer), answer);
    ask_print(is_right ? ASK_GREEN : ASK_YELLOW, is_right ? "right" : "no, ");
    printf("%s.\n", is_right ? "" : what);
    ask.choices = NULL;
}

#endif
