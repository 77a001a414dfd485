# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench's virtual machines. Needs tap.sh and reports.sh sourced before, and these
# set:
#
#   scenario mib seed      what the guest is to build
#   kernel initrd files    what it boots; the image behind scenario filecache
#
#   vm_prepare RAM-DIR   makes the file that guest memory lies in
#   vm_boot NAME         boots a guest and waits until it has stopped itself
#   vm_save NAME FILE    what the guest is, but for its memory
#   vm_resume NAME FILE RUN
#                        a guest that goes on from there and does RUN, until it
#                        has switched itself off
#
# Each has a folder $tap_dir/NAME with "results", what it wrote to ttyS1, and
# "console". What went wrong is in vm_error.
#
# Why a saved state, and why this repeats: a guest's clock counts instructions
# (-icount), it has one processor, no device that the world reaches, no entropy
# but its seed, and nothing goes into it while it runs. Three boots on a busy
# machine left the same RAM, bit by bit. When its state is built it writes to
# the port of pvpanic, which stops QEMU between two instructions. Its RAM is a
# file that QEMU maps shared and does not save (x-ignore-shared); a run maps it
# private, so that a hundred runs can start from it without a copy. Saving takes
# a tenth of a second, and so does resuming.

ram_fd=''
vm_pid=''
vm_error=''

# Bytes of fw_cfg's opt/contig/run: the same for all, or QEMU's own tables
# would have another layout in the guest that resumes.
vm_run_bytes=128
# Seconds of wall clock; on two cores that do nothing else a tenth is enough.
vm_boot_timeout=1200
vm_run_timeout=2400

# MiB behind the guest's own memory; 0 without files. The firmware keeps its
# tables in the last ones of low memory, so there are two more than files need.
vm_files_mib() {
	[ "$scenario" = filecache ] || {
		echo 0
		return
	}
	echo $((($(stat -L -c %s "$files") + (1 << 20) - 1 >> 20) + 2))
}

# The file has no name, so that it can't be left behind.
vm_prepare() {
	local path=$1/contig-bench.$$
	exec {ram_fd}<> "$path" || return
	rm "$path"
	truncate -s "$((mib + $(vm_files_mib)))M" "/proc/self/fd/$ram_fd"
}

vm_start() { # NAME on|off RUN TIMEOUT QEMU-ARGUMENTS...
	local name=$1 share=$2 run=$3 timeout=$4 dir=$tap_dir/$1 order=9
	local files_mib start append='' args=() total
	shift 4
	vm_error=''
	mkdir "$dir"
	[ "$scenario" != gigantic ] || order=18
	files_mib=$(vm_files_mib)
	total=$((mib + files_mib))
	if [ "$files_mib" != 0 ]; then
		# Behind the guest's own memory. From 2.75 GiB on q35 puts
		# what is over 2 GiB above the hole below 4 GiB.
		start=$mib
		[ "$total" -lt 2816 ] || start=$((mib + 2048))
		append=" memmap=$((files_mib - 2))M!${start}M"
		append+=" memmap=2M\$$((start + files_mib - 2))M"
		args=(-device "loader,file=$files,addr=$((start << 20)),force-raw=on")
	fi
	printf -v run "%-${vm_run_bytes}s" "$run"
	# Where a processor moves a cache line, emulation counts an instruction for
	# each byte of "rep movsb": without erms and fsrm, for each word.
	setpriv --pdeathsig KILL timeout --signal KILL "$timeout" \
		setpriv --pdeathsig KILL \
		qemu-system-x86_64 -accel tcg,thread=single \
		-cpu max,-rdrand,-rdseed,-erms,-fsrm -icount shift=0,sleep=off \
		-rtc clock=vm,base=2026-01-01 -seed "$seed" \
		-machine q35,memory-backend=ram -m "$total" -smp 1 \
		-object "memory-backend-file,id=ram,size=${total}M,share=$share,mem-path=/proc/self/fd/$ram_fd" \
		-nodefaults -nographic -no-reboot \
		-kernel "$kernel" -initrd "$initrd" \
		-append "console=ttyS0 panic=-1 nokaslr norandmaps$append" \
		-fw_cfg "name=opt/contig/scene,string=scenario=$scenario seed=$seed order=$order mib=$mib" \
		-fw_cfg "name=opt/contig/run,string=$run" \
		-device pvpanic \
		-serial "file:$dir/console" -serial "file:$dir/results" \
		-chardev "socket,id=qmp,path=$dir/qmp.sock,server=on,wait=off" \
		-mon chardev=qmp,mode=control \
		"${args[@]}" "$@" < /dev/null > "$dir/qemu.log" 2>&1 &
	vm_pid=$!
}

# What the kernel has to complain of is an error, whatever came out of it.
vm_check() { # NAME
	local said
	said=$(kernel_reports "$tap_dir/$1/console" | head -n 1 | tr -d '\r')
	[ -n "$said" ] || return 0
	vm_error="the kernel says: $said"
	return 1
}

vm_qmp() { # NAME JSON
	guest-qmp "$tap_dir/$1/qmp.sock" 60 "$2"
}

# A guest that has ended is waited for by who looks next.
vm_ended() {
	! kill -0 "$vm_pid" 2> /dev/null
}

vm_is_up() { # NAME
	[ -S "$tap_dir/$1/qmp.sock" ] || vm_ended
}

vm_has_said() { # NAME LINE
	grep -qaxE "$2"$'\r?' "$tap_dir/$1/results" 2> /dev/null || vm_ended
}

vm_is() { # NAME STATUS
	[[ $(vm_qmp "$1" '{"execute":"query-status"}' 2> /dev/null) == \
		*"\"status\": \"$2\""* ]] || vm_ended
}

vm_is_saved() { # NAME
	[[ $(vm_qmp "$1" '{"execute":"query-migrate"}' 2> /dev/null) == \
		*'"status": "completed"'* ]] || vm_ended
}

# vm_fail NAME WHAT: what the guest itself said of it, or else its last words.
vm_fail() {
	local dir=$tap_dir/$1 said
	kill -KILL "$vm_pid" 2> /dev/null
	wait "$vm_pid" 2> /dev/null
	said=$(sed -n 's/\r$//; s/^error=//p' "$dir/results" 2> /dev/null |
		tail -n 1)
	[ -n "$said" ] || said="$2: $(cat "$dir/qemu.log" "$dir/console" \
		2> /dev/null | tr -d '\r\0' | grep -a . | tail -n 1)"
	vm_error=${said%: }
	return 1
}

vm_ignore_shared() { # NAME
	vm_qmp "$1" '{"execute":"migrate-set-capabilities","arguments":{
		"capabilities":[{"capability":"x-ignore-shared","state":true}]
		}}' > /dev/null
}

vm_boot() {
	local name=$1
	vm_start "$name" on 'prepare=1' "$vm_boot_timeout" -action panic=pause
	# Looked up in a file: QEMU has nothing to do but run its guest.
	wait_for "$vm_boot_timeout" vm_has_said "$name" 'paused|error=.*'
	if grep -qa '^error=' "$tap_dir/$name/results" ||
	   ! wait_for 60 vm_is "$name" guest-panicked || vm_ended; then
		vm_fail "$name" "no state was built"
	else
		vm_check "$name"
	fi
}

vm_save() {
	local name=$1 file=$2
	if ! vm_ignore_shared "$name" ||
	   ! vm_qmp "$name" '{"execute":"migrate","arguments":{
		"uri":"exec:cat > '"$file"'"}}' > /dev/null ||
	   ! wait_for 120 vm_is_saved "$name" || vm_ended; then
		vm_fail "$name" "the state was not saved"
		return
	fi
	# It may be gone before it has answered.
	vm_qmp "$name" '{"execute":"quit"}' > /dev/null 2>&1
	wait "$vm_pid"
	return 0
}

vm_resume() {
	local name=$1 file=$2 run=$3 status
	vm_start "$name" off "$run" "$vm_run_timeout" -action panic=none \
		-incoming defer
	if ! wait_for 60 vm_is_up "$name" || vm_ended ||
	   ! vm_ignore_shared "$name" ||
	   ! vm_qmp "$name" '{"execute":"migrate-incoming","arguments":{
		"uri":"exec:cat '"$file"'"}}' > /dev/null ||
	   ! wait_for 120 vm_is "$name" guest-panicked || vm_ended ||
	   ! vm_qmp "$name" '{"execute":"cont"}' > /dev/null; then
		vm_fail "$name" "the state was not resumed"
		return
	fi
	# If it is killed, bash would have something to say.
	wait "$vm_pid" 2> /dev/null
	status=$?
	if [ "$status" != 0 ]; then
		vm_fail "$name" "QEMU ended with $status"
	elif ! grep -qaxE $'end\r?' "$tap_dir/$name/results"; then
		vm_fail "$name" "it did not get to its end"
	else
		vm_check "$name"
	fi
}
