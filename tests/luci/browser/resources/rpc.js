'use strict';
'require baseclass';
'require request';

/* Calls of ubus by JSON-RPC. What fails resolves to a number, unless `reject` is given. */

const STATUS = [
	_('Command OK'), _('Invalid command'), _('Invalid argument'), _('Method not found'), _('Resource not found'),
	_('No data received'), _('Permission denied'), _('Request timeout'), _('Not supported'),
	_('Unspecified error'), _('Connection lost')
];
const kind = value => Object.prototype.toString.call(value);
const interceptors = [];
let sessionId = L.env.sessionid;
let lastId = 0;

return baseclass.extend({
	declare(options) {
		return (...args) => {
			const params = {};
			const names = Array.isArray(options.params) ? options.params : [];

			names.forEach((name, index) => { params[name] = args[index]; });

			const call = { object: options.object, method: options.method, params, options,
				rest: args.slice(names.length) };

			return request.post(L.env.ubuspath, {
				jsonrpc: '2.0', id: ++lastId, method: 'call',
				params: [ sessionId, options.object, options.method, params ]
			}, { timeout: 20000, nobatch: options.nobatch }).then(response => this._reply(call, response));
		};
	},

	list() {
		return request.post(L.env.ubuspath, { jsonrpc: '2.0', id: ++lastId, method: 'list' })
			.then(response => response.json().result);
	},

	_reply(call, response) {
		const name = `${call.object}/${call.method}`;

		if (!response.ok)
			L.raise('RPCError', 'RPC call to %s failed with HTTP error %d: %s', name, response.status,
				response.statusText || '?');

		const message = response.json();

		return Promise.all(interceptors.map(each => each(message, call))).then(() => {
			if (!L.isObject(message) || message.jsonrpc !== '2.0')
				L.raise('RPCError', 'RPC call to %s returned invalid message frame', name);
			if (L.isObject(message.error))
				L.raise('RPCError', 'RPC call to %s failed with error %d: %s', name, message.error.code,
					message.error.message);
			return this._result(call, message.result || [], name);
		});
	},

	_result(call, [ status, data ], name) {
		const { reject, expect, filter } = call.options;

		if (reject && status !== 0)
			L.raise('RPCError', 'RPC call to %s failed with ubus code %d: %s', name, status,
				this.getStatusText(status));

		const result = this._expected(data === undefined ? status : data, expect);

		return typeof filter === 'function' ? filter(result, call.params, ...call.rest) : result;
	},

	_expected(reply, expect) {
		const name = Object.keys(expect || {})[0];

		if (name === undefined)
			return reply;

		const value = name && reply != null ? reply[name] : reply;

		return value == null || kind(value) !== kind(expect[name]) ? expect[name] : value;
	},

	getSessionID() {
		return sessionId;
	},

	setSessionID(id) {
		sessionId = id;
	},

	getBaseURL() {
		return L.env.ubuspath;
	},

	getStatusText(status) {
		return STATUS[status] || _('Unknown error code');
	},

	addInterceptor(interceptor) {
		interceptors.push(interceptor);
		return interceptor;
	},

	removeInterceptor(interceptor) {
		const index = interceptors.indexOf(interceptor);

		if (index >= 0)
			interceptors.splice(index, 1);
		return index >= 0;
	}
});
