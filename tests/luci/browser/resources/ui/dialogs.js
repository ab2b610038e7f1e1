'use strict';
'require baseclass';
'require dom';

/* What is shown above or before the page: notes, dialogs, indicators. */

let overlay = null;

return baseclass.extend({
	__init__() {
		overlay = document.body.appendChild(E('div', {
			'id': 'modal_overlay',
			'tabindex': -1,
			'keydown': ev => this._cancel(ev)
		}, [ E('div', { 'class': 'modal', 'role': 'dialog', 'aria-modal': true }) ]));
	},

	_cancel(ev) {
		const button = ev.key === 'Escape' &&
			overlay.querySelector('.right > button, .right > .btn, .button-row > .btn');

		if (button)
			button.click();
	},

	showModal(title, children, ...classes) {
		const dialog = overlay.firstElementChild;

		dialog.className = [ 'modal', ...classes ].join(' ');
		dom.content(dialog, [ E('h4', {}, title) ]);
		dom.append(dialog, children);
		document.body.classList.add('modal-overlay-active');
		overlay.scrollTop = 0;
		overlay.focus();
		return dialog;
	},

	hideModal() {
		document.body.classList.remove('modal-overlay-active');
		overlay.blur();
	},

	addNotification(title, children, ...classes) {
		const content = E('div', { 'style': 'flex:10' });
		const note = E('div', { 'class': 'alert-message fade-in', 'style': 'display:flex' }, [
			content,
			E('div', { 'style': 'flex:1 1 auto; display:flex' }, [
				E('button', {
					'class': 'btn',
					'style': 'margin-left:auto; margin-top:auto',
					'click': () => note.remove()
				}, [ _('Dismiss') ])
			])
		]);
		const page = document.querySelector('#maincontent') || document.body;

		if (title != null)
			dom.append(content, E('h4', {}, title));
		dom.append(content, children);
		note.classList.add(...classes);
		page.insertBefore(note, page.firstElementChild);
		return note;
	},

	addTimeLimitedNotification(title, children, timeout, ...classes) {
		const note = this.addNotification(title, children, ...classes);

		if (timeout > 0)
			window.setTimeout(() => note.remove(), timeout);
		return note;
	},

	showIndicator(id, label, handler, style) {
		const bar = document.querySelector('#indicators');
		let node = bar.querySelector('[data-indicator="%s"]'.format(id));

		if (!node)
			node = bar.appendChild(E('span', {
				'data-indicator': id, 'data-clickable': handler ? true : null, 'click': handler
			}));
		node.setAttribute('data-style', style === 'inactive' ? 'inactive' : 'active');
		dom.content(node, [ label ]);
		return true;
	},

	hideIndicator(id) {
		const node = document.querySelector('#indicators [data-indicator="%s"]'.format(id));

		if (node)
			node.remove();
		return !!node;
	}
});
