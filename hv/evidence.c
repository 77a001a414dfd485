// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/evidence.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hv/evidence_parts.h"
#include "hv/procmap.h"

static const char *const method_names[] = {
	[EVIDENCE_AUTO] = "auto",
	[EVIDENCE_PAGEMAP_SCAN] = "pagemap_scan",
	[EVIDENCE_SMAPS] = "smaps",
};

static_assert(sizeof(method_names) / sizeof(method_names[0]) ==
		      EVIDENCE_NR_METHODS,
	      "each method has a name");

const char *evidence_method_name(enum evidence_method method)
{
	return method_names[method];
}

int evidence_method_parse(const char *name, enum evidence_method *ret_method)
{
	size_t i;

	for (i = 0; i < EVIDENCE_NR_METHODS; i++) {
		if (strcmp(name, method_names[i]) == 0) {
			*ret_method = (enum evidence_method)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *backing_name(enum backing backing)
{
	switch (backing) {
	case BACKING_NONE:
		return "none";
	case BACKING_SMALL:
		return "small";
	case BACKING_HUGE:
		return "huge";
	}
	return "unknown";
}

/* Return: 0; -ENOTTY on a kernel that can't be asked. */
static int query_hugetlb(int proc_fd, const struct evidence_range *ranges,
			 size_t count, bool *ret_hugetlb)
{
	bool hugetlb = true;
	size_t i;
	int r = 0;
	int fd;

	fd = openat(proc_fd, "maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (i = 0; i < count && hugetlb && r == 0; i++) {
		uint64_t address = ranges[i].start.v;

		while (address < evidence_range_end(&ranges[i]) && hugetlb &&
		       r == 0) {
			struct procmap_query query = {
				.size = sizeof(query),
				.query_flags = PROCMAP_COVERING_OR_NEXT,
				.query_addr = address,
			};

			if (ioctl(fd, PROCMAP_QUERY_IOCTL, &query) < 0) {
				r = -errno;
			} else {
				hugetlb = query.vma_start <= address &&
					  query.vma_page_size >= HUGE_BYTES;
				address = query.vma_end;
			}
		}
	}
	close(fd);
	/* Nothing is mapped there, or the process is gone: a look will tell. */
	if (r == -ENOENT || r == -ESRCH) {
		hugetlb = false;
		r = 0;
	}
	if (r == 0)
		*ret_hugetlb = hugetlb;
	return r;
}

int evidence_look(int proc_fd, enum evidence_method method,
		  struct evidence_range *ranges, size_t count,
		  enum evidence_method *ret_method, bool *ret_hugetlb)
{
	bool hugetlb = false;
	int pagemap_fd;
	int r;

	r = query_hugetlb(proc_fd, ranges, count, &hugetlb);
	if (r == -ENOTTY)
		r = evidence_smaps_hugetlb(proc_fd, ranges, count, &hugetlb);
	if (r < 0)
		return r;
	pagemap_fd = openat(proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (method == EVIDENCE_AUTO || method == EVIDENCE_PAGEMAP_SCAN) {
		r = evidence_look_scan(pagemap_fd, ranges, count);
		/* Before Linux 6.7 pagemap knows no ioctl at all. */
		if (r == -ENOTTY && method == EVIDENCE_AUTO)
			method = EVIDENCE_SMAPS;
		else
			method = EVIDENCE_PAGEMAP_SCAN;
	}
	if (method == EVIDENCE_SMAPS)
		r = evidence_look_smaps(proc_fd, pagemap_fd, ranges, count);
	close(pagemap_fd);
	if (r < 0)
		return r;
	*ret_method = method;
	*ret_hugetlb = hugetlb;
	return 0;
}
