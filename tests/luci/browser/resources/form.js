'use strict';
'require baseclass';
'require dom';
'require rpc';
'require uci';
'require ui';
'require form.element as element';
'require form.values as values';

/* LuCI.form: a page for a configuration of UCI. */

const mayWrite = rpc.declare({
	object: 'session', method: 'access', params: [ 'scope', 'object', 'function' ], expect: { access: false }
});

const Map = element.Element.extend({
	__init__(config, title, description) {
		this.super('__init__', [ title, description ]);
		this.config = config;
		this.data = uci;
		this.chained = [];
	},

	chain(config) {
		this.chained.push(config);
	},

	section(sectionClass, ...args) {
		const made = sectionClass.instantiate([ this ].concat(args));

		this.append(made);
		return made;
	},

	load() {
		const others = this.chained.map(config => L.resolveDefault(this.data.load(config)));

		return Promise.all([
			this.readonly == null ? mayWrite('uci', this.config, 'write') : true, this.data.load(this.config), ...others
		]).then(found => {
			if (found[0] === false)
				this.readonly = true;
			return Promise.all(this.children.map(child => child.load()));
		});
	},

	render() {
		return this.load().then(() => this.renderContents());
	},

	renderContents() {
		this.root = this.root || E('div', { 'id': 'cbi-' + this.config, 'class': 'cbi-map' });
		dom.bindClassInstance(this.root, this);
		return Promise.all(this.children.map(child => child.render())).then(nodes => {
			dom.content(this.root, []);
			if (this.title)
				this.root.appendChild(E('h2', { 'name': 'content' }, this.title));
			if (this.description)
				this.root.appendChild(E('div', { 'class': 'cbi-map-descr' }, this.description));
			dom.append(this.root, nodes);
			this.checkDepends();
			this.root.querySelectorAll('.cbi-section-node-tabbed').forEach(group =>
				ui.tabs.initTabGroup(group.childNodes));
			return this.root;
		});
	},

	findElement(attribute, value) {
		return this.root.querySelector(value === undefined ? attribute : '[%s="%s"]'.format(attribute, value));
	},

	lookupOption(name, sectionId) {
		const field = this.findElement('data-field', 'cbid.%s.%s.%s'.format(this.config, sectionId, name));

		return field ? [ dom.findClassInstance(field), sectionId ] : null;
	},

	/* An option that is shown or hidden may show or hide others. */
	checkDepends() {
		for (let round = 0; round < 10; round++)
			if (!this.children.map(child => child.checkDepends(round)).some(changed => changed))
				break;
		ui.tabs.updateTabs(null, this.root);
	},

	parse() {
		return Promise.all(this.children.map(child => child.parse()));
	},

	save(callback, silent) {
		this.checkDepends();
		return this.parse()
			.then(callback)
			.then(() => this.data.save())
			.then(() => this.load())
			.catch(error => {
				if (!silent)
					this._showError(error);
				throw error;
			})
			.then(() => this.renderContents());
	},

	_showError(error) {
		ui.showModal(_('Save error'), [
			E('p', {}, [ _('An error occurred while saving the form:') ]),
			E('p', {}, [ E('em', { 'style': 'white-space:pre-wrap' }, [ error.message ]) ]),
			E('div', { 'class': 'right' }, [
				E('button', { 'class': 'cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ])
			])
		]);
	},

	reset() {
		return this.renderContents();
	}
});

const Section = element.Element.extend({
	__init__(map, type, title, description) {
		this.super('__init__', [ title, description ]);
		this.map = map;
		this.config = map.config;
		this.sectiontype = type;
		this.addremove = false;
	},

	tab(name, title, description) {
		this.tabs = (this.tabs || []).concat({ name, title, description });
	},

	option(valueClass, ...args) {
		const made = valueClass.instantiate([ this.map, this ].concat(args));

		this.append(made);
		return made;
	},

	taboption(tab, ...args) {
		if (!this.tabs || !this.tabs.some(each => each.name === tab))
			L.error('ReferenceError', 'Associated tab not declared');

		const made = this.option(...args);

		made.tab = tab;
		return made;
	},

	getOption(name) {
		return this.children.find(child => child.option === name) || null;
	},

	formvalue(sectionId, name) {
		const option = this.getOption(name);

		return option ? option.formvalue(sectionId) : null;
	},

	load() {
		return Promise.all(this.cfgsections().map(id => Promise.all(this.children.map(option =>
			Promise.resolve(option.load(id)).then(value => option.cfgvalue(id, value))))));
	},

	parse() {
		return Promise.all([].concat(...this.cfgsections().map(id => this.children.map(option => option.parse(id)))));
	},

	checkDepends(round) {
		let changed = false;

		this.cfgsections().forEach(id => this.children.forEach(option => {
			const active = option.checkDepends(id);

			if (active !== option.isActive(id)) {
				option.setActive(id, active);
				changed = true;
			}
			if (!round && active)
				option.triggerValidation(id);
		}));
		return changed;
	},

	_options(id, tab) {
		return Promise.all(this.children.filter(option => tab == null || option.tab === tab)
			.map((option, index) => option.render(index, id)));
	},

	renderUCISection(id) {
		if (!this.tabs)
			return this._options(id);
		return Promise.all(this.tabs.map(tab => this._options(id, tab.name).then(nodes => E('div', {
			'id': 'container.%s.%s.%s'.format(this.config, id, tab.name),
			'data-tab': tab.name,
			'data-tab-title': tab.title
		}, (tab.description ? [ E('div', { 'class': 'cbi-tab-descr' }, tab.description) ] : []).concat(nodes)))));
	},

	_frame(id, nodes) {
		return E('div', {
			'id': 'cbi-%s-%s'.format(this.config, id),
			'class': this.tabs ? 'cbi-section-node cbi-section-node-tabbed' : 'cbi-section-node',
			'data-section-id': id
		}, nodes);
	},

	_titled(children) {
		const node = E('div', { 'class': 'cbi-section' });

		if (this.title)
			node.appendChild(E('h3', {}, this.title));
		if (this.description)
			node.appendChild(E('div', { 'class': 'cbi-section-descr' }, this.description));
		dom.append(node, children);
		dom.bindClassInstance(node, this);
		return node;
	},

	_button(name, title, handler, ...args) {
		return E('button', {
			'class': 'cbi-button cbi-button-' + name,
			'click': ui.createHandlerFn(this, handler, ...args),
			'disabled': this.map.readonly || null
		}, [ title ]);
	}
});

const NamedSection = Section.extend({
	__init__(map, id, type, title, description) {
		this.super('__init__', [ map, type, title, description ]);
		this.section = id;
	},

	cfgsections() {
		return [ this.section ];
	},

	handleAdd() {
		this.map.data.add(this.config, this.sectiontype, this.section);
		return this.map.save(null, true);
	},

	handleRemove() {
		this.map.data.remove(this.config, this.section);
		return this.map.save(null, true);
	},

	render() {
		return this.renderUCISection(this.section).then(nodes => {
			if (this.map.data.get(this.config, this.section))
				return this._titled([
					this.addremove ? this._button('remove', _('Delete'), 'handleRemove') : '',
					this._frame(this.section, nodes)
				]);
			return this._titled(this.addremove
				? [ this._button('add', this.titleFn('addbtntitle', this.section) || _('Add'), 'handleAdd') ] : []);
		});
	}
});

const TypedSection = Section.extend({
	cfgsections() {
		return this.map.data.sections(this.config, this.sectiontype).map(section => section['.name']);
	},

	handleAdd(ev, name) {
		this.map.data.add(this.config, this.sectiontype, name);
		return this.map.save(null, true);
	},

	handleRemove(id) {
		this.map.data.remove(this.config, id);
		return this.map.save(null, true);
	},

	render() {
		const ids = this.cfgsections();

		return Promise.all(ids.map(id => this.renderUCISection(id))).then(nodes => this._titled(
			[].concat(...ids.map((id, index) => [
				this.addremove ? this._button('remove', _('Delete'), 'handleRemove', id) : '',
				this.anonymous ? '' : E('h3', {}, [ id.toUpperCase() ]),
				this._frame(id, nodes[index])
			]), [
				ids.length ? '' : E('em', {}, [ _('This section contains no values yet') ]),
				this.addremove ? this._button('add', _('Add'), 'handleAdd') : ''
			])));
	}
});

return baseclass.extend({
	Map: Map,
	AbstractSection: Section,
	NamedSection: NamedSection,
	TypedSection: TypedSection,
	AbstractValue: values.Value,
	Value: values.Value,
	DynamicList: values.DynamicList,
	ListValue: values.ListValue,
	Flag: values.Flag,
	TextValue: values.TextValue,
	DummyValue: values.DummyValue,
	Button: values.Button
});
