'use strict';
'require baseclass';
'require ui.element as element';

/* Widgets that are a field each. */

const Textfield = element.Element.extend({
	render() {
		const { options } = this;
		const frame = E('div', { 'id': options.id });
		const input = E('input', {
			'id': this._widgetId(),
			'type': options.password ? 'password' : 'text',
			'class': options.password ? 'cbi-input-password' : 'cbi-input-text',
			'readonly': this._flag('readonly'),
			'disabled': this._flag('disabled'),
			'maxlength': options.maxlength,
			'placeholder': options.placeholder,
			'value': this.value
		});

		frame.appendChild(options.password
			? E('div', { 'class': 'control-group' }, [ input, this._reveal(input) ]) : input);
		return this._bind(frame, input, [ 'keyup', 'blur' ], [ 'change' ]);
	},

	_reveal(input) {
		return E('button', {
			'class': 'cbi-button cbi-button-neutral',
			'title': _('Reveal/hide password'),
			'click': ev => {
				input.type = input.type === 'password' ? 'text' : 'password';
				ev.preventDefault();
			}
		}, [ '∗' ]);
	},

	getValue() {
		return this.node.querySelector('input').value;
	},

	setValue(value) {
		this.node.querySelector('input').value = value;
	}
});

const Textarea = element.Element.extend({
	render() {
		const { options } = this;
		const style = options.cols ? null : 'width:100%';
		const frame = E('div', { 'id': options.id, 'style': style }, [
			E('textarea', {
				'id': this._widgetId(),
				'class': 'cbi-input-textarea',
				'style': `${style || ''}${options.monospace ? ';font-family:monospace' : ''}`,
				'readonly': this._flag('readonly'),
				'disabled': this._flag('disabled'),
				'placeholder': options.placeholder,
				'cols': options.cols,
				'rows': options.rows,
				'wrap': options.wrap ? 'soft' : 'off'
			}, [ this.value == null ? '' : this.value ])
		]);

		return this._bind(frame, frame.firstElementChild, [ 'keyup', 'blur' ], [ 'change' ]);
	},

	getValue() {
		return this.node.firstElementChild.value;
	},

	setValue(value) {
		this.node.firstElementChild.value = value;
	}
});

const Checkbox = element.Element.extend({
	render() {
		const options = this.options = Object.assign({ value_enabled: '1', value_disabled: '0' }, this.options);
		const id = 'cb%08x'.format(Math.random() * 0xffffffff);
		const input = E('input', {
			'id': id,
			'type': 'checkbox',
			'value': options.value_enabled,
			'checked': this.value === options.value_enabled ? '' : null,
			'disabled': this._flag('disabled'),
			'data-widget-id': this._widgetId()
		});
		const frame = E('div', { 'id': options.id, 'class': 'cbi-checkbox' }, [ input, E('label', { 'for': id }) ]);

		return this._bind(frame, input, [ 'click', 'blur' ], [ 'change' ]);
	},

	isChecked() {
		return this.node.querySelector('input').checked;
	},

	getValue() {
		return this.isChecked() ? this.options.value_enabled : this.options.value_disabled;
	},

	setValue(value) {
		this.node.querySelector('input').checked = value === this.options.value_enabled;
	}
});

const Select = element.Element.extend({
	__init__(value, choices, options) {
		this.value = value;
		this.choices = choices || {};
		this.options = options || {};
	},

	render() {
		const { options, choices } = this;
		const keys = Array.isArray(options.sort) ? options.sort : Object.keys(choices);
		const chosen = this.value == null ? '' : String(this.value);
		const select = E('select', {
			'id': this._widgetId(),
			'class': 'cbi-input-select',
			'disabled': this._flag('disabled')
		}, keys.map(key => E('option', { 'value': key, 'selected': key === chosen ? '' : null }, [ choices[key] ])));

		if (options.optional && !keys.includes(''))
			select.insertBefore(E('option', { 'value': '', 'selected': chosen === '' ? '' : null },
				[ options.placeholder || _('-- Please choose --') ]), select.firstChild);
		return this._bind(E('div', { 'id': options.id }, [ select ]), select, [ 'change', 'click', 'blur' ],
			[ 'change' ]);
	},

	getValue() {
		return this.node.firstChild.value;
	},

	setValue(value) {
		this.node.firstChild.value = value == null ? '' : value;
	}
});

const Hiddenfield = element.Element.extend({
	render() {
		return this._bind(E('input', { 'id': this.options.id, 'type': 'hidden', 'value': this.value }),
			document.createElement('input'), [], []);
	}
});

return baseclass.extend({
	Textfield: Textfield,
	Textarea: Textarea,
	Checkbox: Checkbox,
	Select: Select,
	Hiddenfield: Hiddenfield
});
