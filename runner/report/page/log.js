/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log, with what the parser read of it marked. */
"use strict";

function logLine([t, , text, kind, spans]) {
	if (typeof text === "number")
		return h("div", { class: "cut" }, "… " + plural(text, "line") + " left out here; the run's directory has them all …\n");
	const stamp = t === null ? "" : "[" + (t / 1e6).toFixed(6).padStart(12) + "] ";
	const parts = [];
	let at = 0;
	for (let i = 0; spans && i < spans.length; i += 2) {
		parts.push(bytes(text.slice(at, spans[i])), h("mark", {}, bytes(text.slice(spans[i], spans[i + 1]))));
		at = spans[i + 1];
	}
	parts.push(bytes(text.slice(at)));
	return h("div", { class: kind ? "k-" + kind : "other" }, h("span", { class: "stamp" }, stamp), parts, "\n");
}

function logBox(log) {
	const pre = h("pre", { class: "log brief", tabindex: "0", "aria-label": "Kernel log" }, log.map(logLine));
	const box = h("input", { type: "checkbox", change: () => pre.classList.toggle("brief", !box.checked) });
	return [h("p", {}, h("label", {}, box, " call traces and memory blocks too"), " ",
		h("span", { class: "dim" }, "Marked: what the checks and the model took from it.")), pre];
}
