#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR: every scenario with every method; see matrix.sh for what there is
# and for $SCENARIO, $METHOD, $SEED, $MIB and $PART, which narrow it down. Leaves
#
#   DIR/results.json      a row for each run (CONTRACT.md, "Benchmarks"). It
#                         has counts and virtual times only: two benches leave
#                         the same, but for what differences() allows a clock
#   DIR/small.json        what small.sh says; DIR/back_ratio.json and
#   DIR/planner.json      what native.sh says
#   DIR/*.svg             pictures of it
#   DIR/runs              what each guest said, and the console of those that
#                         failed
#   DIR/again             the same of those runs that are made twice
#
# Ends with 1 when a run failed or missed what is promised, and says which.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/bench/matrix.sh
source "$top/tests/bench/matrix.sh"

out=${1:?usage: run.sh DIR}
export bench_start=$EPOCHSECONDS

matrix_check
mapfile -t scenes < <(matrix_scenes)
nr_rows=$(matrix_scenes | awk '{ n += NF - 3 } END { print n + 0 }')
if [ "$nr_rows" = 0 ] && ! matrix_has small && ! matrix_has native; then
	echo "bench: no run is both of these: SCENARIO='${SCENARIO:-}'" \
		"METHOD='${METHOD:-}' PART='${PART:-}'" >&2
	exit 2
fi

# One state is built twice, from the beginning, and each of these is asked twice:
# both must leave the same row. Where programs run meanwhile most can differ.
again=$(printf '%s\n' "${scenes[@]}" | awk '$2 <= 1024 && / cost\/half/ {
	if (first == "" || $1 == "live" && !live) first = $0
	live = live || $1 == "live" } END { print first }')
again=$(grep -oE '^[^ ]+ [0-9]+ [0-9]+| (cost|freelist|nr_hugepages)/half' \
	<<< "$again" | tr -d '\n')

mkdir -p "$out"
rm -rf "$out"/{rows,runs,again} "$out"/*.json "$out"/*.missed "$out"/*.svg
mkdir "$out/rows" "$out/runs"

# What is built meanwhile must not change what is measured.
export bench_kernel=$tap_dir/bzImage bench_initrd=$tap_dir/initramfs.cpio
export bench_files=$tap_dir/files.ext4
if [ "$nr_rows" != 0 ]; then
	cp "$build/kernel/release/bzImage" "$bench_kernel" ||
		die "no kernel: run 'make kernel'"
	cp "$build/tests/bench/initramfs.cpio" "$bench_initrd" ||
		die "no initramfs: run it by 'make bench'"
fi
files_mib=0
if matrix_has filecache; then
	cp "$build/tests/bench/files.ext4" "$bench_files" ||
		die "no files for scenario filecache"
	files_mib=$(($(stat -c %s "$bench_files") / 1024 / 1024 + 1))
fi

# ----- many guests, two processors, some memory -------------------------------
# A job takes what its guest has twice: the file that the state is in, and what
# a run changes of it. The file may lie on a disk, which takes half as long
# again.
jobs_at_once=$(nproc)
memory_mib=$(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) / 1024))
# Half of it, and no more than what two of the largest guests need.
shm_mib=$(($(df -k --output=avail /dev/shm | tail -n 1) / 1024))
[ "$shm_mib" -le 10240 ] || shm_mib=10240
declare -A job_memory=() job_shm=()
memory_used=0
shm_used=0

job_started() { # MEMORY SHM
	job_memory[$!]=$1
	job_shm[$!]=$2
	memory_used=$((memory_used + $1))
	shm_used=$((shm_used + $2))
}

job_wait() {
	local pid=''
	wait -n -p pid "${!job_memory[@]}"
	memory_used=$((memory_used - job_memory[$pid]))
	shm_used=$((shm_used - job_shm[$pid]))
	unset "job_memory[$pid]" "job_shm[$pid]"
}

jobs_end() {
	[ ${#job_memory[@]} = 0 ] || kill "${!job_memory[@]}" 2> /dev/null
	wait
}
at_exit jobs_end

# job_start SCENE: 1 when there is no room for it now.
job_start() {
	local words mib need shm=0 dir=/dev/shm to=$out
	read -ra words <<< "$1"
	if [ "${words[0]}" = again ]; then
		to=$out/again
		words=("${words[@]:1}")
	fi
	mib=${words[1]}
	# It has a disk of its own in memory.
	[ "${words[0]}" != filecache ] || mib=$((mib + files_mib))
	need=$((2 * mib + 300))
	if [ $((shm_used + mib)) -le "$shm_mib" ]; then
		shm=$mib
	elif [ ${#job_memory[@]} = 0 ]; then
		dir=$out
	else
		return 1
	fi
	[ ${#job_memory[@]} = 0 ] ||
		[ $((memory_used + need)) -le "$memory_mib" ] || return 1
	if [ "${words[0]}" = small ]; then
		setpriv --pdeathsig TERM "$top/tests/bench/small.sh" "$out" &
	else
		setpriv --pdeathsig TERM "$top/tests/bench/scene.sh" "$to" \
			"$dir" "${words[@]}" &
	fi
	job_started "$need" "$shm"
}

echo "bench: $nr_rows runs from ${#scenes[@]} states," \
	"$jobs_at_once at a time"
# The long ones first: those that are left at the end then fill both processors.
mapfile -t queue < <({
	! matrix_has small || echo "9000 small 4096"
	[ -z "$again" ] || echo "1000 again $again"
	matrix_scenes | awk '{
		print $2 * (NF - 2) * ($1 == "endurance" ? 4 : 1), $0 }'
} | sort -srn -k 1,1 | sed 's/^[^ ]* //')
while [ ${#queue[@]} -gt 0 ] || [ ${#job_memory[@]} -gt 0 ]; do
	if [ ${#job_memory[@]} -lt "$jobs_at_once" ]; then
		for i in "${!queue[@]}"; do
			job_start "${queue[i]}" || continue
			unset 'queue[i]'
			continue 2
		done
	fi
	job_wait
done

# ----- what came out of it ----------------------------------------------------
problems=$tap_dir/problems
: > "$problems"
report() {
	jq -r -L "$top/tests/bench" "include \"report\"; $1" "$out/results.json"
}

if [ "$nr_rows" != 0 ]; then
	find "$out/rows" -name '*.json' -print0 | xargs -0 -r cat |
		jq -s -L "$top/tests/bench" 'include "report"; in_order' \
		> "$out/results.json" || die "results.json was not written"
	got=$(jq length "$out/results.json")
	[ "$got" = "$nr_rows" ] ||
		echo "failed: $got rows, not $nr_rows" >> "$problems"
	report problems >> "$problems" ||
		echo "failed: rows that report.jq can't read" >> "$problems"
	[ -n "${SCENARIO:-}${METHOD:-}${SEED:-}${MIB:-}${PART:-}" ] ||
		report absent >> "$problems"
	read -ra words <<< "$again"
	for run in "${words[@]:3}"; do
		row=${words[0]}-${words[1]}-${words[2]}-${run/\//-}.json
		jq -rn -L "$top/tests/bench" 'include "report";
			input as $again | input | name as $name |
			differences($again)[] |
			"missed: \($name): not the same when run again: \(.)"' \
			"$out/again/rows/$row" "$out/rows/$row" >> "$problems" ||
			echo "failed: $row was not made twice" >> "$problems"
	done
	echo
	report table
	echo
	report summary
fi
if matrix_has small; then
	jq -e 'length > 0' "$out/small.json" > /dev/null 2>&1 ||
		echo "failed: small.sh" >> "$problems"
	cat "$out/small.missed" >> "$problems" 2> /dev/null
fi
if matrix_has native; then
	echo
	"$top/tests/bench/native.sh" "$out" || [ -e "$out/native.missed" ] ||
		echo "failed: native.sh" >> "$problems"
	cat "$out/native.missed" >> "$problems" 2> /dev/null
fi
"$top/tests/bench/plot.sh" "$out" ||
	echo "failed: the pictures" >> "$problems"

rm -rf "$out/rows" "$out/again/rows"
minutes=$(((EPOCHSECONDS - bench_start + 59) / 60))
most_minutes=$(jq -nr -L "$top/tests/bench" 'include "report"; most_minutes')
[ "$minutes" -le "$most_minutes" ] ||
	echo "missed: it took $minutes minutes, not at most $most_minutes" \
		>> "$problems"
echo
cat "$problems"
printf 'bench: %d runs in %d minutes, %d problems; see %s\n' "$nr_rows" \
	"$minutes" "$(wc -l < "$problems")" "${out#"$top/"}"
[ ! -s "$problems" ]
