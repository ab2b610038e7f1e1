// Runs a method of the plugin: the request on standard input has its source, name and arguments.

'use strict';

import { open, stdin } from 'fs';

const INVALID = 2;
const request = json(stdin.read('all'));

global.world = request.world;

function is_right(given, specification) {
	for (let name in given)
		if (type(given[name]) != type(specification?.[name]))
			return false;
	return true;
}

const method = loadstring(request.source)()['luci.opentracker'][request.method];

print(is_right(request.args, method.args)
	? { reply: method.call({ args: request.args }) }
	: { status: INVALID });
