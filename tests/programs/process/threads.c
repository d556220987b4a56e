// SPDX-License-Identifier: MIT
/* Threads of the C library: made, joined, cancelled; locks, conditions, barriers, storage. */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define COUNT 8
#define ADDS  2000

static pthread_t threads[COUNT];

static void start_all(void *(*function)(void *))
{
    for (long i = 0; i < COUNT; i++)
        if (pthread_create(&threads[i], NULL, function, (void *)i) != 0)
            printf("pthread_create failed\n");
}

static long join_all(void)
{
    long sum = 0;

    for (int i = 0; i < COUNT; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    return sum;
}

/* ---- making ---- */

static void *twice(void *argument)
{
    return (void *)(2 * (long)argument);
}

static void made_and_joined(void)
{
    long sum = 0;

    start_all(twice);
    printf("the results of %d threads add up to %ld\n", COUNT, join_all());
    for (long i = 0; i < 2000; i++) {
        pthread_t thread;
        void *result;
        if (pthread_create(&thread, NULL, twice, (void *)i) != 0)
            break;
        pthread_join(thread, &result);
        sum += (long)result;
    }
    printf("of two thousand, one after the other, to %ld\n", sum);
}

static void *end_early(void *argument)
{
    pthread_exit(argument);
}

static void errors(void)
{
    pthread_attr_t attributes;
    void *result;

    pthread_create(&threads[0], NULL, end_early, &attributes);
    pthread_join(threads[0], &result);
    printf("pthread_exit's value is the join's: %d\n", result == &attributes);
    pthread_attr_init(&attributes);
    printf("a stack of 1 byte: %s\n", strerror(pthread_attr_setstacksize(&attributes, 1)));
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    printf("a detached one: %d\n", pthread_create(&threads[0], &attributes, twice, NULL));
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t semaphore;
static long sums[4];

static void *add(void *argument)
{
    (void)argument;
    for (int i = 0; i < ADDS; i++) {
        pthread_mutex_lock(&mutex);
        sums[0]++;
        pthread_mutex_unlock(&mutex);
        pthread_rwlock_wrlock(&rwlock);
        sums[1]++;
        pthread_rwlock_unlock(&rwlock);
        sem_wait(&semaphore);
        sums[2]++;
        sem_post(&semaphore);
        if (i % 64 == 0)
            sched_yield();
    }
    return NULL;
}

static void locks(void)
{
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    sem_init(&semaphore, 0, 1);
    start_all(add);
    join_all();
    printf("added under a mutex: %ld, a write lock: %ld, a semaphore: %ld\n", sums[0], sums[1],
           sums[2]);
    pthread_mutex_lock(&mutex);
    printf("a held mutex: %s\n", strerror(pthread_mutex_trylock(&mutex)));
    pthread_mutex_unlock(&mutex);
    printf("an empty semaphore: %d\n", (sem_wait(&semaphore), sem_trywait(&semaphore)));
}

static void kinds_of_mutex(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t other;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&other, &attributes);
    pthread_mutex_lock(&other);
    printf("locked twice: %s\n", strerror(pthread_mutex_lock(&other)));
    pthread_mutex_unlock(&other);
    printf("unlocked twice: %s\n", strerror(pthread_mutex_unlock(&other)));
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&other, &attributes);
    printf("recursive: %d %d\n", pthread_mutex_lock(&other), pthread_mutex_lock(&other));
}

static pthread_mutex_t robust;

static void *die_with_it(void *argument)
{
    pthread_mutex_lock(&robust);
    return argument;
}

static void robust_mutex(void)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&threads[0], NULL, die_with_it, NULL);
    pthread_join(threads[0], NULL);
    printf("its owner has ended: %s\n", strerror(pthread_mutex_lock(&robust)));
    pthread_mutex_consistent(&robust);
    pthread_mutex_unlock(&robust);
    printf("made consistent: %d\n", pthread_mutex_lock(&robust));
}

/* ---- conditions and barriers ---- */

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int turn;

static void *take_turns(void *argument)
{
    for (int round = 0; round < 50; round++) {
        pthread_mutex_lock(&mutex);
        while (turn % COUNT != (long)argument)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *meet(void *argument)
{
    long serial = 0;

    (void)argument;
    for (int i = 0; i < 20; i++)
        serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    return (void *)serial;
}

static void conditions(void)
{
    struct timespec past = {1, 0};

    start_all(take_turns);
    join_all();
    printf("turns taken: %d\n", turn);
    pthread_mutex_lock(&mutex);
    printf("waited until the past: %s\n",
           strerror(pthread_cond_timedwait(&condition, &mutex, &past)));
    pthread_mutex_unlock(&mutex);
    pthread_barrier_init(&barrier, NULL, COUNT);
    start_all(meet);
    printf("of each of 20 meetings one thread is told: %ld\n", join_all());
}

/* ---- storage ---- */

static __thread int own = 7;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int destroyed, begun;

static void destroy(void *value)
{
    __atomic_fetch_add(&destroyed, (int)(long)value, __ATOMIC_RELAXED);
}

static void begin(void)
{
    begun++;
}

static void *use_storage(void *argument)
{
    pthread_once(&once, begin);
    long first = own;
    own = (int)(long)argument;
    sched_yield();
    pthread_setspecific(key, (void *)((long)argument + 1));
    errno = (int)(long)argument;
    sched_yield();
    return (void *)(first == 7 && own == (long)argument && errno == (long)argument ? 1l : 0l);
}

static void storage(void)
{
    pthread_key_create(&key, destroy);
    start_all(use_storage);
    printf("each has a variable and an errno of its own: %ld of %d\n", join_all(), COUNT);
    printf("the main thread's is %d; destructors saw %d; once is %d\n", own, destroyed, begun);
}

/* ---- cancellation ---- */

static void *wait_for_ever(void *argument)
{
    pthread_cleanup_push(destroy, (void *)100);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return argument;
}

static void *spin_for_ever(void *argument)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (volatile long i = 0;; i++)
        (void)argument;
    return argument;
}

static void *refuse_for_a_while(void *argument)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    usleep(20000);
    turn = 1;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    return argument;
}

static void cancel(const char *what, void *(*function)(void *))
{
    pthread_t thread;
    void *result;

    pthread_create(&thread, NULL, function, NULL);
    usleep(5000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %s: %d\n", what, result == PTHREAD_CANCELED);
}

static void cancellation(void)
{
    destroyed = 0;
    turn = 0;
    cancel("in pause()", wait_for_ever);
    printf("cleaned up: %d\n", destroyed);
    cancel("in a loop", spin_for_ever);
    cancel("when it lets itself", refuse_for_a_while);
    printf("it went on until then: %d\n", turn);
}

/* ---- signals and processes ---- */

static pthread_t handled_by;

static void note_thread(int signal)
{
    (void)signal;
    handled_by = pthread_self();
}

static void *block_and_wait(void *argument)
{
    sigset_t set;
    int signal = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    *(volatile int *)argument = 1;
    sigwait(&set, &signal);
    return (void *)(long)signal;
}

static volatile sig_atomic_t is_taken, is_asleep;

static void take(int signal)
{
    (void)signal;
    is_taken = 1;
}

/* Runs with SIGUSR2 blocked, and lasts until another thread has taken that. */
static void wait_for_other(int signal)
{
    (void)signal;
    for (int i = 0; i < 1000 && !is_taken; i++)
        usleep(1000);
    say("another thread takes what a handler's mask blocks: %s", is_taken ? "yes" : "no");
}

static void *sleep_unblocked(void *tid)
{
    sigset_t none;

    *(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
    sigemptyset(&none);
    is_asleep = 1;
    sigsuspend(&none);
    return NULL;
}

/* The process's signal is for the thread whose number was called, which another keeps busy. */
static void signal_goes_on(void)
{
    struct sigaction busy = {.sa_handler = wait_for_other}, other = {.sa_handler = take};
    pthread_t thread;
    sigset_t both;
    pid_t tid = 0;

    sigaddset(&busy.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &busy, NULL);
    sigaction(SIGUSR2, &other, NULL);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &both, NULL);
    pthread_create(&thread, NULL, sleep_unblocked, &tid);
    pthread_sigmask(SIG_UNBLOCK, &both, NULL);
    while (!is_asleep)
        usleep(1000);
    usleep(20000);
    syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
    kill(tid, SIGUSR2);
    pthread_join(thread, NULL);
}

static void signals(void)
{
    volatile int ready = 0;
    void *result;

    signal(SIGUSR1, note_thread);
    pthread_create(&threads[0], NULL, block_and_wait, (void *)&ready);
    while (!ready)
        sched_yield();
    pthread_kill(threads[0], SIGUSR1);
    pthread_join(threads[0], &result);
    printf("pthread_kill to one that waits for it: signal %ld\n", (long)result);
    kill(getpid(), SIGUSR1);
    printf("kill is for whoever does not block it: %d\n",
           pthread_equal(handled_by, pthread_self()));
}

static void *leave(void *argument)
{
    usleep(1000);
    exit((int)(long)argument);
}

static void *leave_by_exec(void *argument)
{
    char *arguments[] = {"threads", "again", NULL};

    (void)argument;
    execv("/proc/self/exe", arguments);
    return NULL;
}

static void ends_by(const char *what, void *(*function)(void *), bool wait)
{
    int status = 0;

    fflush(stdout);
    if (fork() == 0) {
        pthread_create(&threads[1], NULL, wait_for_ever, NULL);
        pthread_create(&threads[0], NULL, function, (void *)42);
        if (wait)
            pause();
        pthread_exit(NULL);
    }
    wait4(-1, &status, 0, NULL);
    printf("%s: status %d, signal %d\n", what, WEXITSTATUS(status), WTERMSIG(status));
}

static void *crash(void *argument)
{
    raise(SIGILL);
    return argument;
}

/* ---- signals for whichever thread takes them ---- */

#define INTERRUPTIONS 3000

static volatile sig_atomic_t is_over;
static int word;

static void ignore(int signal)
{
    (void)signal;
}

/* Only errors that futex(2) has. */
static void *wait_for_word(void *argument)
{
    const struct timespec time = {0, 1000000};
    long others = 0;

    (void)argument;
    while (!is_over)
        if (syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, &time, NULL, 0) == -1)
            others += errno != EINTR && errno != ETIMEDOUT;
    return (void *)others;
}

static void interrupted_together(void)
{
    struct sigaction action = {.sa_handler = ignore};

    sigaction(SIGUSR2, &action, NULL);
    start_all(wait_for_word);
    for (int i = 0; i < INTERRUPTIONS; i++)
        kill(getpid(), SIGUSR2);
    is_over = 1;
    SHOW(join_all()); /* other errors of waits that a signal for all interrupts */
}

/* ---- the process's clock ---- */

#define READINGS 3000

static int64_t process_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000l + time.tv_nsec;
}

static void *switch_often(void *argument)
{
    while (!is_over)
        sched_yield();
    return argument;
}

/* It adds up the threads, some of which stop or go on at that moment. */
static void clock_of_all(void)
{
    int64_t last = 0;
    long backwards = 0;

    is_over = 0;
    start_all(switch_often);
    for (int i = 0; i < READINGS; i++) {
        int64_t now = process_time();
        backwards += now < last;
        last = now;
    }
    is_over = 1;
    join_all();
    SHOW(backwards); /* times that the process's clock went back */
}

/* ---- A stop of the process ---- */

static int ends_of_pipe[2];

static void *read_two(void *argument)
{
    char bytes[2];

    for (int i = 0; i < 2; i++)
        if (read(ends_of_pipe[0], &bytes[i], 1) != 1)
            _exit(1);
    _exit(bytes[0] == 'b' && bytes[1] == 'c' ? 42 : 2);
    return argument;
}

/* A thread that waits in a call stops like the others, and leaves to the parent what comes then. */
static void stopped_in_a_call(void)
{
    char byte = 0;
    int status;

    if (pipe(ends_of_pipe))
        return;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_create(&threads[0], NULL, read_two, NULL);
        for (;;)
            pause();
    }
    usleep(50000);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    long written = write(ends_of_pipe[1], "a", 1);
    usleep(20000);
    fcntl(ends_of_pipe[0], F_SETFL, O_NONBLOCK);
    long got = read(ends_of_pipe[0], &byte, 1);
    fcntl(ends_of_pipe[0], F_SETFL, 0);
    printf("a stopped process has left what was written: %ld of %ld\n", got, written);
    kill(pid, SIGCONT);
    written = write(ends_of_pipe[1], "bc", 2);
    if (got == written / 2)
        waitpid(pid, &status, 0);
    else
        kill(pid, SIGKILL);
    printf("it reads on: status %d\n", WEXITSTATUS(status));
}

#define STOPS 200

static long *shared_counter;

static void *count_on(void *argument)
{
    for (;;)
        __atomic_fetch_add(shared_counter, 1, __ATOMIC_RELAXED);
    return argument;
}

/* When the parent is told of the stop, no thread runs any more; however soon it came again. */
static void stopped_again_and_again(void)
{
    int status, moved = 0;

    shared_counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        start_all(count_on);
        count_on(NULL);
    }
    for (int i = 0; i < STOPS; i++) {
        kill(pid, SIGSTOP);
        waitpid(pid, &status, WUNTRACED);
        long before = __atomic_load_n(shared_counter, __ATOMIC_RELAXED);
        usleep(i % 10 ? 100 : 5000);
        moved += __atomic_load_n(shared_counter, __ATOMIC_RELAXED) != before;
        kill(pid, SIGCONT);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    printf("threads that ran on in %d stops: %d\n", STOPS, moved);
}

/* ---- SIGKILL for a thread that an exec ends ---- */

#define KILLS 20

static void *call_on(void *argument)
{
    *(volatile long *)argument = syscall(SYS_gettid);
    for (;;)
        getppid();
    return NULL;
}

static void exec_beside(void)
{
    char *arguments[] = {"threads", "pause", NULL};

    pthread_create(&threads[0], NULL, call_on, shared_counter);
    while (__atomic_load_n(shared_counter, __ATOMIC_SEQ_CST) >= 0)
        ;
    execv("/proc/self/exe", arguments);
    _exit(1);
}

/* It ends the process, whether it comes before the exec or meanwhile. */
static void killed_in_exec(void)
{
    int status, survivors = 0;

    fflush(stdout);
    for (int i = 0; i < KILLS; i++) {
        *shared_counter = 0;
        pid_t pid = fork();
        if (pid == 0)
            exec_beside();
        while (*(volatile long *)shared_counter == 0)
            sched_yield();
        int tid = (int)__atomic_exchange_n(shared_counter, -1, __ATOMIC_SEQ_CST);
        for (volatile int wait = 0; wait < i * 1000; wait++)
            ;
        bool sent = syscall(SYS_tgkill, pid, tid, SIGKILL) == 0;
        for (int k = 0; k < 200 && sent && !waitpid(pid, &status, WNOHANG); k++)
            usleep(1000);
        if (kill(pid, SIGKILL) == 0) {
            survivors += sent;
            waitpid(pid, &status, 0);
        }
    }
    printf("processes that survive SIGKILL for a thread: %d\n", survivors);
}

static void ends(void)
{
    ends_by("exit by a thread", leave, true);
    ends_by("the first thread ends before", leave, false);
    ends_by("exec by a thread", leave_by_exec, true);
    ends_by("a deadly signal to a thread", crash, true);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "pause"))
        for (;;)
            pause();
    if (argc > 1) {
        printf("again, as process and thread: %d\n", getpid() == (pid_t)syscall(SYS_gettid));
        return 9;
    }
    made_and_joined();
    errors();
    locks();
    kinds_of_mutex();
    robust_mutex();
    conditions();
    storage();
    cancellation();
    signals();
    signal_goes_on();
    interrupted_together();
    clock_of_all();
    stopped_in_a_call();
    stopped_again_and_again();
    killed_in_exec();
    ends();
    return 0;
}
