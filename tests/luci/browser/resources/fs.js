'use strict';
'require baseclass';
'require rpc';

/* Files and programs, by rpcd's object `file`. A failure is an Error with a name that says which. */

const NAMES = [
	null, 'InvalidCommandError', 'InvalidArgumentError', 'MethodNotFoundError', 'NotFoundError', 'NoDataError',
	'PermissionError', 'TimeoutError', 'UnsupportedError'
];

function declared(method, ...params) {
	return rpc.declare({ object: 'file', method: method, params: params });
}

const call = {
	exec: declared('exec', 'command', 'params', 'env'),
	list: declared('list', 'path'),
	read: declared('read', 'path'),
	stat: declared('stat', 'path')
};

function succeeded(reply) {
	if (typeof reply !== 'number' || reply === 0)
		return reply;

	const error = new Error(rpc.getStatusText(reply));

	error.name = NAMES[reply] || 'Error';
	throw error;
}

function member(name) {
	return reply => {
		const found = succeeded(reply)[name];

		if (found == null)
			L.raise('TypeError', 'Unexpected reply data format');
		return found;
	};
}

return baseclass.extend({
	exec(command, params, env) {
		return call.exec(command, Array.isArray(params) ? params : null, env || null).then(succeeded);
	},

	list(path) {
		return call.list(path).then(member('entries'));
	},

	read(path) {
		return call.read(path).then(member('data'));
	},

	stat(path) {
		return call.stat(path).then(succeeded);
	},

	trimmed(path) {
		return L.resolveDefault(this.read(path), '').then(text => text.trim());
	},

	lines(path) {
		return this.trimmed(path).then(text => text ? text.split('\n').map(line => line.trim()) : []);
	}
});
