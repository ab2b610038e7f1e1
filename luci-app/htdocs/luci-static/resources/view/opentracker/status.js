'use strict';
'require view';
'require dom';
'require poll';
'require ui';
'require opentracker.diagnosis as diagnosis';
'require opentracker.notes as notes';
'require opentracker.panels as panels';
'require opentracker.plot as plot';
'require opentracker.service as service';
'require opentracker.top as top';

const SECONDS = 2;

const NOTES_SECONDS = 10;
const LOOK_AGAIN_MS = 500;
const PATIENCE_SECONDS = 30;

const BUTTONS = [
	{ action: 'start', title: _('Start'), style: 'cbi-button-positive', waiting: _('Waiting for the tracker to start…') },
	{ action: 'stop', title: _('Stop'), style: 'cbi-button-negative', waiting: _('Waiting for the tracker to stop…') },
	{ action: 'restart', title: _('Restart'), style: 'cbi-button-action',
		waiting: _('Waiting for the tracker to come back…') },
	{ action: 'reload', title: _('Reload'), style: 'cbi-button-action',
		waiting: _('Waiting for the tracker to read its settings and lists…') },
	{ action: 'enable', title: _('Enable'), style: 'cbi-button-positive',
		waiting: _('Waiting for the tracker to start…') },
	{ action: 'disable', title: _('Disable'), style: 'cbi-button-negative',
		waiting: _('Waiting for the tracker to stop…') }
];

const COLOURS = { unknown: 'warning', disabled: '', stopped: 'warning', bridge: 'success', waiting: 'success',
	old: 'success', running: 'success' };

function section(title, children) {
	return E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ title ]) ].concat(children));
}

function later(milliseconds) {
	return new Promise(resolve => window.setTimeout(resolve, milliseconds));
}

return view.extend({
	load() {
		return service.status();
	},

	render(found) {
		this.readonly = !L.hasViewPermission();
		this.notedAt = 0;
		this.notes = {};
		this.panels = [ panels.figures(), panels.addresses(), panels.refusals() ];
		this.diagnosis = diagnosis.make();
		this.plot = plot.make();
		this.top = top.make({ readonly: this.readonly, done: () => this.refresh() });
		this.nodes = {
			label: E('span', { 'class': 'label', 'id': 'opentracker-state' }),
			text: E('span', { 'id': 'opentracker-text' }),
			caution: E('p', { 'id': 'opentracker-caution' }),
			figures: E('div', { 'id': 'opentracker-figures' }, [
				section(_('Now'), [ this.panels[0].node ]),
				section(_('Announce URLs'), [
					E('div', { 'class': 'cbi-section-descr' },
						[ _('What goes into a torrent, or into the list of trackers of a client.') ]),
					this.panels[1].node
				]),
				section(_('Requests per second'), [ this.plot.node ]),
				section(_('Refused and limited since the start'), [ this.panels[2].node ]),
				section(_('Torrents with the most peers'), [ this.top.node ])
			])
		};
		this.buttons = this.readonly ? [] : BUTTONS.map(button => this.makeButton(button));
		this.show(found);

		poll.add(() => document.hidden ? null : this.refresh(), SECONDS);
		document.addEventListener('visibilitychange', () => {
			if (!document.hidden && poll.active())
				this.refresh();
		});
		document.addEventListener('uci-applied', () => this.diagnosis.again());

		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Opentracker') ]),
			E('div', { 'class': 'cbi-section', 'style': 'margin-bottom:2em' }, [
				E('p', {}, [ this.nodes.label, ' ', this.nodes.text ]),
				this.nodes.caution,
				this.diagnosis.node,
				E('div', { 'style': 'display:flex; flex-wrap:wrap; gap:.5em' }, this.buttons.map(each => each.node))
			]),
			this.nodes.figures
		]);
	},

	makeButton(button) {
		return {
			action: button.action,
			node: E('button', {
				'class': 'btn ' + button.style,
				'id': 'opentracker-' + button.action,
				'click': () => this.act(button)
			}, [ button.title ])
		};
	},

	/* One look at a time, however many ask for it. */
	refresh() {
		if (!this.looking)
			this.looking = service.status()
				.then(found => this.show(found))
				.finally(() => { this.looking = null; });
		return this.looking;
	},

	show(found) {
		const now = service.describe(found);
		const caution = service.caution(found);
		const possible = service.possible(found);

		this.nodes.label.className = 'label ' + COLOURS[now.state];
		dom.content(this.nodes.label, [ now.title ]);
		dom.content(this.nodes.text, [ now.text ]);
		dom.content(this.nodes.caution, [ caution ]);
		this.nodes.caution.style.display = caution ? '' : 'none';
		this.buttons.forEach(each => { each.node.disabled = !possible[each.action] || !!this.acting; });
		const hasFigures = found.figures && now.state !== 'bridge';

		this.nodes.figures.style.display = hasFigures ? '' : 'none';
		if (hasFigures)
			this.showFigures(found);
		this.diagnosis.update(now.state);
		return found;
	},

	showFigures(found) {
		this.panels.forEach(panel => panel.update(found));
		this.plot.update(found.figures.history);
		this.top.update(found, this.notes);
		if (Date.now() - this.notedAt > 1000 * NOTES_SECONDS) {
			this.notedAt = Date.now();
			notes.load().then(known => { this.notes = known; }, () => {}); // the page does without
		}
	},

	act(button) {
		const since = Date.now();

		this.acting = true;
		if (this.notice)
			this.notice.remove();
		ui.showModal(null, [ E('p', { 'class': 'spinning' }, [ button.waiting ]) ]);
		return service.run(button.action)
			.then(said => this.waitFor(button.action, since).then(done => this.tell(said, done)))
			.catch(error => this.notify(_('“%s” failed').format(button.title), error.message.split('\n'), 'danger'))
			.then(() => {
				this.acting = false;
				this.diagnosis.again();
				return this.refresh();
			})
			.finally(ui.hideModal);
	},

	/* Resolves to whether the action has its effect within some time. */
	waitFor(action, since) {
		return service.status().then(found => {
			const seconds = (Date.now() - since) / 1000;

			if (service.isDone(action, found, seconds))
				return true;
			return seconds <= PATIENCE_SECONDS &&
				later(LOOK_AGAIN_MS).then(() => this.waitFor(action, since));
		});
	},

	tell(said, done) {
		if (!done)
			this.notify(_('This takes longer than it should'),
				said.concat(_('The page goes on looking, and shows what the tracker logs.')), 'warning');
		else if (said.length)
			this.notify(null, said, 'info');
	},

	/* Until the next action. */
	notify(title, lines, level) {
		this.notice = ui.addNotification(title, diagnosis.words(lines), level);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
