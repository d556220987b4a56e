// SPDX-License-Identifier: MIT
/*
 * POSIX threads as the C library has them: beginnings and ends, variables of their own, what they
 * wait for each other with, and whose the rights to protection keys are.
 */
#include "tests/ring3/ring3.h"

#include <pthread.h>

#define THREADS 8
#define ROUNDS  2000

static pthread_t threads[THREADS];

/* Each gets its number as its argument. */
static void start_all(void *(*function)(void *))
{
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT_EQUAL(pthread_create(&threads[i], NULL, function, (void *)i), 0);
}

/* The sum of what they return. */
static uintptr_t join_all(void)
{
    uintptr_t sum = 0;

    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        EXPECT_EQUAL(pthread_join(threads[i], &result), 0);
        sum += (uintptr_t)result;
    }
    return sum;
}

/* ---- beginning and end ---- */

static void *square(void *argument)
{
    return (void *)((uintptr_t)argument * (uintptr_t)argument);
}

static void *square_by_exit(void *argument)
{
    pthread_exit(square(argument));
}

static void returning(void)
{
    start_all(square);
    EXPECT_EQUAL(join_all(), 140);
    start_all(square_by_exit);
    EXPECT_EQUAL(join_all(), 140);
}

static void by_the_thousand(void)
{
    uintptr_t sum = 0;

    for (uintptr_t i = 0; i < 1000; i++) {
        pthread_t thread;
        void *result = NULL;
        if (pthread_create(&thread, NULL, square, (void *)i) != 0)
            break;
        pthread_join(thread, &result);
        sum += (uintptr_t)result;
    }
    EXPECT_EQUAL(sum, 332833500);
}

static unsigned int ended;

static void *count_itself(void *argument)
{
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
    return argument;
}

static unsigned int count_tasks(void)
{
    char name[64];
    unsigned int count = 0;

    /* Whether a tid of this process has an entry; they are near its pid. */
    for (int tid = getpid(); tid < getpid() + 4000; tid++) {
        snprintf(name, sizeof(name), "/proc/self/task/%d", tid);
        count += access(name, F_OK) == 0;
    }
    return count;
}

static void detaching(void)
{
    ended = 0;
    start_all(count_itself);
    for (int i = 0; i < THREADS; i++)
        EXPECT_EQUAL(pthread_detach(threads[i]), 0);
    for (int i = 0; i < 1000 && (ended < THREADS || count_tasks() > 1); i++)
        usleep(1000);
    EXPECT_EQUAL(ended, THREADS);
    EXPECT_EQUAL(count_tasks(), 1);
}

static void *outlive(void *argument)
{
    pthread_join(*(pthread_t *)argument, NULL);
    return NULL;
}

static void first_thread_ends(void)
{
    static pthread_t first;
    pthread_t other;

    first = pthread_self();
    pthread_create(&other, NULL, outlive, &first);
    pthread_exit(NULL);
}

static void ending_first(void)
{
    EXPECT_EXITED(first_thread_ends, 0);
}

static void *descend(void *argument)
{
    volatile char room[4096];

    room[0] = argument != NULL;
    return room[0] ? descend((void *)room) : NULL;
}

static void overflow(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, descend, "");
    pthread_join(thread, NULL);
}

static void guard_page(void)
{
    EXPECT_KILLED(overflow, SIGSEGV);
}

/* ---- variables of their own ---- */

static __thread uintptr_t own = 42;
static __thread char zeros[100];

static void *use_own(void *argument)
{
    uintptr_t bad = own != 42;

    for (size_t i = 0; i < sizeof(zeros); i++)
        bad += zeros[i] != 0;
    own = (uintptr_t)argument;
    memset(zeros, (int)own, sizeof(zeros));
    errno = (int)own;
    usleep(2000);
    bad += own != (uintptr_t)argument || zeros[99] != (char)own || errno != (int)own;
    return (void *)bad;
}

static void thread_local_variables(void)
{
    errno = EDOM;
    own = 7;
    start_all(use_own);
    EXPECT_EQUAL(join_all(), 0);
    EXPECT_EQUAL(errno, EDOM);
    EXPECT_EQUAL(own, 7);
}

/* ---- waiting for each other ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long counter;

static void *count_under_mutex(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter = counter + 1;
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void mutexes(void)
{
    counter = 0;
    start_all(count_under_mutex);
    join_all();
    EXPECT_EQUAL(counter, THREADS * ROUNDS);
    EXPECT_EQUAL(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&mutex), EBUSY);
    EXPECT_EQUAL(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQUAL(pthread_mutex_trylock(&mutex), 0);
    EXPECT_EQUAL(pthread_mutex_unlock(&mutex), 0);
}

/* A queue with room for few, whose ends are for half of the threads each. */
static struct {
    uintptr_t items[4];
    unsigned int used;
    pthread_cond_t filled, emptied;
} queue = {.filled = PTHREAD_COND_INITIALIZER, .emptied = PTHREAD_COND_INITIALIZER};

static void put(uintptr_t item)
{
    pthread_mutex_lock(&mutex);
    while (queue.used == COUNT(queue.items))
        pthread_cond_wait(&queue.emptied, &mutex);
    queue.items[queue.used++] = item;
    pthread_cond_signal(&queue.filled);
    pthread_mutex_unlock(&mutex);
}

static uintptr_t take(void)
{
    uintptr_t item;

    pthread_mutex_lock(&mutex);
    while (queue.used == 0)
        pthread_cond_wait(&queue.filled, &mutex);
    item = queue.items[--queue.used];
    pthread_cond_signal(&queue.emptied);
    pthread_mutex_unlock(&mutex);
    return item;
}

static void *produce_or_consume(void *argument)
{
    uintptr_t sum = 0;

    for (uintptr_t i = 1; i <= ROUNDS; i++) {
        if ((uintptr_t)argument % 2)
            put(i);
        else
            sum += take();
    }
    return (void *)sum;
}

static void condition_variables(void)
{
    start_all(produce_or_consume);
    EXPECT_EQUAL(join_all(), THREADS / 2 * (ROUNDS * (ROUNDS + 1ul) / 2));
    EXPECT_EQUAL(queue.used, 0);
}

static pthread_cond_t start_signal = PTHREAD_COND_INITIALIZER;
static bool may_start;
static unsigned int waiting;

static void *wait_for_start(void *argument)
{
    pthread_mutex_lock(&mutex);
    waiting++;
    while (!may_start)
        pthread_cond_wait(&start_signal, &mutex);
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void broadcasts(void)
{
    unsigned int now = 0;

    start_all(wait_for_start);
    while (now < THREADS) {
        pthread_mutex_lock(&mutex);
        now = waiting;
        may_start = now == THREADS;
        if (may_start)
            pthread_cond_broadcast(&start_signal);
        pthread_mutex_unlock(&mutex);
    }
    join_all();
}

static pthread_barrier_t barrier;
static unsigned int arrived[ROUNDS];

/* How often it was the chosen one; and nobody is a round ahead of the others. */
static void *go_in_rounds(void *argument)
{
    uintptr_t serial = 0;

    (void)argument;
    for (int i = 0; i < ROUNDS / 4; i++) {
        __atomic_fetch_add(&arrived[i], 1, __ATOMIC_SEQ_CST);
        serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
        if (__atomic_load_n(&arrived[i], __ATOMIC_SEQ_CST) != THREADS)
            return (void *)(uintptr_t)ROUNDS;
    }
    return (void *)serial;
}

static void barriers(void)
{
    EXPECT_EQUAL(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    start_all(go_in_rounds);
    EXPECT_EQUAL(join_all(), ROUNDS / 4);
    EXPECT_EQUAL(pthread_barrier_destroy(&barrier), 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned int times;

static void note_time(void)
{
    usleep(5000);
    times++;
}

static void *do_once(void *argument)
{
    (void)argument;
    pthread_once(&once, note_time);
    return (void *)(uintptr_t)times;
}

static void once_only(void)
{
    start_all(do_once);
    EXPECT_EQUAL(join_all(), THREADS);
    EXPECT_EQUAL(times, 1);
}

static void *allocate_and_free(void *argument)
{
    unsigned char *blocks[16] = {NULL};
    uintptr_t bad = 0;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        unsigned char **block = &blocks[i * 7 % COUNT(blocks)];
        size_t size = 1 + i * 13 % 500;
        unsigned char mark = (unsigned char)(uintptr_t)argument;

        if (*block != NULL)
            bad += **block != mark;
        free(*block);
        *block = malloc(size);
        memset(*block, mark, size);
    }
    for (size_t i = 0; i < COUNT(blocks); i++)
        free(blocks[i]);
    return (void *)bad;
}

static void allocating(void)
{
    start_all(allocate_and_free);
    EXPECT_EQUAL(join_all(), 0);
}

/* ---- signals ---- */

static __thread volatile sig_atomic_t signals_here;

static void note_signal(int number)
{
    (void)number;
    signals_here = signals_here + 1;
}

static void *await_signal(void *argument)
{
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
    while (signals_here == 0)
        usleep(1000);
    return argument;
}

static void signals_to_one(void)
{
    ended = 0;
    signal(SIGUSR1, note_signal);
    start_all(await_signal);
    while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < THREADS)
        usleep(1000);
    for (int i = 0; i < THREADS; i++)
        EXPECT_EQUAL(pthread_kill(threads[i], SIGUSR1), 0);
    join_all();
    EXPECT_EQUAL(signals_here, 0);
    signal(SIGUSR1, SIG_DFL);
}

/* ---- rights to protection keys ---- */

static int key;
static volatile bool stop;

static void *change_own_rights(void *argument)
{
    unsigned int rights = (unsigned int)(uintptr_t)argument % 4;
    uintptr_t bad = pkey_get(key) != PKEY_DISABLE_WRITE;

    for (int i = 0; i < ROUNDS; i++) {
        pkey_set(key, rights);
        if (i % 100 == 0)
            usleep(10);
        bad += pkey_get(key) != (int)rights;
    }
    return (void *)bad;
}

static void rights_of_threads(void)
{
    if (skipped_without_pku())
        return;
    key = pkey_alloc(0, PKEY_DISABLE_WRITE);
    start_all(change_own_rights);
    EXPECT_EQUAL(join_all(), 0);
    EXPECT_EQUAL(pkey_get(key), PKEY_DISABLE_WRITE);
    pkey_free(key);
}

/* Rights to another key, by the library's pkey_set() alone, until the end: then those to key. */
static void *set_until_stopped(void *argument)
{
    int other = (int)(uintptr_t)argument + 1;

    if (other >= key)
        other++;
    while (!stop)
        for (unsigned int rights = 0; rights < 4; rights++)
            pkey_set(other, rights);
    return (void *)(uintptr_t)pkey_get(key);
}

/* Of <latchkey/pkey.h>; other C libraries have no such function. */
extern int pkey_set_all(int pkey, unsigned int rights) __attribute__((weak));

static void rights_for_all(void)
{
    if (skipped_without_pku())
        return;
    if (!pkey_set_all) {
        ktap_skip("this C library has no pkey_set_all()");
        return;
    }
    key = pkey_alloc(0, 0);
    stop = false;
    start_all(set_until_stopped);
    for (unsigned int i = 0; i < ROUNDS / 10; i++)
        EXPECT_SUCCESS(pkey_set_all(key, i % 2 ? PKEY_DISABLE_ACCESS : PKEY_DISABLE_WRITE));
    stop = true;
    EXPECT_EQUAL(join_all(), THREADS * PKEY_DISABLE_ACCESS);
    EXPECT_ERROR(pkey_set_all(key, 4), EINVAL);
    EXPECT_ERROR(pkey_set_all(15, 0), EINVAL);
    pkey_free(key);
}

static const struct ktap_test tests[] = {
    {"threads return a result, or end with one", returning},
    {"threads begin and end by the thousand", by_the_thousand},
    {"detached threads leave nothing", detaching},
    {"the process ends with its last thread, the first or not", ending_first},
    {"below a thread's stack is a page that ends it", guard_page},
    {"thread-local variables, errno among them, are a thread's own", thread_local_variables},
    {"a mutex lets one thread in", mutexes},
    {"condition variables: a queue with room for few", condition_variables},
    {"a broadcast wakes all that wait", broadcasts},
    {"a barrier holds all until the last has come, and chooses one", barriers},
    {"pthread_once: once, and nobody goes on before", once_only},
    {"malloc and free: by many threads", allocating},
    {"pthread_kill: the handler runs in that thread", signals_to_one},
    {"a thread begins with its creator's rights, and then they are its own", rights_of_threads},
    {"pkey_set_all: no pkey_set of another thread undoes it", rights_for_all},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
