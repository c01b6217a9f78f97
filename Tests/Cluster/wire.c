// wire: an Ethernet switch in user space whose links have a latency and a rate, for kernels without netem.
//
//   wire PREFIX COUNT FILE
//
// Makes a TAP device eth0 in each of the network namespaces PREFIX1 to PREFIXcount and carries frames between them, each
// as late as FILE says. SIGHUP makes it read the file again. Rules, one a line; hosts count from 1; a rate of 0 is none:
//
//   default LATENCY RATE      microseconds one way, and Mbit/s of the port of each host, in each direction
//   pair I J LATENCY RATE     the link between two hosts, both ways; its rate is a limit in addition to that of the ports
//
// A frame's time on the wire counts once (cut-through). The kernel hands over bundles of up to 64 KiB instead of frames;
// they cost as many headers and gaps as the frames that they stand for. A port shares its time out among the pairs of
// hosts by bytes, in both directions, as fair queues do (start-time fair queueing, Goyal et al. 1996): a few bytes for
// one host do not wait behind megabytes for another.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    HOST_LIMIT = 64,
    FRAME_LIMIT = 70000,
    GAP = 24,        // bytes: preamble, check sum, pause between frames
    QUEUE = 1 << 24, // bytes of a pair of hosts that wait for a port before it drops more
    EARLY = 15000    // nanoseconds that the kernel takes to wake this process: it asks for that much less
};

typedef struct virtio_net_hdr OffloadHeader;

typedef struct Frame Frame;
struct Frame {
    Frame *next;
    int64_t head, tail;  // when its first and its last byte are there, nanoseconds
    double wire_bytes;
    int from, to, length;
    char bytes[];
};

// What carries one frame after another.
typedef struct {
    double ns_per_byte;
    int64_t free_at;
} Pipe;

// A host's end of the network, out or in, where frames queue up by the host at the other end.
typedef struct {
    Pipe pipe;
    struct {
        Frame *first, *last;
        double wire_bytes;
        double share;  // what it had of the port, in bytes; who has been away starts level with the others
    } queues[HOST_LIMIT];
    double share;  // of the queue that was served last, before it was
} Port;

typedef struct {
    int64_t due;
    uint64_t number;
    Frame *frame;
    int is_through;  // the network; else it is at the port of its receiver
} Event;

static int host_count, devices[HOST_LIMIT];
static const char *rule_path;
static Port out[HOST_LIMIT], in[HOST_LIMIT];
static Pipe pairs[HOST_LIMIT][HOST_LIMIT];
static int64_t latency[HOST_LIMIT][HOST_LIMIT];  // nanoseconds
static volatile sig_atomic_t wants_rules = 1;

static void on_hangup(int signal) {
    (void)signal;
    wants_rules = 1;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// ---- Events to come, a heap by the time when they are due

static Event *heap;
static int heap_count, heap_capacity;
static uint64_t event_count;

static int is_before(const Event *a, const Event *b) {
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(int64_t due, Frame *frame, int is_through) {
    if (heap_count == heap_capacity) {
        heap_capacity = heap_capacity ? 2 * heap_capacity : 1024;
        heap = realloc(heap, (size_t)heap_capacity * sizeof *heap);
        if (!heap) die("memory");
    }
    Event event = {.due = due, .number = event_count++, .frame = frame, .is_through = is_through};
    int place = heap_count++;
    while (place && is_before(&event, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = event;
}

static Event pop(void) {
    Event first = heap[0], last = heap[--heap_count];
    int place = 0;
    for (int child; (child = 2 * place + 1) < heap_count; place = child) {
        if (child + 1 < heap_count && is_before(&heap[child + 1], &heap[child])) child++;
        if (!is_before(&heap[child], &last)) break;
        heap[place] = heap[child];
    }
    heap[place] = last;
    return first;
}

// ---- Rules

static double ns_per_byte(double mbit) { return mbit > 0 ? 8000 / mbit : 0; }

static void read_rules(void) {
    FILE *file = fopen(rule_path, "r");
    if (!file) die(rule_path);
    char line[256];
    while (fgets(line, sizeof line, file)) {
        int i, j;
        double microseconds, mbit;
        if (sscanf(line, "default %lf %lf", &microseconds, &mbit) == 2) {
            for (i = 0; i < host_count; i++) {
                out[i].pipe.ns_per_byte = in[i].pipe.ns_per_byte = ns_per_byte(mbit);
                for (j = 0; j < host_count; j++) {
                    pairs[i][j].ns_per_byte = 0;
                    latency[i][j] = (int64_t)(microseconds * 1000);
                }
            }
        } else if (sscanf(line, "pair %d %d %lf %lf", &i, &j, &microseconds, &mbit) == 4 && i >= 1 && j >= 1 &&
                   i <= host_count && j <= host_count) {
            latency[i - 1][j - 1] = latency[j - 1][i - 1] = (int64_t)(microseconds * 1000);
            pairs[i - 1][j - 1].ns_per_byte = pairs[j - 1][i - 1].ns_per_byte = ns_per_byte(mbit);
        } else {
            fprintf(stderr, "wire: no rule: %s", line);
        }
    }
    fclose(file);
    fprintf(stderr, "wire: rules read\n");
}

// ---- The switch

// Enters the namespace and makes the device there.
static int open_device(const char *prefix, int host) {
    char path[128];
    snprintf(path, sizeof path, "/run/netns/%s%d", prefix, host + 1);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET)) die(path);
    close(space);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) die("/dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    strcpy(request.ifr_name, "eth0");
    if (ioctl(device, TUNSETIFF, &request)) die("TUNSETIFF");
    if (ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) die("TUNSETOFFLOAD");
    // The last byte of the address tells the host.
    unsigned char address[6] = {2, 0x77, 0, 0, 0, (unsigned char)(host + 1)};
    request.ifr_hwaddr.sa_family = 1;
    memcpy(request.ifr_hwaddr.sa_data, address, sizeof address);
    if (ioctl(device, SIOCSIFHWADDR, &request)) die("SIOCSIFHWADDR");
    return device;
}

// Lays a frame on a pipe, which begins when the frame's head is there.
static void carry(Pipe *pipe, Frame *frame) {
    if (pipe->ns_per_byte <= 0) return;
    if (pipe->free_at > frame->head) frame->head = pipe->free_at;
    int64_t done = frame->head + (int64_t)(frame->wire_bytes * pipe->ns_per_byte);
    if (done > frame->tail) frame->tail = done;
    pipe->free_at = frame->tail;
}

// Queues a frame up at a port for or from another host, or drops it.
static void queue_up(Port *port, int other, Frame *frame) {
    frame->next = NULL;
    if (port->queues[other].wire_bytes > QUEUE) {
        free(frame);
        return;
    }
    if (port->queues[other].first) {
        port->queues[other].last->next = frame;
    } else {
        port->queues[other].first = frame;
        if (port->queues[other].share < port->share) port->queues[other].share = port->share;
    }
    port->queues[other].last = frame;
    port->queues[other].wire_bytes += frame->wire_bytes;
}

// The next frame that may go through a port by now, or NULL.
static Frame *next_frame(Port *port, int64_t now) {
    if (port->pipe.free_at > now + EARLY) return NULL;
    int next = -1;
    for (int other = 0; other < host_count; other++) {
        if (!port->queues[other].first) continue;
        if (next < 0 || port->queues[other].share < port->queues[next].share) next = other;
    }
    if (next < 0) return NULL;
    Frame *frame = port->queues[next].first;
    port->queues[next].first = frame->next;
    port->queues[next].wire_bytes -= frame->wire_bytes;
    port->share = port->queues[next].share;
    port->queues[next].share += frame->wire_bytes;
    carry(&port->pipe, frame);
    return frame;
}

static void serve(int64_t now) {
    Frame *frame;
    for (int host = 0; host < host_count; host++) {
        while ((frame = next_frame(&out[host], now))) {
            carry(&pairs[frame->from][frame->to], frame);
            frame->head += latency[frame->from][frame->to];
            frame->tail += latency[frame->from][frame->to];
            push(frame->head, frame, 0);
        }
        while ((frame = next_frame(&in[host], now))) push(frame->tail, frame, 1);
    }
}

static void send_out(int from, int to, const char *bytes, int length, double wire_bytes, int64_t now) {
    Frame *frame = malloc(sizeof *frame + (size_t)length);
    if (!frame) die("memory");
    *frame = (Frame){.head = now, .tail = now, .wire_bytes = wire_bytes, .from = from, .to = to, .length = length};
    memcpy(frame->bytes, bytes, (size_t)length);
    queue_up(&out[from], to, frame);
}

static void take(int from, const char *bytes, int length, int64_t now) {
    OffloadHeader offload;
    memcpy(&offload, bytes, sizeof offload);
    const unsigned char *address = (const unsigned char *)bytes + sizeof offload;
    int frame = length - (int)sizeof offload, frames = 1, header = offload.hdr_len ? offload.hdr_len : 66;
    if (offload.gso_type != VIRTIO_NET_HDR_GSO_NONE && offload.gso_size) {
        frames = (frame - header + offload.gso_size - 1) / offload.gso_size;
    }
    double wire_bytes = frame + (frames - 1) * (double)header + frames * (double)GAP;
    if (address[0] & 1) {
        for (int to = 0; to < host_count; to++) {
            if (to != from) send_out(from, to, bytes, length, wire_bytes, now);
        }
    } else if (address[1] == 0x77 && address[5] >= 1 && address[5] <= host_count) {
        send_out(from, address[5] - 1, bytes, length, wire_bytes, now);
    }
}

// Hands over what is due.
static void deliver(void) {
    int64_t now = now_ns();
    while (heap_count && heap[0].due <= now + EARLY) {
        Event event = pop();
        Frame *frame = event.frame;
        if (!event.is_through) {
            queue_up(&in[frame->to], frame->from, frame);
        } else {
            // A device that is down or full loses the frame, as a network does.
            if (write(devices[frame->to], frame->bytes, (size_t)frame->length) < 0 && errno != EIO && errno != EAGAIN) {
                perror("wire: write");
            }
            free(frame);
        }
        now = now_ns();
        serve(now);
    }
}

// When a port is free again that frames wait for; negative if none do.
static int64_t next_free(const Port *port) {
    for (int other = 0; other < host_count; other++) {
        if (port->queues[other].first) return port->pipe.free_at;
    }
    return -1;
}

// When there is something to do even if no frame comes; negative for never.
static int64_t next_due(void) {
    int64_t next = heap_count ? heap[0].due : -1;
    for (int host = 0; host < host_count; host++) {
        int64_t times[2] = {next_free(&out[host]), next_free(&in[host])};
        for (int k = 0; k < 2; k++) {
            if (times[k] >= 0 && (next < 0 || times[k] < next)) next = times[k];
        }
    }
    return next;
}

static void wait_and_take(int poll) {
    struct epoll_event ready[HOST_LIMIT];
    struct timespec pause = {0}, *limit = NULL;
    int64_t next = next_due();
    if (next >= 0) {
        int64_t left = next - EARLY - now_ns();
        if (left < 0) left = 0;
        pause.tv_sec = left / 1000000000;
        pause.tv_nsec = left % 1000000000;
        limit = &pause;
    }
    int count = epoll_pwait2(poll, ready, HOST_LIMIT, limit, NULL);
    int64_t now = now_ns();
    static char buffer[FRAME_LIMIT];
    for (int k = 0; k < count; k++) {
        if (ready[k].events & (EPOLLERR | EPOLLHUP)) {
            fprintf(stderr, "wire: a namespace is gone\n");
            exit(1);
        }
        int host = (int)ready[k].data.u32;
        for (int turn = 0; turn < 8; turn++) {
            int length = (int)read(devices[host], buffer, sizeof buffer);
            if (length <= (int)sizeof(OffloadHeader) + 14) break;
            take(host, buffer, length, now);
        }
    }
    serve(now_ns());
}

int main(int count, char **arguments) {
    if (count != 4 || (host_count = atoi(arguments[2])) < 1 || host_count > HOST_LIMIT) {
        fprintf(stderr, "use: wire PREFIX COUNT FILE\n");
        return 64;
    }
    rule_path = arguments[3];
    prctl(PR_SET_TIMERSLACK, 1);
    struct sigaction action = {.sa_handler = on_hangup};
    sigaction(SIGHUP, &action, NULL);
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int host = 0; host < host_count; host++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)host};
        devices[host] = open_device(arguments[1], host);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, devices[host], &event)) die("epoll_ctl");
    }
    if (setns(home, CLONE_NEWNET)) die("the first namespace");
    for (;;) {
        if (wants_rules) {
            wants_rules = 0;
            read_rules();
        }
        deliver();
        wait_and_take(poll);
    }
}
