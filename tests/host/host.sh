# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contigd and contigctl against a QEMU without a guest and a fake agent. Needs
# tap.sh sourced before.
#
#   qemu_start NAME [BACKEND-ARGUMENTS [MIB [OPTION...]]]
#                                        a paused QEMU of 512 MiB with memory
#                                        behind 64 MiB from 0x10000000 on
#   huge_kib NAME [MIB], split NAME [MIB]
#                                        its huge pages: seen, and split
#   fake_start NAME MODE [FIRST-GFN]     what stands behind its port
#   contigd_start NAME...                with these guests
#                                        CONTIGD=PATH takes another program
#   ctl ARGUMENTS...                     runs contigctl: $out, $err, $status
#
# The files of guest NAME are $tap_dir/NAME.*, contigd's $tap_dir/contigd.*.

declare -A qemu_pid=() fake_pid=()
contigd_pid=
contigd_options=()
blob_bytes=$((64 << 20))

# end_process PID: it was started here.
end_process() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

qemu_start() {
	local name=$1 backend=${2:-memory-backend-ram} mib=${3:-512}

	[ -e "$tap_dir/blob" ] ||
		head -c "$blob_bytes" /dev/urandom > "$tap_dir/blob"
	rm -f "$tap_dir/$name.qmp"
	setpriv --pdeathsig KILL qemu-system-x86_64 -accel tcg -S -nodefaults \
		-display none -machine q35,memory-backend=ram -m "$mib" \
		-object "$backend,id=ram,size=${mib}M" \
		-device "loader,file=$tap_dir/blob,addr=0x10000000,force-raw=on" \
		"${@:4}" \
		-qmp "unix:$tap_dir/$name.qmp,server=on,wait=off" \
		< /dev/null > "$tap_dir/$name.qemu.log" 2>&1 &
	qemu_pid[$name]=$!
	at_exit "end_process ${qemu_pid[$name]}"
	wait_for 30 test -S "$tap_dir/$name.qmp" ||
		die "QEMU does not start: $(cat "$tap_dir/$name.qemu.log")"
}

# huge_kib NAME [MIB]: what QEMU has mapped by huge entries of the guest's RAM (or
# DIMM), which is its one mapping of that size.
huge_kib() {
	awk -v "size=$((${2:-512} << 10))" \
		'/^Size:/ { is_ram = $2 == size }
		/^(AnonHugePages|ShmemPmdMapped|FilePmdMapped):/ && is_ram { sum += $2 }
		END { print sum + 0 }' "/proc/${qemu_pid[$1]}/smaps"
}

# split NAME [MIB]: that RAM is behind small pages alone, whatever was before.
split() {
	local -a range

	IFS='- ' read -ra range < <(awk -v "size=$((${2:-512} << 10))" \
		'/^[0-9a-f]+-/ { range = $1 }
		/^Size:/ && $2 == size { print range }' \
		"/proc/${qemu_pid[$1]}/smaps")
	"$build/tests/host/split_huge" "${qemu_pid[$1]}" "${range[@]}" &&
		[ "$(huge_kib "$1" "${2:-512}")" = 0 ]
}

fake_start() {
	local name=$1

	rm -f "$tap_dir/$name.agent"
	setpriv --pdeathsig KILL "$build/tests/fake/fake_agent" \
		"$tap_dir/$name.agent" "${@:2}" \
		> "$tap_dir/$name.fake.log" 2>&1 &
	fake_pid[$name]=$!
	at_exit "end_process ${fake_pid[$name]}"
	wait_for 10 test -S "$tap_dir/$name.agent" || die "no fake agent"
}

fake_stop() {
	end_process "${fake_pid[$1]}"
	rm -f "$tap_dir/$1.agent"
}

# fake_told NAME LINE: what the agent was told, as an extended regex.
fake_told() {
	grep -qxE "$2" "$tap_dir/$1.fake.log"
}

contigd_config() {
	local name

	echo "[contigd]"
	echo "socket = $tap_dir/contigd.sock"
	for name in "$@"; do
		echo "[guest $name]"
		echo "qmp = $tap_dir/$name.qmp"
		echo "agent = $tap_dir/$name.agent"
	done
}

contigd_start() {
	contigd_config "$@" > "$tap_dir/contigd.conf"
	contigd_again
}

# shellcheck disable=SC2120 # most give none
contigd_again() { # [SETPRIV-OPTION...]
	# What the last one has logged must not pass for this one's.
	rm -f "$tap_dir/contigd.log"
	setpriv --pdeathsig KILL "$@" "${CONTIGD:-$build/hv/contigd}" \
		--config "$tap_dir/contigd.conf" "${contigd_options[@]}" \
		> "$tap_dir/contigd.log" 2>&1 &
	contigd_pid=$!
	at_exit "end_process $contigd_pid"
	wait_for 10 grep -qs ready: "$tap_dir/contigd.log" ||
		die "contigd does not start: $(cat "$tap_dir/contigd.log")"
}

contigd_rss_kib() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$contigd_pid/status"
}

ctl() {
	out=$("$build/hv/contigctl" --socket "$tap_dir/contigd.sock" "$@" \
		2> "$tap_dir/err")
	status=$?
	err=$(cat "$tap_dir/err")
}

# one_line DESCRIPTION REGEX: what stands on standard error.
one_line() {
	is "$(wc -l < "$tap_dir/err")" 1 "$1: one line"
	like "$err" "$2" "$1: it names the thing"
}

# field PATH: of the JSON in $out.
field() {
	jq -c "$1" <<< "$out"
}
