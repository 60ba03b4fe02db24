/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page itself: what the run was, the list of tests, which are shown, and the keys. */
"use strict";

const index = JSON.parse(document.getElementById("index").textContent);
const packed = [...document.querySelectorAll("script.story")];
const verdicts = ["fail", "error", "xfail", "skip", "pass"];
const at = (id) => document.getElementById(id);
const kernels = [...new Set(index.tests.map((t) => t.kernel))];
const wanted = new Set();	/* verdicts; none: all */
const entries = [];

/* Unpacks and draws, once. */
async function fill(entry) {
	if (entry.filled)
		return;
	entry.filled = true;
	const body = entry.node.querySelector(".body");
	try {
		body.replaceChildren(...h("div", {}, storyBody(await unpack(packed[entry.number].textContent))).childNodes);
	} catch (e) {
		body.replaceChildren(h("p", { class: "why" }, typeof DecompressionStream === "undefined" ?
			"This browser can't unpack what is in the page: it is older than 2023." : "This test's part of the page can't be shown: " + e));
	}
}

function deadNames(test) {
	return (test.victims || []).map((v) => bytes(v.task)).join(", ");
}

function makeEntry(test, number) {
	const dead = deadNames(test), key = test.kernel + " " + test.id;
	const node = h("details", { class: "test v-" + test.verdict, id: "t " + key },
		h("summary", {}, h("span", { class: "verdict" }, test.verdict), " ",
			h("span", { class: "id" }, test.id), " ",
			kernels.length > 1 ? h("span", { class: "kernel" }, test.kernel) : null, " ",
			h("span", { class: "title" }, test.title || ""), " ",
			h("span", { class: "dead" }, dead ? "✖ " + dead : ""), " ",
			h("span", { class: "seconds" }, test.seconds ? test.seconds.toFixed(1) + " s" : "")),
		h("div", { class: "body" }, h("p", { class: "dim" }, "…")));
	const text = [test.id, test.title, test.kernel, test.verdict, test.why, test.predicted, dead, ...test.failed].join(" ").toLowerCase();
	const entry = { test, number, node, text, filled: false };
	node.addEventListener("toggle", () => {
		if (!node.open)
			return;
		fill(entry);
		if (node.contains(document.activeElement))
			history.replaceState(null, "", "#" + encodeURIComponent("t " + key));
	});
	return entry;
}

function shownEntries() {
	return entries.filter((e) => !e.node.hidden);
}

function applyFilter() {
	const words = at("find").value.toLowerCase().split(/\s+/).filter(Boolean), kernel = at("kernel").value;
	for (const e of entries)
		e.node.hidden = (wanted.size && !wanted.has(e.test.verdict)) || (kernel && e.test.kernel !== kernel) ||
			!words.every((w) => e.text.includes(w));
	const n = shownEntries().length;
	at("shown").textContent = n === entries.length ? plural(n, "test") : n + " of " + plural(entries.length, "test");
}

function makeVerdicts() {
	for (const v of verdicts) {
		const n = index.tests.filter((t) => t.verdict === v).length;
		const button = h("button", { type: "button", class: "v-" + v, "aria-pressed": "false", disabled: !n, click: () => {
			if (!wanted.delete(v))
				wanted.add(v);
			button.setAttribute("aria-pressed", String(wanted.has(v)));
			applyFilter();
		} }, h("b", {}, n), " " + v);
		at("verdicts").append(button);
	}
}

function fact(name, value) {
	return value ? [h("dt", {}, name), h("dd", {}, value)] : [];
}

function makeHead() {
	const run = index.run || {}, machine = run.machine || {};
	const targets = [...new Set(index.tests.map((t) => t.target).filter(Boolean))];
	const words = (list) => (Array.isArray(list) ? list.join(" ") : list);
	at("subject").append(visible(kernels.filter(Boolean).join(", ")));
	document.title = "oomtests " + kernels.join(", ");
	at("facts").append(...[
		fact("kernels", (run.kernels || []).map((k) => k.name + (k.release ? " (" + k.release + ")" : "")).join(", ")),
		fact("on", targets.join(", ")), fact("begun", run.begun || run.started || run.time),
		fact("machine", [machine.host || machine.name, machine.cpus ? plural(machine.cpus, "CPU") : ""].filter(Boolean).join(", ")),
		fact("command", words(run.command)),
		fact("in all", (index.tests.reduce((sum, t) => sum + (t.seconds || 0), 0)).toFixed(0) + " s of tests"),
	].flat());
	const left = index.planned - index.tests.length;
	if (!index.finished || index.cut || left > 0) {
		at("warning").hidden = false;
		at("warning").textContent = "This run did not come to its end" + (left > 0 ? ": " + plural(left, "test") + " of " + index.planned +
			" did not run" : "") + ".";
	}
}

function openEntry(entry) {
	entry.node.hidden = false;
	entry.node.open = true;
	entry.node.querySelector("summary").focus();
	entry.node.scrollIntoView({ block: "start" });
}

/* A row for each test, a column for each kernel. */
function makeGrid() {
	if (kernels.length < 2)
		return;
	const ids = [...new Set(index.tests.map((t) => t.id))];
	const find = new Map(entries.map((e) => [e.test.kernel + " " + e.test.id, e]));
	const cell = (id, k) => {
		const e = find.get(k + " " + id);
		return h("td", {}, e ? h("button", { type: "button", class: "v-" + e.test.verdict, click: () => openEntry(e) }, e.test.verdict) : "");
	};
	const differs = (id) => new Set(kernels.map((k) => find.get(k + " " + id)).filter(Boolean).map((e) => e.test.verdict + deadNames(e.test))).size > 1;
	at("grid").hidden = false;
	at("grid").querySelector("div").append(h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "test"), kernels.map((k) => h("th", { scope: "col" }, k)))),
		h("tbody", {}, ids.map((id) => h("tr", { class: differs(id) ? "differs" : "" }, h("th", { scope: "row" }, id), kernels.map((k) => cell(id, k)))))));
	at("kernel-label").hidden = false;
	at("kernel").append(h("option", { value: "" }, "all"), ...kernels.map((k) => h("option", { value: k }, k)));
}

/* The next or previous test from the one that has the focus. */
function step(by) {
	const list = shownEntries(), now = list.findIndex((e) => e.node.contains(document.activeElement));
	const next = list[now < 0 ? (by > 0 ? 0 : list.length - 1) : now + by];
	if (next)
		next.node.querySelector("summary").focus();
}

function onKey(event) {
	const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
	if (event.ctrlKey || event.altKey || event.metaKey)
		return;
	if (event.key === "Escape" && event.target === at("find")) {
		at("find").value = "";
		applyFilter();
	} else if (typing) {
		return;
	} else if (event.key === "/") {
		at("find").focus();
	} else if (event.key === "j" || event.key === "k") {
		step(event.key === "j" ? 1 : -1);
	} else {
		return;
	}
	event.preventDefault();
}

function openHash() {
	let key = "";
	try {
		key = decodeURIComponent(location.hash.slice(1));
	} catch {
		return;
	}
	const entry = entries.find((e) => e.node.id === key);
	if (entry)
		openEntry(entry);
}

function start() {
	const rank = (t) => verdicts.indexOf(t.verdict);
	entries.push(...index.tests.map(makeEntry).sort((a, b) => rank(a.test) - rank(b.test) || a.number - b.number));
	makeHead();
	makeVerdicts();
	makeGrid();
	at("tests").append(...entries.map((e) => e.node));
	applyFilter();
	at("find").addEventListener("input", applyFilter);
	at("kernel").addEventListener("change", applyFilter);
	at("filter").addEventListener("submit", (event) => event.preventDefault());
	at("open").addEventListener("click", () => shownEntries().forEach((e) => { e.node.open = true; }));
	at("close").addEventListener("click", () => entries.forEach((e) => { e.node.open = false; }));
	document.addEventListener("keydown", onKey);
	addEventListener("hashchange", openHash);
	openHash();
}

start();
