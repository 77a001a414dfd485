// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/ctl_table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

struct ctl_table {
	struct libscols_table *table;
	size_t columns;
};

struct ctl_table *ctl_table_new(const char *const *columns, size_t count)
{
	struct ctl_table *table;
	size_t i;

	table = calloc(1, sizeof(*table));
	if (table == NULL)
		return NULL;
	scols_init_debug(0);
	table->columns = count;
	table->table = scols_new_table();
	for (i = 0; i < count; i++) {
		if (columns[i][0] == '>')
			scols_table_new_column(table->table, columns[i] + 1, 0,
					       SCOLS_FL_RIGHT);
		else
			scols_table_new_column(table->table, columns[i], 0, 0);
	}
	return table;
}

void ctl_table_add(struct ctl_table *table, const char *const *cells)
{
	struct libscols_line *line;
	size_t i;

	if (table == NULL)
		return;
	line = scols_table_new_line(table->table, NULL);
	for (i = 0; i < table->columns; i++)
		scols_line_set_data(line, i, cells[i]);
}

void ctl_table_print(struct ctl_table *table)
{
	if (table == NULL)
		return;
	scols_print_table(table->table);
	scols_unref_table(table->table);
	free(table);
}
