/* What both null servers share: one thread, level-triggered epoll, pinned to one core, so that what is measured on
 * another core is the client's; and answers that were made beforehand.
 *
 * A line on stdin is answered with "REQUESTS BYTES", as received in inference requests since the last one; its end ends
 * the server. The first line on stdout is the port. The file of answers holds, for each: the length of its key (32 bits,
 * little-endian), the key, the length of the answer, the answer. The first is the answer to an inference request.
 *
 * usage: PROGRAM CORE ANSWERS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_FDS = 4096, EVENTS = 512, MAX_ANSWERS = 16, MAX_ANSWER = 1 << 16, ID = 24 };

struct answer {
    uint32_t key_size, size;
    char *key, *bytes;
};

static struct answer answers[MAX_ANSWERS];
static int answer_count;
static unsigned long long requests, bytes;
static int timer = -1;          /* a timerfd, where the server has one */
static void (*on_timer)(void);  /* what it does when that fires */
static struct connection *connections[MAX_FDS];

/* What each server says for itself. */
static void start_connection(int fd);
static void on_readable(int fd, struct connection *c);

static char *read_block(FILE *file, uint32_t *size) {
    if (fread(size, sizeof *size, 1, file) != 1) return NULL;
    if (*size > MAX_ANSWER) errx(1, "an answer of %u bytes is too long", *size);
    char *block = malloc(*size + 1);
    if (!block || fread(block, 1, *size, file) != *size) errx(1, "the file of answers ends too early");
    block[*size] = 0;
    return block;
}

static void read_answers(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) err(1, "%s", path);
    for (struct answer *a = answers; (a->key = read_block(file, &a->key_size)); a++) {
        if (++answer_count == MAX_ANSWERS) errx(1, "too many answers");
        if (!(a->bytes = read_block(file, &a->size))) errx(1, "the file of answers ends too early");
    }
    if (!answer_count) errx(1, "no answers");
    fclose(file);
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set)) err(1, "sched_setaffinity to core %d", core);
}

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 512)) err(1, "listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size)) err(1, "getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int epoll, int listener, size_t connection_size) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= MAX_FDS) errx(1, "more than %d connections", MAX_FDS);
        if (!(connections[fd] = calloc(1, connection_size))) err(1, "calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) err(1, "epoll_ctl");
        start_connection(fd);
    }
}

static void hang_up(int fd) {
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

static void say_counts(void) {
    char line[64];
    if (read(STDIN_FILENO, line, sizeof line) <= 0) exit(0);
    printf("%llu %llu\n", requests, bytes);
    fflush(stdout);
    requests = bytes = 0;
}

static void serve(size_t connection_size) {
    int listener = listen_on_loopback(), epoll = epoll_create1(0);
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) err(1, "epoll_ctl");
    event.data.fd = STDIN_FILENO;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event)) err(1, "epoll_ctl");
    event.data.fd = timer;
    if (timer >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event)) err(1, "epoll_ctl");
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(epoll, listener, connection_size);
            else if (fd == STDIN_FILENO) say_counts();
            else if (fd == timer) on_timer();
            else on_readable(fd, connections[fd]);
        }
    }
}
