/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/coalesce: make large contiguous regions of physical memory.
 *
 * A caller opens /dev/coalesce (CAP_SYS_ADMIN is needed) and asks for a number
 * of regions. A region is a naturally aligned range of 2^order page frames.
 * The kernel chooses where, migrates what is in the way, and keeps each region
 * for the open file: the region is then 'held'. Nobody else allocates from a
 * held region, and it goes back to the free lists when it is released or when
 * the last descriptor of the open file is closed.
 *
 * No page is ever waited for: by default a page that is locked, under
 * writeback or pinned costs one candidate and no time. A request ends when it
 * has what was asked, when nothing is left to try, when a budget is used up,
 * when a signal is pending, or when another thread closes the last descriptor of
 * the file; it then says in shortfall[] why each region that was not made was not
 * made, and the regions that were made stay held, as long as the file is open.
 * Ending early is not an error: the ioctl returns 0.
 *
 * Rules of all structures: sizes are fixed, fields named pad must be zero on
 * the way in, unknown flags are refused with EINVAL. Page frame numbers are
 * those of the machine that runs this kernel; under a hypervisor they are
 * guest frame numbers, hence the name gfn. Times are CLOCK_MONOTONIC
 * nanoseconds, sizes are pages of PAGE_SIZE bytes unless a name says else.
 */
#ifndef _UAPI_LINUX_COALESCE_H
#define _UAPI_LINUX_COALESCE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define COALESCE_API_VERSION	2

/* Most regions that one request may ask for, and one release may name. */
#define COALESCE_MAX_COUNT	65536

/* Most cells that one COALESCE_IOC_MAP may ask for. */
#define COALESCE_MAX_CELLS	4096

/* Most details that one request can give. */
#define COALESCE_MAX_DETAILS	32

/* Any NUMA node. */
#define COALESCE_ANY_NODE	(-1)

/**
 * enum coalesce_strategy - where a request looks for candidates
 * @COALESCE_COST: scores blocks (every one; for few regions of a node of more than
 *	4 GiB, as many as it is worth looking at) and empties the cheapest ones of
 *	all nodes asked for.
 * @COALESCE_FREELIST: walks the buddy free lists from one below the asked
 *	order (at most the largest one) down to order 3 and tries to free what
 *	surrounds each free block.
 *
 * Both take what is wholly free first.
 */
enum coalesce_strategy {
	COALESCE_COST = 0,
	COALESCE_FREELIST = 1,
};

/**
 * enum coalesce_reason - why a region was not made
 * @COALESCE_WHY_NONE: not a reason; its counter is always 0.
 * @COALESCE_WHY_RESERVED: firmware, holes, memory reserved at boot, blocks set
 *	aside for atomic allocations.
 * @COALESCE_WHY_SLAB: slab objects in the way.
 * @COALESCE_WHY_PGTABLE: page tables in the way.
 * @COALESCE_WHY_KERNEL: other kernel memory in the way.
 * @COALESCE_WHY_HUGETLB: hugetlb pages in the way. Regions of more than one
 *	block have them moved out, but not those of 1 GiB, not where there is
 *	no free memory for another one, and not while their struct pages are
 *	spared (hugetlb_free_vmemmap).
 * @COALESCE_WHY_HUGE_PAGE: the block is in use as a huge page already. Regions
 *	of more than one block have huge pages moved out of them, or split.
 * @COALESCE_WHY_CMA: the block belongs to a CMA area.
 * @COALESCE_WHY_POISON: a page with a memory error.
 * @COALESCE_WHY_HELD: the block is held already.
 * @COALESCE_WHY_ISOLATED: somebody else has isolated the block, or memory is being
 *	added or removed just now.
 * @COALESCE_WHY_PINNED: a page has references that migration can't account
 *	for: pinned for DMA, or in use by a pipe, a system call, io_uring; or
 *	it is memory that the kernel may not read (memfd_secret()).
 * @COALESCE_WHY_LOCKED: a page was locked by somebody else.
 * @COALESCE_WHY_WRITEBACK: a page was being written back.
 * @COALESCE_WHY_BUSY: a page could not be migrated in the few tries that it
 *	gets: its references or its mapping kept changing, its owner refused,
 *	it was on its way to or from a list, or was allocated meanwhile.
 * @COALESCE_WHY_NO_TARGET: no free page was left to move to, or there was no
 *	memory to work with.
 * @COALESCE_WHY_WATERMARK: making it would have left its node with less free
 *	memory than its zones' high watermarks together, or those who allocate from
 *	a zone with less than its low one.
 * @COALESCE_WHY_BUDGET: max_moves was used up.
 * @COALESCE_WHY_DEADLINE: timeout_ns was over.
 * @COALESCE_WHY_CANCELLED: a signal was pending, or the file was closed.
 * @COALESCE_WHY_TOO_SMALL: the range, node or machine has no more blocks.
 * @COALESCE_WHY_STACK: stacks of tasks in the way.
 * @COALESCE_WHY_NO_START: freelist only: no free block of order 3 or more
 *	was left to start from.
 * @COALESCE_NR_REASONS: number of reasons known to this header.
 */
enum coalesce_reason {
	COALESCE_WHY_NONE = 0,
	COALESCE_WHY_RESERVED,
	COALESCE_WHY_SLAB,
	COALESCE_WHY_PGTABLE,
	COALESCE_WHY_KERNEL,
	COALESCE_WHY_HUGETLB,
	COALESCE_WHY_HUGE_PAGE,
	COALESCE_WHY_CMA,
	COALESCE_WHY_POISON,
	COALESCE_WHY_HELD,
	COALESCE_WHY_ISOLATED,
	COALESCE_WHY_PINNED,
	COALESCE_WHY_LOCKED,
	COALESCE_WHY_WRITEBACK,
	COALESCE_WHY_BUSY,
	COALESCE_WHY_NO_TARGET,
	COALESCE_WHY_WATERMARK,
	COALESCE_WHY_BUDGET,
	COALESCE_WHY_DEADLINE,
	COALESCE_WHY_CANCELLED,
	COALESCE_WHY_TOO_SMALL,
	COALESCE_WHY_NO_START,
	COALESCE_WHY_STACK,
	COALESCE_NR_REASONS,
};

/* Room in shortfall[] for reasons of later versions. */
#define COALESCE_MAX_REASONS	32

/**
 * struct coalesce_info - what this kernel can do
 * @version: out: COALESCE_API_VERSION of the kernel.
 * @strategies: out: bit mask of 1 << enum coalesce_strategy.
 * @min_order: out: smallest order of a region.
 * @max_order: out: largest order of a region.
 * @flags: out: request flags that this kernel knows.
 * @page_size_bytes: out: size of a page frame in bytes.
 */
struct coalesce_info {
	__u32 version;
	__u32 strategies;
	__u32 min_order;
	__u32 max_order;
	__u32 flags;
	__u32 page_size_bytes;
};

/**
 * struct coalesce_state - memory as it is now
 * @nid: in: the node, or COALESCE_ANY_NODE for all of them.
 * @pad: in: zero.
 * @total_pages: out: pages that the buddy allocator manages.
 * @free_pages: out: pages on its free lists.
 * @reserve_pages: out: sum of the zones' high watermarks, not counting what
 *	they are boosted by for some time.
 * @blocks: out: blocks of 2^min_order pages.
 * @free_blocks: out: those that are wholly free, and not set aside.
 * @clean_blocks: out: those that a region could be made of as they are, free
 *	ones included: not held or set aside, without a page that is unmovable,
 *	busy, pinned, or part of a huge page.
 * @held_regions: out: regions held by all open files.
 * @held_pages: out: pages in them.
 *
 * The per-CPU lists are drained first, then every page frame is looked at
 * once without a lock: the figures are exact when nothing else runs.
 */
struct coalesce_state {
	__s32 nid;
	__u32 pad;
	__u64 total_pages;
	__u64 free_pages;
	__u64 reserve_pages;
	__u64 blocks;
	__u64 free_blocks;
	__u64 clean_blocks;
	__u64 held_regions;
	__u64 held_pages;
};

/**
 * struct coalesce_region - one region
 * @id: never used twice while the kernel runs.
 * @gfn: first page frame.
 * @order: the region has 2^order page frames.
 * @nid: NUMA node.
 */
struct coalesce_region {
	__u64 id;
	__u64 gfn;
	__u32 order;
	__s32 nid;
};

/* Say what would be done, do nothing; made and moves_tried are forecasts. */
#define COALESCE_F_PLAN		(1u << 0)
/*
 * Try again, while time is left, where pages are locked, under writeback, or
 * busy otherwise but not pinned. With no timeout until 30 seconds have passed
 * without a region. COALESCE_FREELIST tries nothing again. Both wait for memory
 * that is being added or removed.
 */
#define COALESCE_F_SYNC		(1u << 1)
/*
 * Where there is no room to move to, drop clean page cache of the blocks that
 * are being emptied, and of no other. COALESCE_FREELIST drops none.
 */
#define COALESCE_F_RECLAIM	(1u << 2)

/**
 * struct coalesce_detail - what exactly was in the way
 * @reason: enum coalesce_reason.
 * @regions: regions that were not made for this, part of shortfall[@reason].
 * @name: what it was, ends with a NUL: of COALESCE_WHY_SLAB the slab cache.
 */
struct coalesce_detail {
	__u32 reason;
	__u32 regions;
	char name[32];
};

/**
 * struct coalesce_request - make regions
 * @flags: in: COALESCE_F_*.
 * @strategy: in: enum coalesce_strategy.
 * @order: in: info.min_order to info.max_order.
 * @count: in: regions to make, 1 to COALESCE_MAX_COUNT.
 * @nid: in: take regions from this node only, or COALESCE_ANY_NODE for all that the
 *	caller's cpuset allows.
 * @made: out: regions made, and entries written to @regions; of a plan, which
 *	writes none, regions that would be made.
 * @first_gfn: in: with @nr_gfns, the only range to take regions from; must
 *	be aligned to the order.
 * @nr_gfns: in: length of that range, a multiple of 2^order; 0: anywhere.
 * @max_moves: in: limit of @moves_tried; 0: none.
 * @timeout_ns: in: time that the call may take; 0: no limit. The clock is
 *	looked at between blocks and between batches of pages.
 * @regions: in: address of an array of @count struct coalesce_region, where
 *	the regions are written.
 * @details: in: address of an array of struct coalesce_detail.
 * @nr_details: in: entries in it, up to COALESCE_MAX_DETAILS; out: entries
 *	written, those with the most regions first.
 * @pad: in: zero.
 * @moves_tried: out: pages taken from their owners for moving; those that could
 *	not be moved, or were dropped instead, are among them.
 * @moves_done: out: pages moved.
 * @bytes_copied: out: bytes in them.
 * @pages_scanned: out: page frames of the blocks that were walked over, each time
 *	that was done; what the kernel looks at to isolate a block is not counted.
 * @pages_reclaimed: out: clean page cache dropped.
 * @elapsed_ns: out: time spent in this call.
 * @shortfall: out: by enum coalesce_reason, regions not made; the sum of all
 *	is @count - @made.
 *
 * Errors: EINVAL for a field out of bounds, EBUSY when another request runs in
 * the machine, both before a page is moved; ENOMEM for the working memory, when no
 * region was made; EFAULT for the structure, @regions or @details (regions that
 * were made then stay held, COALESCE_IOC_LIST shows them).
 */
struct coalesce_request {
	__u32 flags;
	__u32 strategy;
	__u32 order;
	__u32 count;
	__s32 nid;
	__u32 made;
	__u64 first_gfn;
	__u64 nr_gfns;
	__u64 max_moves;
	__u64 timeout_ns;
	__u64 regions;
	__u64 details;
	__u32 nr_details;
	__u32 pad;
	__u64 moves_tried;
	__u64 moves_done;
	__u64 bytes_copied;
	__u64 pages_scanned;
	__u64 pages_reclaimed;
	__u64 elapsed_ns;
	__u32 shortfall[COALESCE_MAX_REASONS];
};

/**
 * struct coalesce_progress - how far this file's running request is
 * @running: out: 1 while a request of this file runs.
 * @asked: out: its count.
 * @made: out: regions made so far.
 * @pad: in: zero.
 * @moves_done: out: pages moved so far.
 *
 * May be made while another thread is in a request, as may all calls but
 * COALESCE_IOC_REQUEST.
 */
struct coalesce_progress {
	__u32 running;
	__u32 asked;
	__u32 made;
	__u32 pad;
	__u64 moves_done;
};

/**
 * struct coalesce_list - the regions that this file holds
 * @regions: in: address of an array of struct coalesce_region.
 * @capacity: in: entries in the array.
 * @count: out: regions held; min(count, capacity) entries are written, in
 *	order of their ids.
 */
struct coalesce_list {
	__u64 regions;
	__u32 capacity;
	__u32 count;
};

/**
 * struct coalesce_ids - some of the regions that this file holds
 * @ids: in: address of an array of @count ids (__u64).
 * @count: in: 0 to COALESCE_MAX_COUNT; 0: all that this file holds, and @ids
 *	must be 0.
 * @done: out: regions that were found and dealt with. An unknown id is
 *	skipped, so that a call may be repeated.
 */
struct coalesce_ids {
	__u64 ids;
	__u32 count;
	__u32 done;
};

/**
 * struct coalesce_cell - what some neighbouring page frames are used for
 * @free: pages on the free lists.
 * @movable: pages of kinds that can be migrated, pinned and huge ones included.
 * @unmovable: other pages, broken ones, and holes in the cell.
 * @held: pages of held regions.
 */
struct coalesce_cell {
	__u32 free;
	__u32 movable;
	__u32 unmovable;
	__u32 held;
};

/**
 * struct coalesce_map - a picture of memory
 * @first_gfn: in: first page frame, aligned to @order.
 * @cells: in: address of an array of struct coalesce_cell.
 * @order: in: page frames in a cell, as an order, info.min_order to 30.
 * @count: in: cells wanted, 1 to COALESCE_MAX_CELLS.
 * @end_gfn: out: end of the highest memory of the machine.
 *
 * Cells beyond @end_gfn are written as zeroes: they have no memory at all. Ends
 * with EINTR when a signal is pending.
 */
struct coalesce_map {
	__u64 first_gfn;
	__u64 cells;
	__u32 order;
	__u32 count;
	__u64 end_gfn;
};

#define COALESCE_IOC_MAGIC	0xBC

#define COALESCE_IOC_INFO	_IOR(COALESCE_IOC_MAGIC, 0, struct coalesce_info)
#define COALESCE_IOC_STATE	_IOWR(COALESCE_IOC_MAGIC, 1, struct coalesce_state)
#define COALESCE_IOC_REQUEST	_IOWR(COALESCE_IOC_MAGIC, 2, struct coalesce_request)
#define COALESCE_IOC_PROGRESS	_IOWR(COALESCE_IOC_MAGIC, 3, struct coalesce_progress)
#define COALESCE_IOC_LIST	_IOWR(COALESCE_IOC_MAGIC, 4, struct coalesce_list)
/* Give held regions back to the free lists. */
#define COALESCE_IOC_RELEASE	_IOWR(COALESCE_IOC_MAGIC, 5, struct coalesce_ids)
/*
 * Write to every 2 MiB of held regions, so that a hypervisor has memory behind
 * each; what was in the region before is not kept.
 */
#define COALESCE_IOC_TOUCH	_IOWR(COALESCE_IOC_MAGIC, 6, struct coalesce_ids)
#define COALESCE_IOC_MAP	_IOWR(COALESCE_IOC_MAGIC, 7, struct coalesce_map)

#endif /* _UAPI_LINUX_COALESCE_H */
