/* A BEP 15 load generator: keeps a window of requests in flight and prints one line of JSON.
 *
 * usage: udpload MODE ADDRESS PORT [name=number ...]    requests to an IPv4 address
 *        udpload list [first=N] [swarms=N]              the info_hashes in hex, a line each
 *
 * MODE    fill      every peer of every swarm announces once; ends when all have been answered
 *         count     every swarm is scraped once; "stored" is the number of peers found in them
 *         announce  peers that `fill` stored, at random, announce again
 *         new       peers that nobody has seen yet announce to the swarms of `fill`
 *         flood     every announce starts a swarm of its own
 *         scrape    swarms at random, one a request
 *         connect   connection ids only
 *
 * name    seconds=5 (not for fill, count)  window=64   sources=1    first=0     swarms=1000
 *         peers=200 (in each swarm)        numwant=50  rate=0 (requests/s at most; 0: no limit)
 *
 * All follows from numbers: swarm i has the same info_hash in every run, and its peer j the same
 * address and port. With more than one source the peers sit on as many addresses in 127.0.0.0/8,
 * all sent from one socket: IP_PKTINFO names the source address of each datagram, so a batch of
 * different sources is still a single system call.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    MAX_WINDOW = 1024, /* a power of two: the low bits of a transaction id are the slot */
    MAX_REPLY = 2048,
    MAX_LATENCY = 200000, /* histogram in steps of 1 us; slower answers share the last step */
    ANNOUNCE_SIZE = 98,
};
enum { CONNECT, ANNOUNCE, SCRAPE, ERROR };

static const double LOST_AFTER = 1.0;      /* seconds without a reply */
static const double GIVE_UP_AFTER = 10.0;  /* seconds without any reply at all */
static const double CONNECT_EVERY = 60.0;  /* connection ids are good for two minutes by BEP 15 */
static const uint32_t RENEWAL = 1u << 31;  /* transaction ids of our own connects: this + source */

struct settings {
    uint64_t seconds, window, sources, first, swarms, peers, numwant, rate;
};

/* One request in flight. `job` numbers what it asks for: see swarm_of() and send_request(). */
struct slot {
    bool busy;
    uint32_t tid;
    uint32_t source;
    uint64_t job;
    double sent;
};

static struct settings set = {
    .seconds = 5, .window = 64, .sources = 1, .swarms = 1000, .peers = 200, .numwant = 50};
static int action; /* what the mode asks for */

static int sock;
static struct sockaddr_in target;
static uint64_t *connection_ids; /* of each source, in network order */
static uint32_t unconnected;     /* how many of them are still missing */
static double connected;         /* when they were fetched */
static bool wrong_id;            /* an error reply came: perhaps they have expired */

static struct slot slots[MAX_WINDOW];
static uint32_t idle_slots[MAX_WINDOW], idle_count;
static uint64_t retries[MAX_WINDOW], retry_count; /* jobs of lost requests, to ask again */
static uint32_t generation;

static uint8_t requests[MAX_WINDOW][ANNOUNCE_SIZE];
static uint8_t replies[MAX_WINDOW][MAX_REPLY];
static struct mmsghdr outgoing[MAX_WINDOW], incoming[MAX_WINDOW];
static struct iovec out_parts[MAX_WINDOW], in_parts[MAX_WINDOW];
static _Alignas(struct cmsghdr) char controls[MAX_WINDOW][CMSG_SPACE(sizeof(struct in_pktinfo))];

static uint64_t sent, answers, lost, errors, peers_seen, bytes_seen, stored;
static uint32_t latencies[MAX_LATENCY + 1];
static double slowest;
static char error_text[64];

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("udpload: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

/* One number scattered over 64 bits (the finalizer of splitmix64). */
static uint64_t scatter(uint64_t value)
{
    value += 0x9E3779B97F4A7C15;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

static uint64_t random_below(uint64_t limit)
{
    static uint64_t state;
    return scatter(state++) % limit;
}

static void put_info_hash(uint8_t *at, uint64_t swarm)
{
    uint64_t number = set.first + swarm;
    for (int part = 0; part < 5; part++)
        put32(at + 4 * part, (uint32_t)scatter(number * 5 + (uint64_t)part));
}

/* ---- sources ---- */

static struct in_addr source_address(uint32_t source)
{
    uint32_t host = 127u << 24 | (1 + source / 62500) << 16 | source / 250 % 250 << 8 |
                    (1 + source % 250);
    return (struct in_addr){htonl(host)};
}

static void name_source(uint32_t message, uint32_t source)
{
    if (set.sources > 1) {
        struct in_pktinfo info = {.ipi_spec_dst = source_address(source)};
        memcpy(CMSG_DATA((struct cmsghdr *)controls[message]), &info, sizeof info);
    }
}

static void open_socket(void)
{
    struct timeval patience = {.tv_usec = 50000};
    int size = 4 << 20;

    sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0)
        die("socket: %s", strerror(errno));
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (set.sources == 1 && connect(sock, (struct sockaddr *)&target, sizeof target))
        die("connect: %s", strerror(errno));
}

static void prepare_messages(void)
{
    for (uint32_t i = 0; i < MAX_WINDOW; i++) {
        struct msghdr *out = &outgoing[i].msg_hdr, *in = &incoming[i].msg_hdr;

        out_parts[i].iov_base = requests[i];
        out->msg_iov = &out_parts[i];
        out->msg_iovlen = 1;
        if (set.sources > 1) {
            out->msg_name = &target;
            out->msg_namelen = sizeof target;
            out->msg_control = controls[i];
            out->msg_controllen = sizeof controls[i];
            *(struct cmsghdr *)controls[i] = (struct cmsghdr){
                .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
                .cmsg_level = IPPROTO_IP,
                .cmsg_type = IP_PKTINFO,
            };
        }
        in_parts[i] = (struct iovec){replies[i], MAX_REPLY};
        in->msg_iov = &in_parts[i];
        in->msg_iovlen = 1;
    }
}

/* ---- requests ---- */

/* Ports are all over the range as those of real peers are, and no two of a source are the same:
 * the factors have no divisor in common with the range. */
static uint16_t port_of(uint64_t person)
{
    uint64_t turn = person / set.sources, source = person % set.sources;

    return (uint16_t)(1024 + (turn * 40503 + source * 9973) % 64000);
}

static uint64_t swarm_of(uint64_t job)
{
    return job % set.swarms;
}

static uint32_t put_connect(uint8_t *at, uint32_t tid)
{
    put32(at, 0x417);
    put32(at + 4, 0x27101980);
    put32(at + 8, CONNECT);
    put32(at + 12, tid);
    return 16;
}

static uint32_t put_announce(uint8_t *at, uint64_t swarm, uint64_t person)
{
    uint16_t port = htons(port_of(person));

    put_info_hash(at + 16, swarm);
    memcpy(at + 36, "-BN0001-", 8);
    memset(at + 44, 0, 54);                   /* rest of peer_id, counters, event, address, key */
    put32(at + 52, (uint32_t)person);
    put32(at + 68, person % 4 == 0 ? 0 : 1);  /* left: a quarter are seeders */
    put32(at + 92, (uint32_t)set.numwant);
    memcpy(at + 96, &port, 2);
    return ANNOUNCE_SIZE;
}

/* Write the request for a job as message number `message` of the next batch. */
static void put_request(uint32_t message, uint64_t job, double time)
{
    uint32_t number = idle_slots[--idle_count];
    struct slot *slot = &slots[number];
    uint8_t *at = requests[message];
    /* Job k is peer k / swarms of swarm k mod swarms. A person is an address and a port: each has
     * a place in many swarms, and none has two in one. */
    uint64_t person = swarm_of(job) + job / set.swarms;
    uint32_t size;

    slot->busy = true;
    slot->tid = (++generation * MAX_WINDOW + number) & ~RENEWAL;
    slot->source = (uint32_t)(person % set.sources);
    slot->job = job;
    slot->sent = time;

    if (action == CONNECT) {
        size = put_connect(at, slot->tid);
    } else {
        memcpy(at, &connection_ids[slot->source], 8);
        put32(at + 8, (uint32_t)action);
        put32(at + 12, slot->tid);
        if (action == ANNOUNCE) {
            size = put_announce(at, swarm_of(job), person);
        } else {
            put_info_hash(at + 16, swarm_of(job));
            size = 36;
        }
    }
    out_parts[message].iov_len = size;
    name_source(message, slot->source);
}

static void send_messages(uint32_t count)
{
    for (uint32_t done = 0; done < count;) {
        int some = sendmmsg(sock, outgoing + done, count - done, 0);
        if (some > 0)
            done += (uint32_t)some;
        else if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN)
            die("send: %s", strerror(errno));
    }
}

/* ---- replies ---- */

static void note_latency(double seconds)
{
    double microseconds = seconds * 1e6;

    latencies[microseconds < MAX_LATENCY ? (uint32_t)microseconds : MAX_LATENCY]++;
    if (microseconds > slowest)
        slowest = microseconds;
}

static bool is_answer(const uint8_t *reply, uint32_t size)
{
    static const uint32_t least[] = {[CONNECT] = 16, [ANNOUNCE] = 20, [SCRAPE] = 20};

    return get32(reply) == (uint32_t)action && size >= least[action];
}

/* Error texts come from the tracker: keep what is plain text and needs no escape in JSON. */
static void note_error(const uint8_t *reply, uint32_t size)
{
    uint32_t length = 0;

    errors++;
    wrong_id = wrong_id || get32(reply) == ERROR;
    for (uint32_t i = 8; i < size && length < sizeof error_text - 1; i++)
        if (reply[i] >= ' ' && reply[i] <= '~' && reply[i] != '"' && reply[i] != '\\')
            error_text[length++] = (char)reply[i];
    error_text[length] = 0;
}

static void take_answer(const uint8_t *reply, uint32_t size)
{
    answers++;
    bytes_seen += size;
    if (action == ANNOUNCE)
        peers_seen += (size - 20) / 6;
    else if (action == SCRAPE)
        stored += get32(reply + 8) + get32(reply + 16);
}

static void take_connection(const uint8_t *reply, uint32_t size, uint32_t source)
{
    if (size < 16 || get32(reply) != CONNECT || source >= set.sources)
        return;
    unconnected -= !connection_ids[source];
    memcpy(&connection_ids[source], reply + 8, 8);
}

/* Returns whether the reply was to a request of ours that was still waiting for it. */
static bool take_reply(const uint8_t *reply, uint32_t size, double time)
{
    uint32_t tid;
    struct slot *slot;

    if (size < 8)
        return false;
    tid = get32(reply + 4);
    if (tid & RENEWAL) {
        take_connection(reply, size, tid & ~RENEWAL);
        return false;
    }
    slot = &slots[tid % MAX_WINDOW];
    if (!slot->busy || slot->tid != tid)
        return false; /* too late: it counts as lost */
    slot->busy = false;
    idle_slots[idle_count++] = tid % MAX_WINDOW;
    note_latency(time - slot->sent);
    if (is_answer(reply, size))
        take_answer(reply, size);
    else
        note_error(reply, size);
    return true;
}

/* Take what has come, waiting for the first datagram if `wait`. */
static uint32_t receive(bool wait)
{
    uint32_t taken = 0;
    int count = recvmmsg(sock, incoming, MAX_WINDOW, wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
    double time = now();

    if (count < 0 && errno != EAGAIN && errno != EINTR)
        die("receive: %s", strerror(errno));
    for (int i = 0; i < count; i++)
        taken += take_reply(replies[i], incoming[i].msg_len, time);
    return taken;
}

/* ---- connections ---- */

/* Ask for the connection ids of a window full of sources; returns the source to go on with. */
static uint32_t connect_some(uint32_t source)
{
    double deadline = now() + 0.2;
    uint32_t count = 0, before = unconnected;

    for (; source < set.sources && count < set.window; source++) {
        if (connection_ids[source])
            continue;
        out_parts[count].iov_len = put_connect(requests[count], RENEWAL | source);
        name_source(count++, source);
    }
    send_messages(count);
    while (before - unconnected < count && now() < deadline)
        receive(true);
    return source;
}

/* Ask for the connection id of every source, again for those that got no reply. */
static void connect_sources(void)
{
    memset(connection_ids, 0, set.sources * sizeof *connection_ids);
    unconnected = (uint32_t)set.sources;
    for (int attempt = 0; attempt < 20 && unconnected; attempt++)
        for (uint32_t source = 0; source < set.sources;)
            source = connect_some(source);
    if (unconnected)
        die("no connection id for %" PRIu32 " of %" PRIu64 " sources", unconnected, set.sources);
    connected = now();
    wrong_id = false;
}

static void renew_connections(double time)
{
    if (action == CONNECT)
        return;
    if (time - connected > CONNECT_EVERY || (wrong_id && time - connected > 1))
        connect_sources();
}

/* ---- the run ---- */

/* What to ask for next; false when a mode with an end has asked for all. */
static bool next_job(const char *mode, uint64_t *job)
{
    static uint64_t counter;
    uint64_t all = set.swarms * set.peers;

    if (retry_count) {
        *job = retries[--retry_count];
    } else if (!strcmp(mode, "fill") || !strcmp(mode, "count")) {
        if (counter == (action == SCRAPE ? set.swarms : all))
            return false;
        *job = counter++;
    } else if (!strcmp(mode, "new")) {
        *job = all + counter++;
    } else if (!strcmp(mode, "flood")) {
        *job = counter++;
    } else {
        *job = random_below(action == SCRAPE ? set.swarms : all);
    }
    return true;
}

static void find_lost(double time, bool again)
{
    for (uint32_t i = 0; i < set.window; i++) {
        if (!slots[i].busy || time - slots[i].sent < LOST_AFTER)
            continue;
        lost++;
        slots[i].busy = false;
        idle_slots[idle_count++] = i;
        if (again)
            retries[retry_count++] = slots[i].job;
    }
}

static double run(const char *mode, bool has_end)
{
    double start = now(), end = start + (double)set.seconds, time = start;
    double heard = start, searched = start;
    uint64_t job;

    while (has_end || time < end) {
        double due = set.rate ? (double)set.rate * (time - start) - (double)sent : MAX_WINDOW;
        uint32_t count = 0;

        while (idle_count && count < due && next_job(mode, &job))
            put_request(count++, job, time);
        send_messages(count);
        sent += count;
        if (has_end && idle_count == set.window)
            break;
        if (receive(!set.rate))
            heard = now();
        time = now();
        if (time - heard > GIVE_UP_AFTER)
            die("no reply for %.0f seconds", GIVE_UP_AFTER);
        if (time - searched > 0.1) {
            find_lost(time, has_end);
            renew_connections(time);
            searched = time;
        }
    }
    return time - start;
}

/* ---- the report ---- */

static double latency_at(double share)
{
    uint64_t seen = 0, wanted = (uint64_t)(share * (double)(answers + errors));

    for (uint32_t step = 0; step < MAX_LATENCY; step++) {
        seen += latencies[step];
        if (seen > wanted)
            return step;
    }
    return slowest;
}

static void report(const char *mode, double seconds)
{
    double each = answers ? 1.0 / (double)answers : 0;

    printf("{\"mode\": \"%s\", \"answers\": %" PRIu64 ", \"seconds\": %.3f, \"lost\": %" PRIu64
           ", \"errors\": %" PRIu64 ", \"error\": \"%s\", ",
           mode, answers, seconds, lost, errors, error_text);
    printf("\"peers_per_reply\": %.2f, \"bytes_per_reply\": %.1f, \"stored\": %" PRIu64 ", ",
           (double)peers_seen * each, (double)bytes_seen * each, stored);
    printf("\"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f}\n", latency_at(0.50),
           latency_at(0.99), slowest);
}

static void list_info_hashes(void)
{
    uint8_t hash[20];

    for (uint64_t swarm = 0; swarm < set.swarms; swarm++) {
        char line[42], *at = line;
        put_info_hash(hash, swarm);
        for (int i = 0; i < 20; i++) {
            *at++ = "0123456789abcdef"[hash[i] >> 4];
            *at++ = "0123456789abcdef"[hash[i] & 15];
        }
        *at++ = '\n';
        fwrite(line, 1, (size_t)(at - line), stdout);
    }
}

/* ---- the command line ---- */

static uint64_t number(const char *text, uint64_t least, uint64_t most, const char *what)
{
    char *rest;
    unsigned long long value = strtoull(text, &rest, 10);

    if (!*text || *rest || value < least || value > most)
        die("%s: a number from %" PRIu64 " to %" PRIu64, what, least, most);
    return value;
}

static void read_settings(char **arguments)
{
    static const struct {
        const char *name;
        uint64_t *value, least, most;
    } known[] = {
        {"seconds", &set.seconds, 1, 86400},     {"window", &set.window, 1, MAX_WINDOW},
        {"sources", &set.sources, 1, 1000000},   {"first", &set.first, 0, 1ull << 60},
        {"swarms", &set.swarms, 1, 1ull << 40},  {"peers", &set.peers, 1, 1000000},
        {"numwant", &set.numwant, 0, 200},       {"rate", &set.rate, 0, 100000000},
    };
    const size_t count = sizeof known / sizeof *known;

    for (; *arguments; arguments++) {
        size_t length = strcspn(*arguments, "="), i = 0;
        while (i < count && (strlen(known[i].name) != length ||
                             strncmp(*arguments, known[i].name, length) != 0))
            i++;
        if (i == count || !(*arguments)[length])
            die("unknown setting %s", *arguments);
        *known[i].value =
            number(*arguments + length + 1, known[i].least, known[i].most, known[i].name);
    }
}

static int action_of(const char *mode)
{
    static const struct {
        const char *name;
        int action;
    } modes[] = {
        {"fill", ANNOUNCE},  {"count", SCRAPE},  {"announce", ANNOUNCE}, {"new", ANNOUNCE},
        {"flood", ANNOUNCE}, {"scrape", SCRAPE}, {"connect", CONNECT},
    };

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(mode, modes[i].name))
            return modes[i].action;
    die("unknown mode %s", mode);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    bool has_end = !strcmp(mode, "fill") || !strcmp(mode, "count");

    if (!strcmp(mode, "list")) {
        read_settings(argv + 2);
        list_info_hashes();
        return 0;
    }
    if (argc < 4)
        die("usage: udpload MODE ADDRESS PORT [name=number ...]");
    action = action_of(mode);
    target.sin_family = AF_INET;
    if (inet_pton(AF_INET, argv[2], &target.sin_addr) != 1)
        die("%s: not an IPv4 address", argv[2]);
    target.sin_port = htons((uint16_t)number(argv[3], 1, 65535, "PORT"));
    read_settings(argv + 4);
    if (!strcmp(mode, "flood"))
        set.swarms = 1ull << 40; /* more than anybody can ask for: each job is a swarm */

    connection_ids = calloc(set.sources, sizeof *connection_ids);
    if (!connection_ids)
        die("out of memory");
    open_socket();
    prepare_messages();
    for (uint32_t i = 0; i < set.window; i++)
        idle_slots[idle_count++] = i;
    if (action != CONNECT)
        connect_sources();
    report(mode, run(mode, has_end));
    return 0;
}
