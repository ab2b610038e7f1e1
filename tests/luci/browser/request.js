/* LuCI.request: XMLHttpRequest as promises. Calls of ubus that are made in one frame go together. */

(() => {
	'use strict';

	const Response = Class.extend({
		__init__(xhr, content) {
			this.status = xhr.status;
			this.statusText = xhr.statusText;
			this.ok = xhr.status >= 200 && xhr.status <= 299;
			this.url = xhr.responseURL;
			this.xhr = xhr;
			this.responseText = content === undefined && xhr.responseType !== 'blob' ? xhr.responseText : null;
			this.responseJSON = content === undefined ? null : content;
			this.headers = { get: name => xhr.getResponseHeader(name) };
		},

		json() {
			if (this.responseJSON === null)
				this.responseJSON = JSON.parse(this.responseText);
			return this.responseJSON;
		},

		text() {
			return this.responseText === null ? JSON.stringify(this.responseJSON) : this.responseText;
		},

		blob() {
			return this.xhr.response;
		},

		clone(content) {
			return new Response(this.xhr, content);
		}
	});

	function withQuery(url, query) {
		const pairs = Object.keys(query || {}).map(name =>
			`${encodeURIComponent(name)}=${encodeURIComponent(query[name])}`);

		return pairs.length ? `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}` : url;
	}

	function bodyOf(content) {
		if (content == null || content instanceof FormData)
			return [content, null];
		if (typeof content === 'object')
			return [JSON.stringify(content), 'application/json'];
		return [String(content), null];
	}

	window.Request = Class.extend({
		interceptors: [],
		waiting: [],

		request(url, options) {
			const wanted = Object.assign({ method: 'GET' }, options);

			if (this._isCall(url, wanted))
				return new Promise((resolve, reject) => {
					this.waiting.push({ url, options: wanted, resolve, reject });
					window.requestAnimationFrame(() => this._sendWaiting());
				});
			return this._send(url, wanted).then(response =>
				Promise.all(this.interceptors.map(each => each(response))).then(() => response));
		},

		get(url, options) {
			return this.request(url, Object.assign({ method: 'GET' }, options));
		},

		post(url, content, options) {
			return this.request(url, Object.assign({ method: 'POST', content }, options));
		},

		addInterceptor(interceptor) {
			this.interceptors.push(interceptor);
			return interceptor;
		},

		removeInterceptor(interceptor) {
			const index = this.interceptors.indexOf(interceptor);

			if (index >= 0)
				this.interceptors.splice(index, 1);
			return index >= 0;
		},

		_isCall(url, options) {
			return String(options.method).toUpperCase() === 'POST' && typeof options.content === 'object' &&
				!options.nobatch && url.startsWith(L.env.ubuspath);
		},

		_sendWaiting() {
			const batch = this.waiting.splice(0);

			if (!batch.length)
				return;

			const content = batch.map(each => each.options.content);

			const options = Object.assign({}, batch[0].options, { nobatch: true, content });

			this.request(L.env.ubuspath, options).then(response => {
				let replies = null;

				try {
					replies = response.json();
				}
				catch (e) {
					replies = null;
				}
				batch.forEach((each, index) => {
					if (Array.isArray(replies) && replies.length > index)
						each.resolve(response.clone(replies[index]));
					else
						each.reject(new Error('No related RPC reply'));
				});
			}).catch(error => batch.forEach(each => each.reject(error)));
		},

		_send(url, options) {
			return new Promise((resolve, reject) => {
				const xhr = new XMLHttpRequest();
				const [body, type] = bodyOf(options.content);
				const target = withQuery(url, options.query);

				xhr.open(String(options.method).toUpperCase(),
					options.cache ? target : withQuery(target, { [Date.now()]: '' }).replace(/=$/, ''));
				xhr.responseType = options.responseType || 'text';
				xhr.timeout = Number(options.timeout) || 0;
				if (type)
					xhr.setRequestHeader('Content-Type', type);
				Object.keys(options.headers || {}).forEach(name =>
					xhr.setRequestHeader(name, options.headers[name]));
				xhr.onload = () => resolve(new Response(xhr));
				xhr.onerror = () => reject(new Error('XHR request aborted by browser'));
				xhr.ontimeout = () => reject(new Error('XHR request timed out'));
				xhr.send(body);
			});
		}
	});
})();
