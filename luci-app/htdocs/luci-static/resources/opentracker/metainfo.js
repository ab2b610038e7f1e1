'use strict';
'require baseclass';

/* What of a .torrent file makes its info hash (BEP 3, 52): the bytes of its info dictionary. */

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_DEPTH = 100;
const MOST_OF_A_KEY = 100;
const START_SHOWN = 24;

const COLON = 58;
const DICTIONARY = 100;
const END = 101;
const INTEGER = 105;
const LIST = 108;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

function isDigit(byte) {
	return byte >= ZERO && byte <= NINE;
}

function damaged(at) {
	return new Error(_('The .torrent file is damaged at byte %d: get it once more.').format(at));
}

function latin(bytes) {
	return Array.from(bytes, byte => String.fromCharCode(byte)).join('');
}

/* Returns where the digits from `at` on end; a 0 in front of others is an error. */
function endOfDigits(bytes, at) {
	let end = at;
	while (isDigit(bytes[end]))
		end++;
	if (end === at || (bytes[at] === ZERO && end > at + 1))
		throw damaged(at);
	return end;
}

/* Returns where a string's bytes [start, end] are. */
function stringAt(bytes, at) {
	const colon = endOfDigits(bytes, at);
	if (bytes[colon] !== COLON || colon - at > 9)
		throw damaged(at);

	let length = 0;
	for (let i = at; i < colon; i++)
		length = length * 10 + bytes[i] - ZERO;
	const end = colon + 1 + length;
	if (end > bytes.length)
		throw new Error(_('The .torrent file is cut short: get it once more.'));
	return [ colon + 1, end ];
}

function endOfInteger(bytes, at) {
	const negative = bytes[at + 1] === MINUS;
	const first = at + (negative ? 2 : 1);
	const end = endOfDigits(bytes, first);
	if (bytes[end] !== END || (negative && bytes[first] === ZERO))
		throw damaged(at);
	return end + 1;
}

/* Returns where the value at `at` ends. Nesting takes no stack: what is open is in an array. */
function endOfValue(bytes, at) {
	/* For each open one: null for a list, else whether a dictionary's key comes next. */
	const open = [];

	do {
		const kind = bytes[at];
		const inside = open.length - 1;
		const keyNext = inside >= 0 && open[inside];

		if (kind === END && inside >= 0 && keyNext !== false) {
			open.pop();
			at++;
		} else if (isDigit(kind)) {
			at = stringAt(bytes, at)[1];
		} else if (keyNext) {
			throw damaged(at);
		} else if (kind === INTEGER) {
			at = endOfInteger(bytes, at);
		} else if ((kind === LIST || kind === DICTIONARY) && open.length < MOST_DEPTH) {
			open.push(kind === LIST ? null : true);
			at++;
			continue;
		} else {
			throw damaged(Math.min(at, bytes.length));
		}
		/* A value or a key is over: in a dictionary the other comes next. */
		const outer = open.length - 1;
		if (outer >= 0 && open[outer] !== null)
			open[outer] = !open[outer];
	} while (open.length);
	return at;
}

/* The values of a dictionary as they stand there: Map of key -> bytes. */
function valuesOf(bytes, at) {
	const values = new Map();

	for (at++; bytes[at] !== END;) {
		const [ start, end ] = stringAt(bytes, at);
		const key = latin(bytes.subarray(start, Math.min(end, start + MOST_OF_A_KEY)));
		const next = endOfValue(bytes, end);
		if (values.has(key))
			throw damaged(at);
		values.set(key, bytes.subarray(end, next));
		at = next;
	}
	return values;
}

function textOf(value) {
	if (!value || !isDigit(value[0]))
		return '';
	const [ start, end ] = stringAt(value, 0);
	return new TextDecoder().decode(value.subarray(start, end));
}

function startOf(bytes) {
	const start = bytes.subarray(0, START_SHOWN);
	return Array.from(start, byte => byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·').join('');
}

/*
 * Returns { span, v1, v2, name }: the info dictionary as it stands in the file, for which versions of
 * BitTorrent it is (both in a hybrid one), and what the torrent calls itself.
 */
function read(bytes) {
	if (!bytes.length)
		throw new Error(_('The file is empty.'));
	if (bytes.length > MOST_BYTES)
		throw new Error(_('The file is no .torrent file, or too large for this page, which takes up to %d MiB.').format(MOST_BYTES / 1024 / 1024));
	if (bytes[0] !== DICTIONARY || !(isDigit(bytes[1]) || bytes[1] === END))
		throw new Error(_('This is no .torrent file: it begins with “%s”.').format(startOf(bytes)));

	const span = valuesOf(bytes, 0).get('info');
	if (!span || span[0] !== DICTIONARY)
		throw new Error(_('This is no .torrent file: it has no “info” that describes a torrent.'));

	const info = valuesOf(span, 0);
	const version = info.get('meta version');
	const second = version && latin(version.subarray(0, 3)) === 'i2e';
	const v1 = info.has('pieces');
	const v2 = second && info.has('file tree');
	if (version && !second)
		throw new Error(_('The .torrent file is of a version of BitTorrent that this page does not know.'));
	if (!v1 && !v2)
		throw new Error(_('The .torrent file is incomplete: it has no hashes of pieces.'));

	return { span: span, v1: v1, v2: v2, name: textOf(info.get('name.utf-8')) || textOf(info.get('name')) };
}

return baseclass.extend({
	read: read
});
