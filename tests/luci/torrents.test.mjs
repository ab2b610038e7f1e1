import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { load } from './load.mjs';

const torrents = load('opentracker.torrents');
const HASH = '0123456789abcdef0123456789abcdef01234567';
const OTHER = 'f'.repeat(40);
const BASE32 = 'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH';
const V2 = HASH + 'e'.repeat(24);

function assertNamed(text, name, ...hashes) {
	assert.deepEqual(torrents.fromText(text), [{ name, hashes }], text);
}

function assertRefused(text, sentence) {
	assert.throws(() => torrents.fromText(text), { name: 'Error', message: sentence }, text);
}

test('info hashes in all their forms', () => {
	assertNamed(HASH, '', HASH);
	assertNamed(HASH.toUpperCase(), '', HASH);
	assertNamed(` \t${HASH}\r\n`, '', HASH);
	assertNamed(BASE32, '', HASH);
	assertNamed(BASE32.toLowerCase(), '', HASH);
	assertNamed(V2, '', HASH);
	assertNamed(`1220${V2.toUpperCase()}`, '', HASH);
	assertNamed(`urn:btih:${HASH}`, '', HASH);
	assertNamed(`URN:BTMH:1220${V2}`, '', HASH);
});

test('what is behind an info hash is its name', () => {
	assertNamed(`${HASH} Debian 12`, 'Debian 12', HASH);
	assertNamed(`${HASH}\tDebian 12`, 'Debian 12', HASH);
	assertNamed(`${HASH} # Debian 12`, 'Debian 12', HASH);
	assertNamed(`${HASH},Debian 12`, 'Debian 12', HASH);
	assertNamed(`${HASH}.`, '', HASH);
	assertNamed(`${HASH} magnet:?xt=urn:btih:${OTHER}`, `magnet:?xt=urn:btih:${OTHER}`, HASH);
});

test('magnet links', () => {
	assertNamed(`magnet:?xt=urn:btih:${HASH}`, '', HASH);
	assertNamed(`magnet:?xt=urn:btih:${BASE32}&dn=x`, 'x', HASH);
	assertNamed(`MAGNET:?XT=URN:BTIH:${HASH.toUpperCase()}&DN=x`, 'x', HASH);
	assertNamed(`magnet:?dn=x&tr=udp%3A%2F%2Fa%3A1&xt=urn%3Abtih%3A${HASH}&tr=b`, 'x', HASH);
	assertNamed(`magnet:?xt=urn:btmh:1220${V2}`, '', HASH);
	assertNamed(`magnet:?xt=urn:btih:${OTHER}&xt=urn:btmh:1220${V2}&dn=hybrid`, 'hybrid', OTHER, HASH);
	assertNamed(`magnet:?xt.1=urn:btih:${OTHER}&xt.2=urn:btih:${HASH}`, '', OTHER, HASH);
	assertNamed(`magnet:?xt=urn:btih:${HASH}&xt=urn:btih:${BASE32}`, '', HASH);
	assertNamed(`magnet:?xt=urn:ed2k:354B15E68FB8F36D7CD88FF94116CDC1&xt=urn:btih:${HASH}`, '', HASH);
	assertNamed(`magnet:?xt=urn:btih:${HASH}&amp;dn=a%26b`, 'a&b', HASH);
	assertNamed(`magnet:?&&xt=urn:btih:${HASH}&=&dn&dn=x`, 'x', HASH);
});

test('a magnet link within other text', () => {
	for (const text of [
		`<a href="magnet:?xt=urn:btih:${HASH}&dn=x">get it</a>`, `see <magnet:?xt=urn:btih:${HASH}&dn=x>`,
		`magnet:?xt=urn:btih:${HASH}&dn=x and more`, `\u201cmagnet:?dn=x&xt=urn:btih:${HASH}\u201d`,
		`[it](magnet:?dn=x&xt=urn:btih:${HASH})`, `magnet:?dn=x&xt=urn:btih:${HASH}.`
	])
		assertNamed(text, 'x', HASH);
});

test('names are one line of what can be seen, however they are encoded', () => {
	for (const [encoded, name] of [
		['Debian+12%20amd64', 'Debian 12 amd64'], ['a%2Bb', 'a+b'], ['M%C3%B6we', 'Möwe'], ['Möwe', 'Möwe'],
		['a%0A%00%1b[0mb', 'a [0mb'], ['%E2%80%AEgpj', 'gpj'], ['50%', '50%'], ['%zz', '%zz'],
		['M%F6we', 'M%F6we'], ['%', '%'], ['x'.repeat(300), 'x'.repeat(200)], ['%23%20x', 'x'], ['a%3Cb%3E', 'a<b>']
	])
		assertNamed(`magnet:?xt=urn:btih:${HASH}&dn=${encoded}`, name, HASH);
});

test('several lines, each with a torrent', () => {
	assert.deepEqual(
		torrents.fromText(`# mine\r\n${HASH}\r\n\r\nmagnet:?xt=urn:btih:${OTHER}&dn=x\r${'1'.repeat(40)} one`),
		[{ name: '', hashes: [HASH] }, { name: 'x', hashes: [OTHER] }, { name: 'one', hashes: ['1'.repeat(40)] }]);
	assert.deepEqual(torrents.fromText(`${HASH}\n${HASH.toUpperCase()} named\n${BASE32}`),
		[{ name: 'named', hashes: [HASH] }]);
});

test('what is refused is quoted, with what is expected', () => {
	assertRefused('debian', '“debian” is neither a magnet link nor an info hash, which has 40 hex digits.');
	assertRefused(`${HASH}a`, /^“0123.*” has 41 hex digits; an info hash has 40, or 64 for BitTorrent v2\.$/);
	assertRefused(HASH.slice(1), /has 39 hex digits/);
	assertRefused('0'.repeat(32), /has 32 hex digits/);
	assertRefused(`${HASH}g`, /is neither/);
	assertRefused(`x ${HASH}`, /is neither/);
	assertRefused(`1221${V2}`, /has 68 hex digits/);
	assertRefused('https://x.example/a.torrent', /is an address: get the \.torrent file/);
	assertRefused('d8:announce3:abc4:infod', /choose the file/);
	assertRefused('magnet:?dn=x', /“magnet:\?dn=x” names no torrent/);
	assertRefused('magnet:?xt=urn:sha1:x', /names no torrent/);
	assertRefused('magnet:?xt=urn:btih:', /damaged: “urn:btih:” is no info hash\. Copy/);
	assertRefused(`magnet:?xt=urn:btih:${HASH}0`, /damaged/);
	assertRefused(`magnet:?xt=urn:btih:${HASH}&xt=urn:btih:12`, /damaged: “urn:btih:12”/);
	assertRefused(`magnet:?xt=urn:btmh:1114${HASH}`, /damaged/);
	assertRefused(`magnet:?xt=urn:btmh:${V2}`, /damaged/);
	assert.throws(() => torrents.fromMagnet(HASH), /is no magnet link/);
});

test('a refused line among others is named', () => {
	assertRefused(`${HASH}\r\n\r\nx`, 'Line 3: “x” is neither a magnet link nor an info hash, which has 40 hex digits.');
});

test('nothing, and what is nothing', () => {
	for (const text of ['', ' \n\t\r\n', '# comment', undefined, null])
		assertRefused(text, /^There is nothing to add/);
	for (const odd of [7, {}, [], NaN, true])
		assert.throws(() => torrents.fromText(odd), { name: 'Error' });
});

test('what is quoted is short and can be seen', () => {
	assertRefused(`a\u202eb\0c${'x'.repeat(1000)}`, /^“abc\x78{57}…” is neither/);
	assertRefused('\u202e\u202e', '“” is neither a magnet link nor an info hash, which has 40 hex digits.');
});

test('long pastes', () => {
	const long = 1024 * 1024;
	assertRefused('a'.repeat(5 * long), /too long .* more than 1024 KiB/);
	for (const part of ['a', 'magnet:?', '%', '&', '\n', 'magnet:?xt=', 'x=', '#', '\u202e', 'xt.1', 'd1:', '🕊']) {
		const text = part.repeat(Math.floor(long / part.length));
		assert.throws(() => torrents.fromText(text), { name: 'Error' }, part);
		assert.throws(() => torrents.fromText(`magnet:?${text}`.slice(0, long)), { name: 'Error' }, part);
	}
	const hashes = Array.from({ length: 25000 }, (_, number) => number.toString(16).padStart(40, '0'));
	assert.deepEqual(torrents.fromText(hashes.join('\n')).map(torrent => torrent.hashes[0]), hashes);
});

// .torrent files

function bencode(value) {
	if (typeof value === 'number')
		return Buffer.from(`i${value}e`);
	if (typeof value === 'string' || Buffer.isBuffer(value)) {
		const bytes = Buffer.from(value);
		return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
	}
	if (Array.isArray(value))
		return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')]);
	const items = Object.keys(value).sort().map(key => Buffer.concat([bencode(key), bencode(value[key])]));
	return Buffer.concat([Buffer.from('d'), ...items, Buffer.from('e')]);
}

const INFO = { length: 5, name: 'five', 'piece length': 16384, pieces: 'x'.repeat(20) };
const TREE = { five: { '': { length: 5, 'pieces root': 'y'.repeat(32) } } };

function file(info, more = {}) {
	return new Uint8Array(bencode({ announce: 'http://a.example/announce', info, ...more }));
}

function digest(kind, info) {
	return createHash(kind).update(bencode(info)).digest('hex').slice(0, 40);
}

function assertNoTorrent(bytes, sentence) {
	const given = typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'latin1')) : bytes;
	assert.throws(() => torrents.fromTorrent(given), { name: 'Error', message: sentence });
}

test('v1, v2 and hybrid files', () => {
	const v2 = { 'file tree': TREE, 'meta version': 2, name: 'five', 'piece length': 16384 };
	const hybrid = { ...INFO, ...v2 };
	assert.deepEqual(torrents.fromTorrent(file(INFO)), { name: 'five', hashes: [digest('sha1', INFO)] });
	assert.deepEqual(torrents.fromTorrent(file(v2, { 'piece layers': {} })),
		{ name: 'five', hashes: [digest('sha256', v2)] });
	assert.deepEqual(torrents.fromTorrent(file(hybrid)),
		{ name: 'five', hashes: [digest('sha1', hybrid), digest('sha256', hybrid)] });
});

test('the info dictionary counts as it stands, be it in odd order or with keys that nobody knows', () => {
	const odd = Buffer.from('d1:zl1:ai-5eli0eee6:pieces20:xxxxxxxxxxxxxxxxxxxx4:name1:n1:ad0:0:ee');
	const bytes = Buffer.concat([Buffer.from('d1:xd4:infode4:listlee4:info'), odd, Buffer.from('1:ai1ee\n')]);
	assert.deepEqual(torrents.fromTorrent(new Uint8Array(bytes)),
		{ name: 'n', hashes: [createHash('sha1').update(odd).digest('hex')] });
});

test('names of files', () => {
	const name = info => torrents.fromTorrent(file({ ...INFO, ...info })).name;
	assert.equal(name({ name: 'Möwe' }), 'Möwe');
	assert.equal(name({ name: Buffer.from('M\xf6we', 'latin1'), 'name.utf-8': 'Möwe' }), 'Möwe');
	assert.equal(name({ name: Buffer.from('M\xf6we', 'latin1') }), 'M\ufffdwe');
	assert.equal(name({ name: 'a\nb\u202ec\0' }), 'a bc');
	assert.equal(name({ name: 7 }), '');
	assert.equal(name({ name: '' }), '');
	assert.equal(name({ name: 'x'.repeat(100000) }), 'x'.repeat(200));
});

test('what is no .torrent file is told by how it begins', () => {
	assertNoTorrent('', 'The file is empty.');
	assertNoTorrent('<!DOCTYPE html>\n<html>', 'This is no .torrent file: it begins with “<!DOCTYPE html>·<html>”.');
	assertNoTorrent('\x89PNG\r\n\x1a\n', 'This is no .torrent file: it begins with “·PNG····”.');
	assertNoTorrent('magnet:?xt=urn:btih:', /begins with “magnet:\?xt=urn:btih:”/);
	assertNoTorrent('download', /begins with “download”/);
	assertNoTorrent(new Uint8Array(20 * 1024 * 1024), /too large for this page, which takes up to 16 MiB/);
	assertNoTorrent('de', /has no “info”/);
	assertNoTorrent('d8:announce3:abce', /has no “info”/);
	assertNoTorrent('d4:info3:abce', /has no “info”/);
	assertNoTorrent(file({ name: 'x' }), /no hashes of pieces/);
	assertNoTorrent(file({ 'meta version': 2, name: 'x' }), /no hashes of pieces/);
	assertNoTorrent(file({ ...INFO, 'meta version': 3 }), /a version of BitTorrent that this page does not know/);
	assertNoTorrent(file({ ...INFO, 'meta version': 'x'.repeat(1000000) }), /does not know/);
});

test('damaged files', () => {
	for (const text of [
		'd', 'd4:info', 'd4:infod', 'd4:infode', 'd04:infodee', 'di1ei1ee', 'd4:infod1:aee',
		'd4:info-1:ae', 'd4:infoi01eee', 'd1:ai-0ee', 'd1:aiee', 'd1:ai-ee', 'd1:ai1', 'd1:ai1xe', 'd1:ae',
		'd1:a1', 'd1:a1:', 'd1:a9999999999:', 'd1:a99999999999999999999:xe', 'd1:axe', 'd1:allee', 'd1:ad1:a',
		'd4:infode4:infodee'
	])
		assertNoTorrent(text, /damaged at byte \d+: get it once more\.|cut short|begins with “d/);
	const whole = file(INFO);
	for (let length = 1; length < whole.length; length++)
		assertNoTorrent(whole.subarray(0, length), /damaged|cut short|This is no/);
});

test('a file with any byte changed is understood or refused in words', () => {
	const whole = file({ ...INFO, 'file tree': TREE, 'meta version': 2 });
	for (let at = 0; at < whole.length; at++)
		for (const byte of [0, 0x30, 0x39, 0x3a, 0x64, 0x65, 0x69, 0x6c, 0xff, whole[at] ^ 1]) {
			const changed = whole.slice();
			changed[at] = byte;
			try {
				assert.ok(torrents.fromTorrent(changed).hashes.length >= 1);
			} catch (error) {
				assert.equal(error.constructor, Error, error.stack);
				assert.match(error.message, /^(This|The) .*(\.|”\.)$/);
			}
		}
});

test('nesting has a limit, and needs no stack', () => {
	const nested = depth => {
		const text = `d1:x${'l'.repeat(depth)}${'e'.repeat(depth)}e`;
		return new Uint8Array(Buffer.from(text));
	};
	assertNoTorrent(nested(100), /has no “info”/);
	assertNoTorrent(nested(101), /damaged at byte 104/);
	assertNoTorrent(nested(8000000), /damaged at byte 104/);
	assertNoTorrent('d' + '1:xd'.repeat(1000000), /damaged/);
	assertNoTorrent('d1:xl' + 'le'.repeat(4000000), /damaged/);
	assertNoTorrent('d1:x' + '0:'.repeat(4000000), /damaged/);
});

test('a file of the largest size', () => {
	const info = { ...INFO, pieces: Buffer.alloc(16 * 1024 * 1024 - 200, 7) };
	assert.deepEqual(torrents.fromTorrent(file(info)).hashes, [digest('sha1', info)]);
});
