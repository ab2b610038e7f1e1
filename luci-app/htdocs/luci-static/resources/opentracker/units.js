'use strict';
'require baseclass';

/* Numbers as people read them. What is no number, as a figure that is missing, becomes a dash. */

const NOTHING = '–';
const BINARY = [ 'KiB', 'MiB', 'GiB', 'TiB' ];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/* A separator that means the same in all languages. */
const THIN_SPACE = '\u202f';

function isNumber(n) {
	return typeof n === 'number' && isFinite(n);
}

function grouped(n) {
	const digits = String(n);
	return digits.length < 4 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/* A decimal for small numbers, unless it is 0. */
function short(n) {
	return n < 99.95 ? String(Number(n.toFixed(1))) : count(n);
}

/* "12 345" */
function count(n) {
	if (!isNumber(n))
		return NOTHING;

	const whole = Math.round(Math.abs(n));
	const text = whole < 1e21 ? grouped(whole) : whole.toExponential(1);
	return n < 0 && whole ? '−' + text : text;
}

/* "1.5 MiB" */
function bytes(n) {
	if (!isNumber(n) || n < 0)
		return NOTHING;

	if (n < 1023.5)
		return _('%s B').format(count(n));

	let unit = 0;
	let size = n / 1024;
	while (size >= 1023.5 && unit < BINARY.length - 1) {
		size /= 1024;
		unit++;
	}
	return '%s %s'.format(short(size), BINARY[unit]);
}

/* "12.3/s" */
function rate(n) {
	if (!isNumber(n) || n < 0)
		return NOTHING;

	return _('%s/s').format(short(n));
}

/* "3 d 4 h 5 min"; seconds only within the first hour. */
function duration(seconds) {
	if (!isNumber(seconds) || seconds < 0)
		return NOTHING;

	const whole = Math.floor(seconds);
	const parts = [];
	if (whole >= DAY)
		parts.push(_('%s d').format(count(Math.floor(whole / DAY))));
	if (whole >= HOUR)
		parts.push(_('%s h').format(String(Math.floor(whole % DAY / HOUR))));
	if (whole >= MINUTE)
		parts.push(_('%s min').format(String(Math.floor(whole % HOUR / MINUTE))));
	if (whole < HOUR)
		parts.push(_('%s s').format(String(whole % MINUTE)));
	return parts.join(' ');
}

return baseclass.extend({
	bytes: bytes,
	count: count,
	rate: rate,
	duration: duration
});
