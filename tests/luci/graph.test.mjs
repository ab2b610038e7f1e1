import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const graph = load('opentracker.graph');
const WIDTH = 600;
const HEIGHT = 200;

function draw(history, minutes = 5) {
	return graph.draw(history, WIDTH, HEIGHT, minutes);
}

function points(text) {
	return text === '' ? [] : text.split(' ').map(point => {
		assert.match(point, /^\d+(\.\d)?,\d+(\.\d)?$/);
		return point.split(',').map(Number);
	});
}

function assertInside(drawn) {
	for (const curve of [drawn.http, drawn.udp])
		for (const [x, y] of [...points(curve.line), ...points(curve.area)])
			assert.ok(x >= 0 && x <= WIDTH && y >= 0 && y <= HEIGHT, `${x},${y}`);
	for (const { y } of drawn.rows)
		assert.ok(y >= 0 && y <= HEIGHT);
	for (const { x } of drawn.columns)
		assert.ok(x > 0 && x < WIDTH);
	assert.doesNotMatch(JSON.stringify(drawn), /NaN|Infinity|null/);
}

test('samples are requests per second, the latest at the right edge', () => {
	const drawn = draw({ seconds: 2, http: [0, 10, 20], udp: [4] });
	assert.deepEqual(points(drawn.http.line), [[592, 200], [596, 100], [600, 0]]);
	assert.equal(drawn.top, 10);
	assert.deepEqual([drawn.http.now, drawn.http.average, drawn.http.peak], [10, 5, 10]);
	assert.deepEqual([drawn.udp.now, drawn.udp.average, drawn.udp.peak], [2, 2, 2]);
	assertInside(drawn);
});

test('the area goes down to the lower edge at both ends', () => {
	const { area, line } = draw({ seconds: 2, http: [3, 6], udp: [] }).http;
	assert.ok(area.startsWith(`${line} `));
	assert.deepEqual(points(area).slice(-2), [[600, 200], [596, 200]]);
});

test('a single sample is a line of two equal points', () => {
	const { line } = draw({ seconds: 2, http: [1], udp: [] }).http;
	assert.deepEqual(points(line), [[600, 100], [600, 100]]);
});

test('five minutes of samples fill the width, older ones are left out', () => {
	const full = draw({ seconds: 2, http: new Array(151).fill(1), udp: [] });
	assert.equal(points(full.http.line)[0][0], 0);
	const more = draw({ seconds: 2, http: [1000, ...new Array(151).fill(1)], udp: [] });
	assert.deepEqual(more, full);
});

test('without requests the scale is still there', () => {
	for (const history of [{ seconds: 2, http: [], udp: [] }, { seconds: 2, http: [0, 0], udp: [0] }]) {
		const drawn = draw(history);
		assert.deepEqual(drawn.rows.map(row => row.label),
			['0/s', '0.2/s', '0.4/s', '0.6/s', '0.8/s', '1/s']);
		assert.deepEqual(drawn.rows.map(row => row.y), [200, 160, 120, 80, 40, 0]);
		assertInside(drawn);
	}
});

test('rows are steps of 1, 2 or 5 and reach the highest sample', () => {
	let peak = 1;
	for (let round = 0; round < 250; round++, peak *= 1.13) {
		const drawn = draw({ seconds: 1, http: [peak], udp: [peak / 3] });
		const step = drawn.top / (drawn.rows.length - 1);
		assert.match(step.toExponential(6), /^[125]\.0+e/);
		assert.ok(drawn.rows.length >= 3 && drawn.rows.length <= 6, `${drawn.rows.length} rows of ${peak}`);
		assert.ok(drawn.top >= peak && drawn.top - step < peak * (1 + 1e-9), `${peak} below ${drawn.top}`);
		assert.equal(drawn.rows[0].y, HEIGHT);
		assert.ok(Math.abs(drawn.rows.at(-1).y) < 1e-6);
		assertInside(drawn);
	}
});

test('columns are full minutes before now', () => {
	const drawn = draw({ seconds: 2, http: [], udp: [] });
	assert.deepEqual(drawn.columns.map(column => [column.x, column.label]),
		[[480, '1 min'], [360, '2 min'], [240, '3 min'], [120, '4 min']]);
	assert.deepEqual(draw({}, 1).columns, []);
});

test('odd figures from the network count as none', () => {
	const empty = draw({ seconds: 2, http: [], udp: [] });
	for (const history of [undefined, null, {}, 7, 'x', { seconds: 2, http: 'abc', udp: { length: 9 } }])
		assert.deepEqual(draw(history), empty);
	const odd = draw({ seconds: 2, http: [null, 'x', -5, NaN, {}, 6], udp: [1e308, Number.MAX_VALUE] });
	assert.equal(odd.http.now, 3);
	assertInside(odd);
	for (const seconds of [0, -1, 'x', null, 1e-300, 1e300])
		assertInside(draw({ seconds, http: [1, 2, 3], udp: [4, 1e308, Number.MAX_VALUE] }));
});
