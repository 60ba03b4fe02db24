# SPDX-License-Identifier: GPL-2.0-or-later
# For scripts that keep verdicts and must not take old ones for those of what is here now. To be sourced; says nothing of kernels.

# tested DIR SELECTION: a word that is another one when the programs in DIR, the cases, or what was selected of them, has changed.
tested()
{
	local top

	top=$(dirname "${BASH_SOURCE[0]}")/..
	cat "$1"/oomtests "$1"/oomagent "$1"/oomload <(echo "$2$(cd "$top" && find cases -type f | sort | xargs cat | sha256sum)") |
		sha256sum | cut -c1-16
}
