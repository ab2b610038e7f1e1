// Runs the plugin of the LuCI app where there is no ucode: its source becomes JavaScript, which differs in
// few words, and finds here what ucode's modules and its own functions do. A request is a line of JSON:
// { source, method, args, world }, where `world` is what ubus and uci have to say.

import * as system from 'node:child_process';
import * as fs from 'node:fs';
import { createInterface } from 'node:readline';

// ucode's texts are bytes: here each is a character.
const toBytes = text => Buffer.from(text, 'latin1');
const fromBytes = buffer => buffer.toString('latin1');
const inBytes = text => fromBytes(Buffer.from(text, 'utf8'));
const inCharacters = text => toBytes(text).toString('utf8');

function everywhere(value, change) {
	if (typeof value === 'string')
		return change(value);
	if (Array.isArray(value))
		return value.map(each => everywhere(each, change));
	if (value && typeof value === 'object')
		return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, everywhere(each, change)]));
	return value;
}

// What fails gives null, as in ucode.
const orNull = action => (...args) => {
	try {
		return action(...args) ?? true;
	}
	catch {
		return null;
	}
};

const [INVALID, NO_METHOD] = [2, 3];
const ROOT = process.getuid();
const KINDS = { isFile: 'file', isDirectory: 'directory', isSymbolicLink: 'link', isFIFO: 'fifo' };

function lstat(path) {
	const found = fs.lstatSync(path);
	const kind = Object.keys(KINDS).find(each => found[each]());

	return {
		type: KINDS[kind], size: found.size, nlink: found.nlink, inode: found.ino,
		mtime: Math.floor(found.mtimeMs / 1000), uid: found.uid === ROOT ? 0 : found.uid,
		perm: { group_write: !!(found.mode & 0o020), other_write: !!(found.mode & 0o002) }
	};
}

function open(path, mode = 'r', permissions = 0o666) {
	const flags = mode.replace('e', '');
	const number = fs.openSync(path, flags, permissions);
	let position = flags === 'a' ? null : 0;

	return {
		read(most) {
			const buffer = Buffer.alloc(most);
			const size = fs.readSync(number, buffer, 0, most, position);

			position += size;
			return fromBytes(buffer.subarray(0, size));
		},
		write: orNull(text => fs.writeSync(number, toBytes(text), 0, text.length, position)),
		seek(to) {
			position = to;
			return true;
		},
		truncate: orNull(size => fs.ftruncateSync(number, size)),
		close: orNull(() => fs.closeSync(number))
	};
}

const modules = world => ({
	fs: {
		access: orNull(path => fs.accessSync(path)),
		chmod: orNull(fs.chmodSync),
		lsdir: orNull(path => fs.readdirSync(path)),
		lstat: orNull(lstat),
		mkdir: orNull(fs.mkdirSync),
		open: orNull(open),
		rename: orNull(fs.renameSync),
		stat: orNull(path => lstat(fs.realpathSync(path))),
		unlink: orNull(fs.unlinkSync)
	},
	ubus: { connect: () => ({ call: (object, method) => world.ubus[`${object} ${method}`] ?? null }) },
	uci: { cursor: () => ({
		get: (config, section, option) => world.uci[config]?.[section]?.[option] ?? null,
		get_first: (config, type) =>
			Object.values(world.uci[config] ?? {}).find(each => each['.type'] === type)?.['.name'] ?? null,
		foreach(config, type, action) {
			for (const section of Object.values(world.uci[config] ?? {}))
				if (section['.type'] === type)
					action(section);
		}
	}) }
});

const functions = {
	b64dec: text => /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? fromBytes(Buffer.from(text, 'base64')) : null,
	b64enc: text => toBytes(text).toString('base64'),
	index: (list, value) => list.indexOf(value),
	json: text => JSON.parse(text),
	lc: text => text.toLowerCase(),
	length: value => value == null ? null : value.length ?? Object.keys(value).length,
	match: (text, pattern) => pattern.exec(text ?? ''),
	max: Math.max,
	min: Math.min,
	push: (list, ...values) => list.push(...values),
	rindex: (list, value) => list.lastIndexOf(value),
	split: (text, separator) => text.split(separator),
	sprintf: (format, ...values) => format.replace(/%[ds]/g, () => values.shift()),
	substr: (text, ...rest) => text.substr(...rest),
	system: command => system.spawnSync('/bin/sh', ['-c', command]).status,
	time: () => Math.floor(Date.now() / 1000),
	trim: text => text.trim(),
	type: value => value == null ? null : Array.isArray(value) ? 'array'
		: typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'int' : typeof value,

	// What the words of ucode are turned into, below.
	$each: value => Array.isArray(value) ? value : Object.keys(value ?? {}),
	$pairs: value => Object.entries(value ?? {}),
	$members: list => Object.fromEntries(list.map(each => [each, true]))
};

function translate(source) {
	return source
		.replace(/^import (\{.*\}) from '(\w+)';$/gm, 'const $1 = $modules.$2;')
		.replace(/\bfor \(let (\w+), (\w+) in (.+)\)$/gm, 'for (const [ $1, $2 ] of $pairs($3))')
		.replace(/\bfor \(let (\w+) in (.+)\)( \{)?$/gm, 'for (const $1 of $each($2))$3')
		.replace(/ in (\[[^\]]*\]|[A-Z_]+)/g, ' in $members($1)')
		.replace(/\b0([0-7]{3})\b/g, '0o$1');
}

function call({ source, method, args, world }) {
	const names = ['$modules', ...Object.keys(functions)];
	const values = [modules(everywhere(world, inBytes)), ...Object.values(functions)];
	const objects = new Function(...names, translate(source))(...values);
	const found = objects['luci.opentracker'][method];

	if (!found)
		return { status: NO_METHOD };
	for (const name of Object.keys(args))
		if (typeof args[name] !== typeof found.args?.[name])
			return { status: INVALID };
	return { reply: everywhere(found.call({ args: everywhere(args, inBytes) }), inCharacters) };
}

for await (const line of createInterface({ input: process.stdin }))
	process.stdout.write(`${JSON.stringify(call(JSON.parse(line)))}\n`);
