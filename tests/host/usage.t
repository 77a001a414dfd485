#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What contigd and contigctl say to wrong input: one line, and which status.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

# refused STATUS REGEX ARGUMENTS...
refused() {
	local wanted=$1 regex=$2
	shift 2
	ctl "$@"
	is "$status" "$wanted" "contigctl $*: status $wanted"
	one_line "contigctl $*" "$regex"
	is "$out" "" "contigctl $*: nothing on standard output"
}

refused 2 'which command'
refused 2 "unknown command 'nonsense'" nonsense
refused 2 'unknown option --nonsense' --nonsense list
refused 2 'which guest' request --size 2M --count 1
refused 2 "'b' is one argument too many" request a b --size 2M --count 1
refused 2 "guest '../x'" request ../x --size 2M --count 1
refused 2 'size is missing' request a --count 1
refused 2 'count is missing' request a --size 2M
refused 2 "'3M' is not a power of two" request a --size 3M --count 1
refused 2 "'4K' is not a power of two" request a --size 4K --count 1
refused 2 "'2G' is not a power of two" request a --size 2G --count 1
refused 2 "'-2M'" request a --size -2M --count 1
refused 2 "'99999999999999999999M'" request a --size 99999999999999999999M --count 1
refused 2 "'0' is not a number from 1 to 65536" request a --size 2M --count 0
refused 2 "'65537'" request a --size 2M --count 65537
refused 2 "'1x'" request a --size 2M --count 1x
refused 2 "'5-4'" request a --size 2M --count 1 --range 5-4
refused 2 'not aligned' request a --size 2M --count 1 --range 1M-3M
refused 2 'has room for 2' request a --size 2M --count 3 --range 0-4M
refused 2 "'6M' is not a power of two" request a --size 6M --count 1
refused 2 "'1025M' is not a power of two" request a --size 1025M --count 1
refused 2 'not aligned to --size' request a --size 4M --count 1 --range 2M-6M
refused 2 'not aligned to --size' request a --size 1G --count 1 --range 4G-5632M
refused 2 'has room for 1' request a --size 1G --count 2 --range 4G-5G
refused 2 "'1024'" request a --size 2M --count 1 --node 1024
refused 2 "'fast' is not cost or freelist" request a --size 2M --count 1 --strategy fast
refused 2 'hugetlb: this version' request a --size 2M --count 1 --into hugetlb
refused 2 "'lent' is not free or hold" request a --size 2M --count 1 --into lent
refused 2 'promote: this version' request a --size 2M --count 1 --promote
refused 2 "'0' is not a number" request a --size 2M --count 1 --timeout 0
refused 2 "'0' is not a number" request a --size 2M --count 1 --max-moves 0
refused 2 'needs a value' request a --size
refused 2 'takes no value' request a --sync=yes
refused 2 'unknown option --coun' request a --size 2M --coun 1
refused 2 'either --all or --id' release a
refused 2 'either --all or --id' release a --all --id 1
refused 2 "'0' is not a region's id" release a --id 0
refused 2 "'x' is not a region's id" release a --id 1,x
refused 2 'unknown option --svg' back a --svg x
refused 4 'contigd on .*contigd.sock: No such file' list

refused 2 'has room|ends beyond any memory, which is below 4096T' \
	request a --size 2M --count 1 --range 8192T-8193T
refused 2 'reserve: this version of contig' reserve --size 2M --count 1
refused 2 'watch: this version of contig' watch
refused 2 'socket stands before the command' list --socket /x
refused 2 'socket stands before the command' list --socket=/x

ctl help
is "$status" 0 "contigctl help: status 0"
like "$out" 'Usage: contigctl' "and it is what --help shows"
ctl --help
is "$status" 0 "contigctl --help: status 0"
like "$out" 'request .*release' "and it lists the commands"

# ----- contigd ---------------------------------------------------------------
# contigd_refuses STATUS REGEX ARGUMENTS...
contigd_refuses() {
	local wanted=$1 regex=$2
	shift 2
	"$build/hv/contigd" "$@" > "$tap_dir/out" 2> "$tap_dir/err"
	status=$?
	err=$(cat "$tap_dir/err")
	is "$status" "$wanted" "contigd: $regex: status $wanted"
	one_line "contigd: $regex" "$regex"
}

# with CONFIGURATION: makes the file.
with() {
	printf '%b' "$1" > "$tap_dir/bad.conf"
}

contigd_refuses 2 'unknown option --nonsense' --nonsense
contigd_refuses 2 "no argument like 'extra'" extra
contigd_refuses 2 'needs a value' --config
contigd_refuses 1 'No such file' --config "$tap_dir/missing.conf"
with '[contigd]\nsokket = /x\n'
contigd_refuses 1 "bad.conf:2: unknown key 'sokket'.*allowed are socket" \
	--config "$tap_dir/bad.conf"
with '[contig]\n'
contigd_refuses 1 'bad.conf:1: unknown section' --config "$tap_dir/bad.conf"
with '[guest a]\nqmp = relative\n'
contigd_refuses 1 'bad.conf:2: qmp: .*absolute' --config "$tap_dir/bad.conf"
with '[guest a]\nqmp = /x\n[guest a]\nqmp = /y\n'
contigd_refuses 1 'bad.conf:3: guest .a. stands in line 1' \
	--config "$tap_dir/bad.conf"
with '[guest a]\nagent = /x\n'
contigd_refuses 1 'has no qmp' --config "$tap_dir/bad.conf"
with '[contigd]\ngroup = no-such-group\n'
contigd_refuses 1 'no-such-group' --config "$tap_dir/bad.conf" \
	--socket "$tap_dir/group.sock"

# ----- one contigd for a socket ----------------------------------------------
contigd_start
ctl list
is "$status" 0 "an empty contigd lists"
contigd_refuses 1 'another contigd serves this socket' \
	--config "$tap_dir/contigd.conf"
ctl list
is "$status" 0 "the first one goes on"
is "$(stat -c %a "$tap_dir/contigd.sock")" 660 "only its group may connect"
ctl back web01
is "$status" 1 "an unknown guest: status 1"
one_line "an unknown guest" 'guest web01: contigd does not know it'

# Regression: an answer that nobody got was a success.
for what in "list --json" --help; do
	read -ra words <<< "$what"
	"$build/hv/contigctl" --socket "$tap_dir/contigd.sock" "${words[@]}" \
		> /dev/full 2> "$tap_dir/err"
	is $? 1 "$what on a full disk: status 1"
	err=$(cat "$tap_dir/err")
	one_line "$what on a full disk" 'standard output: No space left'
done

kill -KILL "$contigd_pid"
wait "$contigd_pid" 2>/dev/null
ok "a killed contigd leaves its socket" test -S "$tap_dir/contigd.sock"
ctl list
is "$status" 4 "which nobody serves: status 4"
one_line "which nobody serves" 'Connection refused'
contigd_again
ctl list
is "$status" 0 "the next one takes it over"

kill "$contigd_pid"
ok "SIGTERM ends contigd with 0" wait "$contigd_pid"

# Regression: contigd died of a log that nobody read.
mkfifo "$tap_dir/log"
setpriv --pdeathsig KILL "$build/hv/contigd" --config "$tap_dir/contigd.conf" \
	2> "$tap_dir/log" &
contigd_pid=$!
at_exit "end_process $contigd_pid"
head -n 1 < "$tap_dir/log" > "$tap_dir/first"
like "$(cat "$tap_dir/first")" 'ready:' "contigd logs to a pipe"
kill "$contigd_pid"
wait "$contigd_pid"
is $? 0 "and ends as told when its reader is gone"
rm "$tap_dir/contigd.sock"
echo precious > "$tap_dir/contigd.sock"
contigd_refuses 1 'is there and is no socket' --config "$tap_dir/contigd.conf"
is "$(cat "$tap_dir/contigd.sock")" precious "a file there is left alone"
# Regression: it took the place of a program that was no contigd.
fake_start other good
contigd_refuses 1 'other.agent: another program serves this socket: it answers; choose' \
	--config "$tap_dir/contigd.conf" --socket "$tap_dir/other.agent"
ok "a program's socket is left to it" test -S "$tap_dir/other.agent"
# The configuration that is installed: as it is, and with each line in force.
ok "configs/contig.conf is valid" "$build/hv/contigd" --check \
	--config "$top/configs/contig.conf"
sed 's/^;//' "$top/configs/contig.conf" > "$tap_dir/sample.conf"
like "$("$build/hv/contigd" --check --config "$tap_dir/sample.conf" 2>&1)" ': 1 guest' \
	"configs/contig.conf is valid with every key in force"

done_testing
