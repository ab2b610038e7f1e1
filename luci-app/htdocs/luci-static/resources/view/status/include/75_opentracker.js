'use strict';
'require baseclass';
'require opentracker.panels as panels';
'require opentracker.service as service';
'require opentracker.units as units';

function row(title, value) {
	return E('tr', { 'class': 'tr' }, [
		E('td', { 'class': 'td left', 'width': '33%' }, [ title ]),
		E('td', { 'class': 'td left' }, [ value ])
	]);
}

function rows(found) {
	const metrics = found.figures.metrics;
	const memory = panels.bar();
	const refused = metrics.announces_denied + metrics.announces_refused;

	memory.update(metrics.memory_used_bytes, metrics.memory_budget_bytes);
	return [
		row(_('All peers'), units.count(panels.sum(metrics.peers))),
		row(_('Seeders among them'), units.count(panels.sum(metrics.seeders))),
		row(_('Torrents'), units.count(metrics.torrents)),
		row(_('Refused announces'), units.count(refused)),
		row(_('Memory for peers'), memory.node)
	];
}

return baseclass.extend({
	title: _('Opentracker'),

	/* The tracker writes no figures for a page that nobody sees; an account without a grant stays one. */
	load() {
		if (!this.found || !document.hidden && !this.isDenied)
			this.found = service.status().then(found => {
				this.isDenied = found.denied;
				return found;
			});
		return this.found;
	},

	render(found) {
		if (found.denied)
			return null; // which leaves the box out

		const now = service.describe(found);
		const text = now.text ? now.title + ': ' + now.text : found.figures ? '' : now.title;

		return E('div', {}, [
			text ? E('p', {}, [ text ]) : '',
			found.figures ? E('table', { 'class': 'table' }, rows(found)) : ''
		]);
	}
});
