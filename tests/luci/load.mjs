// Loads those modules of the LuCI app that need neither a page nor a router, as LuCI loads them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';

const RESOURCES = new URL('../../luci-app/htdocs/luci-static/resources/', import.meta.url);
const DIRECTIVE = /^'(?:use strict|require ([\w.-]+)(?: as (\w+))?)';$/;

// What LuCI's modules find there: `extend` makes a class of a prototype.
const baseclass = { extend: members => Object.assign(Object.create(null), members) };

// load('opentracker.lists') returns the module; `translate` is its _().
export function load(name, translate = text => text) {
	const loaded = new Map([['baseclass', baseclass]]);

	function module(wanted) {
		if (!loaded.has(wanted))
			loaded.set(wanted, run(wanted));
		return loaded.get(wanted);
	}

	function run(wanted) {
		const file = fileURLToPath(new URL(`${wanted.replaceAll('.', '/')}.js`, RESOURCES));
		const source = readFileSync(file, 'utf8');
		const names = ['_'];
		const values = [translate];
		for (const [required, alias] of directives(source)) {
			names.push(alias || required.replaceAll(/[^\w]/g, '_'));
			values.push(module(required));
		}
		return compileFunction(source, names, { filename: file })(...values);
	}

	return module(name);
}

// The [name, alias] of what a source requires: the strings that it begins with.
function directives(source) {
	const required = [];
	for (const line of source.split('\n')) {
		const found = DIRECTIVE.exec(line);
		if (found && found[1])
			required.push([found[1], found[2]]);
		else if (!found && line.trim() && !line.startsWith('//'))
			break;
	}
	return required;
}

// The part of LuCI's String.format that these modules use.
if (!String.prototype.format)
	Object.defineProperty(String.prototype, 'format', {
		value(...values) {
			const text = this.replace(/%(.)/g, (whole, kind) => {
				if (kind === '%')
					return '%';
				if (kind !== 's' && kind !== 'd')
					throw new Error(`${whole} in ${this}`);
				if (!values.length)
					throw new Error(`no value for ${whole} in ${this}`);
				const value = values.shift();
				return kind === 's' ? String(value) : String(Math.trunc(Number(value)) || 0);
			});
			if (values.length)
				throw new Error(`${values.length} more values than ${this} takes`);
			return text;
		}
	});
