'use strict';
'require baseclass';
'require opentracker.digests as digests';
'require opentracker.lists as lists';
'require opentracker.metainfo as metainfo';

/*
 * Which torrent is meant: by an info hash, a magnet link or a .torrent file. All return
 * { name, hashes }, the hashes as the tracker sees them: 40 hex digits each, in lower case; a hash of
 * BitTorrent v2 is cut to that. A hybrid torrent has two. Errors have a sentence for the reader.
 */

const MOST_OF_A_PASTE = 1024 * 1024;
const MOST_OF_AN_EXCERPT = 60;
const DIGITS = 40;

const HEX = /^[0-9a-f]+$/i;
const BASE32 = /^[a-z2-7]{32}$/i;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const FIRST_WORD = /^(?:urn:btih:|urn:btmh:)?([0-9a-z]+)/i;
const SEPARATOR = /^\S/;
const MAGNET = /magnet:\?/i;
const LINK_END = /[\s<>"'`]/;
const TOPIC = /^xt(\.\d+)?$/i;
const TOPIC_VALUE = /^urn:(bt[im]h):([0-9a-z]*)/i;
const SHA256_MARK = /^1220/;
const ADDRESS = /^(https?|ftp|udp):\/\//i;
const BENCODED = /^d\d+:/;

function excerpt(text) {
	const start = Array.from(lists.cleanNote(text.slice(0, 4 * MOST_OF_AN_EXCERPT)));
	const more = start.length > MOST_OF_AN_EXCERPT ? '…' : '';
	return start.slice(0, MOST_OF_AN_EXCERPT).join('') + more;
}

function hexOfBase32(text) {
	let bits = 0;
	let value = 0;
	let hex = '';
	for (const letter of text.toLowerCase()) {
		value = value << 5 | ALPHABET.indexOf(letter);
		for (bits += 5; bits >= 4; bits -= 4)
			hex += (value >>> bits - 4 & 15).toString(16);
		value &= 15;
	}
	return hex;
}

/* A hash as the tracker sees it, or '': 40 hex digits, 32 of base32, 64 hex digits of v2. */
function hashOf(text) {
	if (BASE32.test(text))
		return hexOfBase32(text);

	const whole = HEX.test(text) && (text.length === DIGITS || text.length === 64);
	return whole ? text.slice(0, DIGITS).toLowerCase() : '';
}

/* The hash of btmh: SHA-256 and its length say that they are one, in the first two bytes. */
function hashOfMultihash(text) {
	return SHA256_MARK.test(text) && text.length === 68 ? hashOf(text.slice(4)) : '';
}

/* Never throws: what is no encoding stays as it is. */
function decoded(text) {
	const spaced = text.replace(/\+/g, ' ');
	try {
		return decodeURIComponent(spaced);
	} catch (error) {
		return spaced;
	}
}

/* The [key, value] pairs of a link; `&amp;` is what a page's source has between them. */
function parameters(link) {
	return link.slice(link.indexOf('?') + 1).replace(/&amp;/gi, '&').split('&').map(part => {
		const sign = part.indexOf('=');
		return sign < 0 ? [ part, '' ] : [ decoded(part.slice(0, sign)), decoded(part.slice(sign + 1)) ];
	});
}

function distinct(values) {
	return Array.from(new Set(values));
}

/* The torrent of a magnet link, wherever that begins in the text. */
function fromMagnet(text) {
	const start = text.search(MAGNET);
	if (start < 0)
		throw new Error(_('“%s” is no magnet link: one begins with “magnet:?”.').format(excerpt(text)));

	const link = text.slice(start).split(LINK_END)[0];
	const hashes = [];
	let name = '';
	for (const [ key, value ] of parameters(link)) {
		if (key.toLowerCase() === 'dn')
			name = name || lists.cleanNote(value);
		if (!TOPIC.test(key))
			continue;
		const [ , kind, digits ] = TOPIC_VALUE.exec(value) || [ '', '', '' ];
		const hash = kind.toLowerCase() === 'btmh' ? hashOfMultihash(digits) : hashOf(digits);
		if (kind && !hash)
			throw new Error(_('The magnet link is damaged: “%s” is no info hash. Copy it once more, as a whole.').format(excerpt(value)));
		if (kind)
			hashes.push(hash);
	}
	if (!hashes.length)
		throw new Error(_('The magnet link “%s” names no torrent: it has no “xt=urn:btih:” with an info hash.').format(excerpt(link)));

	return { name: name, hashes: distinct(hashes) };
}

/* The torrent of an info hash that a text begins with, or null; what is behind it is the name. */
function fromHash(text) {
	const [ start, word ] = FIRST_WORD.exec(text) || [ '', '' ];
	const hash = hashOf(word) || hashOfMultihash(word);
	const behind = text.slice(start.length);
	return hash ? { name: lists.cleanNote(behind.replace(SEPARATOR, '')), hashes: [ hash ] } : null;
}

/* Why a text names no torrent. */
function refusal(text) {
	const [ , word ] = FIRST_WORD.exec(text) || [ '', '' ];

	if (ADDRESS.test(text))
		return new Error(_('“%s” is an address: get the .torrent file or the magnet link that is there.').format(excerpt(text)));
	if (BENCODED.test(text))
		return new Error(_('This is what a .torrent file holds: choose the file instead of pasting its content.'));
	if (HEX.test(word) && word.length >= 16)
		return new Error(_('“%s” has %d hex digits; an info hash has 40, or 64 for BitTorrent v2.').format(excerpt(word), word.length));
	return new Error(_('“%s” is neither a magnet link nor an info hash, which has 40 hex digits.').format(excerpt(text)));
}

/* A hash at the start wins: what comes after it, a name, may be anybody's words. */
function fromLine(line) {
	const torrent = fromHash(line);
	if (!torrent && !MAGNET.test(line))
		throw refusal(line);
	return torrent || fromMagnet(line);
}

/* The torrents of what was pasted, as an array: one in each line. Comments are skipped. */
function fromText(text) {
	const pasted = String(text == null ? '' : text);
	if (pasted.length > MOST_OF_A_PASTE)
		throw new Error(_('This text is too long to be pasted here: it has more than %d KiB. Import a list as a file.').format(MOST_OF_A_PASTE / 1024));

	const found = new Map();
	const lines = pasted.split(/\r\n?|\n/).map(each => each.trim());
	lines.forEach((line, index) => {
		if (!line || line.startsWith('#'))
			return;
		try {
			const torrent = fromLine(line);
			const key = torrent.hashes.join();
			if (!found.has(key) || !found.get(key).name)
				found.set(key, torrent);
		} catch (error) {
			throw lines.length === 1 ? error : new Error(_('Line %d: %s').format(index + 1, error.message));
		}
	});
	if (!found.size)
		throw new Error(_('There is nothing to add: paste a magnet link or an info hash, which has 40 hex digits.'));
	return Array.from(found.values());
}

/* The torrent of a .torrent file (Uint8Array). */
function fromTorrent(bytes) {
	const info = metainfo.read(bytes);
	const hashes = [];
	if (info.v1)
		hashes.push(digests.sha1(info.span));
	if (info.v2)
		hashes.push(digests.sha256(info.span).slice(0, DIGITS));
	return { name: lists.cleanNote(info.name), hashes: hashes };
}

return baseclass.extend({
	fromText: fromText,
	fromMagnet: fromMagnet,
	fromTorrent: fromTorrent
});
