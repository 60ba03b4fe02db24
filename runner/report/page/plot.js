/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How memory went: uPlot, with limits as lines, OOMs and kills as marks, and a legend of buttons. */
"use strict";

const plots = new Set();

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/* The time that is called 0: the first OOM, or the first look. */
function zeroOf(story) {
	const marks = (story.marks || []).filter((m) => m.t), step = (story.steps || []).find((s) => s.t);
	const first = marks.find((m) => m.kind === "oom") || marks[0];
	return first ? first.t : story.timeline ? story.timeline.t[0] : step ? step.t : 0;
}

/* A list of the first number and differences, as numbers. */
function undo(list) {
	let sum = 0;
	return list.map((n) => (n === null ? null : (sum += n)));
}

/* The limit of a cgroup at each time, in kB: as the scene set it, and as steps changed it. */
function limitOver(story, cgroup, times) {
	const files = ["memory.max", "memory.limit_in_bytes"];
	const kb = (value) => (/^\d+$/.test(value) && Number(value) < 2 ** 52 ? Number(value) / 1024 : null);
	const set = (cgroup.files || []).find((f) => files.includes(f.file));
	const changes = (story.steps || []).filter((s) => s.cgroup === cgroup.name && files.includes(s.file) && s.t && !s.errno &&
		s.op === "write");
	let now = set ? kb(set.value) : null, next = 0;
	return times.map((t) => {
		while (next < changes.length && changes[next].t <= t)
			now = kb(changes[next++].value);
		return now;
	});
}

/* Share of the time in which some task waited for memory, in %. */
function stalledShare(total, times) {
	return total.map((n, i) => {
		const before = total[i - 1];
		return i && n !== null && before !== null ? Math.min(100, 100 * (n - before) / (times[i] - times[i - 1])) : null;
	});
}

/* [{label, values, scale, shown, dash}], sizes in MiB. */
function seriesOf(story, columns, values, times) {
	const mib = (list) => list.map((kb) => (kb === null ? null : kb / 1024));
	const limits = (story.cgroups || []).map((c) => [c, limitOver(story, c, times)]).filter(([, l]) => l.some((v) => v !== null));
	const limited = new Set(limits.map(([c]) => c.name));
	const list = [];
	let tasks = 0;
	columns.forEach((c, i) => {
		if (c.of === "rss")
			list.push({ label: bytes(c.task), values: mib(values[i]), shown: tasks++ < 10 });
		else if (c.of === "current" && c.cgroup !== "")
			list.push({ label: bytes(c.cgroup) + "/", values: mib(values[i]), shown: limited.has(c.cgroup), wide: true });
		else if (c.of === "free")
			list.push({ label: "free", values: mib(values[i]), shown: !limited.size });
		else if (c.of === "swap_used" && values[i].some((v) => v > 0))
			list.push({ label: "swap used", values: mib(values[i]), shown: true });
		else if (c.of === "psi_some_us" && values[i].some((v) => v !== null))
			list.push({ label: "stalled %", values: stalledShare(values[i], times), shown: false, scale: "%" });
	});
	for (const [c, l] of limits)
		list.push({ label: "limit of " + bytes(c.name) + "/", values: mib(l), shown: true, dash: [6, 4], wide: true, limit: true });
	return list;
}

/* Lines down the plot, and who it was above them. */
function drawMarks(u, marks, zero) {
	const { ctx } = u, ratio = devicePixelRatio || 1, { left, top, width, height } = u.bbox;
	const free = [];	/* in each row of labels: where it is free from */
	ctx.save();
	ctx.textAlign = "left";
	ctx.textBaseline = "alphabetic";
	ctx.font = 11 * ratio + "px system-ui, sans-serif";
	for (const mark of marks) {
		const x = Math.round(u.valToPos((mark.t - zero) / 1e6, "x", true));
		if (x < left || x > left + width)
			continue;
		const kill = mark.kind !== "oom";
		ctx.strokeStyle = ctx.fillStyle = colour(kill ? "kill" : "oom");
		ctx.lineWidth = (kill ? 2 : 1) * ratio;
		ctx.setLineDash(kill ? [] : [3 * ratio, 3 * ratio]);
		ctx.beginPath();
		ctx.moveTo(x, top);
		ctx.lineTo(x, top + height);
		ctx.stroke();
		const text = visible(mark.kind === "panic" ? "panic" : kill ? "✖ " + bytes(mark.text) : "OOM"), w = ctx.measureText(text).width;
		const flip = x + w + 8 * ratio > left + width, from = flip ? x - w - 4 * ratio : x + 4 * ratio;
		let row = free.findIndex((f) => f < from);
		if (row < 0)
			row = free.length;
		if (row < 6) {
			free[row] = from + w + 4 * ratio;
			ctx.fillText(text, from, top + (12 + 13 * row) * ratio);
		}
	}
	ctx.restore();
}

function axes(rightNeeded) {
	const stroke = colour("dim"), grid = { stroke: colour("line"), width: 1 };
	const list = [{ stroke, grid, ticks: grid, values: (u, v) => v.map((s) => s + " s") },
		{ stroke, grid, ticks: grid, size: 62, values: (u, v) => v.map((m) => size(m * 1024)) }];
	if (rightNeeded)
		list.push({ stroke, grid: { show: false }, ticks: grid, side: 1, scale: "%", values: (u, v) => v.map((p) => p + " %") });
	return list;
}

function describe(series, marks) {
	const tops = series.filter((s) => s.shown && !s.limit)
		.map((s) => s.label + " up to " + size(1024 * Math.max(0, ...s.values.filter((v) => v !== null))));
	return "Memory over time. " + tops.join(", ") + ". " + plural(marks.filter((m) => m.kind === "kill").length, "kill") +
		(marks.some((m) => m.kind === "panic") ? ", a panic." : ".");
}

/* The plot's box; `box` gets its redraw(). */
function timelinePlot(story) {
	const line = story.timeline;
	if (!line || !line.t || line.t.length < 2)
		return h("p", { class: "dim" }, "Nothing was sampled: the machine ended with it, or the run is of an older oomtests.");
	const times = undo(line.t), values = line.v.map(undo), marks = (story.marks || []).filter((m) => m.t);
	const zero = zeroOf(story);
	const series = seriesOf(story, line.columns, values, times);
	const place = h("div", { class: "plot", role: "img" }), legend = h("div", { class: "legend", role: "group", "aria-label": "Curves" });
	const stroke = (s, i) => (s.limit ? colour("limit") : colour("c" + (i % 8 + 1)));
	/* a machine that panicked sent no look behind its last: the panic belongs on the plot, but where a reader has zoomed in */
	const seconds = (t) => (t - zero) / 1e6, end = seconds(times[times.length - 1]);
	const last = Math.max(end, ...marks.map((m) => seconds(m.t)));
	let plot = null;
	const draw = () => {
		if (plot)
			plot.destroy();
		place.setAttribute("aria-label", describe(series, marks));
		plot = new uPlot({
			width: Math.max(280, place.clientWidth), height: 300, legend: { show: false },
			cursor: { points: { size: 6 } },
			scales: { x: { time: false, range: (u, min, max) => [min, max === end ? last : max] }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.12)] }, "%": { range: [0, 100] } },
			axes: axes(series.some((s) => s.scale && s.shown)),
			series: [{}, ...series.map((s, i) => ({ label: s.label, show: s.shown, scale: s.scale || "y", stroke: stroke(s, i),
				width: s.wide ? 2 : 1.5, dash: s.dash, points: { show: false } }))],
			hooks: { draw: [(u) => drawMarks(u, marks, zero)], setCursor: [(u) => tell(u)] },
		}, [times.map(seconds), ...series.map((s) => s.values)], place);
	};
	const buttons = series.map((s, i) => {
		const value = h("span", { class: "value" });
		const button = h("button", { type: "button", "aria-pressed": String(s.shown), click: () => {
			s.shown = !s.shown;
			button.setAttribute("aria-pressed", String(s.shown));
			draw();
		} }, h("span", { class: "swatch" + (s.limit ? " dashed" : "") }), " ", s.label, " ", value);
		legend.append(button);
		return { button, value, paint: () => button.style.setProperty("--swatch", stroke(s, i)) };
	});
	const now = h("span", { class: "when dim" });
	legend.append(now);
	function tell(u) {
		const i = u.cursor.idx;
		now.textContent = i === null || i === undefined ? "" : "at " + u.data[0][i].toFixed(3) + " s";
		buttons.forEach(({ value }, k) => {
			const v = i === null || i === undefined ? null : series[k].values[i];
			value.textContent = v === null || v === undefined ? "" : series[k].scale ? v.toFixed(0) + " %" : size(v * 1024);
		});
	}
	const box = h("div", { class: "timeline" }, place, legend,
		h("p", { class: "dim" }, marks.length ? "0 s is the first OOM. " : "0 s is the first look. ", line.span_us ? "Sampling took " + (100 * line.cpu_us / line.span_us).toFixed(2) +
			" % of a CPU." : ""));
	box.redraw = () => {
		if (!place.isConnected)
			return plots.delete(box);
		buttons.forEach((b) => b.paint());
		draw();
	};
	plots.add(box);
	new ResizeObserver(() => {
		if (place.clientWidth && (!plot || Math.abs(plot.width - place.clientWidth) > 1))
			box.redraw();
	}).observe(place);
	return box;
}

for (const query of ["(prefers-color-scheme: dark)", "print"])
	matchMedia(query).addEventListener("change", () => plots.forEach((p) => p.redraw()));
