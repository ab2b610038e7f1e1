// Answers questions about the settings page: a line of JSON each, in and out.
//   {}                    the tabs of opentracker.options
//   {"name", "texts"}     [what opentracker.values says of each text, what it says of all of them]

import { createInterface } from 'node:readline';

import { load } from './load.mjs';

const { tabs } = load('opentracker.options');
const values = load('opentracker.values');
const options = new Map();
for (const tab of tabs)
	for (const option of tab.options)
		options.set(option.name, option);

function answer({ name, texts }) {
	if (!name)
		return tabs;
	const option = options.get(name);
	return [texts.map(text => values.check(option, text)), values.checkAll(option, texts)];
}

for await (const line of createInterface({ input: process.stdin }))
	console.log(JSON.stringify(answer(JSON.parse(line))));
