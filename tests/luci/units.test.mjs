import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const units = load('opentracker.units');
const NO_NUMBERS = [undefined, null, NaN, Infinity, -Infinity, '12', '', {}, [], [1], true];

function assertTexts(unit, expected) {
	for (const [value, text] of expected)
		assert.equal(unit(value).replaceAll('\u202f', ' '), text, `of ${value}`);
}

test('what is no number is a dash', () => {
	for (const unit of Object.values(units))
		for (const value of NO_NUMBERS)
			assert.equal(unit(value), '–');
	for (const unit of ['bytes', 'rate', 'duration'])
		assert.equal(units[unit](-1), '–');
});

test('bytes', () => assertTexts(units.bytes, [
	[0, '0 B'], [1, '1 B'], [1023, '1 023 B'], [1023.4, '1 023 B'], [1023.5, '1 KiB'],
	[1024, '1 KiB'], [1536, '1.5 KiB'], [4096 * 1024, '4 MiB'], [1.5 * 2 ** 20, '1.5 MiB'],
	[99.94 * 1024, '99.9 KiB'], [99.95 * 1024, '100 KiB'], [1023.4 * 1024, '1 023 KiB'],
	[1023.6 * 1024, '1 MiB'], [2 ** 30, '1 GiB'], [2 ** 40, '1 TiB'], [2 ** 60, '1 048 576 TiB'],
	[1e300, '9.1e+287 TiB']
]));

test('count', () => assertTexts(units.count, [
	[0, '0'], [-0, '0'], [7, '7'], [999, '999'], [1000, '1 000'], [12345, '12 345'],
	[999999, '999 999'], [1234567, '1 234 567'], [4294967296, '4 294 967 296'],
	[1.4, '1'], [1.5, '2'], [-0.4, '0'], [-1234, '−1 234'],
	[2 ** 53, '9 007 199 254 740 992'], [1e21, '1.0e+21']
]));

test('rate', () => assertTexts(units.rate, [
	[0, '0/s'], [0.04, '0/s'], [0.05, '0.1/s'], [0.5, '0.5/s'], [12.34, '12.3/s'], [12, '12/s'],
	[99.94, '99.9/s'], [99.96, '100/s'], [1234.5, '1 235/s'], [32567, '32 567/s']
]));

test('duration', () => assertTexts(units.duration, [
	[0, '0 s'], [0.9, '0 s'], [59.9, '59 s'], [60, '1 min 0 s'], [3599, '59 min 59 s'],
	[3600, '1 h 0 min'], [86399, '23 h 59 min'], [86400, '1 d 0 h 0 min'],
	[3 * 86400 + 4 * 3600 + 5 * 60 + 6, '3 d 4 h 5 min'], [1234 * 86400, '1 234 d 0 h 0 min']
]));

test('units are words that can be translated', () => {
	const german = load('opentracker.units', text => text.replace('d', 'Tage').replace('/s', ' je s'));
	assert.equal(german.duration(2 * 86400), '2 Tage 0 h 0 min');
	assert.equal(german.rate(1), '1 je s');
});
