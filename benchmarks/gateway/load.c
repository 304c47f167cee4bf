/* HTTP load for benchmarks, closed or open, on keep-alive connections. One thread, epoll.

   load PORT PATH BODY-FILE HEADERS-FILE END CONNECTIONS SECONDS RATE [ANSWERS]

   RATE 0: each connection asks again as soon as it is answered. RATE r: r requests are due each second, and a request's time
   counts from when it was due, so that a server that stalls is not spared. It ends before SECONDS are over once ANSWERS came.

   Prints one line of JSON; times, of right answers, in milliseconds. An answer is "right" if its status is 200, its body is as
   long as it said, the body's last bytes hold END, and it is no fifth shorter than the longest before it; any other that ended,
   or that nobody asked for, is "wrong". "broken": the connection closed before the answer ended. "late": due in the first half
   of the time, and without an answer at its end. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, PIECE = 1 << 18, TAIL = 128, MOST_TIMES = 1 << 22 };

typedef struct {
    int fd, busy, in_head, chunked;
    long long left, size; /* bytes: of a sized body, still to come; of the body so far */
    double due;
    size_t sent, head_length, tail_length;
    char head[8192], tail[TAIL];
    int right;
} Connection;

static Connection connections[MOST_CONNECTIONS];
static int poller, port, count;
static char *request;
static size_t request_length;
static const char *end_mark;
static long right, wrong, broken, late;
static long long longest;
static float *times;
static long time_count;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void watch(Connection *connection, unsigned events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(poller, how, connection->fd, &event);
}

static void dial(Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("load: connect");
        exit(1);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection->busy = 0;
    watch(connection, EPOLLIN, EPOLL_CTL_ADD);
}

static void redial(Connection *connection) {
    if (connection->busy) broken++;
    close(connection->fd);
    dial(connection);
}

/* What is left of a request goes out; large ones take several turns. */
static void push(Connection *connection) {
    while (connection->sent < request_length) {
        ssize_t sent = send(connection->fd, request + connection->sent, request_length - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EAGAIN) watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            else redial(connection);
            return;
        }
        connection->sent += sent;
    }
    if (connection->sent == request_length) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
}

static void ask(Connection *connection, double due) {
    connection->busy = 1;
    connection->due = due;
    connection->sent = connection->head_length = connection->tail_length = 0;
    connection->size = 0;
    connection->in_head = 1;
    ssize_t sent = send(connection->fd, request, request_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    connection->sent = sent > 0 ? sent : 0;
    if (connection->sent < request_length) push(connection);
}

static void keep_tail(Connection *connection, const char *data, size_t length) {
    if (length >= TAIL) {
        memcpy(connection->tail, data + length - TAIL, TAIL);
        connection->tail_length = TAIL;
        return;
    }
    size_t kept = connection->tail_length + length > TAIL ? TAIL - length : connection->tail_length;
    memmove(connection->tail, connection->tail + connection->tail_length - kept, kept);
    memcpy(connection->tail + kept, data, length);
    connection->tail_length = kept + length;
}

static void read_head(Connection *connection, size_t length) {
    connection->right = strncmp(connection->head, "HTTP/1.1 200", 12) == 0;
    connection->chunked = 0;
    connection->left = 0;
    for (char *line = connection->head; line < connection->head + length;) {
        if (strncasecmp(line, "content-length:", 15) == 0) connection->left = atoll(line + 15);
        if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0) connection->chunked = 1;
        char *feed = memchr(line, '\n', connection->head + length - line);
        if (feed == NULL) break;
        line = feed + 1;
    }
    connection->in_head = 0;
}

static int finished(Connection *connection) {
    if (!connection->chunked) return connection->left <= 0;
    size_t tail = connection->tail_length;
    return tail >= 7 && memcmp(connection->tail + tail - 7, "\r\n0\r\n\r\n", 7) == 0;
}

static void take(Connection *connection, char *data, size_t length) {
    if (connection->in_head) {
        size_t room = sizeof connection->head - 1 - connection->head_length, copied = length < room ? length : room;
        memcpy(connection->head + connection->head_length, data, copied);
        size_t before = connection->head_length;
        connection->head_length += copied;
        connection->head[connection->head_length] = 0;
        char *blank = memmem(connection->head, connection->head_length, "\r\n\r\n", 4);
        if (blank == NULL) return;
        size_t head = blank + 4 - connection->head;
        read_head(connection, head);
        data += head - before;
        length -= head - before;
    }
    connection->left -= length;
    connection->size += length;
    keep_tail(connection, data, length);
    if (!finished(connection)) return;
    connection->busy = 0;
    int as_long = (connection->chunked || connection->left == 0) && connection->size * 5 >= longest * 4;
    if (!connection->right || !as_long || !memmem(connection->tail, connection->tail_length, end_mark, strlen(end_mark))) {
        wrong++;
        return;
    }
    right++;
    if (connection->size > longest) longest = connection->size;
    if (time_count < MOST_TIMES) times[time_count++] = (now() - connection->due) * 1000;
}

static int ascending(const void *one, const void *other) {
    float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

static double quantile(double share) { return time_count ? times[(long)(share * (time_count - 1))] : 0; }

static char *contents(const char *file, size_t *length) {
    FILE *opened = fopen(file, "rb");
    if (opened == NULL) {
        perror(file);
        exit(1);
    }
    fseek(opened, 0, SEEK_END);
    char *bytes = calloc(ftell(opened) + 1, 1);
    rewind(opened);
    *length = 0;
    for (size_t got; (got = fread(bytes + *length, 1, 65536, opened)) > 0;) *length += got;
    fclose(opened);
    return bytes;
}

/* HEADERS-FILE: whole lines, each ended by CR LF */
static void make_request(const char *path, const char *body_file, const char *headers_file) {
    size_t body_length, headers_length;
    char *body = contents(body_file, &body_length), *headers = contents(headers_file, &headers_length);
    request = malloc(body_length + headers_length + 1024);
    request_length = sprintf(request, "POST %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n%s"
                                      "content-length: %zu\r\n\r\n", path, port, headers, body_length);
    memcpy(request + request_length, body, body_length);
    request_length += body_length;
}

int main(int given, char **arguments) {
    if (given != 9 && given != 10) {
        fprintf(stderr, "usage: load PORT PATH BODY-FILE HEADERS-FILE END CONNECTIONS SECONDS RATE [ANSWERS]\n");
        return 2;
    }
    port = atoi(arguments[1]);
    make_request(arguments[2], arguments[3], arguments[4]);
    end_mark = arguments[5];
    count = atoi(arguments[6]) < MOST_CONNECTIONS ? atoi(arguments[6]) : MOST_CONNECTIONS;
    double seconds = atof(arguments[7]), rate = atof(arguments[8]);
    long enough = given == 10 ? atol(arguments[9]) : LONG_MAX;
    times = malloc(MOST_TIMES * sizeof *times);
    poller = epoll_create1(0);
    char *piece = malloc(PIECE);
    for (int i = 0; i < count; i++) dial(&connections[i]);
    double start = now(), until = start + seconds, time = start;
    long asked = 0;
    if (rate == 0)
        for (int i = 0; i < count; i++) ask(&connections[i], time);
    while ((time = now()) < until && right + wrong + broken < enough) {
        if (rate > 0)
            for (int i = 0; i < count && start + asked / rate <= time; i++)
                if (!connections[i].busy) ask(&connections[i], start + asked++ / rate);
        struct epoll_event events[256];
        double wait = rate > 0 ? start + asked / rate - now() : until - time;
        struct timespec patience = {.tv_nsec = wait > 0.1 ? 100000000 : wait > 0 ? wait * 1e9 : 0};
        int ready = epoll_pwait2(poller, events, 256, &patience, NULL);
        for (int i = 0; i < ready; i++) {
            Connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) push(connection);
            if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            ssize_t got = recv(connection->fd, piece, PIECE, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                redial(connection);
                if (rate == 0) ask(connection, now());
                continue;
            }
            if (!connection->busy) { /* nobody asked for that */
                wrong++;
                redial(connection);
                continue;
            }
            take(connection, piece, got);
            if (!connection->busy && rate == 0) ask(connection, now());
        }
    }
    double took = now() - start;
    for (int i = 0; i < count; i++)
        if (connections[i].busy && connections[i].due < start + took / 2) late++;
    if (rate > 0 && asked < took / 2 * rate) late += took / 2 * rate - asked; /* due, and no connection was free to ask */
    qsort(times, time_count, sizeof *times, ascending);
    printf("{\"right\":%ld,\"wrong\":%ld,\"broken\":%ld,\"late\":%ld,\"seconds\":%.6f,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n",
           right, wrong, broken, late, took, quantile(0.5), quantile(0.99), quantile(1));
    return 0;
}
