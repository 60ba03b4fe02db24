/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text and elements. Names and logs may hold anything: they only ever become text nodes. */
"use strict";

/* An element. Attributes are set as such, those with a function are listeners; children are elements, texts, or nothing. */
function h(tag, attributes, ...children) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {})) {
		if (typeof value === "function")
			e.addEventListener(name, value);
		else if (value !== null && value !== undefined && value !== false)
			e.setAttribute(name, value === true ? "" : value);
	}
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false && child !== "")
			e.append(child instanceof Node ? child : visible(String(child)));
	}
	return e;
}

/* What would not be seen, or would turn the text around, is written out. */
function visible(s) {
	return s.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
		(c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/* A byte string (each byte as the character of that number) as what it most likely meant. */
function bytes(s) {
	if (s === null || s === undefined)
		return "";
	s = String(s);
	if (!/[\u0080-\u00ff]/.test(s) || /[^\u0000-\u00ff]/.test(s))
		return s;
	try {
		return utf8.decode(Uint8Array.from(s, (c) => c.charCodeAt(0)));
	} catch {
		return s.replace(/[\u0080-\u00ff]/g, (c) => "\\x" + c.charCodeAt(0).toString(16));
	}
}

/* 1234 kB as "1.2 MiB". */
function size(kb) {
	if (typeof kb !== "number" || !isFinite(kb))
		return "";
	for (const unit of ["kB", "MiB", "GiB"]) {
		if (Math.abs(kb) < 1024 || unit === "GiB")
			return (unit === "kB" || Number.isInteger(kb) ? String(Math.round(kb)) : kb.toFixed(1)) + " " + unit;
		kb /= 1024;
	}
	return "";
}

/* A file's value in bytes, "max" or anything else, as a person reads it. */
function limit(value) {
	return /^\d{4,15}$/.test(value) ? size(Number(value) / 1024) : value === "max" ? "no limit" : value;
}

function plural(n, one, many) {
	return n + " " + (n === 1 ? one : many || one + "s");
}

/* What pack_small() packed. */
async function unpack(base64) {
	const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
	const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
	return JSON.parse(await new Response(stream).text());
}
