'use strict';
'require baseclass';
'require rpc';

/* What the page changes is kept here until save(), which tells it to the session; apply() commits that. */

const declared = (method, params, expect) =>
	rpc.declare({ object: 'uci', method: method, params: params, expect: expect, reject: true });

const call = {
	add: declared('add', [ 'config', 'type', 'name', 'values' ], { section: '' }),
	delete: declared('delete', [ 'config', 'section', 'options' ]),
	get: declared('get', [ 'config' ], { values: {} }),
	set: declared('set', [ 'config', 'section', 'values' ])
};

function clear(state) {
	Object.assign(state, { values: {}, added: {}, set: {}, unset: {}, removed: {} });
}

return baseclass.extend({
	__init__() {
		this.configs = {};
		this.loading = {};
	},

	load(names) {
		const wanted = L.toArray(names).filter(name => !this.configs[name]);

		return Promise.all(wanted.map(name => this._loadOne(name))).then(() => {
			if (wanted.length)
				document.dispatchEvent(new CustomEvent('uci-loaded'));
			return wanted;
		});
	},

	loadPackage(name) {
		return this.load(name);
	},

	_loadOne(name) {
		if (!this.loading[name])
			this.loading[name] = call.get(name).then(values => {
				this.configs[name] = {};
				clear(this.configs[name]);
				this.configs[name].values = values;
			});
		return this.loading[name];
	},

	unload(names) {
		L.toArray(names).forEach(name => {
			delete this.configs[name];
			delete this.loading[name];
		});
	},

	sections(config, type, callback) {
		const state = this.configs[config];

		if (!state)
			return [];

		const found = Object.keys(state.values).concat(Object.keys(state.added))
			.map(name => this._section(state, name))
			.filter(section => section && (!type || section['.type'] === type))
			.sort((a, b) => a['.index'] - b['.index']);

		if (callback)
			found.forEach(section => callback(section, section['.name']));
		return found;
	},

	_section(state, name) {
		if (state.added[name])
			return state.added[name];
		if (!state.values[name] || state.removed[name])
			return null;

		const section = Object.assign({}, state.values[name], state.set[name]);

		Object.keys(state.unset[name] || {}).forEach(option => delete section[option]);
		return section;
	},

	get(config, name, option) {
		const state = this.configs[config];
		const section = state && this._section(state, this.resolveSID(config, name));

		if (!section)
			return null;
		return option == null ? section : section[option];
	},

	resolveSID(config, name) {
		const match = /^@([\w-]+)\[(-?\d+)\]$/.exec(name);

		if (!match)
			return name;

		const found = this.sections(config, match[1]).slice(Number(match[2]))[0];

		return found ? found['.name'] : null;
	},

	get_first(config, type, option) {
		const section = this.sections(config, type)[0];

		return section ? this.get(config, section['.name'], option) : null;
	},

	get_bool(config, name, option) {
		const value = this.get(config, name, option);

		return typeof value === 'string' &&
			[ '1', 'on', 'true', 'yes', 'enabled' ].includes(value.toLowerCase());
	},

	set(config, name, option, value) {
		const state = this.configs[config];
		const section = this.resolveSID(config, name);

		if (!state || section == null || !option || option.startsWith('.'))
			return;
		if (state.added[section])
			this._setAdded(state.added[section], option, value);
		else if (state.values[section] && !state.removed[section])
			this._setKept(state, section, option, value);
	},

	_setAdded(section, option, value) {
		if (value == null)
			delete section[option];
		else
			section[option] = value;
	},

	_setKept(state, section, option, value) {
		const set = state.set[section] = state.set[section] || {};
		const unset = state.unset[section] = state.unset[section] || {};

		delete set[option];
		delete unset[option];
		if (value != null && value !== '')
			set[option] = value;
		else if (option in state.values[section])
			unset[option] = true;
	},

	unset(config, name, option) {
		this.set(config, name, option, null);
	},

	add(config, type, name) {
		const state = this.configs[config];
		const made = name || 'new%06x'.format(Math.random() * 0xffffff);

		state.added[made] = {
			'.type': type, '.name': made, '.create': name, '.anonymous': !name,
			'.index': 1000 + Object.keys(state.added).length
		};
		return made;
	},

	remove(config, name) {
		const state = this.configs[config];

		if (state.added[name])
			delete state.added[name];
		else if (state.values[name])
			state.removed[name] = true;
	},

	save() {
		const changed = Object.keys(this.configs).filter(name => this._isChanged(this.configs[name]));

		return Promise.all(changed.map(name => this._saveOne(name, this.configs[name]))).then(() => {
			this.unload(changed);
			return this.load(changed);
		});
	},

	_isChanged(state) {
		return Object.keys(state.added).length || Object.keys(state.removed).length ||
			[ state.set, state.unset ].some(sections => Object.keys(sections)
				.some(section => Object.keys(sections[section]).length));
	},

	_saveOne(config, state) {
		const calls = Object.keys(state.removed).map(section => call.delete(config, section, null));

		Object.keys(state.unset).forEach(section => {
			const options = Object.keys(state.unset[section]);

			if (options.length && !state.removed[section])
				calls.push(call.delete(config, section, options));
		});
		Object.keys(state.added).forEach(name => {
			const section = state.added[name];
			const values = {};

			Object.keys(section).filter(key => !key.startsWith('.')).forEach(key => { values[key] = section[key]; });
			calls.push(call.add(config, section['.type'], section['.create'], values));
		});
		Object.keys(state.set).forEach(section => {
			if (Object.keys(state.set[section]).length && !state.removed[section])
				calls.push(call.set(config, section, state.set[section]));
		});
		return Promise.all(calls);
	},

	changes: rpc.declare({ object: 'uci', method: 'changes', expect: { changes: {} } })
});
