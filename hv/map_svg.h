/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws the answer to `map` as an SVG picture. */
#ifndef CONTIG_HV_MAP_SVG_H
#define CONTIG_HV_MAP_SVG_H

#include <jansson.h>
#include <stdio.h>

/**
 * map_svg_write() - draw
 * @map: contigd's answer.
 *
 * Return: 0; -EIO when @file can't be written; -EBADMSG for another @map.
 */
int map_svg_write(json_t *map, FILE *file);

#endif
