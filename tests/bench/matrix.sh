# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What make bench measures. Sourced.
#
#   matrix_check        ends with 2 for a name that is none
#   matrix_scenes       a line for each state that has to be built:
#                       SCENARIO MIB SEED METHOD/PART...
#   matrix_has NAME     is NAME (a scenario, small, native) wanted?
#
# $SCENARIO, $METHOD, $SEED, $MIB and $PART narrow it down; each may be several
# words, and all combinations of what is named are made. Without: three seeds of
# each scenario, both parts, cost beside freelist and nr_hugepages, and with the
# first seed the other methods; with that seed also larger guests where occupancy
# is the only difference. Where time is compared, these three are also asked for a
# few more than there are, and cost for the same as nr_hugepages has obtained when
# it was asked for all.

matrix_all=(uniform50 skewed tight filecache unmovable live gigantic endurance
	demand)
# What is no state of a guest: see small.sh and native.sh.
matrix_extra=(small native)
matrix_methods=(cost freelist nr_hugepages compact_memory thp_fault none)

matrix_sizes() { # SCENARIO: in MiB; only the first has all methods and seeds
	case $1 in
	uniform50 | skewed) echo 1024 2048 4096 8192 ;;
	gigantic) echo 6144 ;;
	endurance) echo 2048 ;;
	*) echo 1024 ;;
	esac
}

# Those for every seed, and those for the first only, or if they are named. What
# becomes of memory that no one compacts is of interest after many rounds.
matrix_methods_of() { # SCENARIO first|other|larger
	local which=$2
	[ -z "${METHOD:-}" ] || which=first
	case $1:$which in
	demand:first | endurance:first) echo cost freelist nr_hugepages \
		compact_memory thp_fault none ;;
	demand:*) echo cost freelist nr_hugepages none ;;
	*:first) echo cost freelist nr_hugepages compact_memory thp_fault ;;
	*) echo cost freelist nr_hugepages ;;
	esac
}

matrix_one_of() { # NAME OF...
	local name=$1 one
	shift
	for one; do
		[ "$one" != "$name" ] || return 0
	done
	return 1
}

# matrix_wanted NAME WORDS: one of the words, or there is none.
matrix_wanted() {
	local words
	read -ra words <<< "$2"
	[ ${#words[@]} = 0 ] || matrix_one_of "$1" "${words[@]}"
}

matrix_refuse() { # WHAT VALUE KNOWN...
	echo "bench: no $1 '$2'; there is ${*:3}" >&2
	exit 2
}

matrix_check() {
	local word
	for word in ${SCENARIO:-}; do
		matrix_one_of "$word" "${matrix_all[@]}" "${matrix_extra[@]}" ||
			matrix_refuse SCENARIO "$word" "${matrix_all[@]}" \
				"${matrix_extra[@]}"
	done
	for word in ${METHOD:-}; do
		matrix_one_of "$word" "${matrix_methods[@]}" ||
			matrix_refuse METHOD "$word" "${matrix_methods[@]}"
	done
	for word in ${PART:-}; do
		matrix_one_of "$word" half all few same ||
			matrix_refuse PART "$word" half all few same
	done
	for word in ${SEED:-} ${MIB:-}; do
		[[ $word =~ ^[1-9][0-9]{0,5}$ ]] ||
			matrix_refuse 'SEED or MIB' "$word" 'any from 1 to 999999'
	done
}

matrix_has() {
	# What has no method, seed or size is left out where those are named.
	if matrix_one_of "$1" "${matrix_extra[@]}" && [ -z "${SCENARIO:-}" ]
	then
		[ -z "${METHOD:-}${SEED:-}${MIB:-}${PART:-}" ]
	else
		matrix_wanted "$1" "${SCENARIO:-}"
	fi
}

matrix_runs() { # SCENARIO first|other|larger
	local method part runs=''
	for method in $(matrix_methods_of "$1" "$2"); do
		matrix_wanted "$method" "${METHOD:-}" || continue
		for part in half all; do
			matrix_wanted "$part" "${PART:-}" || continue
			runs+=" $method/$part"
		done
	done
	if [[ $1 != uniform50 && $1 != skewed ]]; then
		printf '%s' "$runs"
		return
	fi
	for method in nr_hugepages cost freelist; do
		matrix_wanted "$method" "${METHOD:-}" || continue
		! matrix_wanted few "${PART:-}" || runs+=" $method/few"
	done
	if matrix_wanted nr_hugepages "${METHOD:-}" &&
	   matrix_wanted cost "${METHOD:-}" && matrix_wanted same "${PART:-}"; then
		[[ $runs = *' nr_hugepages/all'* ]] || runs+=' nr_hugepages/all'
		runs+=' cost/same'
	fi
	printf '%s' "$runs"
}

# matrix_once WORDS: a line for each of them, once.
matrix_once() {
	local words
	read -ra words <<< "$1"
	printf '%s\n' "${words[@]}" | awk '!seen[$0]++'
}

matrix_scenes() {
	local scenario sizes seeds mib seed which runs
	mapfile -t seeds < <(matrix_once "${SEED:-1 2 3}")
	for scenario in "${matrix_all[@]}"; do
		matrix_has "$scenario" || continue
		mapfile -t sizes < <(matrix_once \
			"${MIB:-$(matrix_sizes "$scenario")}")
		for mib in "${sizes[@]}"; do
			for seed in "${seeds[@]}"; do
				which=first
				[ "$seed" = "${seeds[0]}" ] || which=other
				if [ "$mib" != "${sizes[0]}" ]; then
					[ "$which" = first ] ||
						[ -n "${SEED:-}" ] || continue
					which=larger
				fi
				runs=$(matrix_runs "$scenario" "$which")
				[ -z "$runs" ] ||
					echo "$scenario $mib $seed$runs"
			done
		done
	done
}
