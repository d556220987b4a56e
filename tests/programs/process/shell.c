// SPDX-License-Identifier: MIT
/*
 * Programs that run others by way of the shell: system() and popen(), pipelines, redirections,
 * statuses and small tools, as far as every POSIX system has them.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <spawn.h>

extern char **environ;

/* What a command prints, on one line, and how it ends. */
static void run(const char *command)
{
    char output[400] = "";
    FILE *pipe = popen(command, "r");
    size_t size = pipe ? fread(output, 1, sizeof(output) - 1, pipe) : 0;
    int status = pipe ? pclose(pipe) : -1;

    for (size_t i = 0; i < size; i++)
        if (output[i] == '\n')
            output[i] = ';';
    say("%s => %s", command, output);
    say_status("  it", status);
}

static void statuses(void)
{
    section("statuses");
    SHOW(system(NULL) != 0);
    SHOW(system("true"));
    SHOW(system("false"));
    SHOW(system("exit 7"));
    SHOW(system("kill -9 $$"));
    SHOW(system("no-such-program 2>/dev/null"));
    SHOW(system(". ./no-such-file 2>/dev/null") != 0);
    SHOW(system("(exit 3) || exit 4"));
}

static void commands(void)
{
    section("commands");
    run("echo one two");
    run("echo a; echo b; exit 5");
    run("printf '3\\n1\\n2\\n' | sort");
    run("printf 'x\\ny\\nx\\n' | sort | uniq -c | tr -s ' '");
    run("echo text > file; cat file; echo more >> file; wc -l < file; cat < file");
    run("cat no-such-file 2> /dev/null || echo failed");
    run("ls -1");
    run("mkdir -p d/e; touch d/e/f; find d | sort; rm -r d; ls");
    run("for i in 1 2 3; do echo $i; done | tail -n 1");
    run("i=0; while [ $i -lt 5 ]; do i=$((i + 1)); done; echo $i");
    run("sed s/text/TEXT/ file | head -n 1");
    run("grep -c e file; grep -q none file; echo $?");
    run("sleep 1 & kill $!; wait $! 2> /dev/null; echo $?");
    run("echo $((1 << 40)) ${HOME:+home} \"$(echo inner)\"");
    run("cat <<X\nhere document\nX");
    run("test -f file && test -d . && test ! -e none && echo right");
    run("ln -s file link; readlink link; cp link copy; cmp file copy && echo same");
    run("chmod 640 file; ls -l file | cut -c 1-10");
    run("seq 1 1000 | awk '{ s += $1 } END { print s }'");
    run("basename /a/b.c .c; dirname /a/b.c");
    run("yes | head -n 100 | wc -l");
    run("exec 3> three; echo to three >&3; exec 3>&-; cat three");
    run("set -- a b c; shift; echo $# $*");
    run("umask 027; touch masked; ls -l masked | cut -c 1-10; umask");
    run("cd /; pwd; cd /dev/..; pwd");
    run("dd if=/dev/zero bs=1000 count=5 2>/dev/null | wc -c");
    run("tar cf - file copy | tar tf -");
    run("gzip -c file | gunzip -c");
    run("md5sum < /dev/null");
    run("xargs echo < file");
    run("kill -0 $$ && echo alive");
    run("env -i A=b env");
    run("ulimit -n 50; ulimit -n");
    run("od -A n -t x1 file | head -n 1");
    run("expr 6 '*' 7; expr abc : 'a\\(.\\)c'");
    run("date -u -d @0 +%Y-%m-%d");
    run("mkfifo f; echo through > f & cat f; rm f");
}

static void input(void)
{
    FILE *pipe = popen("cat > written; exit 6", "w");

    section("writing to a command");
    SHOW(fputs("written by popen\n", pipe) >= 0);
    say_status("it", pclose(pipe));
    run("cat written");
}

static void spawned(void)
{
    posix_spawn_file_actions_t actions;
    char *arguments[] = {"sh", "-c", "echo to a file; exit 9", NULL};
    pid_t pid;

    section("posix_spawn");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_WRONLY | O_CREAT, 0644);
    SHOW(posix_spawnp(&pid, "sh", &actions, NULL, arguments, environ));
    show_end("it", pid);
    run("cat spawned");
    SHOW(posix_spawn(&pid, "/no/such/program", NULL, NULL, arguments, environ));
    posix_spawn_file_actions_destroy(&actions);
}

int main(void)
{
    show_enter();
    statuses();
    commands();
    input();
    spawned();
    show_leave();
    return 0;
}
