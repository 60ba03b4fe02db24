// SPDX-License-Identifier: GPL-2.0-or-later
// Runs to make pages of: one real test, and what a log, a task's name or a case could hold to break a page.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const EVIL = "</script><img src=x onerror=pwned=1>";
export const EVIL_LOG = "<!--<script>pwned=2</script>--><svg onload=pwned=3> \u202e\u0001\u0085";
const KEPT = readFileSync("ci/tests/report-kept.json", "utf8");

/* Strings carry bytes in a kept file: UTF-8 as its bytes. */
const asBytes = (s) => String.fromCharCode(...new TextEncoder().encode(s));

function put(path, text) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}

function result(kept, members) {
	const names = ["id", "title", "kernel", "target", "verdict", "why", "checks", "victims", "predicted", "margin_pages", "ranking",
		"seconds", "kept"];
	return { ...Object.fromEntries(names.filter((n) => n in kept).map((n) => [n, kept[n]])), ...members };
}

/* A run's directory as keep.c makes it. `kernels`: name to [result, kept or null] of its tests. */
function putRun(dir, kernels) {
	const several = Object.keys(kernels).length > 1;
	const subdir = (i) => (several ? `kernel-${i}` : ".");
	const head = (list) => JSON.stringify({ schema: 1, oomtests: "test", started: "2026-01-01T00:00:00Z", command: ["oomtests", "run", EVIL],
		machine: { host: EVIL, cpus: 2 }, target: "vm", kernels: list.map(([name, i, dir]) => ({ name, dir, release: "6.1.0" })),
		tests: list.length === 1 ? kernels[list[0][0]].map(([r]) => ({ id: r.id, kernel: r.kernel })) : undefined });
	const names = Object.keys(kernels);
	if (several)
		put(join(dir, "run.json"), head(names.map((n, i) => [n, i, subdir(i)])));
	names.forEach((name, i) => {
		const own = join(dir, subdir(i)), count = { passed: 0, failed: 0, skipped: 0, errors: 0, xfailed: 0, seconds: 1 };
		put(join(own, "run.json"), head([[name, i, "."]]));
		put(join(own, "results.jsonl"), kernels[name].map(([r]) => JSON.stringify(r)).concat(JSON.stringify(count)).join("\n") + "\n");
		for (const [r, kept] of kernels[name])
			if (kept)
				put(join(own, r.id + ".json"), JSON.stringify({ ...kept, ...r }));
	});
}

/* The real test with hostile names in it. */
function hostile() {
	const kept = JSON.parse(KEPT.replaceAll('"big"', JSON.stringify(asBytes(EVIL))));
	const seen = kept.observation;
	seen.kmsg.unshift({ seq: 0, t: seen.kmsg[0].t - 5, level: 4, text: asBytes(EVIL_LOG) });
	seen.kmsg.unshift({ seq: 0, t: seen.kmsg[0].t - 6, level: 4, text: "bytes \xff\xfe" });
	kept.observation.notes = [EVIL];
	kept.observation.console = EVIL;
	kept.observation.fate = "died";
	kept.observation.fate_text = EVIL;
	return kept;
}

export function hostileRun(dir) {
	const kept = hostile(), real = JSON.parse(KEPT);
	const bad = { name: EVIL, ok: false, expected: EVIL, seen: "\u001b[31m", where: "cases/x.yaml:1:1" };
	const tests = (kernel) => [
		[result(real, { id: "memcg/real", kernel }), real],
		[result(kept, { id: "x/hostile", title: EVIL, kernel, verdict: "fail", why: EVIL, checks: [bad, ...kept.checks],
			victims: [{ task: EVIL, pid: 85 }] }), kept],
		[result({}, { id: `evil ${EVIL.replaceAll("/", "|")}`, title: null, kernel, target: "vm", verdict: "skip", why: "needs <b>more</b>", checks: [],
			victims: [], predicted: null, margin_pages: null, seconds: 0, kept: null }), null],
		[result(real, { id: "x/error", kernel, verdict: kernel === "A" ? "error" : "pass", why: "no answer", checks: [], victims: [] }), null],
	];
	putRun(dir, { A: tests("A"), [`B<svg onload=pwned=4>`]: tests(`B<svg onload=pwned=4>`) });
}

/* As many tests as a large run has; no two have the same numbers, as in life: equal ones would pack too well. */
export function largeRun(dir, n) {
	const tests = [];
	for (let i = 0; i < n; i++) {
		const kept = JSON.parse(KEPT), shift = (x) => x + ((x * (i + 7)) % 97);
		for (const part of kept.observation.timeline)
			part.rows = part.rows.map((row) => row.map((v, k) => (v > 100 && k ? shift(v) : v)));
		for (const record of kept.observation.kmsg)
			record.text = record.text.replace(/\b\d{3,7}\b/g, (d) => String(shift(Number(d))));
		tests.push([result(kept, { id: `memcg/number-${i}`, kernel: "k", verdict: i % 50 ? "pass" : "fail" }), kept]);
	}
	putRun(dir, { k: tests });
}
