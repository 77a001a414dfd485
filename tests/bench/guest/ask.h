/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the script "tell" does, for programs: see common/control.h. */
#ifndef CONTIG_BENCH_ASK_H
#define CONTIG_BENCH_ASK_H

#include <stddef.h>

/* Says @words to the program at @path and waits for its answer. */
void ask(const char *path, const char *words, char *answer, size_t size);

#endif
