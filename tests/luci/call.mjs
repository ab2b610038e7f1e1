// Calls functions of the app's modules for tests that are not written in JavaScript.
//
// A line of standard input is [module, function, [argument, …]] in JSON; { "hex": … } as an argument
// stands for bytes. A line of standard output is { "value": … } or, for an Error, { "error": … }.

import { createInterface } from 'node:readline';

import { load } from './load.mjs';

const modules = new Map();

function module(name) {
	if (!modules.has(name))
		modules.set(name, load(name));
	return modules.get(name);
}

function argument(value) {
	return value && value.hex !== undefined ? new Uint8Array(Buffer.from(value.hex, 'hex')) : value;
}

function answer([name, called, args]) {
	try {
		return { value: module(name)[called](...args.map(argument)) };
	} catch (error) {
		return { error: error.constructor === Error ? error.message : error.stack };
	}
}

for await (const line of createInterface({ input: process.stdin }))
	process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
