// Calls functions of the app's modules, or reads what else they have, for tests in other languages.
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
		const member = module(name)[called];
		return { value: typeof member === 'function' ? member(...args.map(argument)) : member };
	} catch (error) {
		return { error: error.constructor === Error ? error.message : error.stack };
	}
}

for await (const line of createInterface({ input: process.stdin }))
	process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
