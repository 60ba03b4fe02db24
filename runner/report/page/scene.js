/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scene as a tree: the machine, its cgroups, the tasks in them, with sizes, adj, and what became of them. */
"use strict";

function usedKb(task) {
	return (task.anon_kb || 0) + (task.file_kb || 0) + (task.shmem_kb || 0) + (task.swap_kb || 0);
}

/* Who died by the kernel's log: name to a number, 1 for the first. */
function deaths(story) {
	const order = new Map();
	for (const mark of story.marks || []) {
		if (mark.kind !== "kill")
			continue;
		const task = (story.tasks || []).find((t) => t.pid === mark.pid || (t.exit && t.exit.pid === mark.pid));
		const name = task ? task.name : mark.text;
		if (!order.has(name))
			order.set(name, order.size + 1);
	}
	return order;
}

function fateOf(task, order, story) {
	const exit = task.exit;
	if (order.has(task.name))
		return h("span", { class: "fate died" }, "killed by the kernel", order.size > 1 ? ", " + order.get(task.name) + "." : "");
	if (!exit && task.pid && story.fate && story.fate !== "ended")
		return h("span", { class: "fate" }, "ended with the machine");
	if (!exit || exit.by_agent)
		return h("span", { class: "fate" }, task.pid || exit ? "lived" : "was not started");
	if (exit.signal)
		return h("span", { class: "fate died" }, "died by signal " + exit.signal);
	return h("span", { class: "fate" }, exit.code === 0 ? "ended" : exit.code ? "ended with status " + exit.code : "ended");
}

function taskItem(task, order, largest, story) {
	const kb = usedKb(task), to = task.grow ? task.grow / 1024 : 0;
	const what = [task.kind, ...(task.args || [])].filter(Boolean).map(bytes).join(" ");
	return h("li", { class: "task" },
		h("span", { class: "name" }, bytes(task.name)), " ",
		h("span", { class: "what" }, what), " ",
		task.pid ? h("span", { class: "what" }, "pid " + task.pid) : null, " ",
		h("span", { class: "size" }, kb ? size(kb) : "", task.grow !== undefined ? (to ? " grows to " + size(to) : " grows without end") : ""), " ",
		typeof task.adj === "number" && task.adj !== 0 ? h("span", { class: "adj" }, "adj " + task.adj) : null, " ",
		task.uid ? h("span", { class: "what" }, "uid " + task.uid) : null, " ",
		fateOf(task, order, story),
		kb && largest ? h("span", { class: "bar", "aria-hidden": "true" },
			h("span", { style: "width:" + (100 * kb / largest).toFixed(1) + "%" })) : null);
}

function counted(files) {
	const text = (files || {})["memory.events"] || (files || {})["memory.oom_control"] || "";
	return text.split("\n").map((line) => line.split(" ")).filter(([key, n]) => n > 0 && key !== "oom_kill_disable")
		.map(([key, n]) => key + " " + n).join(", ");
}

function cgroupItem(cgroup, children) {
	const before = cgroup.before || {};
	const used = before["memory.current"] || before["memory.usage_in_bytes"];
	const events = counted(cgroup.after);
	const name = cgroup.name.slice(cgroup.name.lastIndexOf("/") + 1);
	return h("li", { class: "cgroup" },
		h("span", { class: "name" }, bytes(name) + "/"), " ",
		(cgroup.files || []).map((f) => [h("span", { class: "file" }, bytes(f.file) + " ", h("b", {}, limit(bytes(f.value)))), " "]),
		used ? h("span", { class: "what" }, "held " + size(Number(used) / 1024) + " before") : null, " ",
		events ? h("span", { class: "events" }, "then " + events) : null,
		children.length ? h("ul", {}, children) : null);
}

function sceneTree(story) {
	const order = deaths(story), tasks = story.tasks || [], cgroups = story.cgroups || [];
	const largest = Math.max(0, ...tasks.map(usedKb)), machine = story.machine || {};
	/* a child has its parent's cgroup */
	const home = (task) => {
		const parent = task.cgroup === undefined && tasks.find((t) => task.name.startsWith(t.name + "/"));
		return (parent || task).cgroup || "";
	};
	const inside = (name) => [
		...tasks.filter((t) => home(t) === name).map((t) => taskItem(t, order, largest, story)),
		...cgroups.filter((c) => c.name.slice(0, Math.max(0, c.name.lastIndexOf("/"))) === name)
			.map((c) => cgroupItem(c, inside(c.name))),
	];
	return h("ul", { class: "tree" }, h("li", { class: "machine" },
		h("span", { class: "name" }, machine.release ? bytes(machine.release) : "machine"), " ",
		h("span", { class: "what" }, [machine.memtotal_kb ? size(machine.memtotal_kb) : "",
			machine.swaptotal_kb ? size(machine.swaptotal_kb) + " swap" : "",
			machine.cpus ? plural(machine.cpus, "CPU") : "",
			story.hierarchy ? "cgroup " + story.hierarchy : "", story.swap ? "swap on " + story.swap.kind : ""].filter(Boolean).join(", ")), " ",
		(story.sysctls || []).map((s) => [h("span", { class: "file" }, bytes(s.name) + " ", h("b", {}, bytes(s.value))), " "]),
		h("ul", {}, inside(""))));
}
