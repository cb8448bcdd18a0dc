/* The least an inference server can do: reads a POST with a Content-Length, answers with fixed bytes, keeps alive.
 *
 * One thread, level-triggered epoll, pinned to one core, so that what is measured on another core is the client's.
 * It understands what the benchmarks send and nothing else: one request at a time on a connection, a head of at most
 * 64 kB. A line on stdin is answered with "REQUESTS BYTES", as received since the last one; its end ends the server.
 *
 * usage: null_server CORE ANSWER_BODY_BYTES       (the first line on stdout is the port)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_FDS = 4096, BUFFER = 65536, EVENTS = 512 };

struct connection {
    size_t held;      /* bytes of a head that is not whole */
    size_t body_left; /* of the request under way */
    char head[BUFFER + 1];
};

static struct connection *connections[MAX_FDS];
static char scratch[1 << 20];
static char answer[BUFFER];
static size_t answer_size;
static unsigned long long requests, bytes;

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set)) err(1, "sched_setaffinity to core %d", core);
}

static void make_answer(size_t body) {
    int head = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                        "Inference-Header-Content-Length: 120\r\nContent-Length: %zu\r\n\r\n", body);
    if (head + body > sizeof answer) errx(1, "an answer of %zu bytes is too long", body);
    memset(answer + head, 'x', body);
    answer_size = head + body;
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

static void accept_all(int epoll, int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= MAX_FDS) errx(1, "more than %d connections", MAX_FDS);
        if (!(connections[fd] = calloc(1, sizeof *connections[fd]))) err(1, "calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) err(1, "epoll_ctl");
    }
}

static void hang_up(int fd) {
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

static void answer_it(int fd) {
    requests++;
    if (send(fd, answer, answer_size, MSG_NOSIGNAL) != (ssize_t)answer_size) hang_up(fd);
}

/* With "\r\n" before it: Inference-Header-Content-Length ends in the same words. */
static size_t body_length(const char *head) {
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? strtoull(field + 17, NULL, 10) : 0;
}

static void read_head(int fd, struct connection *c) {
    ssize_t got = recv(fd, c->head + c->held, BUFFER - c->held, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(fd); return; }
    bytes += got;
    c->held += got;
    c->head[c->held] = 0;
    char *end = memmem(c->head, c->held, "\r\n\r\n", 4);
    if (!end) { if (c->held == BUFFER) hang_up(fd); return; }
    end[2] = 0;
    size_t whole = (size_t)(end + 4 - c->head) + body_length(c->head);
    if (c->held > whole) { warnx("two requests at once"); hang_up(fd); return; }
    c->body_left = whole - c->held;
    c->held = 0;
    if (!c->body_left) answer_it(fd);
}

static void read_body(int fd, struct connection *c) {
    ssize_t got = recv(fd, scratch, c->body_left < sizeof scratch ? c->body_left : sizeof scratch, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(fd); return; }
    bytes += got;
    c->body_left -= got;
    if (!c->body_left) answer_it(fd);
}

static void say_counts(void) {
    char line[64];
    if (read(STDIN_FILENO, line, sizeof line) <= 0) exit(0);
    printf("%llu %llu\n", requests, bytes);
    fflush(stdout);
    requests = bytes = 0;
}

int main(int argc, char **argv) {
    if (argc != 3) errx(1, "usage: null_server CORE ANSWER_BODY_BYTES");
    pin(atoi(argv[1]));
    make_answer(strtoul(argv[2], NULL, 10));
    int listener = listen_on_loopback(), epoll = epoll_create1(0);
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) err(1, "epoll_ctl");
    event.data.fd = STDIN_FILENO;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event)) err(1, "epoll_ctl");
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(epoll, listener);
            else if (fd == STDIN_FILENO) say_counts();
            else if (connections[fd]->body_left) read_body(fd, connections[fd]);
            else read_head(fd, connections[fd]);
        }
    }
}
