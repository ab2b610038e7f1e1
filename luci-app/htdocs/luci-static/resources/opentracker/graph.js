'use strict';
'require baseclass';
'require opentracker.units as units';

/* Where the lines of a graph of requests per second go, in the coordinates of an SVG. */

const MOST_ROWS = 5;
const LEAST_TOP = 1;
const MOST = 1e15;

/* Figures come by JSON: whatever is no number counts as none. */
function number(value) {
	return typeof value === 'number' && isFinite(value) && value > 0 ? value : 0;
}

function series(values, seconds, most) {
	return (Array.isArray(values) ? values.slice(-most) : [])
		.map(value => Math.min(number(value) / seconds, MOST));
}

function largest(values) {
	return values.reduce((most, value) => Math.max(most, value), 0);
}

/* The smallest of 1, 2 or 5 times a power of ten that is at least this large. */
function nice(least) {
	const power = Math.pow(10, Math.floor(Math.log10(least)));
	return power * [ 1, 2, 5, 10 ].find(factor => factor * power >= least || factor === 10);
}

function coordinate(value) {
	return String(Math.round(value * 10) / 10);
}

/* Points are given twice where there is one alone, so that a line shows. */
function curve(rates, gap, top, width, height) {
	const points = rates.map((rate, index) => '%s,%s'.format(
		coordinate(width - (rates.length - 1 - index) * gap),
		coordinate(height - rate / top * height)));
	const left = coordinate(width - Math.max(0, rates.length - 1) * gap);
	const below = [ '%s,%s'.format(coordinate(width), height), '%s,%s'.format(left, height) ];

	return {
		line: (points.length === 1 ? points.concat(points) : points).join(' '),
		area: points.length ? points.concat(below).join(' ') : '',
		now: rates.length ? rates[rates.length - 1] : 0,
		average: rates.length ? rates.reduce((sum, rate) => sum + rate, 0) / rates.length : 0,
		peak: largest(rates)
	};
}

/*
 * For history = { seconds, http: [...], udp: [...] }, numbers of requests in each `seconds`, oldest
 * first, returns for a graph of width and height that shows the last `minutes`:
 *   top         requests per second at the upper edge
 *   rows        [{ y, label }] from below, the first is 0
 *   columns     [{ x, label }] one for each full minute before now, the latest first
 *   http, udp   { line, area, now, average, peak }: points of a polyline and of the polygon below
 *               it, and requests per second
 */
function draw(history, width, height, minutes) {
	const given = history || {};
	const seconds = number(given.seconds) || 1;
	const gap = width * seconds / (minutes * 60);
	const most = Math.floor(minutes * 60 / seconds) + 1;
	const http = series(given.http, seconds, most);
	const udp = series(given.udp, seconds, most);
	const peak = Math.max(LEAST_TOP, largest(http), largest(udp));
	const step = nice(peak / MOST_ROWS);
	const steps = Math.ceil(peak / step);
	const top = steps * step;

	const rows = [];
	for (let row = 0; row <= steps; row++)
		rows.push({ y: height - row / steps * height, label: units.rate(row * step) });

	const columns = [];
	for (let minute = 1; minute < minutes; minute++)
		columns.push({ x: width - minute / minutes * width, label: _('%s min').format(minute) });

	return {
		top: top,
		rows: rows,
		columns: columns,
		http: curve(http, gap, top, width, height),
		udp: curve(udp, gap, top, width, height)
	};
}

return baseclass.extend({
	draw: draw
});
