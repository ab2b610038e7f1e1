/* LuCI.poll, LuCI.session and LuCI.view: what happens again and again, what is kept, and the frame of a page. */

(() => {
	'use strict';

	window.Poll = Class.extend({
		queue: [],
		timer: null,
		tick: 0,

		add(fn, interval) {
			const seconds = interval == null || interval <= 0 ? L.env.pollinterval : interval;

			if (isNaN(seconds) || typeof fn !== 'function')
				throw new TypeError('Invalid argument to LuCI.poll.add()');
			if (this.queue.some(entry => entry.fn === fn))
				return false;
			this.queue.push({ fn, seconds: Math.floor(seconds), busy: false });
			if (this.started && !this.active())
				this.start();
			return true;
		},

		remove(fn) {
			const before = this.queue.length;

			this.queue = this.queue.filter(entry => entry.fn !== fn);
			if (!this.queue.length && this.stop())
				this.started = true;
			return this.queue.length !== before;
		},

		start() {
			if (this.active())
				return false;
			this.started = true;
			this.tick = 0;
			if (this.queue.length) {
				this.timer = window.setInterval(() => this.step(), 1000);
				this.step();
				document.dispatchEvent(new CustomEvent('poll-start'));
			}
			return true;
		},

		stop() {
			if (!this.active())
				return false;
			document.dispatchEvent(new CustomEvent('poll-stop'));
			window.clearInterval(this.timer);
			this.timer = null;
			this.started = false;
			return true;
		},

		/* What has not ended yet is not begun anew. */
		step() {
			this.queue.filter(entry => !entry.busy && this.tick % entry.seconds === 0).forEach(entry => {
				entry.busy = true;
				Promise.resolve(entry.fn()).finally(() => { entry.busy = false; });
			});
			this.tick++;
		},

		active() {
			return this.timer != null;
		}
	});

	window.Session = Class.extend({
		getID() {
			return L.env.sessionid || '0'.repeat(32);
		},

		getToken() {
			return L.env.token || null;
		},

		getLocalData(key) {
			const data = JSON.parse(window.sessionStorage.getItem(`luci-${this.getID()}`) || '{}');

			return key == null ? data : key in data ? data[key] : null;
		},

		setLocalData(key, value) {
			const data = this.getLocalData();

			data[key] = value == null ? undefined : value;
			window.sessionStorage.setItem(`luci-${this.getID()}`, JSON.stringify(data));
			return true;
		}
	});

	function maps() {
		return Array.from(document.getElementById('maincontent').querySelectorAll('.cbi-map'));
	}

	window.View = Class.extend({
		__init__() {
			const place = document.getElementById('view');

			L.dom.content(place, E('div', { 'class': 'spinning' }, [_('Loading view…')]));
			return L.ready
				.then(() => this.load())
				.then(loaded => this.render(loaded))
				.then(nodes => {
					L.dom.content(place, nodes);
					L.dom.append(place, this.addFooter());
				})
				.catch(error => L.error(error));
		},

		load() {},

		render() {},

		handleSave() {
			return Promise.all(maps().map(map => L.dom.callClassMethod(map, 'save')));
		},

		handleSaveApply(ev, mode) {
			return this.handleSave(ev).then(() => { L.ui.changes.apply(mode === '0'); });
		},

		handleReset() {
			return Promise.all(maps().map(map => L.dom.callClassMethod(map, 'reset')));
		},

		addFooter() {
			if (!this.handleSaveApply && !this.handleSave && !this.handleReset)
				return E([]);

			const shown = maps().map(map => L.dom.findClassInstance(map));
			const disabled = shown.length ? shown.every(map => map.readonly) : !L.hasViewPermission();

			return E('div', { 'class': 'cbi-page-actions' }, [
				this.handleSaveApply ? this._saveApply(disabled) : '', ' ',
				this._button('handleSave', 'save', _('Save'), disabled), ' ',
				this._button('handleReset', 'reset', _('Reset'), disabled)
			]);
		},

		_saveApply(disabled) {
			return new L.ui.ComboButton('0', { 0: [_('Save & Apply')], 1: [_('Apply unchecked')] }, {
				classes: {
					0: 'btn cbi-button cbi-button-apply important',
					1: 'btn cbi-button cbi-button-negative important'
				},
				click: L.ui.createHandlerFn(this, 'handleSaveApply'),
				disabled: disabled || null
			}).render();
		},

		_button(handler, kind, title, disabled) {
			return this[handler] ? E('button', {
				'class': `cbi-button cbi-button-${kind}`,
				'click': L.ui.createHandlerFn(this, handler),
				'disabled': disabled || null
			}, [title]) : '';
		}
	});
})();
