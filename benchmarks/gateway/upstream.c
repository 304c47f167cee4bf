/* A provider for benchmarks: answers every request at once, in OpenAI's chat protocol. One thread, epoll.

   upstream PORT EVENTS

   A request whose body holds "stream":true gets EVENTS server-sent events, one HTTP chunk each; any other gets one JSON answer.
   PORT 0 takes any that is free. Prints "ready PORT" when it listens. Fast enough never to be what is measured: most of its work is one send(2) a request. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 4096, MOST_REQUEST = 1 << 20 };

typedef struct {
    char *in;
    size_t in_length;
    const char *out; /* what is left to send */
    size_t out_length;
} Connection;

static Connection *connections[MOST_CONNECTIONS];
static int poller;
static char *whole, *streamed;
static size_t whole_length, streamed_length;

static const char ANSWER[] =
    "{\"id\":\"chatcmpl-0123456789abcdefABCDEF\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"mock-1\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Paris is the capital of France. It lies on the "
    "Seine, in the north of the country.\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":19,\"total_tokens\":43,\"prompt_tokens_details\":{\"cached_tokens\":0,"
    "\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
    "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},\"service_tier\":\"default\","
    "\"system_fingerprint\":\"fp_0123456789\"}";

static const char EVENT_HEAD[] =
    "data: {\"id\":\"chatcmpl-0123456789abcdefABCDEF\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,"
    "\"model\":\"mock-1\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":[";

static void make_answers(int events) {
    whole = malloc(4096);
    whole_length = sprintf(whole,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\nx-request-id: req_0123456789abcdef\r\n\r\n%s",
        strlen(ANSWER), ANSWER);
    streamed = malloc(4096 + (size_t)events * 1024);
    char *at = streamed;
    at += sprintf(at, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n"
                      "x-request-id: req_0123456789abcdef\r\n\r\n");
    for (int event = 1; event <= events; event++) {
        char text[2048];
        int length = sprintf(text, "%s", EVENT_HEAD);
        if (event == 1)
            length += sprintf(text + length, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
                                             "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n");
        else if (event == events - 1)
            length += sprintf(text + length, "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
                                             "\"usage\":null}\n\n");
        else if (event == events)
            length += sprintf(text + length, "],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
                                             "data: [DONE]\n\n", events, events + 24);
        else
            length += sprintf(text + length, "{\"index\":0,\"delta\":{\"content\":\" word%d\"},\"logprobs\":null,"
                                             "\"finish_reason\":null}],\"usage\":null}\n\n", event);
        at += sprintf(at, "%x\r\n%s\r\n", length, text);
    }
    at += sprintf(at, "0\r\n\r\n");
    streamed_length = at - streamed;
}

static void drop(int fd) {
    free(connections[fd]->in);
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

static void watch(int fd, unsigned events, int how) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(poller, how, fd, &event);
}

/* 1: all is sent; 0: the socket takes no more for now; -1: it is gone */
static int flush(int fd) {
    Connection *connection = connections[fd];
    while (connection->out_length > 0) {
        ssize_t sent = send(fd, connection->out, connection->out_length, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) {
                watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
                return 0;
            }
            drop(fd);
            return -1;
        }
        connection->out += sent;
        connection->out_length -= sent;
    }
    return 1;
}

static size_t length_of_request(const char *in, size_t length) {
    const char *blank = memmem(in, length, "\r\n\r\n", 4);
    if (blank == NULL) return 0;
    size_t head = blank - in + 4;
    for (const char *line = in; line < blank; line = (const char *)memchr(line, '\n', blank + 2 - line) + 1) {
        if (strncasecmp(line, "content-length:", 15) == 0) return head + strtoul(line + 15, NULL, 10);
        if (strncasecmp(line, "transfer-encoding:", 18) == 0) {
            const char *end = memmem(blank, length - (blank - in), "\r\n0\r\n\r\n", 7);
            return end == NULL ? 0 : (size_t)(end - in) + 7;
        }
    }
    return head;
}

static void answer(int fd) {
    Connection *connection = connections[fd];
    while (connection->out_length == 0) {
        size_t length = length_of_request(connection->in, connection->in_length);
        if (length == 0 || length > connection->in_length) return;
        int stream = memmem(connection->in, length, "\"stream\":true", 13) || memmem(connection->in, length, "\"stream\": true", 14);
        memmove(connection->in, connection->in + length, connection->in_length - length);
        connection->in_length -= length;
        connection->out = stream ? streamed : whole;
        connection->out_length = stream ? streamed_length : whole_length;
        if (flush(fd) != 1) return;
    }
}

static void take(int fd) {
    Connection *connection = connections[fd];
    ssize_t got = recv(fd, connection->in + connection->in_length, MOST_REQUEST - connection->in_length, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        drop(fd);
        return;
    }
    if (got > 0) {
        connection->in_length += got;
        answer(fd);
    }
}

static void welcome(int listening) {
    for (int fd; (fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= MOST_CONNECTIONS) {
            close(fd);
            continue;
        }
        int yes = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connections[fd] = calloc(1, sizeof(Connection));
        connections[fd]->in = malloc(MOST_REQUEST);
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int count, char **arguments) {
    if (count != 3 || atoi(arguments[2]) < 3) {
        fprintf(stderr, "usage: upstream PORT EVENTS, of which there are at least 3\n");
        return 2;
    }
    make_answers(atoi(arguments[2]));
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 1024) < 0) {
        perror("upstream");
        return 1;
    }
    poller = epoll_create1(0);
    watch(listening, EPOLLIN, EPOLL_CTL_ADD);
    socklen_t size = sizeof address;
    getsockname(listening, (struct sockaddr *)&address, &size);
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listening) {
                welcome(fd);
                continue;
            }
            if (connections[fd] != NULL && (events[i].events & EPOLLOUT) && flush(fd) == 1) {
                watch(fd, EPOLLIN, EPOLL_CTL_MOD);
                answer(fd);
            }
            if (connections[fd] != NULL && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) take(fd);
        }
    }
}
