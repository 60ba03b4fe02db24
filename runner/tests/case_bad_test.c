// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every sentence that a bad case file can get, with its place. A row is the text of a file and what must be said of it;
 * rows without the rest of a case are completed by it: S (short form) stands for a title, a task and a trigger.
 */
#include <check.h>

#include "base/util.h"
#include "case/case.h"
#include "tests/harness.h"

#define S "title: x\ntasks: [{name: hog}]\ntrigger: hog\nexpect: [{victims: [hog]}]\n"	/* four lines */
#define T "title: x\ntasks: [{name: hog}, {name: big, size: 8M}]\n"	/* two lines, for steps */

static const struct {
	const char *text, *sentence;
} rows[] = {
	/* YAML itself */
	{ "", "1:1: the file is empty; a case has a title, tasks and a trigger at least" },
	{ "# nothing\n", "1:1: the file is empty; a case has a title, tasks and a trigger at least" },
	{ "title", "1:1: this case is a text; it must be a mapping like {title: …}" },
	{ "- a", "1:1: this case is a list; it must be a mapping like {title: …}" },
	{ "title: x\ntasks:\n\t- a", "3:1: a tab; YAML is indented with spaces" },
	{ "title: x\ntasks:\n  - name: a\n   size: 5",
	  "4:4: wrong indentation in a list; its dashes stand in the same column" },
	{ "title:\n  b: c\n d: e",
	  "3:2: wrong indentation, or a key without \": \"; the keys of one mapping begin in the same column" },
	{ "title: x\nwhy: a: b",
	  "2:7: a second \": \" on this line, or wrong indentation; put text that contains \": \" in quotes" },
	{ "title t\ntasks: [{name: a}]", "1:1: a key without \": \" behind it" },
	{ "title: x\ntasks:\n  - name a\n    size: 5", "3:5: a key without \": \" behind it" },
	{ "title: x\nnext\n", "2:1: a key without \": \" behind it" },
	{ "title: [x\nwhy: y\n", "2:4: a list goes on without a comma, or lacks its ]; it began in line 1" },
	{ "title: {a b\n", "2:1: a mapping goes on without a comma, or lacks its }; it began in line 1" },
	{ "title: \"x\n", "1:8: a quoted text has no closing quote" },
	{ "why: äöü\n\ttitle: @x", "2:1: a tab; YAML is indented with spaces" },
	{ "why: äöü\ntitle: @x", "2:8: a text can't begin with @; put it in quotes" },
	{ "\xef\xbb\xbftitle: @x", "1:8: a text can't begin with @; put it in quotes" },
	{ "[[[[[[[[[[[[[[[[[", "1:17: nested more than 16 deep" },
	{ "- - - - - - - - - - - - - - - - - -", "1:33: nested more than 16 deep" },
	{ "title: @x", "1:8: a text can't begin with @; put it in quotes" },
	{ "title: &a x", "1:8: an anchor (&name); no such thing is allowed in a case file: write the value out, or use an axis" },
	{ "title: x\ntags: &a [x]", "2:7: an anchor (&name); no such thing is allowed in a case file: write the value out, or use an axis" },
	{ "title: *a", "1:8: an alias (*name); no such thing is allowed in a case file: write the value out, or use an axis" },
	{ "title: !!str x", "1:8: a tag (!name); no such thing is allowed in a case file: all values are text" },
	{ S "---\n" S, "5:1: a second document; a file holds one case" },
	{ "title: \"a\\0b\"", "1:8: a zero byte (\\0) in a text; no name or value can hold one" },
	{ "title: \xff", "1:8: this is not UTF-8 text" },
	{ "title: \xc0\x80", "1:8: this is not UTF-8 text" },
	{ "title: \xed\xa0\x80", "1:8: this is not UTF-8 text" },
	{ "title: ä\nwhy: \xe2\x82", "2:6: this is not UTF-8 text" },
	{ "title: \x01",
	  "1:8: a control character stands in the file: write it as an escape in double quotes, like \"\\x07\"" },
	/* keys and shapes */
	{ "? [a]\n: b", "1:3: a key is a list; it must be a word" },
	{ "title: x\ntitle: y", "2:1: \"title\" stands twice; give it once" },
	{ "why: x", "1:1: \"title\" is missing; it is required" },
	{ "title: x\ntasks: 5", "2:8: tasks is a text; it must be a list like [{name: …}]" },
	{ "title: x\ntasks:\n", "2:7: tasks is empty; it must be a list like [{name: …}]" },
	{ "title: x\ntags: a", "2:7: tags is a text; it must be a list like [a, b]" },
	{ "title: [x]", "1:8: title is a list; it must be a text or number" },
	{ "title: x\nmachine: 5", "2:10: machine is a text; it must be a mapping like {memory: …}" },
	{ "title: x\ntasks: [{nam: a}]", "2:10: unknown key \"nam\" in tasks[0]; did you mean \"name\"? Allowed: name, kind, "
					 "args, cgroup, size, step, to, adj, uid, cpus, policy" },
	{ "title: x\nmachine:\n  quux: 5",
	  "3:3: unknown key \"quux\" in machine; allowed: memory, cpus, nodes, disk, cmdline, plug, balloon" },
	{ "title: x\ntasks: [{size: 5M}]", "2:9: tasks[0]: \"name\" is missing; it is required" },
	{ "title: x\nmachine: {nodes: [1M]}", "2:11: machine.nodes has 1 item; at least 2 must be given" },
	{ "title: x\n<<: {a: b}",
	  "2:1: unknown key \"<<\"; allowed: title, why, source, tags, fixes, matrix, needs, machine, cgroup, swap, swap_size, "
	  "sysctl, cgroups, tasks, trigger, steps, expect, dangerous, bug, seconds" },
	/* matrix and variables */
	{ S "matrix: [{axis: a}]", "5:10: matrix[0]: \"values\" is missing; it is required" },
	{ S "matrix: [{axis: a, values: []}]", "5:28: axis \"a\" has no values; give at least one" },
	{ S "matrix: [{axis: a, values: [1]}, {axis: a, values: [2]}]",
	  "5:41: axis \"a\" stands twice; give each axis once, with all its values" },
	{ S "matrix: [{axis: a, values: [1, 2, 1]}]", "5:35: value \"1\" stands twice in axis \"a\"" },
	{ S "matrix: [{axis: 1a, values: [1]}]",
	  "5:17: \"1a\" can't name an axis; a name is letters, digits and _, a letter first" },
	{ S "matrix: [{axis: kernel, values: [1]}]",
	  "5:17: \"kernel\" can't name an axis; it has a meaning of its own in conditions" },
	{ S "matrix: [{axis: ties_last, values: [1]}]",
	  "5:17: \"ties_last\" can't name an axis; it is a behaviour of the kernel's rules" },
	{ S "matrix: [{axis: a, values: [\"x y\"]}]", "5:29: \"x y\" can't be an axis's value; it stands in the test's id: up to "
						     "60 bytes without space , [ ] # * ? $" },
	{ S "matrix: [{axis: cgroup, values: [v1, v3]}]",
	  "5:38: \"v3\" is not a value of cgroup; did you mean \"v2\"? Allowed: v2, v1" },
	{ S "cgroup: v1\nmatrix: [{axis: cgroup, values: [v1, v2]}]",
	  "5:9: cgroup is an axis of the matrix too; give it in one place" },
	{ S "why: $x", "5:6: \"x\" is not a variable (an axis of the matrix); allowed: cgroup, swap, cpus, memory" },
	{ S "why: ${cgrup}",
	  "5:6: \"cgrup\" is not a variable (an axis of the matrix); did you mean \"cgroup\"? Allowed: cgroup, swap, cpus, memory" },
	{ S "why: 5$", "5:6: a $ without a variable's name; write $$ for a dollar, ${name} or $name for an axis" },
	{ S "why: ${x", "5:6: a $ without a variable's name; write $$ for a dollar, ${name} or $name for an axis" },
	/* the machine */
	{ "title: ''\n", "1:8: title is empty; it completes \"This case shows that …\"" },
	{ S "machine: {memory: 5Q}",
	  "5:19: machine.memory: \"5Q\" is not a size: expected a whole number and K, M, G or T, like 40M" },
	{ S "machine: {memory: 32M}", "5:19: a machine with less than 64M; a kernel does not start in it" },
	{ S "machine: {memory: max}",
	  "5:19: machine.memory: \"max\" is not a size: expected a whole number and K, M, G or T, like 40M" },
	{ S "machine: {memory: 50%}", "5:19: machine.memory: a percentage has no meaning here; write a size like 40M" },
	{ S "machine: {cpus: 0}", "5:17: machine.cpus: 0 is outside 1 to 64; allowed: 1 to 64" },
	{ S "machine: {cpus: two}", "5:17: machine.cpus: \"two\" is not a whole number; allowed: 1 to 64" },
	{ S "machine: {memory: 1G, nodes: [256M, 256M]}",
	  "5:30: the nodes sum up to 512M, but memory is 1024M; leave memory out, or make them equal" },
	{ S "machine: {nodes: [256M, 1M]}", "5:25: a node of less than 32M; a kernel can't use it" },
	{ S "machine: {nodes: [256M, 0]}", "5:25: a node without memory and without a CPU; give the machine 2, and each node has one" },
	{ S "swap: floppy", "5:7: \"floppy\" is not a value of swap; allowed: none, disk, zram" },
	{ S "swap_size: 64M", "5:12: swap_size without swap; add `swap: disk` or `swap: zram`" },
	{ S "swap: disk\nswap_size: 1G", "6:12: 1024M of swap on a disk of 256M; make machine.disk larger" },
	{ S "sysctl: [{name: panic, value: 1}]",
	  "5:17: \"panic\" is not the name of a sysctl; write it like vm.panic_on_oom" },
	{ S "sysctl: [{name: ../x.y, value: 1}]",
	  "5:17: \"../x.y\" is not the name of a sysctl; write it like vm.panic_on_oom" },
	/* cgroups */
	{ S "cgroups: [{name: ../x}]",
	  "5:18: \"../x\" can't name a cgroup; each part of the path is 1 to 255 bytes and not . or .." },
	{ S "cgroups: [{name: /x}]",
	  "5:18: \"/x\" can't name a cgroup; a name is a path below the scene's root, like box or box/inner" },
	{ S "cgroups: [{name: a//b}]",
	  "5:18: \"a//b\" can't name a cgroup; each part of the path is 1 to 255 bytes and not . or .." },
	{ S "cgroups: [{name: \"a\\nb\"}]",
	  "5:18: \"a\\x0ab\" can't name a cgroup; a name is a path below the scene's root, like box or box/inner" },
	{ S "cgroups: [{name: bystander}]",
	  "5:18: \"bystander\" is the cgroup that every scene has and no case touches; take another name" },
	{ S "cgroups:\n  - {name: a}\n  - {name: a}", "7:12: cgroup \"a\" stands twice; the first is in line 6" },
	{ S "cgroups: [{name: a/b}]", "5:18: cgroup \"a/b\" has no parent in this case; add `name: a` above it" },
	{ S "cgroups:\n  - {name: a/b}\n  - {name: a}",
	  "6:12: cgroup \"a/b\" comes before its parent; move `name: a` above it" },
	{ S "cgroups: [{name: a, limit: 1.5M}]", "5:28: limit: \"1.5M\" is not a size: expected a whole number and K, M, G or T, "
						"like 40M, or max, or a percentage" },
	{ S "cgroups: [{name: a, group: yes}]", "5:28: \"yes\" is not a value of group; allowed: false, true" },
	{ S "cgroups: [{name: a, mems: 1}]",
	  "5:27: mems: node 1 does not exist; the machine has 1 node (give machine: {nodes: […]})" },
	{ S "cgroups: [{name: a, mems: 1-0}]", "5:27: mems: \"1-0\": numbers must rise and be below 64" },
	{ S "cgroups: [{name: a, set: [{file: ../../x, value: 1}]}]",
	  "5:34: a cgroup's file is a name without /, like memory.oom.group" },
	{ S "cgroup: v1\ncgroups: [{name: a, group: true}]",
	  "6:11: memory.oom.group does not exist on cgroup v1: v1 has no group kill" },
	{ S "cgroups: [{name: a, oom_kill_disable: true}]",
	  "5:11: memory.oom_control does not exist on cgroup v2: it is a file of cgroup v1" },
	{ S "cgroup: v1\ncgroups: [{name: a, swap_limit: 0}]",
	  "6:11: swap_limit without limit; on v1 they are one limit on both together" },
	/* tasks */
	{ "title: x\ntasks: [{name: \"\"}]", "2:16: a task's name is empty; it becomes the comm" },
	{ "title: x\ntasks: [{name: sixteen-bytes-xx}]",
	  "2:16: \"sixteen-bytes-xx\" has 16 bytes; a comm has at most 15" },
	{ "title: x\ntasks: [{name: agent}]",
	  "2:16: a task can't be called \"agent\"; as a trigger that word means something else" },
	{ "title: x\ntasks: [{name: a}, {name: a}]", "2:27: task \"a\" stands twice; the first is in line 2" },
	{ "title: x\ntasks: [{name: a, cgroup: box}]", "2:27: cgroup: the case has no cgroups; add `cgroups: [{name: …}]`" },
	{ "title: x\ncgroups: [{name: box}]\ntasks: [{name: a, cgroup: bax}]",
	  "3:27: \"bax\" is not a cgroup of this case; did you mean \"box\"? Allowed: box" },
	{ "title: x\ntasks: [{name: a, kind: annon}]",
	  "2:25: \"annon\" is not a kind of oomload; did you mean \"anon\"? Allowed: " },
	{ "title: x\ntasks: [{name: a, args: thp}]", "2:25: args: \"thp\" is not `key=value key=value`" },
	{ "title: x\ntasks: [{name: a, args: thq=1}]",
	  "2:25: \"thq\" is not an argument of kind anon; did you mean \"thp\"? Allowed: ksm, sparse, mbind, thp, fault" },
	{ "title: x\ntasks: [{name: a, size: 5Mb}]", "2:25: size: \"5Mb\" is not a size: expected a whole number and K, M, G or T, "
						    "like 40M, or a percentage" },
	{ "title: x\ntasks: [{name: a, size: -5}]", "2:25: size: \"-5\" is not a size: expected a whole number and K, M, G or T, "
						   "like 40M, or a percentage" },
	{ "title: x\ntasks: [{name: a, size: max}]", "2:25: size: \"max\" is not a size: expected a whole number and K, M, G or T, "
						    "like 40M, or a percentage" },
	{ "title: x\ntasks: [{name: a, size: 9000000T}]", "2:25: size: size \"9000000T\" is too large" },
	{ "title: x\ntasks: [{name: a, size: 99999999T}]", "2:25: size: size \"99999999T\" is too large" },
	{ "title: x\ntasks: [{name: a, step: 0}]", "2:25: step: 0 would never get anywhere" },
	{ "title: x\ntasks: [{name: a, size: 5M, to: 4M}]", "2:33: to: a task grows; `to` is below its size" },
	{ "title: x\ntasks: [{name: a, adj: 1001}]", "2:24: adj: 1001 is outside -1000 to 1000; allowed: -1000 to 1000" },
	{ "title: x\ntasks: [{name: a, adj: 1.5}]", "2:24: adj: \"1.5\" is not a whole number; allowed: -1000 to 1000" },
	{ "title: x\ntasks: [{name: a, uid: root}]",
	  "2:24: uid: \"root\" is not a whole number; allowed: 0 to 4294967294" },
	{ "title: x\ntasks: [{name: a, cpus: 0-1}]", "2:25: cpus: the machine has only 1 CPU (give machine: {cpus: …})" },
	{ "title: x\ntasks: [{name: a, cpus: x}]", "2:25: cpus: \"x\" is not a list like 0-1,3" },
	{ "title: x\ntasks: [{name: a, cpus: \"\"}]", "2:25: cpus: an empty list; write it like 0-1,3" },
	{ "title: x\ntasks: [{name: a, policy: bind 1}]",
	  "2:27: policy: node 1 does not exist; the machine has 1 node (give machine: {nodes: […]})" },
	{ "title: x\ntasks: [{name: a, policy: bind}]", "2:27: policy: \"bind\" is not a policy; allowed: bind NODES, preferred "
						       "NODES, interleave NODES, default" },
	{ "title: x\ntasks: [{name: a, policy: blind 0}]", "2:27: policy: \"blind 0\" is not a policy; allowed: bind NODES, "
							  "preferred NODES, interleave NODES, default" },
	/* trigger, steps, expectations */
	{ "title: x\ntasks: [{name: a}]", "1:1: neither `trigger` nor `steps`; a case must do something" },
	{ S "steps: [{fill: [hog]}]",
	  "5:8: both `trigger` and `steps`; the short form is trigger and expect, the long form is steps" },
	{ "title: x\ntasks: [{name: a}]\ntrigger: b\nexpect: [{}]",
	  "3:10: \"b\" is not a task of this case; did you mean \"a\"? Allowed: a" },
	{ "title: x\ntasks: [{name: a}]\ntrigger: a", "3:10: a trigger without `expect`; say what must happen" },
	{ "title: x\ntasks: [{name: a}]\nsteps: [{fill: [a]}]\nexpect: [{}]",
	  "4:9: `expect` beside `steps`; make it a step: `- expect: {…}`" },
	{ T "steps:\n  - {fill: [hog], grow: hog}", "4:25: fill and grow in one step; make two steps of them" },
	{ T "steps:\n  - {result: ok}", "4:5: a step that does nothing; allowed: start, fill, grow, set, write, read, signal, move, "
				       "freeze, thaw, rmdir, sysrq, host, call, score, commit, wait, expect" },
	{ T "steps:\n  - {fill: [hog], result: ok}", "4:27: result says nothing beside fill" },
	{ T "steps:\n  - {fill: [hog, bog]}",
	  "4:18: \"bog\" is not a task of this case; did you mean \"hog\"? Allowed: hog, big" },
	{ T "steps:\n  - {grow: hog}\n  - {expect: {}}",
	  "4:5: task \"hog\" is not started yet; put it into a `start` or `fill` before" },
	{ T "steps:\n  - {fill: [hog, big]}\n  - {grow: hog}",
	  "5:5: no `expect` follows; say what this must bring about" },
	{ "title: x\ntasks:\n  - {name: a, kind: init}\nsteps:\n  - start: [a]\n  - expect: {}",
	  "3:21: kind: init is for guests, where PID 1 is the suite's own; write needs: [guest]" },
	{ "title: x\nneeds: [guest]\ntasks:\n  - {name: a, kind: init, size: 4M}\nsteps:\n  - start: [a]\n  - expect: {}",
	  "4:33: size: kind init shares the memory of PID 1, and takes only name and adj" },
	{ "title: x\nneeds: [guest]\ntasks:\n  - {name: a, kind: init}\nsteps:\n  - start: [a]\n  - grow: a\n  - expect: {}",
	  "7:5: task \"a\" is of kind init, which neither grows nor calls" },
	{ T "steps:\n  - {fill: [hog]}", "2:22: task \"big\" is never started; put it into a `start` or `fill`, or take it out" },
	{ T "steps:\n  - {start: [hog]}\n  - {start: [hog]}", "5:5: task \"hog\" is started twice" },
	{ T "steps:\n  - {signal: {task: hog, signal: SIGKIL}}",
	  "4:34: \"KIL\" is not a signal; did you mean \"KILL\"? Allowed: HUP, INT, QUIT, ILL, TRAP, ABRT, BUS, FPE, KILL, USR1, "
	  "SEGV, USR2, PIPE, ALRM, TERM, STKFLT, CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, XCPU, XFSZ, VTALRM, PROF, WINCH, POLL, "
	  "PWR, SYS" },
	{ T "steps:\n  - {write: {path: /x, value: 1}, result: EBUZY}",
	  "4:43: result: \"EBUZY\" is neither ok nor the name of an errno; did you mean \"EBUSY\"?" },
	{ T "steps:\n  - {write: {path: x, value: 1}}", "4:20: path: it must be absolute, like /proc/meminfo" },
	{ T "steps:\n  - {read: {cgroup: a, path: /x, is: 1}}", "4:12: give either `cgroup` and `file`, or `path`" },
	{ T "steps:\n  - {read: {is: 1}}", "4:12: give `cgroup` and `file`, or `path`" },
	{ T "steps:\n  - {read: {path: /x, is: \">=many\"}}", "4:27: is: >= needs a whole number or a size behind it" },
	{ T "steps:\n  - {read: {path: /x, is: \"~(\"}}",
	  "4:27: is: ~ needs an extended regular expression behind it, and stands in a `read` only" },
	{ T "steps:\n  - {read: {path: /x, is: \"!~(\"}}",
	  "4:27: is: !~ needs an extended regular expression behind it, and stands in a `read` only" },
	{ T "steps:\n  - {wait: {path: /x, is: ~x}}",
	  "4:27: is: ~ needs an extended regular expression behind it, and stands in a `read` only" },
	{ T "steps:\n  - {sysrq: ff}", "4:13: sysrq: one letter or digit, like f" },
	{ T "steps:\n  - read: {path: /x, is: '~^<pid nobody>$$'}", "4:26: \"nobody\" is not a task of this case (or NAME/N); allowed: hog, big" },
	{ T "steps:\n  - write: {path: /x, value: ''}", "4:30: value: an empty text writes nothing; an empty line is \"\\n\"" },
	{ T "steps:\n  - {host: explode}", "4:12: host: \"explode\" is nothing that a host does; allowed: plug SIZE [on NODE], unplug, balloon SIZE, balloon shows SIZE, "
					  "disk slow SIZE, disk fail reads|writes|all, disk ok, nmi" },
	{ T "steps:\n  - {host: plug 100M}", "4:12: host: plug SIZE: the size is a multiple of 128 MiB, and not 0" },
	{ T "steps:\n  - {host: plug 0}", "4:12: host: plug SIZE: the size is a multiple of 128 MiB, and not 0" },
	{ T "steps:\n  - {host: disk slow many}", "4:12: host: disk slow SIZE: the size is bytes, and not 0" },
	{ T "steps:\n  - {host: plug 128M}", "4:12: host: there is no room for 128 MiB more memory; say `machine: {plug: SIZE}`" },
	{ T "steps:\n  - {host: plug 128M on 9}", "4:12: host: plug SIZE on NODE: the node is a number from 0 to 7" },
	{ T "machine: {plug: 128M}\nsteps:\n  - {host: plug 128M on 1}",
	  "5:12: host: the machine has no node 1; say `machine: {nodes: [SIZE, …]}`" },
	{ T "steps:\n  - {host: unplug}", "4:12: host: nothing can be unplugged; say `machine: {plug: SIZE}`, and plug something in" },
	{ T "steps:\n  - {host: balloon 64M}", "4:12: host: the machine has no balloon; say `machine: {balloon: plain}` or `deflates`" },
	{ T "machine: {balloon: plain}\nsteps:\n  - {host: balloon 1G}",
	  "5:12: host: a balloon leaves no more than the machine has, 512 MiB" },
	{ T "steps:\n  - {host: disk ok}", "4:12: host: the machine has no disk; say `swap: disk` or `machine: {disk: SIZE}`" },
	{ T "steps:\n  - {wait: {task: hog, for: dead}, owed: true}", "4:42: what is owed is told by a file: cgroup and file, or path, and what it `is`" },
	{ T "steps:\n  - {host: nmi, owed: true}", "4:23: owed says nothing beside host" },
	{ T "steps:\n  - {host: nmi, background: true}", "4:29: background says nothing beside host" },
	{ T "machine: {plug: 100M}\nsteps:\n  - {fill: [hog]}",
	  "3:17: machine.plug: room for memory modules is a multiple of 128 MiB, up to 128G" },
	{ T "machine: {balloon: red}\nsteps:\n  - {fill: [hog]}",
	  "3:20: \"red\" is not a value of machine.balloon; allowed: none, plain, deflates" },
	{ T "steps:\n  - {wait: {task: hog}}", "4:12: `for` is missing; allowed: filled, dead, failed, blocked" },
	{ T "steps:\n  - {wait: {path: /x}}", "4:12: give `task` and `for`, or a file and what it `is`" },
	{ T "steps:\n  - {wait: {task: hog, for: ever}}",
	  "4:29: \"ever\" is not a value of for; allowed: any, filled, dead, failed, blocked" },
	{ T "steps:\n  - {call: {task: hog, what: ' '}}",
	  "4:30: \"\" is not a call of oomload; allowed: mmap, mmapmax, asleft, " },
	{ T "steps:\n  - {call: {task: hog, what: mmap}}",
	  "4:30: what: \"mmap\" needs SIZE; `oomload --list` shows what each call takes" },
	{ T "steps:\n  - {call: {task: hog, what: mmap 4Q}}", "4:30: what: \"mmap 4Q\" needs SIZE; `oomload --list` shows what each call takes" },
	{ T "steps:\n  - {call: {task: hog, what: setadj}}", "4:30: what: \"setadj\" needs N; `oomload --list` shows what each call takes" },
	{ T "steps:\n  - {call: {task: hog, what: again sbrk}}", "4:30: what: \"again sbrk\" needs SIZE; `oomload --list` shows what each call takes" },
	{ T "steps:\n  - {call: {task: hog, what: threaded mapp}}", "4:30: what: \"threaded mapp\" needs CALL; `oomload --list` shows what each call takes" },
	{ T "steps:\n  - start: [hog]\n  - call: {task: hog, what: getadj, is: many}", "5:41: is: a call's result is a whole number" },
	{ T "steps:\n  - start: [hog]\n  - call: {task: hog, what: getadj, is: '>=many'}",
	  "5:41: is: >= needs a whole number or a size behind it" },
	{ T "steps:\n  - expect: {when: cgroup = v1}", "4:20: in a step `when` stands beside `expect`, not in it" },
	{ "title: x\ncgroups: [{name: a}, {name: a/b}]\ntasks: [{name: t, cgroup: a}]\ntrigger: t\nexpect: [{}]",
	  "3:9: a task in cgroup \"a\", which has \"a/b\" below it; on v2 only a cgroup without children holds processes" },
	{ S "dangerous: false",
	  "5:12: dangerous: false, but a task grows in no limited cgroup; the whole machine would run out of memory" },
	{ T "trigger: hog\nexpect: [{victims: [bog]}]", "4:21: \"bog\" is not a task of this case (or NAME/N); did you mean \"hog\"? "
						       "Allowed: hog, big" },
	{ "title: x\ntasks: [{name: \"a\\nb\"}]\ntrigger: \"a\\nc\"\nexpect: [{}]",
	  "3:10: \"a\\x0ac\" is not a task of this case; did you mean \"a\\x0ab\"? Allowed: a\\x0ab" },
	{ T "trigger: hog\nexpect: [{victims: [big, big]}]", "4:26: \"big\" stands twice" },
	{ T "trigger: hog\nexpect: [{victims: [big], also_die: [big]}]", "4:38: \"big\" is one of the victims; " },
	{ T "trigger: hog\nexpect: [{constraint: cgroup}]",
	  "4:23: \"cgroup\" is not a value of constraint; allowed: none, cpuset, memory_policy, memcg" },
	{ T "trigger: hog\nexpect: [{memcg: box}]", "4:18: memcg: the case has no cgroups; add `cgroups: [{name: …}]`" },
	{ T "trigger: hog\nexpect: [{trigger: nobody}]",
	  "4:20: trigger: \"nobody\" is neither a task of this case nor agent or kworker" },
	{ T "trigger: hog\nexpect: [{ooms: 3-1}]", "4:17: ooms: \"3-1\" is not a count; allowed: N, >=N, <=N, MIN-MAX" },
	{ T "trigger: hog\nexpect: [{log: ['(']}]",
	  "4:17: log: not an extended regular expression: Unmatched ( or \\(" },
	{ T "trigger: hog\nexpect: [{log: ['o+++++++++++++++++++++++++++++++++m']}]",
	  "4:17: log: not an extended regular expression: too many repetitions of repetitions" },
	{ T "trigger: hog\nexpect: [{log: ['(((a{99}){99}){99})']}]",
	  "4:17: log: not an extended regular expression: too many repetitions of repetitions" },
	{ T "trigger: hog\nexpect: [{counters: [{field: x, rises: many}]}]",
	  "4:40: rises: \"many\" is not a count; allowed: N, >=N, <=N, MIN-MAX" },
	{ T "trigger: hog\nexpect: [{counters: [{file: memory.events, field: x, rises: 1}]}]",
	  "4:29: file: without `cgroup` the counter is one of /proc/vmstat; leave file out" },
	{ T "trigger: hog\nexpect: [{counters: [{field: nr_anon_pages, rises: 1}]}]",
	  "4:30: field: nr_anon_pages is a level, which does not only rise; compare it in a `read` of /proc/vmstat" },
	{ T "cgroup: v1\ncgroups: [{name: b}]\ntrigger: hog\n"
	    "expect: [{counters: [{cgroup: b, file: memory.events, field: oom, rises: 1}]}]",
	  "6:22: memory.events oom does not exist on cgroup v1: of memory.events v1 has oom_kill alone" },
	{ T "trigger: hog\nexpect: [{when: cgroup = v1}]", "4:9: no expectation applies to t; add one without `when`" },
	/* conditions */
	{ T "trigger: hog\nexpect: [{when: kernel}]", "4:23: kernel must be followed by =, !=, <, <=, > or >= and a value" },
	{ T "trigger: hog\nexpect: [{when: kernel >= x}]", "4:27: \"x\" is not a kernel version; write it like 6.1 or 5.10.200" },
	{ T "trigger: hog\nexpect: [{when: kernel => 5}]", "4:24: kernel must be followed by =, !=, <, <=, > or >= and a value" },
	{ T "trigger: hog\nexpect: [{when: 'cgroup = v1 and'}]",
	  "4:33: a condition is missing here; write it like kernel >= 5.3 or cgroup = v1" },
	{ T "trigger: hog\nexpect: [{when: cgroup = v1 or cgroup = v2}]",
	  "4:29: \"or\" is too much; conditions are joined by `and` alone" },
	{ T "trigger: hog\nexpect: [{when: cgroup = v3}]",
	  "4:26: cgroup is never \"v3\"; did you mean \"v2\"? Allowed: v2, v1" },
	{ T "trigger: hog\nexpect: [{when: cgroup < v2}]", "4:26: cgroup can't be compared with <; allowed: = and !=" },
	{ T "trigger: hog\nexpect: [{when: cgroup =}]", "4:25: a value is missing behind cgroup =" },
	{ T "trigger: hog\nexpect: [{when: 'not ties_lost'}]",
	  "4:22: a condition can't ask for \"ties_lost\"; did you mean \"ties_last\"? allowed: kernel, cgroup, swap, cpus, memory, and the behaviours of docs/eras.md" },
	{ S "needs: [cgroup = v1]", "5:9: needs: a condition can't ask for \"cgroup\"; allowed: kernel, and the behaviours of docs/eras.md" },
	{ S "needs: [cgroup file a b]", "5:9: needs: one word must follow in \"cgroup file a b\"" },
	{ S "needs: [target foo]", "5:9: \"foo\" is not a target; allowed: vm, uml, host, ssh" },
	{ S "needs: [capability foo]", "5:9: \"foo\" is not a capability; " },
	{ S "needs: [capability sys_resorce]", "5:9: \"sys_resorce\" is not a capability; did you mean \"sys_resource\"? " },
	{ S "sysctl: [{name: vm.swappiness, value: 1}, {name: vm.swappiness, value: 2}]", "5:50: vm.swappiness stands twice; " },
	{ S "needs: [path x]", "5:9: needs: \"path\" must be followed by an absolute path" },
	{ S "bug: {commit: abc, when: kernel >= 5, expect: {when: kernel > 5}}",
	  "5:54: `when` stands beside `expect` here, not in it" },
	/* scenes that can't be */
	{ "title: x\ntasks: [{name: a, size: 600M}]\ntrigger: a\nexpect: [{}]",
	  "2:8: the tasks are filled to 600M in all, but the machine has 512M; make machine.memory larger or the tasks smaller" },
	{ "title: x\ncgroups: [{name: b, limit: 8M}]\ntasks: [{name: a, size: 9M, cgroup: b}]\ntrigger: a\nexpect: [{}]",
	  "2:11: the tasks in \"b\" are filled to 9216K, but its limit is 8192K; filling alone would be an OOM" },
	{ "title: x\ncgroups: [{name: b, limit: 1}]\ntasks: [{name: a, size: 9M, cgroup: b}]\ntrigger: a\nexpect: [{}]",
	  "2:11: the tasks in \"b\" are filled to 9216K, but its limit is 1 bytes; filling alone would be an OOM" },
	{ "title: x\ncgroups: [{name: b, limit: 16777216T}]\ntasks: [{name: a}]", "2:28: limit: size \"16777216T\" is too large" },
};

/* The sentence must be the whole of what is said, or, where it ends with a space, its beginning. */
START_TEST(sentences)
{
	size_t wrong = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		struct test_list list = { 0 };
		struct case_file *c = case_parse("t.yaml", rows[i].text, strlen(rows[i].text), &err);
		if (c && case_expand(c, NULL, &list, &err) == 0)
			snprintf(err.text, sizeof(err.text), "t.yaml:(nothing)");
		const char *want = rows[i].sentence, *said = err.text + strlen("t.yaml:");
		bool same = want[strlen(want) - 1] == ' ' ? starts_with(said, want) : streq(said, want);
		if (!starts_with(err.text, "t.yaml:") || !same) {
			printf("row %zu:\n%s\n  said %s\n  want %s\n", i, rows[i].text, said, want);
			wrong++;
		}
		ck_assert_uint_eq(list.n, 0);
		test_list_free(&list);
		case_free(c);
	}
	fflush(stdout);	/* the assertion ends this process at once */
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* A file that is none. */
START_TEST(files)
{
	static const struct {
		const char *path, *sentence;
	} bad[] = {
		{ "runner/tests", "runner/tests: this is a directory; a case is a YAML file" },
		{ "/dev/zero", "/dev/zero: this is not a regular file; a case is a YAML file" },
		{ "no/such.yaml", "can't open case file no/such.yaml: No such file or directory" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err;
		ck_assert_ptr_null(case_load(bad[i].path, &err));
		ck_assert_str_eq(err.text, bad[i].sentence);
	}
	struct error err;
	size_t len = ((size_t)1 << 20) + 1;
	CLEANUP_FREE char *text = xcalloc(len, 1);
	memset(text, '#', len);
	ck_assert_ptr_null(case_parse("t.yaml", text, len, &err));
	ck_assert_str_eq(err.text, "t.yaml: the file has 1048577 bytes; at most 1 MiB is allowed");
	ck_assert_ptr_null(case_parse("t.yaml", text, len - 1, &err));
	ck_assert_str_eq(err.text, "t.yaml:1:1: the file is empty; a case has a title, tasks and a trigger at least");
}
END_TEST

/* Depth that takes libyaml's scanner hours; the test's own deadline is a minute. */
START_TEST(hostile_depth)
{
	static const char pieces[][5] = { "[", "{", "- ", "? ", "[{", "{a: " };
	size_t len = (size_t)1 << 20;
	CLEANUP_FREE char *text = xcalloc(len, 1);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		for (size_t j = 0; j < len; j++)
			text[j] = pieces[i][j % strlen(pieces[i])];
		struct error err = { 0 };
		ck_assert_ptr_null(case_parse("t.yaml", text, len, &err));
		ck_assert_msg(strstr(err.text, "nested more than 16 deep"), "%s: %s", pieces[i], err.text);
	}
}
END_TEST

TESTS("case_bad", sentences, files, hostile_depth)
