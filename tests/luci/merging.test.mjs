import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const merging = load('opentracker.merging');
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(digit => digit.repeat(40));
const text = (...lines) => lines.map(line => `${line}\n`).join('');
const hashes = entries => entries.map(entry => entry.hash);

test('what came and what went, whatever the order and the notes', () => {
	const { added, removed } = merging.difference(text(A, B, C), text(`${C} a note`, D, A.toUpperCase()));
	assert.deepEqual([hashes(added), hashes(removed)], [[D], [B]]);
});

test('nothing came and nothing went', () => {
	assert.deepEqual(merging.difference('', ''), { added: [], removed: [] });
	assert.deepEqual(merging.difference(text(A), text('# comment', A)), { added: [], removed: [] });
});

test('both sides add', () => {
	const merged = merging.merged(text(A), text(A, `${B} theirs`), text(A, `${C} mine`));
	assert.equal(merged, text(A, `${C} mine`, `${B} theirs`));
});

test('what they removed goes, what I removed stays away', () => {
	assert.equal(merging.merged(text(A, B, C), text(B, C), text(A, C)), text(C));
});

test('what both added is there once, with my note', () => {
	assert.equal(merging.merged(text(A), text(A, `${B} theirs`), text(A, `${B} mine`)), text(A, `${B} mine`));
});

test('my comments and notes stay as they are', () => {
	const mine = text('# mine', `${A} new note`, 'nonsense');
	assert.equal(merging.merged(text(A), text(A, B), mine), text('# mine', `${A} new note`, 'nonsense', B));
});

test('a list that both empty says that it is empty', () => {
	assert.equal(merging.merged(text(A, B), text(B), text(A)), text('# No torrents.'));
});
