'use strict';
'require baseclass';
'require dom';
'require validation';
'require ui.changes as changes';
'require ui.dialogs as dialogs';
'require ui.element as element';
'require ui.fields as fields';
'require ui.lists as lists';
'require ui.tabs as tabs';

/* LuCI.ui: what a page shows besides its own elements. */

return baseclass.extend({
	__init__() {
		document.addEventListener('luci-loaded', () => tabs.init());
		document.addEventListener('luci-loaded', () => changes.init());
		document.addEventListener('uci-loaded', () => changes.init());
	},

	changes: changes,
	tabs: tabs,

	AbstractElement: element.Element,
	Textfield: fields.Textfield,
	Textarea: fields.Textarea,
	Checkbox: fields.Checkbox,
	Select: fields.Select,
	Hiddenfield: fields.Hiddenfield,
	Dropdown: lists.Dropdown,
	Combobox: lists.Combobox,
	ComboButton: lists.ComboButton,
	DynamicList: lists.DynamicList,

	showModal: (...args) => dialogs.showModal(...args),
	hideModal: () => dialogs.hideModal(),
	addNotification: (...args) => dialogs.addNotification(...args),
	addTimeLimitedNotification: (...args) => dialogs.addTimeLimitedNotification(...args),
	showIndicator: (...args) => dialogs.showIndicator(...args),
	hideIndicator: id => dialogs.hideIndicator(id),

	addValidator(field, datatype, optional, validate, ...events) {
		return validation.watch(field, optional, validate, events.length ? events : [ 'blur', 'keyup' ]);
	},

	/* The button can't be used again until what it began has ended. */
	createHandlerFn(context, fn, ...args) {
		const handler = typeof fn === 'string' ? context[fn] : fn;

		if (typeof handler !== 'function')
			return null;
		return function(...rest) {
			const target = rest[0].currentTarget;

			target.classList.add('spinning');
			target.disabled = true;
			if (target.blur)
				target.blur();
			Promise.resolve(handler.apply(context, args.concat(rest))).finally(() => {
				target.classList.remove('spinning');
				target.disabled = false;
			});
		};
	},

	itemlist(node, items, separator) {
		const shown = [];

		for (let i = 0; i < items.length; i += 2)
			if (items[i + 1] != null)
				shown.push(E('span', { 'class': 'nowrap' }, [
					items[i] ? E('strong', {}, [ items[i] + ': ' ]) : '', items[i + 1]
				]), separator || E('br'));
		dom.content(node, shown.slice(0, -1));
		return node;
	},

	instantiateView(path) {
		return L.require('view.' + path.replace(/\//g, '.')).catch(error => {
			dom.content(document.querySelector('#view'), null);
			L.error(error);
		});
	}
});
