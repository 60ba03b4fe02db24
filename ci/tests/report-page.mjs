// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `oomtests report` as a reader meets it: clicks, keys, filters, a phone, the dark, paper, hostile text, 300 tests.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser } from "./webdriver.mjs";
import { EVIL, hostileRun, largeRun } from "./report-runs.mjs";

const top = mkdtempSync(join(tmpdir(), "oomtests-report-"));
let passed = 0, failed = 0;

function check(what, ok, seen) {
	if (ok)
		passed++;
	else
		failed++, console.log(`FAIL ${what}${seen === undefined ? "" : `: ${JSON.stringify(seen)}`}`);
}

function equal(what, seen, expected) {
	check(what, JSON.stringify(seen) === JSON.stringify(expected), { seen, expected });
}

function page(name, make, ...more) {
	const dir = join(top, name), file = join(top, `${name}.html`);
	make(dir, ...more);
	execFileSync("./oomtests", ["report", dir, "-o", file], { stdio: ["ignore", "ignore", "inherit"] });
	return file;
}

async function keep(b, name) {
	if (!process.env.OOMTESTS_SHOTS)
		return;
	mkdirSync(process.env.OOMTESTS_SHOTS, { recursive: true });
	writeFileSync(join(process.env.OOMTESTS_SHOTS, `${name}.png`), await b.shot());
}

/* Until it holds; the page has no end of its own to wait for. */
async function until(b, what, script) {
	const end = Date.now() + 20000;
	while (Date.now() < end) {
		if (await b.run(`return ${script}`) === true)
			return;
		await new Promise((r) => setTimeout(r, 50));
	}
	check(what, false, "it never came");
}

const shown = `[...document.querySelectorAll(".test:not([hidden]) .id")].map((e) => e.textContent)`;
const inked = `const c = document.querySelector("#tests canvas"); const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
	let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n;`;

async function testFilters(b) {
	equal("all tests", (await b.run(`return ${shown}`)).length, 8);
	await b.click("#verdicts .v-fail");
	equal("only the failed", await b.run(`return ${shown}`), ["x/hostile", "x/hostile"]);
	equal("the button says so", await b.run(`return document.querySelector("#verdicts .v-fail").ariaPressed`), "true");
	await b.click("#verdicts .v-fail");
	equal("all again", (await b.run(`return ${shown}`)).length, 8);
	await b.keys("/");
	await b.keys(..."memcg real");
	equal("found by words", await b.run(`return ${shown}`), ["memcg/real", "memcg/real"]);
	equal("told how many", await b.run(`return document.getElementById("shown").textContent`), "2 of 8 tests");
	await b.keys("\uE00C");
	equal("Escape clears", (await b.run(`return ${shown}`)).length, 8);
	await b.run(`const k = document.getElementById("kernel"); k.value = "A"; k.dispatchEvent(new Event("change"));`);
	equal("of one kernel", (await b.run(`return ${shown}`)).length, 4);
	await b.run(`const k = document.getElementById("kernel"); k.value = ""; k.dispatchEvent(new Event("change")); document.activeElement.blur();`);
	equal("differing rows", await b.run(`return [...document.querySelectorAll("tr.differs th")].map((e) => e.textContent)`), ["x/error"]);
}

/* The first is a failed one: failures stand first. */
async function testStory(b) {
	await b.run(`document.getElementById("tests").focus()`);
	await b.keys("j");
	equal("j goes to the first", await b.run(`return document.activeElement.querySelector(".id").textContent`), "x/hostile");
	await b.keys("\uE007");
	await until(b, "Enter opens it", `!!document.querySelector("#tests canvas")`);
	equal("its parts", await b.run(`return [...document.querySelectorAll(".test[open] h3")].map((e) => e.textContent)`),
		["Scene", "Memory", "Who was to die, and who did", "Checks", "Steps", "Kernel log", "Console", "Notes"]);
	const before = await b.run(inked);
	check("the plot is drawn", before > 1000, before);
	await b.click(".legend button:last-of-type");
	equal("a curve is put away", await b.run(`return document.querySelector(".legend button:last-of-type").ariaPressed`), "false");
	check("and the plot is another", before !== await b.run(inked));
	await b.click(".legend button:last-of-type");
	check("fields are marked", (await b.run(`return document.querySelectorAll(".test[open] .log mark").length`)) > 30);
	equal("who died", await b.run(`return document.querySelector(".test[open] tr.died td:nth-child(2)").textContent`), EVIL);
	check("the bar of the limit", (await b.run(`return document.querySelector(".test[open] .cgroup").textContent`)).includes("80 MiB"));
}

async function testHostile(b) {
	equal("nothing of it ran", await b.run(`return typeof pwned`), "undefined");
	equal("no element came of it", await b.run(`return document.querySelectorAll("img, svg, iframe, object, embed, .log b").length`), 0);
	check("it is there as text", (await b.run(`return document.body.innerText`)).includes(EVIL));
	check("what can't be seen is written out", (await b.run(`return document.querySelector(".test[open] .log").textContent`))
		.includes("\\u202e\\u0001\\u0085"));
	check("bytes that are no text too", (await b.run(`return document.querySelector(".test[open] .log").textContent`)).includes("\\xff\\xfe"));
	equal("nothing was asked of the network", await b.run(`return performance.getEntriesByType("resource").length`), 0);
	equal("no error", await b.errors(), []);
}

async function testLooks(b) {
	await keep(b, "wide");
	await b.cdp("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
	equal("dark", await b.run(`return getComputedStyle(document.body).backgroundColor`), "rgb(21, 23, 27)");
	await b.run(`document.querySelector(".test[open] h3").scrollIntoView(); await new Promise((r) => setTimeout(r, 300));`);
	await keep(b, "dark");
	await b.cdp("Emulation.setEmulatedMedia", { features: [] });
	await b.cdp("Emulation.setDeviceMetricsOverride", { width: 375, height: 800, deviceScaleFactor: 2, mobile: true });
	await until(b, "the plot fits a phone", `document.querySelector("#tests canvas").clientWidth <= 375`);
	const wide = await b.run(`return [document.documentElement.scrollWidth, innerWidth]`);
	check("nothing sticks out on a phone", wide[0] <= 375, wide);
	await keep(b, "phone");
	await b.cdp("Emulation.clearDeviceMetricsOverride");
	await b.cdp("Emulation.setEmulatedMedia", { media: "print" });
	equal("no buttons on paper", await b.run(`return getComputedStyle(document.getElementById("filter")).display`), "none");
	await b.cdp("Emulation.setEmulatedMedia", { media: "" });
	const pdf = await b.pdf();
	check("it can be printed", pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 20000, pdf.length);
}

async function testLarge(b) {
	const file = page("large", largeRun, 300), bytes = statSync(file).size;
	check("300 tests below 5 MB", bytes < 5e6, bytes);
	const begin = Date.now();
	await b.open(`file://${file}`);
	equal("300 tests", (await b.run(`return ${shown}`)).length, 300);
	const ms = Date.now() - begin;
	/* what makes it fast, said without a clock: nothing of a test is drawn before it is asked for */
	equal("only the list is drawn", await b.run(`return document.querySelectorAll(".body > section, canvas").length`), 0);
	await b.click(".test > summary");
	await until(b, "the first test opens", `!!document.querySelector("#tests canvas")`);
	equal("no error in the large one", await b.errors(), []);
	console.log(`300 tests: ${(bytes / 1e6).toFixed(1)} MB, open in ${ms} ms`);
}

const b = await browser(top);
try {
	await b.open(`file://${page("hostile", hostileRun)}`);
	await testFilters(b);
	await testStory(b);
	await testHostile(b);
	await testLooks(b);
	await testLarge(b);
} catch (e) {
	check("the test came to its end", false, String(e));
} finally {
	await b.quit();
	rmSync(top, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
