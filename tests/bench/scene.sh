#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scene.sh DIR RAM-DIR SCENARIO MIB SEED METHOD/PART...: boots a guest that
# builds a state, then does each of the runs, in this order, from that very state. Leaves a row
# for each in DIR/rows, an error's row too, and what the guests said in DIR/runs.
# $bench_start is when the whole bench began; $bench_kernel, $bench_initrd and
# $bench_files are what it boots, if not what is built now.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/reports.sh
source "$top/tests/lib/reports.sh"
# shellcheck source=tests/bench/vm.sh
source "$top/tests/bench/vm.sh"

out=${1:?usage: scene.sh DIR RAM-DIR SCENARIO MIB SEED METHOD/PART...}
ram_dir=$2 scenario=$3 mib=$4 seed=$5
shift 5
kernel=${bench_kernel:-$build/kernel/release/bzImage}
initrd=${bench_initrd:-$build/tests/bench/initramfs.cpio}
files=${bench_files:-$build/tests/bench/files.ext4}
scene=$scenario-$mib-$seed
mkdir -p "$out/rows" "$out/runs"

progress() { # SINCE TEXT
	printf '%5ds  %-10s %5s MiB  seed %s  %s  (%d s)\n' \
		$((EPOCHSECONDS - ${bench_start:-EPOCHSECONDS})) \
		"$scenario" "$mib" "$seed" "$2" $((EPOCHSECONDS - $1))
}

# row METHOD PART [ERROR]: of what the guests have said, on standard input.
row() {
	jq -Rn -L "$top/tests/bench" --arg scenario "$scenario" \
		--arg mib "$mib" --arg seed "$seed" --arg method "$1" \
		--arg part "$2" --arg error "${3:-}" '
		include "report"; make_row' > "$out/rows/$scene-$1-$2.json" ||
		die "no row of $scene $1 $2"
}

keep() { # NAME AS
	cp "$tap_dir/$1/results" "$out/runs/$scene-$2.txt" 2> /dev/null
	[ -z "$vm_error" ] ||
		cp "$tap_dir/$1/console" "$out/runs/$scene-$2.console"
	rm -rf "${tap_dir:?}/$1"
}

since=$EPOCHSECONDS
vm_prepare "$ram_dir" || die "no file for guest memory in $ram_dir"
if vm_boot state && vm_save state "$tap_dir/saved"; then
	cp "$tap_dir/state/results" "$tap_dir/said"
	progress "$since" "state is built"
else
	progress "$since" "no state: $vm_error"
fi
state_error=$vm_error
keep state state

# part_of METHOD PART: what the guest is told. What "same" is another run has
# shown: it comes later.
part_of() {
	printf 'method=%s part=%s' "$1" "$2"
	[ "$2" != same ] || printf ' asked=%d' "$(jq '.obtained // 0' \
		"$out/rows/$scene-nr_hugepages-all.json")"
}

for run; do
	method=${run%/*} part=${run#*/}
	if [ -n "$state_error" ]; then
		row "$method" "$part" "$state_error" < /dev/null
		continue
	fi
	since=$EPOCHSECONDS
	vm_resume run "$tap_dir/saved" "$(part_of "$method" "$part")"
	# Together: some of it was said before the state was saved.
	cat "$tap_dir/said" "$tap_dir/run/results" 2> /dev/null |
		row "$method" "$part" "$vm_error"
	keep run "$method-$part"
	progress "$since" "$(jq -r -L "$top/tests/bench" \
		'include "report"; brief' "$out/rows/$scene-$method-$part.json")"
done
