# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests for tests. Needs tap.sh sourced before.
#
#   guest_start NAME [--kernel release|debug|FILE] [--mem MIB] [--smp N]
#               [--memory TYPE,OPTIONS|none] [--disk MIB] [--append WORDS]
#                                none: QEMU-ARGUMENTS say where RAM comes from;
#                                the kernel is $GUEST_KERNEL, or release
#               [--counted yes]  time in the guest is instructions executed, so
#                                that figures repeat; one processor
#               [--add PROGRAM] [-- QEMU-ARGUMENTS...]
#   guest_run NAME [--timeout S] COMMAND     output and exit status are
#                                            COMMAND's; it runs in busybox sh
#   guest_qmp NAME JSON                      the answer as one line
#   guest_plug_port NAME ID PORT-NAME
#   guest_stop NAME
#
# Each guest has its own folder $tap_dir/NAME with
#
#   qmp.sock     QMP for the program under test
#   ctl.sock     QMP for the test itself
#   agent.sock   the port org.contig.agent.0
#   cmd.sock     ttyS1, where guest-runner listens
#   console.log  what the kernel said
#   pid          QEMU's
#
# The guest ends when the test ends, even if that is killed with SIGKILL.

declare -A guest_pid=()

# shellcheck source=tests/lib/accel.sh
source "$top/tests/lib/accel.sh"
# shellcheck source=tests/lib/reports.sh
source "$top/tests/lib/reports.sh"

# guest_kernel release|debug|FILE: the image's path.
guest_kernel() {
	case $1 in
	release | debug)
		local image=$build/kernel/$1/bzImage

		[ -e "$image" ] || die "no kernel image $image: run 'make kernel'"
		echo "$image"
		;;
	*)
		[ -e "$1" ] || die "no kernel image $1"
		echo "$1"
		;;
	esac
}

guest_start() {
	local name=$1 kernel=${GUEST_KERNEL:-release} mem=1024 smp=2 append='' disk='' dir
	local counted=''
	local initrd=$build/tests/guest/initramfs.cpio add=''
	local memory='memory-backend-ram' machine=q35 args=() accel image
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) kernel=$2 ;;
		--mem) mem=$2 ;;
		--smp) smp=$2 ;;
		--memory) memory=$2 ;;
		--disk) disk=$2 ;;
		--append) append=$2 ;;
		--counted) counted=$2 ;;
		--add) add=$2 ;;
		--)
			shift
			args+=("$@")
			break
			;;
		*) die "guest_start: unknown option $1" ;;
		esac
		shift 2
	done
	image=$(guest_kernel "$kernel") || exit 1
	# Both are built in and do nothing unless asked to.
	[ "$kernel" != debug ] ||
		append="$append page_poison=on page_table_check=on"
	dir=$tap_dir/$name
	mkdir "$dir"
	if [ -n "$disk" ]; then
		truncate -s "${disk}M" "$dir/disk.img"
		/sbin/mkfs.ext4 -q -F "$dir/disk.img" ||
			die "mkfs.ext4 failed"
		args+=(-drive "if=none,id=disk,format=raw,file=$dir/disk.img"
			-device virtio-blk-pci,drive=disk)
	fi
	if [ -n "$add" ]; then
		# The kernel unpacks archives that stand one behind the other.
		install -D -m 755 "$add" "$dir/add/bin/$(basename "$add")"
		(cd "$dir/add" && find . | cpio -o -H newc --quiet -R 0:0) |
			cat "$initrd" - > "$dir/initramfs.cpio"
		initrd=$dir/initramfs.cpio
	fi
	if [ "$memory" != none ]; then
		machine=q35,memory-backend=ram
		args+=(-object "$memory,id=ram,size=${mem}M")
	fi
	read -ra accel <<< "$(guest_accel)"
	if [ -n "$counted" ]; then
		accel=(-accel 'tcg,thread=single' -cpu max -icount
			'shift=0,sleep=off' -rtc 'clock=vm')
		smp=1
		append="$append nokaslr"
	fi
	# no_timer_check: the kernel looks at boot whether timer interrupts come in
	# time, which an emulated processor on a busy host may miss.
	setpriv --pdeathsig KILL qemu-system-x86_64 "${accel[@]}" \
		-machine "$machine" -m "$mem" -smp "$smp" \
		-nodefaults -nographic -no-reboot \
		-kernel "$image" -initrd "$initrd" \
		-append "console=ttyS0 panic=-1 no_timer_check $append" \
		-chardev "file,id=con,path=$dir/console.log" \
		-serial chardev:con \
		-chardev "socket,id=cmd,path=$dir/cmd.sock,server=on,wait=off" \
		-serial chardev:cmd \
		-chardev "socket,id=qmp,path=$dir/qmp.sock,server=on,wait=off" \
		-mon chardev=qmp,mode=control \
		-chardev "socket,id=ctl,path=$dir/ctl.sock,server=on,wait=off" \
		-mon chardev=ctl,mode=control \
		-device virtio-serial-pci,id=vser \
		-chardev "socket,id=agent,path=$dir/agent.sock,server=on,wait=off" \
		-device virtserialport,id=agentport,chardev=agent,name=org.contig.agent.0 \
		"${args[@]}" < /dev/null > "$dir/qemu.log" 2>&1 &
	guest_pid[$name]=$!
	echo $! > "$dir/pid"
	at_exit "guest_stop $name"
	if ! wait_for 60 guest_answers "$name" "$dir/cmd.sock" ||
	   ! guest-client "$dir/cmd.sock" 300 --ping; then
		diag "guest $name does not come up"
		diag "$(cat "$dir/qemu.log")"
		diag "$(tail -n 30 "$dir/console.log" 2>/dev/null)"
		exit 1
	fi
}

# QEMU has made the socket, or has ended (which the next step then reports).
guest_answers() {
	[ -S "$2" ] || ! kill -0 "${guest_pid[$1]}" 2>/dev/null
}

guest_run() {
	local name=$1 timeout=120
	shift
	if [ "$1" = --timeout ]; then
		timeout=$2
		shift 2
	fi
	guest-client "$tap_dir/$name/cmd.sock" "$timeout" "$*"
	local status=$?
	# It runs one command at a time: with one that hangs it is of no more
	# use, and what follows should fail now and not after a deadline each.
	if [ "$status" = 250 ]; then
		diag "guest $name: no end of: $*"
		diag "$(tail -n 20 "$tap_dir/$name/console.log")"
		kill -KILL "$(cat "$tap_dir/$name/pid")" 2>/dev/null
	fi
	return "$status"
}

guest_qmp() {
	guest-qmp "$tap_dir/$1/ctl.sock" 30 "$2"
}

# Plugs in a port with the agent's socket behind it. After another port on that
# socket has gone, also from the guest's view, QEMU keeps the socket in use for
# some time, and refuses the new one until then.
guest_plug_port() { # NAME ID PORT-NAME
	wait_for 30 port_is_plugged "$@"
}

port_is_plugged() {
	[[ $(guest_qmp "$1" '{"execute":"device_add","arguments":{
		"id":"'"$2"'","driver":"virtserialport","chardev":"agent",
		"name":"'"$3"'"}}') == *'"return"'* ]]
}

guest_stop() {
	local pid=${guest_pid[$1]:-}

	[ -n "$pid" ] || return 0
	unset "guest_pid[$1]"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

# guest_agent NAME [OPTIONS...]: starts the agent inside.
guest_agent() {
	local name=$1
	shift
	guest_run "$name" "contig-agent --foreground $* </dev/null \
		>/tmp/agent.log 2>&1 & echo \$! > /tmp/agent.pid"
}

# guest_oops NAME: lines in the kernel's log that no healthy kernel prints.
guest_oops() {
	kernel_reports "$tap_dir/$1/console.log"
}
