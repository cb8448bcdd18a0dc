/* The least an inference server can do over gRPC: reads unary calls on HTTP/2 connections and answers with fixed messages.
 *
 * Keys of the answers are paths, the answers are gRPC messages without their prefix; the id of a ModelInferRequest is
 * repeated in the answer, which perf_analyzer asks for. Each answer is a send of its own, as from a server whose calls
 * end one by one: put together they would make every client cheaper than a real server lets it be.
 *
 * It understands what the benchmarks send and nothing else: headers whose path is no Huffman code, no CONTINUATION, and
 * clients whose windows hold what they have asked for (a few answers of less than 1 kB each).
 */
#include "serving.h"

enum { BUFFER = 1 << 17, SLOTS = 1 << 12, TABLE = 128, TABLE_BYTES = 4096, HEAD = 9 };
enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, WITH_PRIORITY = 32 };
static const uint32_t TOP_UP = 1u << 29;
static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct entry { size_t size, name_size; int answer; /* -1: no path, or one without an answer */ };
struct call { uint32_t stream; int answer; char id[ID]; };
struct connection {
    size_t held, preface_left;
    uint32_t unacknowledged;
    struct entry table[TABLE]; /* HPACK's dynamic table, a ring: `newest` is its first */
    int newest, entries;
    size_t table_bytes, table_limit;
    struct call calls[SLOTS];
    unsigned char buffer[BUFFER];
};

/* Lengths of the names in HPACK's static table (RFC 7541, Appendix A). */
static const unsigned char NAME_SIZES[62] = {0, 10, 7, 7, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 14, 15, 15, 13, 6, 27, 3, 5, 13,
    13, 19, 16, 16, 14, 16, 13, 12, 6, 4, 4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8, 12, 18, 19, 5, 7, 7, 11, 6, 10, 25, 17,
    10, 4, 3, 16};

static void put_head(unsigned char *at, uint32_t size, int type, int flags, uint32_t stream) {
    uint32_t number = htonl(stream);
    at[0] = size >> 16, at[1] = size >> 8, at[2] = size, at[3] = type, at[4] = flags;
    memcpy(at + 5, &number, 4);
}

static void give(int fd, const void *data, size_t size) {
    if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) warnx("a client does not read what it asked for");
}

static void give_control(int fd, int type, int flags, const void *payload, uint32_t size) {
    unsigned char frame[HEAD + 64];
    put_head(frame, size, type, flags, 0);
    memcpy(frame + HEAD, payload, size);
    give(fd, frame, HEAD + size);
}

static void start_connection(int fd) {
    static const unsigned char window[6] = {0, 4, 0, 64, 0, 0}; /* INITIAL_WINDOW_SIZE: 4 MiB, as Triton's */
    uint32_t more = htonl(TOP_UP);
    connections[fd]->preface_left = sizeof PREFACE - 1;
    connections[fd]->table_limit = TABLE_BYTES;
    give_control(fd, SETTINGS, 0, window, sizeof window);
    give_control(fd, WINDOW_UPDATE, 0, &more, 4);
}

static void answer_call(int fd, struct call *call) {
    static const unsigned char lead[] = "\x88\x0f\x10\x10" "application/grpc", end[] = "\x00\x0b" "grpc-status" "\x01" "0";
    unsigned char out[MAX_ANSWER + 256], *at = out;
    const struct answer *a = &answers[call->answer];
    size_t id = call->answer ? 0 : strlen(call->id);
    uint32_t message = a->size + (id ? 2 + id : 0), wire = htonl(message);
    put_head(at, sizeof lead - 1, HEADERS, END_HEADERS, call->stream);
    memcpy(at + HEAD, lead, sizeof lead - 1);
    at += HEAD + sizeof lead - 1;
    put_head(at, 5 + message, DATA, 0, call->stream);
    at[HEAD] = 0;
    memcpy(at + HEAD + 1, &wire, 4);
    memcpy(at + HEAD + 5, a->bytes, a->size);
    at += HEAD + 5 + a->size;
    if (id) { at[0] = 0x1a, at[1] = id; memcpy(at + 2, call->id, id); at += 2 + id; } /* field 3: id */
    put_head(at, sizeof end - 1, HEADERS, END_HEADERS | END_STREAM, call->stream);
    memcpy(at + HEAD, end, sizeof end - 1);
    at += HEAD + sizeof end - 1;
    if (!call->answer) requests++;
    give(fd, out, at - out);
}

/* ---- HPACK: only the path matters, but the dynamic table must be kept for it. */

static size_t integer(const unsigned char **at, const unsigned char *end, int bits) {
    size_t mask = (1u << bits) - 1, value = *(*at)++ & mask;
    for (int shift = 0; value >= mask && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        value += (size_t)(byte & 127) << shift;
        if (!(byte & 128)) break;
    }
    return value;
}

static struct entry *dynamic(struct connection *c, size_t index) {
    if (index < 62 || index - 62 >= (size_t)c->entries) errx(1, "a header at %zu, where there is none", index);
    return &c->table[(c->newest + index - 62) % TABLE];
}

static void evict(struct connection *c, size_t room) {
    while (c->entries && c->table_bytes + room > c->table_limit)
        c->table_bytes -= c->table[(c->newest + --c->entries) % TABLE].size;
}

static void insert(struct connection *c, struct entry entry) {
    evict(c, entry.size);
    if (entry.size > c->table_limit) return;
    if (c->entries == TABLE) errx(1, "more than %d headers in the table", TABLE);
    c->newest = (c->newest + TABLE - 1) % TABLE;
    c->table[c->newest] = entry;
    c->entries++;
    c->table_bytes += entry.size;
}

/* A literal string's length; `text` is NULL for one in Huffman code, whose decoded length nobody knows here. */
static size_t string(const unsigned char **at, const unsigned char *end, const unsigned char **text) {
    int huffman = **at & 128;
    size_t size = integer(at, end, 7);
    *text = huffman ? NULL : *at;
    if (size > (size_t)(end - *at)) errx(1, "a header ends too early");
    *at += size;
    return size;
}

static int answer_for(const unsigned char *path, size_t size) {
    if (!path) errx(1, "a path in Huffman code is not understood");
    for (int i = 0; i < answer_count; i++)
        if (answers[i].key_size == size && !memcmp(answers[i].key, path, size)) return i;
    errx(1, "no answer to %.*s", (int)size, path);
}

static void literal(struct connection *c, const unsigned char **at, const unsigned char *end, int bits, int *answer) {
    const unsigned char *name = NULL, *value;
    struct entry entry = {.answer = -1};
    size_t index = integer(at, end, bits);
    if (!index) entry.name_size = string(at, end, &name);
    else entry.name_size = index < 62 ? NAME_SIZES[index] : dynamic(c, index)->name_size;
    size_t size = string(at, end, &value);
    if (index == 4 || index == 5 || (name && entry.name_size == 5 && !memcmp(name, ":path", 5)))
        *answer = entry.answer = answer_for(value, size);
    if (bits != 6) return;
    if (!value) errx(1, "a header in Huffman code goes into the table: its size is not known");
    entry.size = entry.name_size + size + 32;
    insert(c, entry);
}

static int path_of(struct connection *c, const unsigned char *at, const unsigned char *end) {
    int answer = -1;
    while (at < end) {
        if (*at & 128) {
            size_t index = integer(&at, end, 7);
            if (index >= 62 && dynamic(c, index)->answer >= 0) answer = dynamic(c, index)->answer;
        } else if (*at & 64) literal(c, &at, end, 6, &answer);
        else if (*at & 32) { c->table_limit = integer(&at, end, 5); evict(c, 0); }
        else literal(c, &at, end, 4, &answer);
    }
    return answer;
}

/* ---- Frames. */

static void on_headers(int fd, struct connection *c, int flags, uint32_t stream, unsigned char *at, size_t size) {
    struct call *call = &c->calls[stream / 2 % SLOTS];
    unsigned char *end = at + size;
    if (!(flags & END_HEADERS)) errx(1, "headers in several frames are not understood");
    if (flags & PADDED) { end -= *at; at++; }
    if (flags & WITH_PRIORITY) at += 5;
    call->stream = stream;
    call->id[0] = 0;
    if ((call->answer = path_of(c, at, end)) < 0) errx(1, "a call without a path");
    if (flags & END_STREAM) answer_call(fd, call);
}

/* The id of a ModelInferRequest: field 3, after the model's name and version. */
static void note_id(struct call *call, const unsigned char *at, const unsigned char *end) {
    while (at + 2 < end && (*at == 0x0a || *at == 0x12)) at += 2 + at[1];
    if (at + 2 >= end || *at != 0x1a || at[1] >= ID || at + 2 + at[1] > end) return;
    memcpy(call->id, at + 2, at[1]);
    call->id[at[1]] = 0;
}

static void on_data(int fd, struct connection *c, int flags, uint32_t stream, unsigned char *at, size_t size) {
    struct call *call = &c->calls[stream / 2 % SLOTS];
    c->unacknowledged += size;
    if (c->unacknowledged >= TOP_UP / 2) {
        uint32_t more = htonl(c->unacknowledged);
        give_control(fd, WINDOW_UPDATE, 0, &more, 4);
        c->unacknowledged = 0;
    }
    if (call->stream != stream) errx(1, "data of a stream that was not opened");
    if (!call->answer && !call->id[0] && size > 5) note_id(call, at + 5, at + size);
    if (flags & END_STREAM) answer_call(fd, call);
}

static void on_frame(int fd, struct connection *c, unsigned char *frame, size_t size) {
    int type = frame[3], flags = frame[4];
    uint32_t stream;
    memcpy(&stream, frame + 5, 4);
    stream = ntohl(stream) & 0x7fffffff;
    if (type == HEADERS || type == DATA) bytes += HEAD + size;
    if (type == HEADERS) on_headers(fd, c, flags, stream, frame + HEAD, size);
    else if (type == DATA) on_data(fd, c, flags, stream, frame + HEAD, size);
    else if (type == SETTINGS && !(flags & ACK)) give_control(fd, SETTINGS, ACK, "", 0);
    else if (type == PING && !(flags & ACK)) give_control(fd, PING, ACK, frame + HEAD, 8);
    else if (type == CONTINUATION) errx(1, "headers in several frames are not understood");
}

static void on_readable(int fd, struct connection *c) {
    ssize_t got = recv(fd, c->buffer + c->held, BUFFER - c->held, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(fd); return; }
    unsigned char *at = c->buffer, *end = c->buffer + c->held + got;
    if (c->preface_left) {
        if ((size_t)(end - at) < c->preface_left) { c->held += got; return; }
        if (memcmp(at, PREFACE, c->preface_left)) { warnx("a client that does not speak HTTP/2"); hang_up(fd); return; }
        at += c->preface_left;
        c->preface_left = 0;
    }
    while (end - at >= HEAD) {
        size_t size = at[0] << 16 | at[1] << 8 | at[2];
        if (size > BUFFER - HEAD) errx(1, "a frame of %zu bytes", size);
        if ((size_t)(end - at) < HEAD + size) break;
        on_frame(fd, c, at, size);
        at += HEAD + size;
    }
    c->held = end - at;
    memmove(c->buffer, at, c->held);
}

int main(int argc, char **argv) {
    if (argc != 3) errx(1, "usage: null_grpc CORE ANSWERS");
    pin(atoi(argv[1]));
    read_answers(argv[2]);
    serve(sizeof(struct connection));
}
