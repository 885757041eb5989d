/* floor: as little of an IRC server as the benchmarks need, and as fast as one thread
 * can be with one system call for a write: no storing, no checking, no limits. What a
 * real server takes beyond it is what that server does.
 *
 *     cc -O2 -o floor floor.c && ./floor 7703 [LINES]
 *
 * It listens on loopback. Members get each line with a write of its own or, with
 * LINES, up to so many that have come together. Everybody is in one channel for
 * messages; JOINs are not shown to others. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT = 64 << 10, LOG = 64 << 20, EVENTS = 1024 };

struct client {
	char nick[64];
	char *rest; /* the beginning of a line, or NULL */
	size_t rest_length, pos;
	int there, joined, blocked, place;
};

static struct client *clients;
static rlim_t most;
static int *members, member_count, poller;
static char *lines; /* what members have to get; pos is a place in it */
static size_t end, together = 1, waiting;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void forget(int fd) {
	struct client *c = &clients[fd];
	if (c->joined) {
		members[c->place] = members[--member_count];
		clients[members[c->place]].place = c->place;
	}
	free(c->rest);
	memset(c, 0, sizeof *c);
	close(fd);
}

static void watch(int fd, uint32_t events, int operation) {
	struct epoll_event e = {.events = events, .data.fd = fd};
	if (epoll_ctl(poller, operation, fd, &e) < 0) die("epoll_ctl");
}

/* give writes to a member what it has not got yet. */
static void give(int fd) {
	struct client *c = &clients[fd];
	ssize_t n = write(fd, lines + c->pos, end - c->pos);
	if (n > 0) c->pos += n;
	int blocked = c->pos < end;
	if (blocked != c->blocked) watch(fd, EPOLLIN | (blocked ? EPOLLOUT : 0), EPOLL_CTL_MOD);
	c->blocked = blocked;
}

static void give_all(void) {
	waiting = 0;
	size_t least = end;
	for (int i = 0; i < member_count; i++) {
		struct client *c = &clients[members[i]];
		if (!c->blocked && c->pos < end) give(members[i]);
		if (c->pos < least) least = c->pos;
	}
	if (least < end && end < LOG / 2) return;
	/* What everybody has is forgotten. */
	memmove(lines, lines + least, end - least);
	for (int i = 0; i < member_count; i++) clients[members[i]].pos -= least;
	end -= least;
}

static void answer(int fd, const char *text) {
	size_t length = strlen(text);
	if (write(fd, text, length) != (ssize_t)length) shutdown(fd, SHUT_RDWR);
}

static void join(int fd, const char *channel) {
	struct client *c = &clients[fd];
	char text[512];
	snprintf(text, sizeof text, ":%s!u@h JOIN %s\r\n:floor 353 %s = %s :%s\r\n:floor 366 %s %s :End\r\n",
		c->nick, channel, c->nick, channel, c->nick, c->nick, channel);
	answer(fd, text);
	if (!c->joined) {
		c->joined = 1;
		c->pos = end;
		c->place = member_count;
		members[member_count++] = fd;
	}
}

/* said is a line of a publisher, who is no member from then on. */
static void said(int fd, const char *line) {
	struct client *c = &clients[fd];
	if (c->joined) {
		c->joined = 0;
		members[c->place] = members[--member_count];
		clients[members[c->place]].place = c->place;
	}
	int n = end + 4096 < LOG ? snprintf(lines + end, 4096, ":%s!u@h %s\r\n", c->nick, line) : 4096;
	if (n >= 4096) {
		fprintf(stderr, "floor: a line is too long, or a member too slow\n");
		exit(1);
	}
	end += n;
	if (++waiting >= together) give_all();
}

static void heard(int fd, char *line) {
	struct client *c = &clients[fd];
	char text[512], *argument = strchr(line, ' ');
	if (argument == NULL) return;
	argument++;
	if (strncmp(line, "PRIVMSG ", 8) == 0) {
		said(fd, line);
	} else if (strncmp(line, "NICK ", 5) == 0) {
		snprintf(c->nick, sizeof c->nick, "%s", argument);
	} else if (strncmp(line, "USER ", 5) == 0) {
		snprintf(text, sizeof text, ":floor 001 %s :Welcome\r\n:floor 004 %s floor floor i n\r\n:floor 422 %s :No MOTD\r\n", c->nick, c->nick, c->nick);
		answer(fd, text);
	} else if (strncmp(line, "JOIN ", 5) == 0) {
		for (char *next, *name = argument; name != NULL; name = next) {
			if ((next = strchr(name, ',')) != NULL) *next++ = 0;
			join(fd, name);
		}
	} else if (strncmp(line, "PING ", 5) == 0) {
		snprintf(text, sizeof text, ":floor PONG floor %s\r\n", argument);
		answer(fd, text);
	}
}

static void hear(int fd) {
	static char input[2 * INPUT];
	struct client *c = &clients[fd];
	size_t have = c->rest_length;
	if (have > 0) memcpy(input, c->rest, have);
	ssize_t n = read(fd, input + have, INPUT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) forget(fd);
		return;
	}
	have += n;
	char *line = input, *stop;
	while ((stop = memchr(line, '\n', input + have - line)) != NULL) {
		*stop = 0;
		if (stop > line && stop[-1] == '\r') stop[-1] = 0;
		heard(fd, line);
		line = stop + 1;
	}
	if (waiting > 0) give_all();
	size_t left = input + have - line;
	if (left >= INPUT) {
		forget(fd);
		return;
	}
	if (left > 0 && (c->rest = realloc(c->rest, left)) == NULL) die("memory");
	if (left > 0) memcpy(c->rest, line, left);
	c->rest_length = left;
}

static void let_in(int listener) {
	for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if ((rlim_t)fd >= most) {
			close(fd);
			continue;
		}
		clients[fd].there = 1;
		watch(fd, EPOLLIN, EPOLL_CTL_ADD);
	}
}

int main(int argc, char **argv) {
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: floor PORT [LINES]\n");
		return 2;
	}
	if (argc == 3) together = strtoul(argv[2], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0) die("getrlimit");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	most = files.rlim_cur < 1 << 20 ? files.rlim_cur : 1 << 20;
	clients = calloc(most, sizeof *clients);
	members = calloc(most, sizeof *members);
	lines = malloc(LOG);
	if (clients == NULL || members == NULL || lines == NULL) die("memory");

	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) die("listen");
	if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll");
	watch(listener, EPOLLIN, EPOLL_CTL_ADD);

	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(poller, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == listener) {
				let_in(listener);
				continue;
			}
			if (events[i].events & EPOLLOUT && clients[fd].there) give(fd);
			if (events[i].events & ~EPOLLOUT && clients[fd].there) hear(fd);
		}
	}
}
