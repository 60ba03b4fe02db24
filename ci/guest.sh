# SPDX-License-Identifier: GPL-2.0-or-later
# For scripts that boot a guest of their own: an initramfs without cpio, and where a cached kernel is. To be sourced in the tree's top.

inode=0
# One entry of a "newc" archive: NAME MODE FILE ("": empty)
entry()
{
	local size=0 name=$1

	[ -z "$3" ] || size=$(stat -L -c %s "$3")
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\0' "$((++inode))" "$((8#$2))" 0 0 1 0 "$size" 0 0 0 0 \
		$((${#name} + 1)) 0 "$name"
	head -c $(((4 - (110 + ${#name} + 1) % 4) % 4)) /dev/zero
	[ -z "$3" ] || cat "$3"
	head -c $(((4 - size % 4) % 4)) /dev/zero
}

# Names of the cached kernels.
kernels()
{
	./oomtests kernels --json | jq -r 'select(.cached).name'
}

# What is known of kernel $1: "path", "release".
kernel()
{
	./oomtests kernels --json | jq -r --arg k "$1" --arg what "$2" 'select(.name == $k and .cached)[$what]'
}

# guest KERNEL-PATH CONSOLE-FILE PORT-FILE COMMAND-LINE [OPTION...]: a machine of 512 MiB, on until it panics or is switched off;
# more options are QEMU's. no_timer_check, tsc=reliable: a host that is busy looks like broken hardware.
guest()
{
	timeout --foreground 900 qemu-system-x86_64 -no-user-config -nodefaults -no-reboot -display none -machine q35 -accel tcg -cpu qemu64,+rdrand \
		-m 512 -kernel "$1/vmlinuz" -initrd "$top/initrd" -serial "file:$2" -serial "file:$3" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 transparent_hugepage=never mitigations=off 8250.nr_uarts=4 nokaslr no_timer_check tsc=reliable $4" "${@:5}"
}
