'use strict';
'require baseclass';
'require ui.element as element';
'require validation';

/* Widgets with a list: one that opens, a button with others behind it, and values one below another. */

const Dropdown = element.Element.extend({
	__init__(value, choices, options) {
		this.value = value;
		this.choices = choices || {};
		this.options = Object.assign({ optional: true, select_placeholder: _('-- Please choose --') }, options);
	},

	render() {
		const { options, choices } = this;
		const list = E('ul', { 'tabindex': -1 });
		const keys = Array.isArray(options.sort) ? options.sort : Object.keys(choices);
		const node = E('div', {
			'id': options.id,
			'class': 'cbi-dropdown',
			'disabled': this._flag('disabled'),
			'optional': this._flag('optional'),
			'tabindex': 0
		}, [ list, E('span', { 'class': 'open', 'tabindex': -1 }, [ '▾' ]) ]);

		if (options.optional)
			list.appendChild(E('li', { 'placeholder': '' }, [ options.select_placeholder ]));
		keys.forEach(key => list.appendChild(this._item(key, choices[key])));
		if (options.create)
			list.appendChild(this._creator());
		node.addEventListener('click', ev => this.handleClick(ev));
		window.addEventListener('click', () => this.close());
		this._bind(node, node, [ 'cbi-dropdown-open', 'cbi-dropdown-close' ], [ 'cbi-dropdown-change' ]);
		this._choose(this._find(this.value) || this._made(this.value) || list.firstElementChild);
		return node;
	},

	_item(value, label) {
		const shown = Array.isArray(label) ? label : [ label == null ? value : label ];

		return E('li', { 'data-value': value }, shown);
	},

	_find(value) {
		return Array.from(this.node.querySelectorAll('li[data-value]'))
			.find(item => item.getAttribute('data-value') === value);
	},

	_made(value) {
		if (!value || !this.options.create)
			return null;

		const list = this.node.firstElementChild;

		return list.insertBefore(this._item(value), list.lastElementChild);
	},

	_creator() {
		const input = E('input', {
			'type': 'text',
			'class': 'create-item-input',
			'placeholder': this.options.custom_placeholder || _('-- custom --')
		});

		if (this.options.validate)
			validation.watch(input, true, this.options.validate, [ 'blur', 'keyup' ]);
		input.addEventListener('keydown', ev => {
			if (ev.key !== 'Enter' || input.classList.contains('cbi-input-invalid'))
				return;
			ev.preventDefault();
			if (input.value.trim())
				this._choose(this._find(input.value.trim()) || this._made(input.value.trim()));
			input.value = '';
			this.close();
		});
		return E('li', { 'data-value': '-', 'unselectable': '' }, [ input ]);
	},

	handleClick(ev) {
		const item = ev.target.closest('li');

		ev.preventDefault();
		ev.stopPropagation();
		if (!this.node.hasAttribute('open'))
			this.open();
		else if (item && !item.hasAttribute('unselectable')) {
			this._choose(item);
			this.close();
		}
		else if (!item)
			this.close();
	},

	open() {
		if (this.node.hasAttribute('disabled'))
			return;
		this.node.setAttribute('open', '');
		this.node.firstElementChild.classList.add('dropdown');
		this._tell('cbi-dropdown-open');
	},

	close() {
		if (!this.node.hasAttribute('open'))
			return;
		this.node.removeAttribute('open');
		this.node.firstElementChild.classList.remove('dropdown');
		this._tell('cbi-dropdown-close');
	},

	_choose(item) {
		this.node.querySelectorAll('li').forEach(each => {
			each.removeAttribute('selected');
			each.removeAttribute('display');
		});
		if (item) {
			item.setAttribute('selected', '');
			item.setAttribute('display', 0);
		}
		this.node.value = item && item.getAttribute('data-value') || '';

		const { value } = this.node;

		this.node.dispatchEvent(new CustomEvent('cbi-dropdown-change', { bubbles: true, detail: {
			instance: this, element: this.node, value: value ? { value: value, element: item } : null
		} }));
	},

	setValue(value) {
		this._choose(this._find(value) || this._made(value) || this.node.querySelector('li'));
	}
});

const Combobox = Dropdown.extend({
	__init__(value, choices, options) {
		this.super('__init__', [ value, choices, Object.assign({}, options, { create: true, optional: true }) ]);
	}
});

const ComboButton = Dropdown.extend({
	__init__(value, choices, options) {
		this.super('__init__', [ value, choices, Object.assign({}, options, { optional: false }) ]);
	},

	handleClick(ev) {
		if (this.node.hasAttribute('open') || ev.target.matches('span.open'))
			this.super('handleClick', [ ev ]);
		else if (this.options.click && !this.node.hasAttribute('disabled'))
			this.options.click.call(this.node, ev, this.getValue());
	},

	_choose(item) {
		this.super('_choose', [ item ]);
		this.node.className = `cbi-dropdown ${(this.options.classes || {})[this.getValue()] || ''}`;
	}
});

const DynamicList = element.Element.extend({
	__init__(values, choices, options) {
		this.values = Array.isArray(values) ? values : values ? [ values ] : [];
		this.choices = choices;
		this.options = Object.assign({}, options, { optional: true });
	},

	render() {
		const node = E('div', {
			'id': this.options.id, 'class': 'cbi-dynlist', 'disabled': this._flag('disabled')
		}, [ E('div', { 'class': 'add-item control-group' }, this.choices ? [ this._box() ] : this._field()) ]);

		this.node = node;
		this.values.forEach(value => this.addItem(node, value));
		node.addEventListener('click', ev => this._click(ev));
		node.addEventListener('keydown', ev => this._keydown(ev));
		node.addEventListener('cbi-dropdown-change', ev => this._chosen(ev));
		return this._bind(node, node, [ 'cbi-dynlist-change' ], [ 'cbi-dynlist-change' ]);
	},

	_box() {
		const { options } = this;

		return new Combobox(null, this.choices, {
			sort: options.sort, select_placeholder: options.placeholder, validate: options.validate,
			disabled: options.disabled
		}).render();
	},

	_field() {
		const input = E('input', {
			'id': this._widgetId(),
			'type': 'text',
			'class': 'cbi-input-text',
			'placeholder': this.options.placeholder,
			'disabled': this._flag('disabled')
		});

		if (this.options.validate)
			validation.watch(input, true, this.options.validate, [ 'blur', 'keyup' ]);
		return [ input, E('div', { 'class': 'btn cbi-button cbi-button-add' }, [ '+' ]) ];
	},

	addItem(node, value) {
		const label = (this.choices || {})[value] || value;

		if (!this._items().some(item => item.value === value))
			node.insertBefore(E('div', { 'class': 'item', 'tabindex': 0 }, [
				E('span', {}, [ label ]), E('input', { 'type': 'hidden', 'value': value })
			]), node.lastElementChild);
		this._changed();
	},

	removeItem(node, item) {
		node.removeChild(item);
		this._changed();
	},

	_items() {
		return Array.from(this.node.querySelectorAll('.item > input[type="hidden"]'));
	},

	_changed() {
		this.node.dispatchEvent(new CustomEvent('cbi-dynlist-change', { bubbles: true }));
	},

	/* An item is removed by a click on its right end, where the theme draws a button. */
	_click(ev) {
		const item = ev.target.closest('.item');

		if (this.options.disabled)
			return;
		if (item && item.getBoundingClientRect().right - ev.clientX <=
			(parseFloat(window.getComputedStyle(item, '::after').width) || 0))
			this.removeItem(this.node, item);
		else if (ev.target.matches('.cbi-button-add'))
			this._take(ev.target.previousElementSibling);
	},

	_keydown(ev) {
		const item = ev.target.closest('.item');

		if (item && [ 'Backspace', 'Delete' ].includes(ev.key))
			this.removeItem(this.node, item);
		else if (ev.key === 'Enter' && ev.target.matches('.cbi-input-text')) {
			ev.preventDefault();
			this._take(ev.target);
		}
	},

	_take(input) {
		if (!input.value || input.classList.contains('cbi-input-invalid'))
			return;
		this.addItem(this.node, input.value);
		input.value = '';
	},

	_chosen(ev) {
		if (!ev.detail.value)
			return;
		this.addItem(this.node, ev.detail.value.value);
		ev.detail.instance.setValue('');
	},

	getValue() {
		const values = this._items().map(input => input.value);
		const input = this.node.querySelector('.add-item > input[type="text"]');
		const typed = input && !input.classList.contains('cbi-input-invalid') ? input.value : '';

		return /\S/.test(typed) && !values.includes(typed) ? values.concat(typed) : values;
	},

	setValue(values) {
		this._items().forEach(input => this.removeItem(this.node, input.parentNode));
		L.toArray(values).forEach(value => this.addItem(this.node, value));
	}
});

return baseclass.extend({
	Dropdown: Dropdown,
	Combobox: Combobox,
	ComboButton: ComboButton,
	DynamicList: DynamicList
});
