import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const lists = load('opentracker.lists');
const [A, B, C] = ['a', 'b', 'c'].map(digit => digit.repeat(40));

test('an entry is 40 hex digits at the start of a line, any case, and no 41st', () => {
	const text = [
		A, B.toUpperCase(), `${C} a note`, '', '# comment', '  # comment', ` ${A}`, `${A}a`, A.slice(1),
		`${'d'.repeat(40)}# note`, `${'e'.repeat(40)}g`
	].join('\n');
	assert.deepEqual(lists.parse(text), {
		entries: [
			{ hash: A, note: '', line: 1 },
			{ hash: B, note: '', line: 2 },
			{ hash: C, note: 'a note', line: 3 },
			{ hash: 'd'.repeat(40), note: 'note', line: 10 },
			{ hash: 'e'.repeat(40), note: 'g', line: 11 }
		],
		duplicates: 0, comments: 2, ignored: 3, firstIgnored: 7
	});
});

test('texts without any line', () => {
	for (const text of ['', '\n', '\ufeff', '\r\n\r\n', ' \t\v\f\r\n'])
		assert.deepEqual(lists.parse(text),
			{ entries: [], duplicates: 0, comments: 0, ignored: 0, firstIgnored: 0 });
});

test('a torrent is listed once, with its first line', () => {
	const list = lists.parse(`${A} one\n${B}\n${A.toUpperCase()} two\n`);
	assert.deepEqual(list.entries.map(entry => [entry.hash, entry.note, entry.line]),
		[[A, 'one', 1], [B, '', 2]]);
	assert.equal(list.duplicates, 1);
});

test('a note is what is behind the hash, whatever is between them', () => {
	for (const behind of [' x y', '\tx y', ' # x y', '#x y', ' ## x y \r', '  x y  '])
		assert.equal(lists.parse(A + behind).entries[0].note, 'x y');
});

test('adding goes to the end and leaves the rest as it was', () => {
	for (const [before, after] of [
		['', `${B} n\n`],
		['\ufeff', `\ufeff${B} n\n`],
		[`${A}\n`, `${A}\n${B} n\n`],
		[A, `${A}\n${B} n\n`],
		[`${A}\r\n`, `${A}\r\n${B} n\r\n`],
		[`${A}\r\n${C}`, `${A}\r\n${C}\r\n${B} n\r\n`],
		[`\ufeff# mine \n\n junk\n`, `\ufeff# mine \n\n junk\n${B} n\n`],
		['# No torrents.\n', `${B} n\n`],
		[`# mine\r\n# No torrents.\r\n`, `# mine\r\n${B} n\r\n`],
		[`x\n# No torrents.`, `x\n${B} n\n`],
		[`${B.toUpperCase()} old`, `${B.toUpperCase()} old`]
	])
		assert.equal(lists.add(before, B, 'n'), after);
	assert.equal(lists.add('', B.toUpperCase()), `${B}\n`);
});

test('adding many at once tells how many are new', () => {
	assert.deepEqual(
		lists.addAll(`${A}\n`, [{ hash: A }, { hash: B, note: 'b' }, { hash: B, note: 'again' }, { hash: C }]),
		{ text: `${A}\n${B} b\n${C}\n`, added: 2, present: 2 });
	assert.deepEqual(lists.addAll('# No torrents.\n', []), { text: '# No torrents.\n', added: 0, present: 0 });
});

test('what is no info hash is not added', () => {
	for (const hash of ['', A.slice(1), `${A}a`, ` ${A}`, `${A}\n`, 'z'.repeat(40), undefined, null, 7])
		assert.throws(() => lists.add('', hash, ''), { name: 'Error', message: /is no info hash/ });
});

test('removing takes all lines of a torrent and nothing else', () => {
	for (const [before, after] of [
		[`${A}\n${B}\n${C}\n`, `${A}\n${C}\n`],
		[`${A}\n${B}`, `${A}\n`],
		[`${B} x\r\n${A}\r\n${B.toUpperCase()}\r\n`, `${A}\r\n`],
		[`${B}\n# mine`, '# mine'],
		[`\ufeff${B}\n${A}`, `\ufeff${A}`],
		[`${B}b\n${A}\n`, `${B}b\n${A}\n`],
		[' junk', ' junk'],
		['', '']
	])
		assert.equal(lists.remove(before, B), after);
	assert.equal(lists.remove(`${A}\n${B}\n${C}\n`, [C, A.toUpperCase()]), `${B}\n`);
});

test('a list that has lost its last entry says that it is empty', () => {
	for (const [before, after] of [
		[`${B}\n`, '# No torrents.\n'],
		[B, '# No torrents.\n'],
		[`${B}\r\n\r\n`, '\r\n# No torrents.\r\n'],
		[`\ufeff${B}`, '\ufeff# No torrents.\n'],
		['junk\r\n' + B, '# junk\r\n'],
		[`${B}\n  junk`, '#   junk'],
		[`# mine\n${B}\njunk\n`, '# mine\n# junk\n']
	])
		assert.equal(lists.remove(before, B), after);
});

test('a text that is to be kept is never without any line', () => {
	for (const [before, after] of [
		['', '# No torrents.\n'], ['\n', '\n# No torrents.\n'], ['# mine', '# mine'], ['junk', 'junk'], [A, A]
	])
		assert.equal(lists.kept(before), after);
});

test('a note is changed where the hash stands', () => {
	const text = `# x\r\n${A.toUpperCase()} old\r\n${B}\r\n${A} again`;
	assert.equal(lists.annotate(text, A, 'new'),
		`# x\r\n${A.toUpperCase()} new\r\n${B}\r\n${A} again`);
	assert.equal(lists.annotate(text, B, 'new'),
		`# x\r\n${A.toUpperCase()} old\r\n${B} new\r\n${A} again`);
	assert.equal(lists.annotate(`${A}# old`, A, ''), A);
	assert.equal(lists.annotate(text, C, 'new'), text);
});

test('a note is one line of what can be seen', () => {
	for (const [given, written] of [
		['  a  b\t\r\nc ', 'a b c'],
		['a\0b\x1b[31mc\x7f', 'ab[31mc'],
		['a\u2028b\u0085c\u00a0d', 'a b c d'],
		['gnp\u202egpj.exe\u2066', 'gnpgpj.exe'],
		['\ufeff# ## x', 'x'],
		['#', ''],
		['a\ud800b', 'ab'],
		['möwe 🕊 \u06cc\u200c\u0645', 'möwe 🕊 \u06cc\u200c\u0645'],
		[undefined, ''], [null, ''], [12, '12'], [{}, '[object Object]'],
		['x'.repeat(500), 'x'.repeat(200)],
		['🕊'.repeat(500), '🕊'.repeat(200)],
		['x'.repeat(5000000), 'x'.repeat(200)]
	]) {
		assert.equal(lists.cleanNote(given), written);
		assert.equal(lists.cleanNote(written), written);
		assert.equal(lists.line(A, given), `${A} ${written}`.trim());
		assert.equal(lists.parse(lists.line(A, given)).entries[0].note, written);
	}
});

test('searching finds entries that have all words, in hash or note', () => {
	const { entries } = lists.parse(`${A} Debian 12 amd64\n${B} Debian 13\n${C}\n`);
	const found = words => lists.search(entries, words).map(entry => entry.hash);
	assert.deepEqual(found(''), [A, B, C]);
	assert.deepEqual(found('  '), [A, B, C]);
	assert.deepEqual(found(undefined), [A, B, C]);
	assert.deepEqual(found('debian'), [A, B]);
	assert.deepEqual(found(' AMD64  deb '), [A]);
	assert.deepEqual(found('CCCC'), [C]);
	assert.deepEqual(found('aaaa 13'), []);
	assert.deepEqual(found('.*'), []);
});

test('pages', () => {
	const entries = Array.from({ length: 45 }, (_, number) => number);
	const shown = (n, size) => {
		const page = lists.page(entries, n, size);
		assert.equal(page.total, 45);
		assert.deepEqual(page.entries, entries.slice(page.first - 1, page.last));
		return [page.page, page.pages, page.first, page.last];
	};
	assert.deepEqual(shown(1, 20), [1, 3, 1, 20]);
	assert.deepEqual(shown(3, 20), [3, 3, 41, 45]);
	for (const beyond of [4, 1e9, Infinity])
		assert.deepEqual(shown(beyond, 20), [3, 3, 41, 45]);
	for (const odd of [0, -1, NaN, undefined, 'x'])
		assert.deepEqual(shown(odd, 20), [1, 3, 1, 20]);
	assert.deepEqual(shown(1, 45), [1, 1, 1, 45]);
	assert.deepEqual(lists.page([], 2, 20),
		{ entries: [], page: 1, pages: 1, first: 0, last: 0, total: 0 });
});

test('a list of 100,000 torrents', () => {
	const hash = number => number.toString(16).padStart(40, '0');
	const text = Array.from({ length: 100000 }, (_, number) => `${hash(number)} note ${number}\n`).join('');
	const { entries } = lists.parse(text);
	assert.equal(entries.length, 100000);
	assert.deepEqual(lists.search(entries, 'note 54321').map(entry => entry.line), [54322]);
	assert.equal(lists.add(text, hash(100000), ''), `${text}${hash(100000)}\n`);
	assert.equal(lists.remove(text, hash(5)), text.replace(`${hash(5)} note 5\n`, ''));
	assert.equal(lists.remove(text, entries.map(entry => entry.hash)), '# No torrents.\n');
	assert.equal(lists.annotate(text, hash(9), 'x'), text.replace('note 9\n', 'x\n'));
	assert.deepEqual(lists.addAll('', entries), { text, added: 100000, present: 0 });
});
