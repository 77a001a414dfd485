/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables on the terminal, by libsmartcols. */
#ifndef CONTIG_HV_CTL_TABLE_H
#define CONTIG_HV_CTL_TABLE_H

#include <stddef.h>

struct ctl_table;

/* @columns: names; those that begin with '>' are right-aligned. */
struct ctl_table *ctl_table_new(const char *const *columns, size_t count);
/* @cells: as many as there are columns. */
void ctl_table_add(struct ctl_table *table, const char *const *cells);
/* Prints it and frees it. */
void ctl_table_print(struct ctl_table *table);

#endif
