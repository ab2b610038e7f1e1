'use strict';
'require baseclass';
'require dom';

/* Panes with a tab each: elements with data-tab and data-tab-title in one parent. */

return baseclass.extend({
	initTabGroup(nodes) {
		const panes = Array.from(nodes || []).filter(node => node.matches && node.matches('[data-tab]'));

		if (!panes.length || panes[0].parentNode.getAttribute('data-initialized') === 'true')
			return;

		const group = panes[0].parentNode;
		const active = panes.find(pane => pane.getAttribute('data-tab-active') === 'true') ||
			panes.find(pane => !this._isEmpty(pane)) || panes[0];

		group.setAttribute('data-initialized', true);
		group.parentNode.insertBefore(E('ul', { 'class': 'cbi-tabmenu' }, panes.map(pane =>
			E('li', { 'data-tab': pane.getAttribute('data-tab') }, [
				E('a', { 'href': '#', 'click': ev => this.switchTab(ev) }, [ pane.getAttribute('data-tab-title') ])
			]))), group);
		this._show(group, active.getAttribute('data-tab'));
		this.updateTabs(null, group);
	},

	switchTab(ev) {
		const tab = ev.target.parentNode;

		ev.preventDefault();
		this._show(tab.parentNode.nextElementSibling, tab.getAttribute('data-tab'));
	},

	_show(group, name) {
		const isActive = node => node.getAttribute('data-tab') === name;

		group.previousElementSibling.querySelectorAll('[data-tab]').forEach(tab => {
			tab.className = isActive(tab) ? 'cbi-tab' : 'cbi-tab-disabled';
		});
		Array.from(group.children).filter(pane => pane.matches('[data-tab]')).forEach(pane => {
			pane.setAttribute('data-tab-active', isActive(pane));
			if (isActive(pane))
				pane.dispatchEvent(new CustomEvent('cbi-tab-active', { detail: { tab: name } }));
		});
	},

	/* Tabs tell how many fields on their pane are wrong; those of empty panes are hidden. */
	updateTabs(ev, root) {
		(root || document).querySelectorAll('[data-tab-title]').forEach(pane => {
			const menu = pane.parentNode.previousElementSibling;
			const tab = menu && menu.querySelector('[data-tab="%s"]'.format(pane.getAttribute('data-tab')));

			if (tab)
				this._updateTab(tab, pane);
		});
	},

	_updateTab(tab, pane) {
		const wrong = pane.querySelectorAll('.cbi-input-invalid').length;

		tab.style.display = this._isEmpty(pane) ? 'none' : '';
		if (wrong) {
			tab.setAttribute('data-errors', wrong);
			tab.setAttribute('data-tooltip', _('%d invalid field(s)').format(wrong));
		}
		else {
			tab.removeAttribute('data-errors');
			tab.removeAttribute('data-tooltip');
		}
	},

	_isEmpty(pane) {
		return dom.isEmpty(pane, node => node.classList.contains('cbi-tab-descr'));
	},

	init() {
		const groups = new Set(Array.from(document.querySelectorAll('[data-tab]'))
			.filter(pane => !pane.matches('li')).map(pane => pane.parentNode));

		groups.forEach(group => this.initTabGroup(group.childNodes));
	}
});
