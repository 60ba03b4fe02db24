// SPDX-License-Identifier: GPL-2.0-or-later
// As much of WebDriver as a test of one page needs: chromedriver over HTTP, nothing from npm.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export async function browser(scratch) {
	const driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
	const port = await new Promise((resolve, reject) => {
		createInterface({ input: driver.stdout }).on("line", (line) => {
			const found = /successfully on port (\d+)/.exec(line);
			if (found)
				resolve(found[1]);
		});
		driver.on("exit", () => reject(new Error("chromedriver ended")));
	});
	const call = async (method, path, body) => {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
		const { value } = await answer.json();
		if (!answer.ok)
			throw new Error(`${path}: ${value.error}: ${value.message.split("\n")[0]}`);
		return value;
	};
	const args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--force-device-scale-factor=1", `--user-data-dir=${scratch}/profile`,
		"--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1200,900"];
	const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch: { browserName: "chrome",
		"goog:loggingPrefs": { browser: "ALL" }, "goog:chromeOptions": { binary: "/usr/bin/chromium", args } } } });
	const at = (method, path, body) => call(method, `/session/${sessionId}${path}`, body);
	const find = async (css) => (await at("POST", "/element", { using: "css selector", value: css }))[ELEMENT];
	return {
		open: (url) => at("POST", "/url", { url }),
		run: (script, ...args) => at("POST", "/execute/async", { args, script:
			`const done = arguments[arguments.length - 1]; (async (...a) => { ${script} })(...arguments).then(done, (e) => done("" + e));` }),
		click: async (css) => at("POST", `/element/${await find(css)}/click`, {}),
		/* key presses to whatever has the focus, as a keyboard sends them */
		keys: (...keys) => at("POST", "/actions", { actions: [{ type: "key", id: "keyboard",
			actions: keys.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]) }] }),
		errors: async () => (await at("POST", "/se/log", { type: "browser" })).filter((e) => e.level === "SEVERE").map((e) => e.message),
		cdp: (cmd, params = {}) => at("POST", "/goog/cdp/execute", { cmd, params }),
		shot: async () => Buffer.from(await at("GET", "/screenshot"), "base64"),
		pdf: async () => Buffer.from(await at("POST", "/print", {}), "base64"),
		quit: async () => {
			await at("DELETE", "").catch(() => {});
			driver.removeAllListeners("exit");
			driver.kill();
		},
	};
}
