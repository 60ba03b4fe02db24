/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of one test, when it is opened. */
"use strict";

function table(caption, head, rows) {
	return h("div", { class: "wide" }, h("table", {}, h("caption", {}, caption),
		h("thead", {}, h("tr", {}, head.map((c) => h("th", { scope: "col", class: c === "points" || c === "adj" ? "n" : null }, c)))), h("tbody", {}, rows)));
}

function pages(n, story) {
	if (typeof n !== "number")
		return "";
	const kb = ((story.machine || {}).page_size || 4096) / 1024;
	return n.toLocaleString("en") + " pages, " + size(n * kb);
}

function predictedTable(story, order) {
	if (!(story.ranking || []).length)
		return null;
	const margin = typeof story.margin_pages === "number" && Math.abs(story.margin_pages) < 2 ** 52 ?
		", by " + pages(story.margin_pages, story) : "";
	return table(["Predicted before the OOM: ", h("b", {}, bytes(story.predicted)), margin],
		["", "task", "pid", "points", "adj", "what happened"],
		story.ranking.map((c, i) => h("tr", { class: order.has(c.task) ? "died" : "" },
			h("td", {}, i + 1), h("td", {}, bytes(c.task)), h("td", {}, c.pid), h("td", { class: "n" }, pages(c.points, story)),
			h("td", { class: "n" }, c.adj), h("td", {}, order.has(c.task) ? "✖ killed, " + order.get(c.task) + "." :
				c.possible ? "was possible too" : ""))));
}

function choiceTable(choice, story) {
	const verdict = { yes: "the kernel's choice agrees", no: "the kernel's choice DISAGREES" }[choice.agrees] || "it can't be told";
	return table(["Computed again from the kernel's own table: ", h("b", {}, verdict), choice.why ? " (" + bytes(choice.why) + ")" : ""],
		["", "comm", "pid", "points", "adj", "kernel"],
		choice.rows.map((c, i) => h("tr", { class: c.pid === choice.pid ? "died" : "" },
			h("td", {}, i + 1), h("td", {}, bytes(c.comm)), h("td", {}, c.pid), h("td", { class: "n" }, pages(c.points, story)),
			h("td", { class: "n" }, c.adj), h("td", {}, c.pid === choice.pid ? "✖ selected" : ""))));
}

function checkRow(check) {
	return h("tr", { class: check.ok ? "" : "bad" }, h("td", {}, check.ok ? "✓" : "✗ ", check.ok ? "" : h("span", { class: "sr" }, "failed ")),
		h("td", {}, bytes(check.name), check.where ? h("div", { class: "dim" }, check.where) : null),
		h("td", {}, bytes(check.expected)), h("td", {}, bytes(check.seen)));
}

function checkTables(checks) {
	const head = ["", "check", "expected", "seen"], bad = checks.filter((c) => !c.ok), good = checks.filter((c) => c.ok);
	return [bad.length ? table(plural(bad.length, "check") + " failed", head, bad.map(checkRow)) : null,
		good.length ? h("details", { open: !bad.length && good.length <= 12 }, h("summary", {}, plural(good.length, "check") + " held"),
			table("", head, good.map(checkRow))) : null];
}

/* "fill big to 64 MiB" */
function stepText(s) {
	const whose = s.cgroup !== undefined ? bytes(s.cgroup) + "/" : "";
	const bits = [s.op, s.task && bytes(s.task), s.what && bytes(s.what), s.signal, s.key,
		s.path ? bytes(s.path) : s.file ? whose + bytes(s.file) : whose,
		s.value !== undefined && s.value !== null ? (s.compare || "=") + " " + limit(bytes(s.value)) : "",
		s.bytes ? "to " + size(s.bytes / 1024) : "", s.for && "until " + s.for];
	return bits.filter(Boolean).join(" ");
}

function stepList(steps, zero) {
	return h("ol", { class: "steps" }, steps.map((s) => h("li", { class: s.timeout ? "bad" : s.t ? "" : "dim" },
		h("span", { class: "stamp" }, s.t ? ((s.t - zero) / 1e6).toFixed(3) + " s" : "not done"), " ", stepText(s), " ",
		h("b", {}, s.timeout ? "timed out" : [s.errno, s.how, s.answer && bytes(s.answer)].filter(Boolean).join(", ")))));
}

function part(title, ...content) {
	return h("section", {}, h("h3", {}, title), content);
}

function sentences(story) {
	return [story.why ? h("p", { class: "why" }, story.why) : null,
		story.fate && story.fate !== "ended" ? h("p", { class: "why" }, "The machine's end: " + story.fate +
			(story.fate_text ? ": " + bytes(story.fate_text) : "")) : null,
		(story.errors || []).map((e) => h("p", { class: "why" }, "The agent: " + bytes(e.what) + (e.errno ? " (" + e.errno + ")" : "")))];
}

function storyBody(story) {
	const order = deaths(story), out = [sentences(story)];
	if (story.machine)
		out.push(part("Scene", sceneTree(story)), part("Memory", timelinePlot(story)));
	const tables = [predictedTable(story, order), (story.choices || []).slice(0, 5).map((c) => choiceTable(c, story))].flat().filter(Boolean);
	if (tables.length)
		out.push(part("Who was to die, and who did", tables));
	if ((story.checks || []).length)
		out.push(part("Checks", checkTables(story.checks)));
	if ((story.steps || []).length)
		out.push(part("Steps", stepList(story.steps, zeroOf(story))));
	if ((story.log || []).length)
		out.push(part("Kernel log", logBox(story.log)));
	if (story.console)
		out.push(part("Console", h("pre", { class: "log", tabindex: "0" }, bytes(story.console).replace(/\r\n/g, "\n"))));
	if ((story.notes || []).length)
		out.push(part("Notes", h("ul", {}, story.notes.slice(0, 50).map((n) => h("li", {}, bytes(n))))));
	if (!story.machine)
		out.push(h("p", { class: "dim" }, "Nothing more was kept of this test: run with -o DIR to keep all."));
	return out;
}
