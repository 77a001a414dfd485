// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/host_task.h"

#include <errno.h>
#include <stdlib.h>

#include "hv/numa.h"

static void look_at_nodes(struct host_task *task)
{
	struct hva addresses[NUMA_BATCH];
	size_t first;
	size_t count;
	size_t i;
	int r;

	for (first = 0; first < task->run.count; first += count) {
		count = task->run.count - first;
		if (count > NUMA_BATCH)
			count = NUMA_BATCH;
		for (i = 0; i < count; i++)
			addresses[i] = task->run.ranges[first + i].hva;
		r = numa_nodes(task->process->pid, addresses, count,
			       &task->nodes[first]);
		for (i = 0; r < 0 && i < count; i++)
			task->nodes[first + i] = r;
	}
}

static void work(struct worker_task *worker_task)
{
	struct host_task *task = (struct host_task *)worker_task;

	task->error = back_run(&task->run);
	if (task->error == 0 && task->want_nodes)
		look_at_nodes(task);
	/* A pid is used again only after its process was gone. */
	if (task->error == 0 && !process_alive(task->process))
		task->error = -ESRCH;
}

static void done(struct worker_task *worker_task)
{
	struct host_task *task = (struct host_task *)worker_task;

	task->done(task->userdata, task);
}

int host_task_new(struct process *process, size_t count,
		  struct host_task **ret_task)
{
	struct host_task *task;

	task = calloc(1, sizeof(*task));
	if (task == NULL)
		return -ENOMEM;
	task->run.ranges = calloc(count + 1, sizeof(*task->run.ranges));
	task->nodes = calloc(count + 1, sizeof(*task->nodes));
	if (task->run.ranges == NULL || task->nodes == NULL) {
		host_task_free(task);
		return -ENOMEM;
	}
	task->task.work = work;
	task->task.done = done;
	task->process = process_ref(process);
	task->run.process = process;
	task->run.count = count;
	task->run.cancel = &task->cancel;
	task->run.progress = &task->progress;
	*ret_task = task;
	return 0;
}

int host_task_new_ram(struct process *process, const struct rammap *map,
		      struct host_task **ret_task)
{
	struct host_task *task;
	struct gpa first;
	size_t count = 0;
	size_t n = 0;
	unsigned int i;
	uint64_t j;
	int r;

	for (i = 0; i < map->count; i++)
		count += rammap_huge_ranges(&map->ranges[i], &first);
	/* The index has 32 bits: 8 PiB of RAM. */
	if (count > UINT32_MAX)
		return -E2BIG;
	r = host_task_new(process, count, &task);
	if (r < 0)
		return r;
	for (i = 0; i < map->count; i++) {
		const struct ram_range *range = &map->ranges[i];
		uint64_t in_range = rammap_huge_ranges(range, &first);
		bool congruent = addr_congruent(range->gpa, range->hva);

		for (j = 0; j < in_range; j++) {
			struct gpa gpa = { first.v + (j << HUGE_SHIFT) };

			task->run.ranges[n] = (struct back_range){
				.hva = rammap_hva(range, gpa),
				.congruent = congruent,
				.index = (uint32_t)n,
			};
			n++;
		}
	}
	back_sort(task->run.ranges, count);
	*ret_task = task;
	return 0;
}

int host_task_start(struct host_task *task, struct worker_pool *workers)
{
	return worker_submit(workers, &task->task);
}

void host_task_free(struct host_task *task)
{
	if (task == NULL)
		return;
	process_unref(task->process);
	free(task->run.ranges);
	free(task->nodes);
	free(task);
}
