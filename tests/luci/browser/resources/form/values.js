'use strict';
'require baseclass';
'require dom';
'require ui';
'require form.element as element';

/* The options of a form's section. */

const Value = element.Element.extend({
	__init__(map, section, option, title, description) {
		this.super('__init__', [ title, description ]);
		this.map = map;
		this.section = section;
		this.option = option;
		this.config = map.config;
		this.deps = [];
		this.rmempty = true;
		this.optional = false;
		this.default = null;
		this.data = {};
	},

	depends(field, value) {
		this.deps.push(typeof field === 'string' ? { [field]: value } : field);
	},

	value(key, label) {
		this.keylist = (this.keylist || []).concat(String(key));
		this.labels = Object.assign({}, this.labels, { [key]: label == null ? key : label });
	},

	cbid(sectionId) {
		return 'cbid.%s.%s.%s'.format(this.config, sectionId, this.option);
	},

	load(sectionId) {
		return this.map.data.get(this.config, sectionId, this.option);
	},

	cfgvalue(sectionId, ...values) {
		if (values.length)
			this.data[sectionId] = values[0];
		return this.data[sectionId];
	},

	getUIElement(sectionId) {
		const node = this.map.findElement('id', this.cbid(sectionId));

		return node ? dom.findClassInstance(node) : null;
	},

	formvalue(sectionId) {
		const widget = this.getUIElement(sectionId);

		return widget ? widget.getValue() : null;
	},

	validate() {
		return true;
	},

	isValid(sectionId) {
		const widget = this.getUIElement(sectionId);

		return widget ? widget.isValid() : true;
	},

	getValidationError(sectionId) {
		const widget = this.getUIElement(sectionId);

		return widget ? widget.getValidationError() : '';
	},

	triggerValidation(sectionId) {
		const widget = this.getUIElement(sectionId);

		return widget ? widget.triggerValidation() : true;
	},

	_field(sectionId) {
		return this.map.findElement('data-field', this.cbid(sectionId));
	},

	isActive(sectionId) {
		const field = this._field(sectionId);

		return !!field && !field.classList.contains('hidden');
	},

	setActive(sectionId, active) {
		const field = this._field(sectionId);

		if (field)
			field.classList.toggle('hidden', !active);
	},

	checkDepends(sectionId) {
		return !this.deps.length || this.deps.some(dependency => Object.keys(dependency).every(name => {
			const other = this.section.getOption(name);
			const value = other && other.isActive(sectionId) ? other.formvalue(sectionId) : null;

			return element.isSame(value, dependency[name]);
		}));
	},

	_complain(sentence) {
		return Promise.reject(new TypeError(sentence));
	},

	_wrong(sectionId) {
		return this._complain(_('Option "%s" contains an invalid input value.')
			.format(this.stripTags(this.title) || this.option) + ' ' + this.getValidationError(sectionId));
	},

	parse(sectionId) {
		if (!this.isActive(sectionId))
			return Promise.resolve(this.retain ? null : this.remove(sectionId));
		if (!this.isValid(sectionId))
			return this._wrong(sectionId);

		const value = this.formvalue(sectionId);

		if (value == null || value === '' || Array.isArray(value) && !value.length) {
			if (!this.rmempty && !this.optional)
				return this._complain(_('Option "%s" must not be empty.').format(this.title || this.option));
			return Promise.resolve(this.remove(sectionId));
		}
		if (this.forcewrite || !element.isSame(this.cfgvalue(sectionId), value))
			return Promise.resolve(this.write(sectionId, value));
		return Promise.resolve();
	},

	write(sectionId, value) {
		return this.map.data.set(this.config, sectionId, this.option, value);
	},

	remove(sectionId) {
		return this.map.data.unset(this.config, sectionId, this.option);
	},

	render(index, sectionId) {
		const current = this.cfgvalue(sectionId);
		const widget = this.renderWidget(sectionId, index, current);

		return Promise.resolve(widget).then(node => this._frame(sectionId, index, node));
	},

	_frame(sectionId, index, node) {
		const place = E('div', { 'class': 'cbi-value-field' }, [ node ]);
		const frame = E('div', {
			'class': 'cbi-value',
			'id': 'cbi-%s-%s-%s'.format(this.config, sectionId, this.option),
			'data-index': index,
			'data-field': this.cbid(sectionId),
			'data-name': this.option,
			'data-widget': this.__name__
		}, [
			E('label', { 'class': 'cbi-value-title', 'for': 'widget.' + this.cbid(sectionId) }, this.title),
			place
		]);

		if (this.description)
			place.appendChild(E('div', { 'class': 'cbi-value-description' }, this.description));
		if (this.deps.length)
			frame.classList.add('hidden');
		frame.addEventListener('widget-change', () => this.map.checkDepends());
		frame.addEventListener('widget-change', ev => this._changed(sectionId, ev));
		dom.bindClassInstance(frame, this);
		return frame;
	},

	_changed(sectionId, ev) {
		if (typeof this.onchange === 'function')
			this.onchange(ev, sectionId, this.formvalue(sectionId));
	},

	_options(sectionId) {
		return {
			id: this.cbid(sectionId),
			optional: this.optional || this.rmempty,
			placeholder: this.placeholder,
			select_placeholder: this.placeholder || _('-- Please choose --'),
			sort: this.keylist,
			validate: value => this.validate(sectionId, value),
			disabled: this.readonly != null ? this.readonly : this.map.readonly
		};
	},

	_shown(current) {
		return current != null ? current : this.default;
	},

	renderWidget(sectionId, index, current) {
		const value = this._shown(current);
		const text = Array.isArray(value) ? value.join(' ') : value;
		const options = Object.assign(this._options(sectionId), { password: this.password });

		return this.keylist ? new ui.Combobox(text, this.labels, options).render()
			: new ui.Textfield(text, options).render();
	}
});

const DynamicList = Value.extend({
	renderWidget(sectionId, index, current) {
		return new ui.DynamicList(L.toArray(this._shown(current)), this.labels, this._options(sectionId)).render();
	}
});

const ListValue = Value.extend({
	renderWidget(sectionId, index, current) {
		const options = Object.assign(this._options(sectionId), { optional: this.optional });

		return new ui.Select(this._shown(current), this.labels, options).render();
	}
});

const Flag = Value.extend({
	__init__(...args) {
		this.super('__init__', args);
		this.enabled = '1';
		this.disabled = '0';
		this.default = this.disabled;
	},

	renderWidget(sectionId, index, current) {
		return new ui.Checkbox(this._shown(current), Object.assign(this._options(sectionId), {
			value_enabled: this.enabled, value_disabled: this.disabled
		})).render();
	},

	parse(sectionId) {
		if (!this.isActive(sectionId))
			return Promise.resolve(this.retain ? null : this.remove(sectionId));
		if (!this.isValid(sectionId))
			return this._wrong(sectionId);

		const value = this.formvalue(sectionId);

		return Promise.resolve(value === this.default && (this.optional || this.rmempty)
			? this.remove(sectionId) : this.write(sectionId, value));
	}
});

const TextValue = Value.extend({
	renderWidget(sectionId, index, current) {
		return new ui.Textarea(this._shown(current), Object.assign(this._options(sectionId), {
			monospace: this.monospace, cols: this.cols, rows: this.rows, wrap: this.wrap,
			readonly: this.readonly != null ? this.readonly : this.map.readonly, disabled: null
		})).render();
	}
});

const DummyValue = Value.extend({
	renderWidget(sectionId, index, current) {
		const value = this._shown(current);

		return E([
			E('output', {}, this.rawhtml ? value : [ value ]),
			new ui.Hiddenfield(value, { id: this.cbid(sectionId) }).render()
		]);
	},

	write() {},

	remove() {}
});

const Button = DummyValue.extend({
	renderWidget(sectionId) {
		return E('output', {}, [ E('button', {
			'class': 'cbi-button cbi-button-%s'.format(this.inputstyle || 'button'),
			'disabled': this._options(sectionId).disabled || null,
			'click': ui.createHandlerFn(this, ev => this.onclick ? this.onclick(ev, sectionId) : this.map.save())
		}, [ this.titleFn('inputtitle', sectionId) || this.titleFn('title', sectionId) ]) ]);
	}
});

const named = (name, made) => {
	made.prototype.__name__ = name;
	return made;
};

return baseclass.extend({
	Value: named('CBI.Value', Value),
	DynamicList: named('CBI.DynamicList', DynamicList),
	ListValue: named('CBI.ListValue', ListValue),
	Flag: named('CBI.FlagValue', Flag),
	TextValue: named('CBI.TextValue', TextValue),
	DummyValue: named('CBI.DummyValue', DummyValue),
	Button: named('CBI.ButtonValue', Button)
});
