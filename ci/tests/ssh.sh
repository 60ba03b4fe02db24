# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the ssh target share. To be sourced.
# shellcheck disable=SC2034	# passed, failed, top: of who sources this

passed=0 failed=0
top=$(mktemp -d)

skip()
{
	echo "ssh: not tested: $1"
	echo "0 passed, 0 failed, 1 skipped"
	rm -rf "$top"
	exit 0
}

# ok WHAT COMMAND...
ok()
{
	local what=$1

	shift
	if "$@" > "$top/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $what"
		head -c 2000 "$top/out"
	fi
}

# until SECONDS COMMAND...
until_ok()
{
	local end=$(($(date +%s) + $1))

	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || { "$@"; return 1; }
		sleep 0.2
	done
}

# says STATUS TEXT COMMAND...: it ends with that status, and says that text
says()
{
	local status=$1 text=$2

	shift 2
	"$@" > "$top/said" 2>&1
	if [ $? -ne "$status" ] || ! grep -qF -- "$text" "$top/said"; then
		cat "$top/said"
		return 1
	fi
}
