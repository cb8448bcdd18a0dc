/* The least an inference server can do over HTTP/1.1: reads a request, answers with fixed bytes, keeps alive.
 *
 * It understands what the benchmarks send and nothing else: one request at a time on a connection, a head of at most
 * 64 kB. Keys of the answers are the beginnings of heads ("GET /v2/models/m/config "). A POST gets the first answer; where
 * its JSON begins with an id, the id goes in the place of the answer's last IDENTITY_ROOM blanks, which perf_analyzer asks
 * for.
 *
 * With a SERVICE time (microseconds) it is a queue: an inference is answered when all those before it are, and its own time
 * after that. So it takes 1e6 / SERVICE requests a second and not one more, whatever the machine.
 */
#include "serving.h"
#include <sys/timerfd.h>
#include <time.h>

enum { BUFFER = 65536, IDENTITY_ROOM = 24, QUEUE = 1 << 16 };

struct connection {
    size_t held;      /* bytes of a head that is not whole */
    size_t body_left; /* of the request under way */
    int body_begun;
    char id[ID];
    char head[BUFFER + 1];
};

struct waiting {
    int fd;
    struct connection *connection; /* who hung up meanwhile is not there any more */
    uint64_t due_ns;
};

static struct waiting queue[QUEUE];
static unsigned first, queued; /* the queue's beginning, and how many wait in it */
static uint64_t service_ns, last_due_ns;

static char scratch[1 << 20];
static char *identity; /* where in the first answer an id goes: `"id":"` stands before it */

static void start_connection(int fd) { (void)fd; }

static void send_all(int fd, const struct answer *a) {
    if (send(fd, a->bytes, a->size, MSG_NOSIGNAL) != (ssize_t)a->size) hang_up(fd);
}

static void answer_inference(int fd, struct connection *c) {
    size_t length = strlen(c->id);
    memset(identity, ' ', IDENTITY_ROOM);
    memcpy(identity, c->id, length);
    identity[length] = '"';
    send_all(fd, &answers[0]);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void set_timer(uint64_t due_ns) {
    struct itimerspec at = {.it_value = {due_ns / 1000000000, due_ns % 1000000000}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL)) err(1, "timerfd_settime");
}

static void answer_those_due(void) {
    uint64_t fired;
    if (read(timer, &fired, sizeof fired) < 0 && errno != EAGAIN) err(1, "timerfd");
    for (; queued && queue[first % QUEUE].due_ns <= now_ns(); first++, queued--) {
        struct waiting *w = &queue[first % QUEUE];
        if (connections[w->fd] == w->connection) answer_inference(w->fd, w->connection);
    }
    if (queued) set_timer(queue[first % QUEUE].due_ns);
}

static void take_inference(int fd, struct connection *c) {
    if (!service_ns) { answer_inference(fd, c); return; }
    uint64_t now = now_ns();
    last_due_ns = (now > last_due_ns ? now : last_due_ns) + service_ns;
    if (queued == QUEUE) errx(1, "more than %d wait", QUEUE);
    queue[(first + queued) % QUEUE] = (struct waiting){fd, c, last_due_ns};
    if (!queued++) set_timer(last_due_ns);
}

/* The body's first bytes: {"id":"1970324836974592", ... */
static void note_id(struct connection *c, const char *body, size_t size) {
    const char *end;
    c->body_begun = 1;
    c->id[0] = 0;
    if (size < 8 || memcmp(body, "{\"id\":\"", 7)) return;
    if (!(end = memchr(body + 7, '"', size - 7 < ID ? size - 7 : ID))) return;
    memcpy(c->id, body + 7, end - body - 7);
    c->id[end - body - 7] = 0;
}

/* With "\r\n" before it: Inference-Header-Content-Length ends in the same words. */
static size_t body_length(const char *head) {
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? strtoull(field + 17, NULL, 10) : 0;
}

static void answer_get(int fd, const struct connection *c) {
    for (int i = 1; i < answer_count; i++)
        if (!memcmp(c->head, answers[i].key, answers[i].key_size)) { send_all(fd, &answers[i]); return; }
    warnx("no answer to %.60s", c->head);
    hang_up(fd);
}

static void read_head(int fd, struct connection *c) {
    ssize_t got = recv(fd, c->head + c->held, BUFFER - c->held, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(fd); return; }
    c->held += got;
    c->head[c->held] = 0;
    char *end = memmem(c->head, c->held, "\r\n\r\n", 4);
    if (!end) { if (c->held == BUFFER) hang_up(fd); return; }
    end[2] = 0;
    size_t head = end + 4 - c->head, whole = head + body_length(c->head);
    if (c->held > whole) { warnx("two requests at once"); hang_up(fd); return; }
    c->body_left = whole - c->held;
    c->body_begun = 0;
    size_t held = c->held;
    c->held = 0;
    if (c->head[0] != 'P') { answer_get(fd, c); return; }
    requests++;
    bytes += whole;
    if (held > head) note_id(c, c->head + head, held - head);
    if (!c->body_left) take_inference(fd, c);
}

static void read_body(int fd, struct connection *c) {
    ssize_t got = recv(fd, scratch, c->body_left < sizeof scratch ? c->body_left : sizeof scratch, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(fd); return; }
    if (!c->body_begun) note_id(c, scratch, got);
    c->body_left -= got;
    if (!c->body_left) take_inference(fd, c);
}

static void on_readable(int fd, struct connection *c) {
    if (c->body_left) read_body(fd, c);
    else read_head(fd, c);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) errx(1, "usage: null_http CORE ANSWERS [SERVICE]");
    pin(atoi(argv[1]));
    read_answers(argv[2]);
    char *mark = memmem(answers[0].bytes, answers[0].size, "\"id\":\"", 6);
    if (!mark || mark + 6 + IDENTITY_ROOM > answers[0].bytes + answers[0].size) errx(1, "no room for an id");
    identity = mark + 6;
    if (argc == 4 && (service_ns = 1000 * strtoull(argv[3], NULL, 10))) {
        if ((timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) < 0) err(1, "timerfd_create");
        on_timer = answer_those_due;
    }
    serve(sizeof(struct connection));
}
