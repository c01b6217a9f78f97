// wire: an Ethernet switch in user space whose links have a latency and a rate, for kernels without netem.
//
//   wire PREFIX COUNT FILE
//
// Makes a TAP device eth0 in each of the network namespaces PREFIX1 to PREFIXcount and carries frames between them, each
// as late as FILE says. SIGHUP makes it read the file again. Rules, one a line; hosts count from 1; a rate of 0 is none:
//
//   default LATENCY RATE      microseconds one way, and Mbit/s of the port of each host, in each direction
//   pair I J LATENCY RATE     the link between two hosts, both ways; its rate is beside that of the ports
//
// A frame's time on the wire counts once (cut-through). The kernel hands over bundles of up to 64 KiB instead of frames;
// they cost as many headers and gaps as the frames that they stand for.
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
    QUEUE = 1 << 24, // bytes that wait for a port before it drops more
    EARLY = 15000    // nanoseconds that the kernel takes to wake this process: it asks for that much less
};

typedef struct virtio_net_hdr OffloadHeader;

typedef struct {
    int64_t due;  // nanoseconds
    uint64_t number;
    int to, length;
    char *bytes;
} Packet;

// What carries one frame after another.
typedef struct {
    double ns_per_byte;
    int64_t free_at;
} Pipe;

static int host_count, devices[HOST_LIMIT];
static const char *rule_path;
static Pipe out[HOST_LIMIT], in[HOST_LIMIT], pairs[HOST_LIMIT][HOST_LIMIT];
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

// ---- Packets under way, a heap by the time when they are due

static Packet *heap;
static int heap_count, heap_capacity;
static uint64_t packet_count;

static int is_before(const Packet *a, const Packet *b) {
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(Packet packet) {
    if (heap_count == heap_capacity) {
        heap_capacity = heap_capacity ? 2 * heap_capacity : 1024;
        heap = realloc(heap, (size_t)heap_capacity * sizeof *heap);
        if (!heap) die("memory");
    }
    int place = heap_count++;
    while (place && is_before(&packet, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = packet;
}

static Packet pop(void) {
    Packet first = heap[0], last = heap[--heap_count];
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
                out[i].ns_per_byte = in[i].ns_per_byte = ns_per_byte(mbit);
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

static int is_full(const Pipe *pipe, int64_t time) {
    return pipe->ns_per_byte > 0 && (double)(pipe->free_at - time) > QUEUE * pipe->ns_per_byte;
}

static void forward(int from, int to, const char *bytes, int length, double wire_bytes, int64_t now) {
    Pipe *pipes[3] = {&out[from], &pairs[from][to], &in[to]};
    int64_t start = now, end = now;
    for (int k = 0; k < 3; k++) {
        if (is_full(pipes[k], now + (k == 2 ? latency[from][to] : 0))) return;
    }
    // Each pipe begins when the head of the frame is there.
    for (int k = 0; k < 3; k++) {
        if (k == 2) {
            start += latency[from][to];
            end += latency[from][to];
        }
        if (pipes[k]->ns_per_byte <= 0) continue;
        if (pipes[k]->free_at > start) start = pipes[k]->free_at;
        int64_t done = start + (int64_t)(wire_bytes * pipes[k]->ns_per_byte);
        if (done > end) end = done;
        pipes[k]->free_at = end;
    }
    Packet packet = {.due = end, .number = packet_count++, .to = to, .length = length, .bytes = malloc((size_t)length)};
    if (!packet.bytes) die("memory");
    memcpy(packet.bytes, bytes, (size_t)length);
    push(packet);
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
            if (to != from) forward(from, to, bytes, length, wire_bytes, now);
        }
    } else if (address[1] == 0x77 && address[5] >= 1 && address[5] <= host_count) {
        forward(from, address[5] - 1, bytes, length, wire_bytes, now);
    }
}

static void deliver(void) {
    int64_t now = now_ns();
    while (heap_count && heap[0].due <= now + EARLY) {
        Packet packet = pop();
        // A device that is down or full loses the frame, as a network does.
        if (write(devices[packet.to], packet.bytes, (size_t)packet.length) < 0 && errno != EIO && errno != EAGAIN) {
            perror("wire: write");
        }
        free(packet.bytes);
        now = now_ns();
    }
}

static void wait_and_take(int poll) {
    struct epoll_event ready[HOST_LIMIT];
    struct timespec pause = {0}, *limit = NULL;
    if (heap_count) {
        int64_t left = heap[0].due - EARLY - now_ns();
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
