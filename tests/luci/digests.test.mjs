import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';

import { load } from './load.mjs';

const digests = load('opentracker.digests');

function assertDigests(bytes) {
	for (const kind of ['sha1', 'sha256']) {
		const expected = createHash(kind).update(bytes).digest('hex');
		assert.equal(digests[kind](bytes), expected, `${kind} of ${bytes.length} bytes`);
	}
}

test('all lengths around the borders of the first blocks', () => {
	for (let length = 0; length < 260; length++)
		assertDigests(new Uint8Array(randomBytes(length)));
});

test('random lengths', () => {
	for (let round = 0; round < 40; round++)
		assertDigests(new Uint8Array(randomBytes(randomInt(100000))));
});

test('bytes that are part of others, and all ones', () => {
	const file = new Uint8Array(randomBytes(1000));
	assertDigests(file.subarray(77, 900));
	assertDigests(new Uint8Array(200).fill(255));
});

test('a file of the largest size', () => {
	assertDigests(new Uint8Array(randomBytes(16 * 1024 * 1024)));
});

test('a length that 32 bits of bits do not hold', () => {
	assertDigests(new Uint8Array(512 * 1024 * 1024 + 3));
});
