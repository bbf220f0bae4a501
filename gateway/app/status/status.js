/* The status page: asks for state.json every two seconds and shows it. What its members mean stands
 * in gateway/app/status.h. No library, no markup made of strings: names in it are clients' own words. */
"use strict";

const EVERY_MS = 2000, PATIENCE_MS = 8000, SAID_EVERY_MS = 60000, BAR_MINUTES = 3;
const HOUR_MS = 3600000, MINUTE_MS = 60000;

const RESULTS = {
	hit: "fresh, out of the cache",
	stale: "older than wanted, out of the cache; a newer one is being fetched",
	miss: "fetched for this request",
	collapsed: "waited for a call that another request had made",
	negative: "upstream says that there is no such thing",
	refused: "nothing stored, and no call left to fetch it",
	error: "could not be answered",
	invalid: "cannot be right; costs nothing",
};
const FROM_CACHE = ["hit", "stale"];
const WANTED = [...FROM_CACHE, "miss", "collapsed", "refused", "error"];
const CLASSES = { demand: "for clients", background: "refreshing", other: "by others" };
const MARKS = {
	good: "M14 25l7 7 13-15", degraded: "M24 13v14M24 35v.01", bad: "M16 16l16 16M32 16l-16 16",
	idle: "M15 24h18", wait: "M16 24v.01M24 24v.01M32 24v.01",
};

const $ = id => document.getElementById(id);
let now = 0; /* by the gateway's clock */

/* ---- words ---- */

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit",
	hourCycle: "h23" });
const day = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function count(n, word) {
	return `${number.format(n)} ${word}${n === 1 ? "" : "s"}`;
}

/* Never more than there is: 99.96 % is not called 100 %. */
function percent(ratio) {
	return ratio === null || ratio === undefined ? "–" : `${number.format(Math.floor(ratio * 1000) / 10)} %`;
}

/* Rounded, but what is there is never nothing. */
function share(part, whole) {
	if (!whole) return "–";
	return part && part / whole < .001 ? "< 0.1 %" : percent(part / whole);
}

function span(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	if (s < 120) return `${s} s`;
	if (s < 7200) return `${Math.round(s / 60)} min`;
	if (s < 172800) return `${number.format(Math.round(s / 360) / 10)} h`;
	return `${Math.round(s / 86400)} days`;
}

function took(ms) {
	return ms < 100 ? `${number.format(ms)} ms` : `${number.format(ms / 1000)} s`;
}

function sum(numbers) {
	return numbers.reduce((total, n) => total + (n || 0), 0);
}

/* ---- making elements ---- */

function make(name, attributes, ...children) {
	return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {}))
		element.setAttribute(name, value);
	element.append(...children.filter(child => child !== null));
	return element;
}

/* What has not changed is left alone: a selection and a screen reader's place in it stay. */
const shown = new Map();

function changed(name, ...what) {
	const text = JSON.stringify(what);
	const same = shown.get(name) === text;
	shown.set(name, text);
	return !same;
}

function say(id, text) {
	if ($(id).textContent !== text) $(id).textContent = text;
}

/* ---- the sentence ---- */

let said = { level: "", text: "", at: -Infinity };

/* It is read out when things have changed, or once a minute: its numbers change all the time. */
function announce(level, text) {
	const at = performance.now();
	if (text === said.text || level === said.level && at - said.at < SAID_EVERY_MS) return;
	said = { level, text, at };
	say("announce", text);
}

/* A number and its unit stay on one line. */
function tie(text) {
	return text.replace(/(\d) (?=(s|min|h|days|%)(?![a-z]))/g, "$1\u00a0");
}

function showVerdict({ level, sentence, notes }) {
	$("verdict").dataset.level = level;
	$("mark").setAttribute("d", MARKS[level] || MARKS.wait);
	say("sentence", tie(sentence));
	if (changed("notes", notes))
		$("notes").replaceChildren(...notes.map(note => make("li", {}, tie(note))));
	announce(level, sentence);
	document.title = `${{ good: "✓", degraded: "!", bad: "✗" }[level] || "–"} perigee status`;
}

/* ---- the four figures ---- */

function figure(id, value, more, level) {
	say(`figure-${id}`, value);
	say(`more-${id}`, more);
	$(`figure-${id}`).dataset.level = level || "";
}

function upstreamFigure(state) {
	const { answered, refused, failed, mean_ms } = state.upstream;
	const calls = answered + refused + failed;
	const cooling = state.budgets.find(b => b.cooldown_until > now);
	const silent = state.budgets.find(b => b.breaker_open);
	const each = mean_ms === null ? "" : `, ${took(mean_ms)} each`;
	const more = calls ? `${count(calls, "call")} in the last hour${each}` : "no call in the last hour";
	if (state.upstream.mode === "never") return ["switched off", "as an operator has said", "degraded"];
	if (state.upstream.mode === "avoid") return ["avoided", "as an operator has said", "degraded"];
	if (silent) return ["no answer", `${failed} of ${count(calls, "call")} failed`, "bad"];
	if (cooling) return ["refuses", `until ${clock.format(cooling.cooldown_until)}`, "degraded"];
	if (failed) return [failed < answered ? "answers" : "fails", `${failed} of ${count(calls, "call")} failed`,
		failed < answered ? "" : "bad"];
	return [calls ? "answers" : "not asked", more, ""];
}

function showFigures(state) {
	const { hit_ratio, last_hour, per_minute } = state.requests;
	const asked = sum(Object.values(last_hour));
	const trouble = last_hour.refused + last_hour.error;
	figure("hits", percent(hit_ratio), trouble ? `${count(trouble, "request")} not answered` : "all answered",
		trouble ? "degraded" : "");
	if (hit_ratio === null) say("more-hits", "no request in the last hour");
	figure("rate", number.format(per_minute < 10 ? per_minute : Math.round(per_minute)), `${number.format(asked)} in the last hour`);
	figure("upstream", ...upstreamFigure(state));
	const { up, ping_ms, errors } = state.redis;
	figure("redis", up ? "up" : "away", up ? `answers in ${number.format(ping_ms)} ms` : `${count(errors, "error")} so far`,
		up ? "" : "bad");
}

/* ---- charts over time ---- */

/* The minutes in groups that begin at round times, so that they stay as they are when time moves on:
 * [{from, to, counts: {hit: n, ...}, known, part}], oldest first. The last one may be a part. */
function groups({ first, counts }, size) {
	const n = counts.hit.length, found = [], begun = first / MINUTE_MS % size;
	for (let i = (size - begun) % size; i < n; i += size) {
		const part = {};
		for (const result of Object.keys(RESULTS))
			part[result] = sum(counts[result].slice(i, i + size));
		found.push({ from: first + i * MINUTE_MS, to: first + (i + size) * MINUTE_MS, counts: part,
			part: i + size > n, known: counts.hit.slice(i, i + size).some(value => value !== null) });
	}
	return found;
}

function ratioOf(counts) {
	const wanted = sum(WANTED.map(result => counts[result]));
	return wanted ? sum(FROM_CACHE.map(result => counts[result])) / wanted : null;
}

/* Moments that people call round, so many minutes apart. Half the world's clocks are whole hours
 * from UTC; the others see :30 and :45. */
function roundTimes(from, to, minutes) {
	const step = minutes * MINUTE_MS, found = [];
	for (let at = Math.ceil(from / step) * step; at <= to; at += step)
		found.push(at);
	return found;
}

/* A frame with a scale, times below it, and a line of words for the group that the pointer or the
 * arrow keys are at. `paint(group, x, width, y)` draws one group; `words(group)` describes it. */
class Chart {
	constructor(id, label) {
		this.svg = draw("svg", { role: "img", tabindex: 0, height: 160 });
		this.words = make("output", {});
		this.label = label;
		this.at = null;
		$(id).replaceChildren(this.svg, this.words);
		for (const event of ["pointermove", "pointerdown"])
			this.svg.addEventListener(event, event => this.point(event));
		this.svg.addEventListener("pointerleave", () => this.move(null));
		this.svg.addEventListener("blur", () => this.move(null));
		this.svg.addEventListener("keydown", event => this.key(event));
		new ResizeObserver(() => this.paint()).observe($(id));
	}

	show(chart) {
		this.chart = chart;
		this.paint();
	}

	point(event) {
		if (!this.chart) return;
		const box = this.svg.getBoundingClientRect();
		const share = (event.clientX - box.left - 36) / (box.width - 36);
		this.move(Math.floor(share * this.chart.groups.length));
	}

	key(event) {
		const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
		if (event.key === "Escape") this.move(null);
		if (!step || !this.chart) return;
		event.preventDefault();
		this.move((this.at === null ? this.chart.groups.length : this.at) + step);
	}

	move(at) {
		if (at !== null && this.chart) at = Math.min(Math.max(at, 0), this.chart.groups.length - 1);
		if (at === this.at) return;
		this.at = at;
		this.paint();
	}

	paint() {
		const width = this.svg.clientWidth;
		if (!this.chart || !width) return;
		const { groups, low, high, scale, summary, paint, words } = this.chart;
		const left = 36, top = 8, bottom = 136, step = (width - left) / groups.length;
		const y = value => bottom - (value - low) / (high - low) * (bottom - top);
		const x = i => left + i * step;
		const parts = [low, (low + high) / 2, high].map(value => draw("g", {},
			draw("line", { class: "grid", x1: left, x2: width, y1: y(value), y2: y(value) }),
			draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, scale(value))));
		const from = groups[0].from, to = groups.at(-1).to;
		for (const at of roundTimes(from, to, width > 440 ? 30 : 60)) {
			const middle = left + (at - from) / (to - from) * (width - left);
			if (middle < width - 16)
				parts.push(draw("text", { x: middle, y: 154, "text-anchor": "middle" }, clock.format(at)));
		}
		parts.push(...paint(groups, x, step, y));
		if (this.at !== null)
			parts.push(draw("line", { class: "cursor", x1: x(this.at + .5), x2: x(this.at + .5), y1: top, y2: bottom }));
		if (!groups.some(group => group.known && sum(Object.values(group.counts))))
			parts.push(draw("text", { x: (left + width) / 2, y: 46, "text-anchor": "middle" }, "No request in the last three hours"));
		this.svg.setAttribute("aria-label", `${this.label}: ${summary}. Arrow keys go through the times.`);
		this.svg.replaceChildren(...parts);
		this.words.textContent = this.at === null ? "Point at it, or use the arrow keys, for numbers." :
			`${clock.format(groups[this.at].from)} to ${clock.format(groups[this.at].to)}: ${words(groups[this.at])}`;
	}
}

function ratioLine(groups, x, step, y) {
	const parts = [];
	let line = [];
	const end = () => {
		if (line.length === 1) parts.push(draw("circle", { class: "point", cx: line[0][0], cy: line[0][1], r: 2.5 }));
		if (line.length > 1) parts.push(draw("polyline", { class: "ratio", points: line.map(p => p.join()).join(" ") }));
		line = [];
	};
	groups.forEach((group, i) => {
		const ratio = group.known ? ratioOf(group.counts) : null;
		if (ratio === null) end();
		else line.push([x(i + .5), y(ratio)]);
	});
	end();
	return parts;
}

function resultBars(groups, x, step, y) {
	return groups.flatMap((group, i) => {
		let below = 0;
		return Object.keys(RESULTS).filter(result => group.counts[result]).map(result => {
			const from = below;
			below += group.counts[result];
			return draw("rect", { class: group.part ? `${result} part` : result, x: x(i) + step * .1, width: step * .8, y: y(below),
				height: Math.max(y(from) - y(below), .5) });
		});
	});
}

/* 1, 2 or 5 times a power of ten: a scale that people can read. */
function roundUp(n) {
	const ten = Math.pow(10, Math.floor(Math.log10(Math.max(n, 1))));
	return [1, 2, 5, 10].find(k => k * ten >= Math.max(n, 2)) * ten;
}

let ratioChart, resultChart;

function showCharts(state) {
	if (!changed("charts", state.requests.minutes)) return;
	const all = groups(state.requests.minutes, BAR_MINUTES);
	const ratios = all.filter(g => g.known).map(g => ratioOf(g.counts)).filter(r => r !== null);
	const lowest = Math.min(1, ...ratios);
	const low = lowest >= .92 ? .9 : lowest >= .55 ? .5 : 0;
	const most = roundUp(Math.max(...all.map(g => sum(Object.values(g.counts)))));
	ratioChart.show({ groups: all, low, high: 1, paint: ratioLine,
		scale: value => `${Math.round(value * 100)} %`,
		summary: ratios.length ? `from ${percent(lowest)} to ${percent(Math.max(...ratios))}` : "no request",
		words: g => g.known ? `${percent(ratioOf(g.counts))} from the cache` : "no worker was running" });
	resultChart.show({ groups: all, low: 0, high: most, paint: resultBars,
		scale: value => number.format(value),
		summary: `at most ${number.format(Math.max(...all.map(g => sum(Object.values(g.counts)))))} in ${BAR_MINUTES} minutes`,
		words: g => !g.known ? "no worker was running" : Object.keys(RESULTS).filter(r => g.counts[r])
			.map(r => `${number.format(g.counts[r])} ${r}`).join(", ") || "no request" });
	showMinutes(state.requests.minutes);
}

function showMinutes(minutes) {
	const rows = groups(minutes, 1).reverse();
	const used = Object.keys(RESULTS).filter(result => rows.some(row => row.counts[result]));
	$("minutes-head").replaceChildren(make("tr", {}, make("th", { scope: "col" }, "Minute"),
		...used.map(result => make("th", { scope: "col", class: "n" }, result)),
		make("th", { scope: "col", class: "n" }, "from the cache")));
	$("minutes").replaceChildren(...rows.map(row => make("tr", {},
		make("th", { scope: "row" }, clock.format(row.from)),
		...used.map(result => make("td", { class: "n" }, row.known ? number.format(row.counts[result]) : "–")),
		make("td", { class: "n" }, percent(ratioOf(row.counts))))));
}

function swatch(name) {
	return draw("svg", { class: `swatch ${name}`, viewBox: "0 0 10 10", "aria-hidden": "true" },
		draw("rect", { width: 10, height: 10, rx: 2 }));
}

function showResults({ total, last_hour }) {
	if (!changed("results", total, last_hour)) return;
	const all = sum(Object.values(last_hour));
	$("results").replaceChildren(...Object.entries(RESULTS).map(([result, meaning]) => make("tr",
		{ id: `result-${result}`, class: last_hour[result] ? "" : "zero" },
		make("th", { scope: "row" }, swatch(result), result, make("span", { class: "what" }, meaning)),
		make("td", { class: "n" }, number.format(last_hour[result])),
		make("td", { class: "n share" }, share(last_hour[result], all)),
		make("td", { class: "n", "data-total": total[result] }, number.format(total[result])))));
}

/* ---- budgets ---- */

function arc(from, to) {
	const at = share => {
		const angle = Math.PI * (1 - share);
		return `${(110 + 90 * Math.cos(angle)).toFixed(2)} ${(108 - 90 * Math.sin(angle)).toFixed(2)}`;
	};
	return `M${at(from)}A90 90 0 0 1 ${at(to)}`;
}

/* A slot for each call where they can be told apart, coloured by who took it; else two arcs. */
function gauge(budget) {
	const { limit, used, known, calls } = budget;
	const free = Math.max(0, limit - used);
	const svg = draw("svg", { class: "gauge", viewBox: "0 0 220 122", role: "meter", "aria-valuemin": 0,
		"aria-valuemax": limit, "aria-valuenow": known ? free : 0, "aria-label": `Calls left of ${budget.name}`,
		"aria-valuetext": known ? `${free} of ${count(limit, "call")} left` : "not known" });
	if (limit <= 40) {
		const classes = calls.slice(-used).map(call => call.class);
		const gap = limit > 1 ? .12 / limit : 0;
		for (let i = 0; i < limit; i++) {
			const taken = known && i < used ? `taken ${classes[i] || ""}` : "";
			svg.append(draw("path", { class: `slot ${taken}`, d: arc((i + gap * limit / 2) / limit, (i + 1 - gap * limit / 2) / limit) }));
		}
	} else {
		svg.append(draw("path", { class: "slot", d: arc(0, 1) }));
		if (known && used) svg.append(draw("path", { class: "slot taken demand", d: arc(0, Math.min(used / limit, 1)) }));
	}
	svg.append(draw("text", { class: "big", x: 110, y: 98 }, known ? number.format(free) : "?"),
		draw("text", { x: 110, y: 117 }, `of ${number.format(limit)} left`));
	return svg;
}

function nextFree({ known, used, limit, next_free_at, cooldown_until, breaker_open }) {
	if (!known) return "Redis, which counts the calls, is away";
	if (cooldown_until > now) return `upstream wants none before ${clock.format(cooldown_until)}`;
	if (breaker_open) return "upstream does not answer; one call will try";
	if (used < limit) return "a call is free now";
	if (!next_free_at || next_free_at <= now) return "a call is free any moment";
	return `next one free at ${clock.format(next_free_at)}, in ${span(next_free_at - now)}`;
}

/* The last hour from left to right, a line for each class. */
function timeline(budget, width) {
	const lanes = Object.keys(CLASSES), left = width > 480 ? 92 : 74, right = width - 14;
	const x = at => left + Math.max(0, Math.min(1, 1 - (now - at) / HOUR_MS)) * (right - left);
	const y = name => 22 + lanes.indexOf(name) * 34;
	const svg = draw("svg", { role: "img", width, height: 138, "aria-label":
		`Calls of the last hour: ${lanes.map(name => `${sum(budget.calls.map(c => c.class === name ? 1 : 0))} ${CLASSES[name]}`).join(", ")}` });
	for (const name of lanes)
		svg.append(draw("line", { class: "lane", x1: left, x2: right, y1: y(name), y2: y(name) }),
			draw("text", { x: 0, y: y(name) + 4 }, CLASSES[name]));
	const ticks = roundTimes(now - HOUR_MS, now - (width > 480 ? 4 : 8) * MINUTE_MS, width > 480 ? 10 : 20);
	for (const at of [...ticks, now])
		svg.append(draw("line", { class: "grid", x1: x(at), x2: x(at), y1: 8, y2: 108 }),
			draw("text", { x: x(at), y: 128, "text-anchor": "middle" }, at === now ? "now" : clock.format(at)));
	for (const call of budget.calls)
		svg.append(draw("circle", { class: `call ${call.class}${call.in_flight ? " in-flight" : ""}`,
			cx: x(call.at), cy: y(call.class), r: 6 },
			draw("title", {}, `${exact.format(call.at)} ${CLASSES[call.class]}${call.in_flight ? ", under way" : ""}`)));
	return svg;
}

function callTable() {
	return make("details", {}, make("summary", {}, "The calls as a table"),
		make("div", { class: "wide scroll", tabindex: 0, role: "region", "aria-label": "Calls of the last hour" },
			make("table", {},
				make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "When"), make("th", { scope: "col" }, "Class"))),
				make("tbody", {}))));
}

function budgetCard({ name, limit, window_s }, kind, ...content) {
	const window = window_s === 3600 ? "an hour" : span(window_s * 1000);
	const id = `h-budget-${name}`;
	return make("section", { class: kind, "data-budget": name, "aria-labelledby": id },
		make("h2", { id }, `Quota of ${name} `,
			make("small", {}, `${count(limit, "call")} in ${window}, shared by all hosts`)), ...content);
}

/* `5 calls in 1 s` has come and gone before anybody looks: such a budget is a line of words. */
const DRAWN_FROM_S = 600;

class ShortBudget {
	constructor(budget) {
		this.words = make("p", { class: "none" });
		this.card = budgetCard(budget, "card", this.words);
	}

	show(budget) {
		this.words.textContent = budget.known ? `${budget.limit - budget.used} left; ${nextFree(budget)}.` :
			`${nextFree(budget)}.`;
	}
}

class Budget {
	constructor(budget) {
		this.gauge = make("div", {});
		this.next = make("p", { class: "next" });
		this.line = make("div", { class: "line" });
		this.details = callTable();
		this.card = budgetCard(budget, "card budget", make("div", {}, this.gauge, this.next),
			make("div", {}, this.line, this.details));
		new ResizeObserver(() => this.draw()).observe(this.line);
	}

	show(budget) {
		this.budget = budget;
		if (changed(`gauge ${budget.name}`, budget))
			this.gauge.replaceChildren(gauge(budget));
		this.next.textContent = nextFree(budget);
		this.draw();
		if (!changed(`calls ${budget.name}`, budget.calls)) return;
		this.details.querySelector("tbody").replaceChildren(...[...budget.calls].reverse().map(call => make("tr", {},
			make("td", {}, exact.format(call.at)),
			make("td", {}, CLASSES[call.class] + (call.in_flight ? ", under way" : "")))));
	}

	draw() {
		const width = this.line.clientWidth;
		if (!this.budget || !width) return;
		this.line.replaceChildren(this.budget.known ? timeline(this.budget, width) :
			make("p", { class: "none" }, "Not known while Redis is away."));
	}
}

const budgets = new Map();

function showBudgets(list) {
	for (const budget of list) {
		if (!budgets.has(budget.name)) {
			const short = budget.window_s < DRAWN_FROM_S;
			budgets.set(budget.name, short ? new ShortBudget(budget) : new Budget(budget));
			$(short ? "short-budgets" : "budgets").append(budgets.get(budget.name).card);
		}
		budgets.get(budget.name).show(budget);
	}
}

/* ---- lists ---- */

function showFills(fills, all) {
	$("no-fills").hidden = fills.length > 0;
	if (!changed("fills", fills, all)) return;
	$("fills").replaceChildren(...fills.map(one => make("li", {}, make("code", {}, one.target),
		make("span", { class: "tag" }, CLASSES[one.class] +
			(one.calling ? ", upstream is being asked" : ", waiting for its turn") +
			(one.waiting ? `; ${count(one.waiting, "client")} waiting` : "")))));
	if (all > fills.length)
		$("fills").append(make("li", { class: "none" }, `and ${all - fills.length} more`));
}

function freshBar(age, life) {
	const share = life > 0 ? age / life : 2;
	return draw("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
		draw("rect", { class: "back", width: 100, height: 10 }),
		draw("rect", { class: share < 1 ? "hit" : "stale", width: Math.max(1, Math.min(share, 1) * 100), height: 10 }));
}

function wantedRow(one) {
	const name = make("th", { scope: "row" }, make("code", {}, one.target));
	const asked = make("td", { class: "n", "data-name": "asked" }, number.format(one.asked));
	if (!one.fetched_at)
		return make("tr", {}, name, asked, make("td", { class: "n", "data-name": "age" }, "–"),
			make("td", { class: "bar" }, make("small", {}, "not stored")));
	const age = now - one.fetched_at, left = one.fresh_until - now;
	return make("tr", {}, name, asked,
		make("td", { class: left > 0 ? "n" : "n late", "data-name": "age" }, span(age)),
		make("td", { class: "bar" }, freshBar(age, one.fresh_until - one.fetched_at),
			make("small", {}, left > 0 ? `fresh for ${span(left)}` : `stale for ${span(-left)}`)));
}

function showLists({ wanted, slowest }) {
	$("no-wanted").hidden = wanted.length > 0;
	$("wanted-table").hidden = !wanted.length;
	/* Ages move on: once in a while, not each time. */
	if (changed("wanted", wanted, Math.floor(now / 10000)))
		$("wanted").replaceChildren(...wanted.map(wantedRow));
	$("no-slowest").hidden = slowest.length > 0;
	$("slowest-table").hidden = !slowest.length;
	if (changed("slowest", slowest))
		$("slowest").replaceChildren(...slowest.map(one => make("tr", {},
			make("th", { scope: "row" }, make("code", {}, one.target)),
			make("td", { class: "n", "data-name": "longest" }, took(one.took_ms)),
			make("td", { class: "n", "data-name": "asked" }, number.format(one.times)))));
}

/* ---- the whole, again and again ---- */

let lastGood = null; /* when, by this machine's clock */

function pulse(state, text) {
	$("pulse").dataset.state = state;
	say("pulse-text", text);
}

function show(state) {
	now = state.now;
	showVerdict(state.verdict);
	showFigures(state);
	showCharts(state);
	showResults(state.requests);
	showBudgets(state.budgets);
	showFills(state.fills, state.fills_all);
	showLists(state);
	say("version", state.version);
	say("since", `${count(state.workers, "worker")} on this host, the youngest since ${day.format(state.started)}.`);
	$("board").setAttribute("aria-busy", "false");
	$("board").hidden = false;
	delete $("board").dataset.stale;
	pulse("live", `live, ${exact.format(now)}`);
	lastGood = Date.now();
}

function showLost(why) {
	const notes = [why, lastGood ? `What stands below is from ${exact.format(lastGood)}.` : "Nothing has been heard yet."];
	showVerdict({ level: "bad", sentence: "The gateway does not answer this page.",
		notes: [...notes, "It is asked again every two seconds."] });
	$("board").dataset.stale = "";
	$("board").hidden = !lastGood;
	pulse("lost", lastGood ? `lost, ${exact.format(lastGood)}` : "no answer");
}

async function ask() {
	const answer = await fetch("state.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
	if (answer.status === 403) throw new Error("It is not open to your address (403).");
	if (!answer.ok) throw new Error(`nginx is there, but no worker behind it answers (${answer.status}).`);
	return answer.json();
}

async function run() {
	try {
		show(await ask());
	} catch (error) {
		showLost(error.name === "TypeError" ? "Neither nginx nor a worker can be reached." :
			error.name === "TimeoutError" ? "The answer takes too long." : error.message);
	}
	setTimeout(document.hidden ? whenSeen : run, EVERY_MS);
}

/* A page that nobody sees asks for nothing. */
function whenSeen() {
	if (!document.hidden) run();
	else document.addEventListener("visibilitychange", run, { once: true });
}

ratioChart = new Chart("chart-ratio", "From the cache, last three hours");
resultChart = new Chart("chart-results", "Requests by result, last three hours");
showVerdict({ level: "wait", sentence: "Asking the gateway how it is …", notes: [] });
run();
