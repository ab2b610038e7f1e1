'use strict';
'require baseclass';
'require dom';
'require poll';
'require request';
'require uci';
'require ui.dialogs as dialogs';

/* What was saved and not yet applied: its number at the top of the page, and how it is applied or reverted. */

return baseclass.extend({
	init() {
		return uci.changes().then(changes => this.renderChangeIndicator(changes));
	},

	renderChangeIndicator(changes) {
		this.changes = changes;
		this.setIndicator(Object.keys(changes).reduce((sum, config) => sum + changes[config].length, 0));
	},

	setIndicator(count) {
		if (count > 0)
			dialogs.showIndicator('uci-changes', _('Unsaved Changes') + ': ' + count, () => this.displayChanges());
		else
			dialogs.hideIndicator('uci-changes');
	},

	displayChanges() {
		const lines = [].concat(...Object.keys(this.changes).map(config =>
			this.changes[config].map(change => config + ': ' + change.join(' '))));

		dialogs.showModal(_('Configuration') + ' / ' + _('Changes'), [
			E('div', { 'class': 'uci-change-list' }, lines.map(line => E('var', {}, [ line ]))),
			E('div', { 'class': 'button-row' }, [
				E('button', { 'class': 'btn cbi-button', 'click': () => dialogs.hideModal() }, [ _('Close') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': () => this.apply(true) },
					[ _('Save & Apply') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-reset', 'click': () => this.revert() },
					[ _('Revert') ])
			])
		]).classList.add('uci-dialog');
	},

	displayStatus(type, content) {
		if (!type) {
			dialogs.hideModal();
			if (this.wasPolling)
				poll.start();
			return;
		}

		const message = dialogs.showModal('', '');

		message.classList.add('alert-message', ...type.split(' '));
		if (content)
			dom.content(message, [ content ]);
		if (!this.wasPolling) {
			this.wasPolling = poll.active();
			poll.stop();
		}
	},

	_sentence(text) {
		return E('p', {}, [ text ]);
	},

	_leave(seconds) {
		window.setTimeout(() => location.reload(), seconds * 1000);
	},

	/* Resolves at once, as LuCI's does: what it begins is told by the event uci-applied. */
	apply(checked) {
		const path = checked ? 'apply_rollback' : 'apply_unchecked';

		this.displayStatus('notice spinning', this._sentence(_('Starting configuration apply…')));
		request.request(L.url('admin/uci', path), {
			method: 'post', query: { sid: L.env.sessionid, token: L.env.token }
		}).then(response => {
			if (response.status === (checked ? 200 : 204))
				this.confirm(checked, Date.now() + L.env.apply_rollback * 1000,
					checked ? response.json().token : null);
			else if (response.status === 204)
				this._tell('notice', _('There are no changes to apply'));
			else
				this._tell('warning', _('Apply request failed with status %s').format(response.text() || response.status));
		});
	},

	_tell(type, text) {
		this.displayStatus(type, this._sentence(text));
		window.setTimeout(() => this.displayStatus(false), L.env.apply_display * 1000);
	},

	confirm(checked, deadline, token) {
		const ask = () => request.request(L.url('admin/uci/confirm'), {
			method: 'post', query: { token: token || L.env.token }, timeout: L.env.apply_timeout * 1000
		}).then(response => response.status, () => 0).then(status => {
			if (status === 200 || status === 204)
				this._applied();
			else if (Date.now() < deadline)
				window.setTimeout(ask, 1000);
			else
				this.displayStatus('warning', this._sentence(_('Device unreachable!')));
		});

		this.displayStatus('notice spinning', this._sentence(_('Applying configuration changes… %ds')
			.format((deadline - Date.now()) / 1000)));
		window.setTimeout(ask, L.env.apply_holdoff * 1000);
	},

	_applied() {
		document.dispatchEvent(new CustomEvent('uci-applied'));
		this.setIndicator(0);
		this.displayStatus('notice', this._sentence(_('Configuration changes applied.')));
		this._leave(L.env.apply_display);
	},

	revert() {
		this.displayStatus('notice spinning', this._sentence(_('Reverting configuration…')));
		request.request(L.url('admin/uci/revert'), {
			method: 'post', query: { sid: L.env.sessionid, token: L.env.token }
		}).then(response => {
			if (response.status !== 200) {
				this.displayStatus('warning', this._sentence(_('Revert request failed with status %s')
					.format(response.status)));
				return;
			}
			document.dispatchEvent(new CustomEvent('uci-reverted'));
			this.setIndicator(0);
			this.displayStatus('notice', this._sentence(_('Changes have been reverted.')));
			this._leave(L.env.apply_display);
		});
	}
});
