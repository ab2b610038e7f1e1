/* LuCI: the page's L, which loads modules as their `require` lines say, and what L offers to them. */

(() => {
	'use strict';

	/* The lines that a module begins with; comments may stand between them. */
	const COMMENT = '\\/\\*[^]*?\\*\\/|\\/\\/.*';
	const DIRECTIVE = '([\'"])(?:use strict|require[ \\t]+([\\w.-]+)(?:[ \\t]+as[ \\t]+(\\w+))?)\\1;?';
	const BEGINNING = new RegExp(`^\\s*(?:${COMMENT}|${DIRECTIVE})`);

	function required(source) {
		const found = [];
		let rest = source;

		for (let match = BEGINNING.exec(rest); match; match = BEGINNING.exec(rest)) {
			if (match[2])
				found.push([match[2], match[3] || match[2].replace(/\W/g, '_')]);
			rest = rest.slice(match[0].length);
		}
		return found;
	}

	const LuCI = Class.extend({
		__init__(env) {
			this.env = Object.assign({}, env, { cgi_base: env.scriptname.replace(/\/[^/]+$/, '') });
			this.Class = Class;
			this.dom = new Dom();
			this.Request = new Request();
			this.Poll = new Poll();
			this.view = View;
			this.loaded = false;
			this.classes = {
				baseclass: Class, view: View,
				dom: this.dom, request: this.Request, poll: this.Poll, session: new Session()
			};
			this.ready = new Promise(resolve => { this._isReady = resolve; });
		},

		/* Apart from the constructor, as modules that are loaded now want the finished L. */
		begin() {
			const isParsed = new Promise(resolve => document.addEventListener('DOMContentLoaded', resolve));

			return Promise.all([isParsed, this.require('ui'), this.require('rpc'), this.require('form')])
				.then(found => this._watchSession(found[2]))
				.then(() => {
					this._showPolling();
					this.Poll.start();
					this.loaded = true;
					document.dispatchEvent(new CustomEvent('luci-loaded'));
					this._isReady();
				}).catch(error => this.error(error));
		},

		_watchSession(rpc) {
			const access = rpc.declare({
				object: 'session', method: 'access', params: ['scope', 'object', 'function'],
				expect: { access: true }
			});

			rpc.addInterceptor((message, request) => {
				const isDenied = this.isObject(message) && this.isObject(message.error) &&
					message.error.code === -32002;

				if (isDenied && !(request.object === 'session' && request.method === 'access'))
					return access('uci', 'luci', 'read').catch(() => this.notifySessionExpiry());
				return undefined;
			});
			this.Request.addInterceptor(response => {
				if (response.status === 403 && response.headers.get('X-LuCI-Login-Required') === 'yes')
					this.notifySessionExpiry();
			});
		},

		_showPolling() {
			document.addEventListener('poll-start', () => this.ui.showIndicator('poll-status', _('Refreshing'),
				() => this.Poll.active() ? this.Poll.stop() : this.Poll.start()));
			document.addEventListener('poll-stop', () =>
				this.ui.showIndicator('poll-status', _('Paused'), null, 'inactive'));
		},

		notifySessionExpiry() {
			this.Poll.stop();
			this.ui.showModal(_('Session expired'), [
				E('div', { 'class': 'alert-message warning' },
					[_('A new login is required since the authentication session expired.')]),
				E('div', { 'class': 'right' }, [
					E('div', { 'class': 'btn primary', 'click': () => location.reload() }, [_('Log in…')])
				])
			]);
			this.raise('SessionError', 'Login session is expired');
		},

		require(name, from) {
			const path = [name].concat(from || []);

			if (this.classes[name] == null)
				this.classes[name] = this._load(name, path);
			else if (from && from.includes(name))
				this.raise('DependencyError', `${path.join(' is required by ')} and by itself`);
			return Promise.resolve(this.classes[name]);
		},

		_load(name, path) {
			const url = `${this.env.resource}/${name.replace(/\./g, '/')}.js`;

			return this.Request.get(url, { cache: true }).then(response => {
				if (!response.ok)
					this.raise('NetworkError', 'HTTP error %d while loading class file "%s"', response.status, url);

				const source = response.text();
				const names = required(source);

				return Promise.all(names.map(each => this.require(each[0], path))).then(values => {
					const factory = new Function('window', 'document', 'L', ...names.map(each => each[1]),
						`${source}\n//# sourceURL=${response.url}`);
					const made = factory(window, document, this, ...values);

					if (!Class.isSubclass(made))
						this.raise('TypeError', '"%s" factory yields invalid constructor', name);
					return this._keep(name, new made());
				});
			});
		},

		_keep(name, instance) {
			const parts = name.split('.');
			const last = parts.pop();
			const place = parts.reduce((object, part) => object && object[part], this);

			if (place)
				place[last] = instance;
			this.classes[name] = instance;
			return instance;
		},

		bind(fn, self, ...args) {
			return fn.bind(self, ...args);
		},

		raise(type, format, ...values) {
			const message = format ? format.format(...values) : 'Unspecified error';
			const error = type instanceof Error ? type : new (window[type] || Error)(message);

			if (!(type instanceof Error))
				error.name = type || 'Error';
			throw error;
		},

		/* Shows the error, once, and throws it. */
		error(type, ...rest) {
			try {
				this.raise(type, ...rest);
			}
			catch (error) {
				if (!error.reported && this.ui)
					this.ui.addNotification(error.name || _('Runtime error'), E('pre', {}, [error.message]), 'danger');
				error.reported = true;
				throw error;
			}
		},

		resolveDefault(value, fallback) {
			return Promise.resolve(value).catch(() => fallback);
		},

		hasViewPermission() {
			const { nodespec } = this.env;

			return nodespec && nodespec.satisfied ? !nodespec.readonly : null;
		},

		hasSystemFeature() {
			return false;
		},

		path(prefix, parts) {
			return [prefix].concat(Array.from(parts)).map((part, index) => index ? `/${part}` : part).join('');
		},

		url(...parts) {
			return this.path(this.env.scriptname, parts);
		},

		resource(...parts) {
			return this.path(this.env.resource, parts);
		},

		media(...parts) {
			return this.path(this.env.media, parts);
		},

		location() {
			return this.path(this.env.scriptname, this.env.requestpath);
		},

		isObject(value) {
			return value != null && typeof value === 'object';
		},

		toArray(value) {
			if (value == null || Array.isArray(value))
				return value || [];
			if (typeof value === 'object')
				return [value];
			return String(value).trim() === '' ? [] : String(value).trim().split(/\s+/);
		},

		naturalCompare: new Intl.Collator(undefined, { numeric: true }).compare,

		sortedKeys(object) {
			return Object.keys(object || {}).sort(this.naturalCompare);
		},

		sortedArray(value) {
			return this.toArray(value).sort(this.naturalCompare);
		}
	});

	window.LuCI = function(env) {
		window.L = new LuCI(env);
		window.L.begin();
		return window.L;
	};
})();
