# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts of the lab share: where its kernel comes from, how it is configured and built. Sourced by them.

export LC_ALL=C
lab=$(cd "${0%/*}" && pwd)
lab=${lab%/ci/*}/ci/lab
# The image's bytes must depend on the source alone: results are remembered by them.
export KBUILD_BUILD_USER=oomtests KBUILD_BUILD_HOST=lab KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
unset KBUILD_OUTPUT ARCH CROSS_COMPILE
# Debian's compiler cache, where it is installed
[ ! -x /usr/lib/ccache/gcc ] || PATH=/usr/lib/ccache:$PATH

lab_say() { printf 'lab: %s\n' "$*" >&2; }

lab_die()
{
	lab_say "$*"
	exit 1
}

case ${XDG_CACHE_HOME:-} in
/*) LAB_DIR=${LAB_DIR:-$XDG_CACHE_HOME/oomtests/lab} ;;
*) LAB_DIR=${LAB_DIR:-${HOME:?}/.cache/oomtests/lab} ;;
esac
[[ $LAB_DIR != *[[:space:]:]* ]] || lab_die "the kernel can't be built in $LAB_DIR: set LAB_DIR to a directory without blanks and colons in its name"
mkdir -p "$LAB_DIR" && LAB_DIR=$(cd "$LAB_DIR" && pwd) || lab_die "can't make the directory $LAB_DIR: set LAB_DIR to one that can be written"
LAB_JOBS=${LAB_JOBS:-$(nproc)}

# Sets source (a kernel tree), build (where its objects are) and version (what the source is). Fetches the source package
# if it is not there; a tree of the user's is left as it is.
lab_source()
{
	local package=${LAB_SOURCE:-debian:bookworm/linux-source-6.12} name

	if [ -f "$package/Kbuild" ]; then
		source=$(cd "$package" && pwd)
		build=$LAB_DIR/$(basename "$source")-$(cksum <<< "$source" | cut -d' ' -f1)/build
		version=$(git -C "$source" describe --always --dirty 2> /dev/null || make -s -C "$source" kernelversion)
		return
	fi
	[[ $package = debian:*/linux-source-* ]] ||
		lab_die "LAB_SOURCE is '$package', which is neither a kernel tree nor a source package (debian:bookworm/linux-source-6.12)"
	name=${package##*/}
	source=$LAB_DIR/$name/source build=$LAB_DIR/$name/build
	[ -f "$source/.oomtests-source" ] || lab_fetch "$package" "$LAB_DIR/$name"
	version=$(< "$source/.oomtests-source")
	lab_restore
}

# Debian's source package $1, unpacked into $2/source.
lab_fetch()
{
	local work

	mkdir -p "$2" && rm -rf "$2"/.fetch.?????? && work=$(mktemp -d "$2/.fetch.XXXXXX") || lab_die "can't write $2"
	lab_say "fetching $1 (150 MB)"
	"$lab/../fetch-kernel" --package "$work" "$1" || exit 1
	lab_say "unpacking it (1.7 GB)"
	mkdir "$work/source" &&
		dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ -C "$work/source" --strip-components=1 || lab_die "can't unpack $1 into $2"
	dpkg-deb -W --showformat='${Package} ${Version}\n' "$work"/*.deb > "$work/source/.oomtests-source"
	rm -rf "$2/source"
	mv "$work/source" "$2/source" && rm -rf "$work" || lab_die "can't write $2"
}

# lab_configure SOURCE BUILD [FRAGMENT...]: tinyconfig and the fragments over it, unless that is what BUILD has.
lab_configure()
{
	local from=$1 to=$2 want

	shift 2
	set -- "$lab/config" "$@"
	mkdir -p "$to" || lab_die "can't make the directory $to"
	want=$(cat "$@" | cksum)
	[ ! -f "$to/.config" ] || [ "$want" != "$(cat "$to/.oomtests-config" 2> /dev/null)" ] || return 0
	{
		make -s -C "$from" O="$to" tinyconfig &&
			(cd "$from" && scripts/kconfig/merge_config.sh -m -O "$to" "$to/.config" "$@") &&
			make -s -C "$from" O="$to" olddefconfig
	} > "$to/.oomtests-log" 2>&1 || lab_die "can't configure $from: $(grep -v '^#' "$to/.oomtests-log" | tail -n 2)"
	# what a fragment turns off takes more with it
	grep -q 'is not set' "$@" || lab_absent "$to/.config" "$@"
	echo "$want" > "$to/.oomtests-config"
}

# Says which options of the fragments the kernel does not have: it may be another version, or they need one that is off.
lab_absent()
{
	local config=$1 line

	shift
	sed -nE 's/^(CONFIG_[A-Z0-9_]+=[^#]*[^# ]).*/\1/p' "$@" | while read -r line; do
		grep -qxF "$line" "$config" || lab_say "not to be had in this kernel: $line"
	done
}

# Shows how far a build is: lines of make on standard input. The whole of it goes to the file $1.
lab_progress()
{
	tee "$1" | if [ -t 2 ]; then
		awk '/^  (CC|AS|LD|AR) / { if (++n % 20 == 0) { printf "\rlab: %d objects built ", n; fflush() } } END { if (n >= 20) printf "\n" }' >&2
	else
		cat > /dev/null
	fi
}

# Where the OOM code is: what counts its lines in a kernel with CONFIG_GCOV_KERNEL.
lab_counted=(mm/oom_kill.c mm/memcontrol.c mm/memcontrol-v1.c mm/page_alloc.c mm/util.c fs/proc/base.c)

# lab_make SOURCE BUILD: the image. Makefile variables say which objects count; other kernels pass them over.
lab_make()
{
	local profile=("${lab_counted[@]##*/}")

	profile=("${profile[@]/#/GCOV_PROFILE_}")
	make -C "$1" O="$2" -j"$LAB_JOBS" "${profile[@]/%.c/.o=y}" bzImage 2>&1 | lab_progress "$2/.oomtests-log" ||
		lab_die "the kernel does not build: $(grep -m 3 -E 'error|Error|No such|not found' "$2/.oomtests-log"); all of it is in $2/.oomtests-log"
}

# lab_install BUILD DIR NAME: the kernel in the form of the cache of kernels, so that -k takes it.
lab_install()
{
	mkdir -p "$2" && cp "$1/arch/x86/boot/bzImage" "$2/vmlinuz.new" && cp "$1/.config" "$2/config" &&
		cp "$1/include/config/kernel.release" "$2/release" &&
		printf 'name: %s\nversion: %s\nfetched: %s\n' "$3" "$version" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" > "$2/source" &&
		mv "$2/vmlinuz.new" "$2/vmlinuz" || lab_die "can't write $2"
}

# One at a time works on the lab's sources and objects.
lab_lock()
{
	exec 8> "$LAB_DIR/.lock" || lab_die "can't write $LAB_DIR"
	flock -n 8 || { lab_say "waiting for another build in $LAB_DIR"; flock 8; }
}

# lab_keep FILE...: keeps files of the source that are about to change, so that the next use of the source finds it whole
# even when this one is cut short.
lab_keep()
{
	local f

	for f; do
		mkdir -p "$source/.oomtests-kept/$(dirname "$f")" && cp "$source/$f" "$source/.oomtests-kept/$f.new" &&
			mv "$source/.oomtests-kept/$f.new" "$source/.oomtests-kept/$f" || return
	done
}

# lab_patch PATCH: applies it to the source, in place of what was changed before.
lab_patch()
{
	local files

	lab_restore || return
	mapfile -t files < <(sed -n 's,^+++ b/,,p' "$1")
	lab_keep "${files[@]}" && patch -s -p1 -F0 --no-backup-if-mismatch -d "$source" < "$1"
}

# lab_overlay DIR: puts the files below it into the source, in place of what was changed before.
lab_overlay()
{
	local files

	lab_restore || return
	mapfile -t files < <(cd "$1" && find . -type f -printf '%P\n')
	lab_keep "${files[@]}" && cp -r "$1/." "$source"
}

# Takes the change back. The files get a new time, as their objects are those of the changed ones.
lab_restore()
{
	local f

	[ -d "$source/.oomtests-kept" ] || return 0
	find "$source/.oomtests-kept" -type f ! -name '*.new' -printf '%P\n' | while read -r f; do
		cp "$source/.oomtests-kept/$f" "$source/$f" && touch "$source/$f" || return
	done || return
	rm -rf "$source/.oomtests-kept"
}
