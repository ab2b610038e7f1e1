'use strict';
'require baseclass';

/*
 * The text of an access list: a line per torrent, its info hash first, a note behind it. The rules
 * are the tracker's (infolines.py). What an edit is not about stays as it is, to the last byte.
 */

/* A list that is to be empty has to say so: the tracker takes a file without comments for damaged. */
const EMPTY = '# No torrents.';
const MARK = '\ufeff';
const MOST_OF_A_NOTE = 200;
const DIGITS = 40;

const ENTRY = /^[0-9a-f]{40}(?![0-9a-f])/i;
const HASH = /^[0-9a-f]{40}$/i;
const BLANK = /[^ \t\r\v\f]/;
const LEADER = /^[#\s]+/;
const SPACES = /[\s\u0085]+/g;
/* What is not seen, or changes how the text around it is, but for what joins letters. */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu;

/* A note as it is written: one line of what can be seen. */
function cleanNote(text) {
	const seen = String(text == null ? '' : text).slice(0, 10 * MOST_OF_A_NOTE)
		.replace(SPACES, ' ').replace(UNSEEN, '').replace(LEADER, '');
	return Array.from(seen).slice(0, MOST_OF_A_NOTE).join('').trim();
}

/* The line of a torrent, without its end. */
function line(hash, note) {
	if (!HASH.test(hash))
		throw new Error(_('“%s” is no info hash: that has 40 hex digits.').format(hash));

	return (hash.toLowerCase() + ' ' + cleanNote(note)).trim();
}

/* Whether a text begins with a byte order mark, which is no part of the first line. */
function isMarked(text) {
	return text.charAt(0) === MARK;
}

/* Calls visit(start, end, number) for each line; what is behind the last line end is one, too. */
function eachLine(text, visit) {
	let start = isMarked(text) ? 1 : 0;
	for (let number = 1; start <= text.length; number++) {
		const found = text.indexOf('\n', start);
		const end = found < 0 ? text.length : found;
		visit(start, end, number);
		start = end + 1;
	}
}

/* The first character of a line that is no blank, or ''. */
function firstOf(text, start, end) {
	const found = BLANK.exec(text.slice(start, end));
	return found ? found[0] : '';
}

/* The hash that a line names, in lower case, or ''. */
function hashOf(text, start, end) {
	const named = end - start >= DIGITS && ENTRY.test(text.slice(start, Math.min(end, start + DIGITS + 1)));
	return named ? text.slice(start, start + DIGITS).toLowerCase() : '';
}

/*
 * What a list says: entries [{ hash, note, line }], each torrent once, with its first line;
 * duplicates, further lines of these; comments; ignored, lines that mean nothing, and firstIgnored,
 * the number of the first of them, from 1, or 0.
 */
function parse(text) {
	const list = { entries: [], duplicates: 0, comments: 0, ignored: 0, firstIgnored: 0 };
	const known = new Set();

	eachLine(text, (start, end, number) => {
		const hash = hashOf(text, start, end);
		const first = hash ? '' : firstOf(text, start, end);
		if (hash && known.has(hash)) {
			list.duplicates++;
		} else if (hash) {
			const note = text.slice(start + DIGITS, end).replace(LEADER, '').trim();
			known.add(hash);
			list.entries.push({ hash: hash, note: note, line: number });
		} else if (first === '#') {
			list.comments++;
		} else if (first) {
			list.ignored++;
			list.firstIgnored = list.firstIgnored || number;
		}
	});
	return list;
}

/* Returns text with each line replaced by change(start, end): null drops, undefined keeps it. */
function rewritten(text, change) {
	let made = '';
	let kept = 0;

	eachLine(text, (start, end) => {
		const changed = change(start, end);
		if (changed === undefined)
			return;
		made += text.slice(kept, start) + (changed === null ? '' : changed);
		kept = changed === null ? Math.min(end + 1, text.length) : end;
	});
	made += text.slice(kept);
	/* In front of a later line it hides an entry, as it shall when that line becomes the first. */
	return isMarked(made) && !isMarked(text) ? MARK + made : made;
}

function lineEnd(text) {
	const end = text.indexOf('\n');
	return end > 0 && text.charAt(end - 1) === '\r' ? '\r\n' : '\n';
}

function appended(text, lines) {
	const end = lineEnd(text);
	const open = text && text !== MARK && !text.endsWith('\n') ? end : '';
	return text + open + lines.map(each => each + end).join('');
}

/* The text as the tracker takes it: one without anything says that the list is empty. */
function kept(text) {
	const list = parse(text);
	return list.entries.length || list.comments || list.ignored ? text : appended(text, [ EMPTY ]);
}

/* A text that has lost its last entry: where lines are that mean nothing it would be refused. */
function emptied(text) {
	return kept(rewritten(text, (start, end) => {
		const first = firstOf(text, start, end);
		return first && first !== '#' ? '# ' + text.slice(start, end) : undefined;
	}));
}

/* A text that gets an entry no longer says that it is empty. */
function withoutEmpty(text) {
	return rewritten(text, (start, end) => {
		const whole = text.slice(start, end);
		return whole === EMPTY || whole === EMPTY + '\r' ? null : undefined;
	});
}

/* Adds entries [{ hash, note }]; returns { text, added, present }: how many, and how many were there. */
function addAll(text, entries) {
	const known = new Set(parse(text).entries.map(entry => entry.hash));
	const lines = [];

	for (const entry of entries) {
		const added = line(entry.hash, entry.note);
		const hash = entry.hash.toLowerCase();
		if (!known.has(hash))
			lines.push(added);
		known.add(hash);
	}
	return {
		text: lines.length ? appended(withoutEmpty(text), lines) : text,
		added: lines.length,
		present: entries.length - lines.length
	};
}

/* Adds a torrent; one that is listed already stays as it is. */
function add(text, hash, note) {
	return addAll(text, [ { hash: hash, note: note } ]).text;
}

/* Removes all lines of a torrent, or of several: an array. */
function remove(text, hashes) {
	const gone = new Set([].concat(hashes).map(hash => hash.toLowerCase()));
	const made = rewritten(text, (start, end) => gone.has(hashOf(text, start, end)) ? null : undefined);
	return made === text || parse(made).entries.length ? made : emptied(made);
}

/* Gives a torrent another note, or none. */
function annotate(text, hash, note) {
	const wanted = hash.toLowerCase();
	let done = false;

	return rewritten(text, (start, end) => {
		if (done || hashOf(text, start, end) !== wanted)
			return undefined;
		done = true;
		const cleaned = cleanNote(note);
		return text.slice(start, start + DIGITS) + (cleaned ? ' ' + cleaned : '') +
			(text.charAt(end - 1) === '\r' ? '\r' : '');
	});
}

/* The entries that have all of these words in hash or note. */
function search(entries, words) {
	const wanted = String(words || '').toLowerCase().split(/\s+/).filter(word => word);
	if (!wanted.length)
		return entries;

	return entries.filter(entry => {
		const text = entry.hash + ' ' + entry.note.toLowerCase();
		return wanted.every(word => text.includes(word));
	});
}

/* Page n of pages, both from 1, or the nearest there is, with size entries; first and last count all. */
function page(entries, n, size) {
	const pages = Math.max(1, Math.ceil(entries.length / size));
	const number = Math.min(Math.max(1, Math.floor(n) || 1), pages);
	const start = (number - 1) * size;
	const shown = entries.slice(start, start + size);

	return {
		entries: shown,
		page: number,
		pages: pages,
		first: shown.length ? start + 1 : 0,
		last: start + shown.length,
		total: entries.length
	};
}

return baseclass.extend({
	parse: parse,
	add: add,
	addAll: addAll,
	remove: remove,
	annotate: annotate,
	kept: kept,
	line: line,
	cleanNote: cleanNote,
	search: search,
	page: page
});
