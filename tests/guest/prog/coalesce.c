// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * coalesce - makes regions through /dev/coalesce from a command line, inside a
 * guest, without an agent or a host.
 *
 *	coalesce state
 *	coalesce request --count N [--strategy cost|freelist] [--range GFN+NR]
 *		[--plan] [--sync] [--reclaim] [--max-moves N] [--timeout-ns N]
 *		[--touch] [--node N] [--order N]
 *		[--signal-at MOVES | --close-at MOVES | --break-at MOVES]
 *
 * Prints key=value lines, a line "detail_REASON NAME REGIONS" for each detail
 * of the shortfall and a line "region ID GFN ORDER NID" for each region.
 * A request holds its regions until standard input ends or has a line, and
 * says "held" when it begins to wait; with an empty standard input it does not
 * hold at all. With --signal-at another thread sends this one a signal when so
 * many pages have been moved, with --close-at it closes the file, with
 * --break-at it has the first page of the range fail, as a machine check would.
 * Ends 0 when all was made, 3 when not, 1 on an error, 2 on bad usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kernel/uapi/linux/coalesce.h"

static const char *const reasons[COALESCE_NR_REASONS] = {
	"none",	    "reserved",	 "slab",      "pgtable",   "kernel",
	"hugetlb",  "huge_page", "cma",	      "poison",	   "held",
	"isolated", "pinned",	 "locked",    "writeback", "busy",
	"no_target", "watermark", "budget",   "deadline",  "cancelled",
	"too_small", "no_start", "stack",
};

static void fail(const char *what)
{
	fprintf(stderr, "coalesce: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(const char *what)
{
	fprintf(stderr, "coalesce: %s: see the head of coalesce.c\n", what);
	exit(2);
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || end == text)
		usage(text);
	return value;
}

static uint32_t strategy(const char *text)
{
	if (!strcmp(text, "cost"))
		return COALESCE_COST;
	if (strcmp(text, "freelist"))
		usage(text);
	return COALESCE_FREELIST;
}

static int show_state(int fd)
{
	struct coalesce_state state = { .nid = COALESCE_ANY_NODE };

	if (ioctl(fd, COALESCE_IOC_STATE, &state))
		fail("COALESCE_IOC_STATE");
	printf("total_pages=%" PRIu64 "\nfree_pages=%" PRIu64 "\n",
	       (uint64_t)state.total_pages, (uint64_t)state.free_pages);
	printf("reserve_pages=%" PRIu64 "\nblocks=%" PRIu64 "\n",
	       (uint64_t)state.reserve_pages, (uint64_t)state.blocks);
	printf("free_blocks=%" PRIu64 "\nclean_blocks=%" PRIu64 "\n",
	       (uint64_t)state.free_blocks, (uint64_t)state.clean_blocks);
	printf("held_regions=%" PRIu64 "\nheld_pages=%" PRIu64 "\n",
	       (uint64_t)state.held_regions, (uint64_t)state.held_pages);
	return 0;
}

static void parse_range(char *text, struct coalesce_request *req)
{
	char *plus = strchr(text, '+');

	if (!plus)
		usage(text);
	*plus = '\0';
	req->first_gfn = number(text);
	req->nr_gfns = number(plus + 1);
}

#define FAIL_FILE "/sys/devices/system/memory/hard_offline_page"
#define PAGE_SHIFT 12

/* What ends a request half way, if anything is to. */
struct ender {
	enum { END_NONE, END_SIGNAL, END_CLOSE, END_BREAK } how;
	uint64_t moves, gfn;
	pthread_t thread, requester;
	int fd;
};

static void be_signalled(int number)
{
	(void)number;
}

/* The kernel says that it can do nothing about a page that nobody uses. */
static void break_page(uint64_t gfn)
{
	int fd = open(FAIL_FILE, O_WRONLY | O_CLOEXEC);

	if (fd < 0 ||
	    (dprintf(fd, "%" PRIu64 "\n", gfn << PAGE_SHIFT) < 0 &&
	     errno != EBUSY))
		fail(FAIL_FILE);
	close(fd);
}

/* Of a request that ends before, the file is left alone. */
static void *end_it(void *arg)
{
	struct coalesce_progress progress;
	struct ender *ender = arg;
	bool begun = false;

	do {
		sched_yield();
		progress = (struct coalesce_progress){ 0 };
		if (ioctl(ender->fd, COALESCE_IOC_PROGRESS, &progress))
			fail("COALESCE_IOC_PROGRESS");
		if (begun && !progress.running)
			return NULL;
		begun = progress.running;
	} while (progress.moves_done < ender->moves);

	if (ender->how == END_SIGNAL)
		pthread_kill(ender->requester, SIGUSR1);
	else if (ender->how == END_CLOSE)
		close(ender->fd);
	else
		break_page(ender->gfn);
	return NULL;
}

static void start_ender(struct ender *ender, int fd)
{
	struct sigaction action = { .sa_handler = be_signalled };

	if (ender->how == END_NONE)
		return;
	ender->fd = fd;
	ender->requester = pthread_self();
	if (sigaction(SIGUSR1, &action, NULL))
		fail("sigaction");
	errno = pthread_create(&ender->thread, NULL, end_it, ender);
	if (errno)
		fail("pthread_create");
}

static bool parse_request(int argc, char **argv, struct coalesce_request *req,
			  struct ender *ender)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "order", required_argument, NULL, 'o' },
		{ "strategy", required_argument, NULL, 's' },
		{ "range", required_argument, NULL, 'r' },
		{ "node", required_argument, NULL, 'n' },
		{ "max-moves", required_argument, NULL, 'm' },
		{ "timeout-ns", required_argument, NULL, 't' },
		{ "plan", no_argument, NULL, 'p' },
		{ "sync", no_argument, NULL, 'y' },
		{ "reclaim", no_argument, NULL, 'R' },
		{ "touch", no_argument, NULL, 'T' },
		{ "signal-at", required_argument, NULL, 'S' },
		{ "close-at", required_argument, NULL, 'C' },
		{ "break-at", required_argument, NULL, 'B' },
		{ 0 },
	};
	bool touch = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			req->count = number(optarg);
			break;
		case 'o':
			req->order = number(optarg);
			break;
		case 's':
			req->strategy = strategy(optarg);
			break;
		case 'r':
			parse_range(optarg, req);
			break;
		case 'n':
			req->nid = number(optarg);
			break;
		case 'm':
			req->max_moves = number(optarg);
			break;
		case 't':
			req->timeout_ns = number(optarg);
			break;
		case 'p':
			req->flags |= COALESCE_F_PLAN;
			break;
		case 'y':
			req->flags |= COALESCE_F_SYNC;
			break;
		case 'R':
			req->flags |= COALESCE_F_RECLAIM;
			break;
		case 'T':
			touch = true;
			break;
		case 'S':
			ender->how = END_SIGNAL;
			ender->moves = number(optarg);
			break;
		case 'C':
			ender->how = END_CLOSE;
			ender->moves = number(optarg);
			break;
		case 'B':
			ender->how = END_BREAK;
			ender->moves = number(optarg);
			break;
		default:
			exit(2);
		}
	}
	return touch;
}

static const char *reason_name(uint32_t reason)
{
	return reason < COALESCE_NR_REASONS ? reasons[reason] : "unknown";
}

static void print_answer(const struct coalesce_request *req,
			 const struct coalesce_region *regions,
			 const struct coalesce_detail *details)
{
	uint32_t i;

	printf("made=%u\nmoves_tried=%" PRIu64 "\nmoves_done=%" PRIu64 "\n",
	       req->made, (uint64_t)req->moves_tried,
	       (uint64_t)req->moves_done);
	printf("bytes_copied=%" PRIu64 "\npages_scanned=%" PRIu64 "\n",
	       (uint64_t)req->bytes_copied, (uint64_t)req->pages_scanned);
	printf("reclaimed=%" PRIu64 "\n", (uint64_t)req->pages_reclaimed);
	printf("elapsed_ns=%" PRIu64 "\n", (uint64_t)req->elapsed_ns);
	for (i = 0; i < COALESCE_NR_REASONS; i++)
		if (req->shortfall[i])
			printf("shortfall_%s=%u\n", reasons[i],
			       req->shortfall[i]);
	for (i = 0; i < req->nr_details; i++)
		printf("detail_%s %.*s %u\n", reason_name(details[i].reason),
		       (int)sizeof(details[i].name), details[i].name,
		       details[i].regions);
	for (i = 0; !(req->flags & COALESCE_F_PLAN) && i < req->made; i++)
		printf("region %" PRIu64 " %" PRIu64 " %u %d\n",
		       (uint64_t)regions[i].id, (uint64_t)regions[i].gfn,
		       regions[i].order, regions[i].nid);
}

static int make_request(int fd, int argc, char **argv)
{
	static struct coalesce_detail details[COALESCE_MAX_DETAILS];
	struct coalesce_request req = {
		.order = 9,
		.nid = COALESCE_ANY_NODE,
		.details = (uintptr_t)details,
		.nr_details = COALESCE_MAX_DETAILS,
	};
	struct coalesce_ids all = { 0 };
	struct coalesce_region *regions;
	struct ender ender = { .how = END_NONE };
	bool touch = parse_request(argc, argv, &req, &ender);
	uint64_t start_ns, call_ns;
	char line[64];

	regions = calloc(req.count ? req.count : 1, sizeof(*regions));
	if (!regions)
		fail("calloc");
	req.regions = (uintptr_t)regions;
	ender.gfn = req.first_gfn;
	start_ender(&ender, fd);
	start_ns = clock_ns();
	if (ioctl(fd, COALESCE_IOC_REQUEST, &req))
		fail("COALESCE_IOC_REQUEST");
	call_ns = clock_ns() - start_ns;
	if (ender.how != END_NONE)
		pthread_join(ender.thread, NULL);
	printf("call_ns=%" PRIu64 "\n", call_ns);
	print_answer(&req, regions, details);
	free(regions);
	if (touch && ioctl(fd, COALESCE_IOC_TOUCH, &all))
		fail("COALESCE_IOC_TOUCH");
	printf("held\n");
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin))
		printf("released\n");
	return req.made == req.count ? 0 : 3;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 2)
		usage("no command");
	fd = open("/dev/coalesce", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail("/dev/coalesce");
	if (!strcmp(argv[1], "state"))
		return show_state(fd);
	if (!strcmp(argv[1], "request"))
		return make_request(fd, argc - 1, argv + 1);
	usage(argv[1]);
}
