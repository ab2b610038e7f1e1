'use strict';
'require baseclass';
'require dom';
'require opentracker.units as units';

/*
 * Parts of the status page that show figures. Each is made once, as { node, update(found) }, and from
 * then on its nodes change; `found` is what the plugin says, with figures in it.
 */

const COPIED_MS = 2000;

/* What was not served, in the words of people: [path in the metrics, title]. */
const REFUSALS = [
	[ [ 'announces_denied' ], _('Announces of torrents that the access lists do not allow') ],
	[ [ 'announces_refused' ], _('Announces for which the memory had no room') ],
	[ [ 'torrents_recycled' ], _('Torrents of a single peer that made room for others') ],
	[ [ 'tcp_connections_displaced' ], _('Idle HTTP connections that made room for others') ],
	[ [ 'udp_id_mismatches' ], _('UDP packets with a wrong or outdated connection id') ],
	[ [ 'http_errors', '400_parse' ], _('HTTP requests that are none') ],
	[ [ 'http_errors', '400_parameter' ], _('HTTP requests with a parameter missing or wrong') ],
	[ [ 'http_errors', '400_compact' ], _('HTTP requests for replies that are not compact') ],
	[ [ 'http_errors', '402_not_modest' ], _('Scrapes of all torrents that came too soon after another') ],
	[ [ 'http_errors', '403_denied' ], _('Statistics or scrapes of all torrents, from networks that may not have them') ],
	[ [ 'http_errors', '404_not_found' ], _('HTTP requests for pages that do not exist') ],
	[ [ 'http_errors', '500_internal' ], _('Errors in the tracker itself, which its log tells about') ]
];

function figure(metrics, path) {
	return path.reduce((part, name) => part == null ? null : part[name], metrics);
}

function sum(families) {
	return families ? families.ipv4 + families.ipv6 : null;
}

function byFamily(families) {
	if (!families)
		return units.count(null);
	return families.ipv6
		? _('%s (%s by IPv4, %s by IPv6)').format(
			units.count(sum(families)), units.count(families.ipv4), units.count(families.ipv6))
		: units.count(families.ipv4);
}

/* In LuCI's table of a name and a value each. */
function row(title, value) {
	return E('tr', { 'class': 'tr' }, [
		E('td', { 'class': 'td left', 'width': '33%' }, [ title ]),
		E('td', { 'class': 'td left' }, [ value ])
	]);
}

/* LuCI shows the title of a bar above it. */
function bar() {
	const filled = E('div', { 'style': 'width:0' });
	const node = E('div', { 'class': 'cbi-progressbar', 'title': '' }, [ filled ]);

	return {
		node: node,
		update(used, budget) {
			const percent = budget > 0 ? Math.min(100, 100 * used / budget) : 0;

			filled.style.width = percent.toFixed(2) + '%';
			node.title = _('%s of %s (%d %%)').format(units.bytes(used), units.bytes(budget), percent);
		}
	};
}

function listsInWords(listed) {
	if (!listed)
		return _('Every torrent is served.');
	if (listed.whitelist == null)
		return _('Denied torrents: %s').format(units.count(listed.blacklist));
	if (listed.blacklist == null)
		return _('Allowed torrents: %s').format(units.count(listed.whitelist));
	return _('Allowed torrents: %s, denied torrents: %s').format(
		units.count(listed.whitelist), units.count(listed.blacklist));
}

function figures() {
	const text = () => document.createTextNode('');
	const cells = { version: text(), uptime: text(), peers: text(), seeders: text(), torrents: text(),
		completed: text(), lists: text() };
	const memory = bar();

	return {
		node: E('table', { 'class': 'table' }, [
			row(_('Version'), cells.version),
			row(_('Uptime'), cells.uptime),
			row(_('All peers'), cells.peers),
			row(_('Seeders among them'), cells.seeders),
			row(_('Torrents'), cells.torrents),
			row(_('Completed downloads since the start'), cells.completed),
			row(_('Access lists'), cells.lists),
			row(_('Memory for peers'), memory.node)
		]),
		update(found) {
			const metrics = found.figures.metrics;

			cells.version.data = _('%s on %s').format(metrics.version, metrics.runtime);
			cells.uptime.data = units.duration(metrics.uptime_seconds);
			cells.peers.data = byFamily(metrics.peers);
			cells.seeders.data = byFamily(metrics.seeders);
			cells.torrents.data = units.count(metrics.torrents);
			cells.completed.data = units.count(metrics.completed);
			cells.lists.data = listsInWords(metrics.access_list_torrents);
			memory.update(metrics.memory_used_bytes, metrics.memory_budget_bytes);
		}
	};
}

function host(url) {
	const found = String(url).match(/^\w+:\/\/(?:\[([^\]]*)\]|([^:/]*))/);

	return found ? found[1] || found[2] || '' : '';
}

/* The tracker answers the router itself there. */
function isOwn(address) {
	return [ '127.0.0.1', '::1' ].includes(address);
}

function reach(url, wan) {
	if (!wan || !(wan.addresses || []).includes(host(url)))
		return _('LAN');
	return wan.open ? _('Internet') : _('WAN, if the firewall lets in');
}

/* Without HTTPS browsers have no clipboard for pages; what is selected can be copied nevertheless. */
function copy(field) {
	field.select();
	if (navigator.clipboard)
		return navigator.clipboard.writeText(field.value).then(() => true, () => document.execCommand('copy'));
	return Promise.resolve(document.execCommand('copy'));
}

function address(url) {
	const field = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'readonly': '', 'value': url,
		'aria-label': _('Announce URL'), 'style': 'flex:1 1 auto; min-width:0; max-width:30em',
		'focus': ev => ev.currentTarget.select() });
	const button = E('button', { 'class': 'btn cbi-button', 'style': 'flex:none', 'click': ev => {
		ev.preventDefault();
		copy(field).then(copied => {
			dom.content(button, [ copied ? _('Copied') : _('Press Ctrl+C') ]);
			window.setTimeout(() => dom.content(button, [ _('Copy') ]), COPIED_MS);
		});
	} }, [ _('Copy') ]);

	return E('div', { 'style': 'display:flex; gap:.5em; align-items:center; margin:.3em 0' }, [ field, button ]);
}

/* The URLs of a kind below its name. */
function group(title, urls) {
	return E('div', { 'style': 'margin-bottom:1em' },
		[ E('strong', {}, [ title ]) ].concat(urls.map(address)));
}

function addresses() {
	const node = E('div', {});
	let shown = null;

	return {
		node: node,
		update(found) {
			const now = JSON.stringify([ found.figures.serving, found.wan ]);

			if (now === shown)
				return; // somebody may have selected one
			shown = now;
			const urls = found.figures.serving.filter(url => !isOwn(host(url)));
			const titles = Array.from(new Set(urls.map(url => reach(url, found.wan))));
			dom.content(node, urls.length
				? titles.map(title => group(title, urls.filter(url => reach(url, found.wan) === title)))
				: [ E('em', {}, [ _('The tracker serves this router alone.') ]) ]);
		}
	};
}

function refusals() {
	const nothing = E('em', {}, [ _('Nothing was refused since the start.') ]);
	const rows = REFUSALS.map(([ path, title ]) => {
		const count = document.createTextNode('');

		return { path, count, node: E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td left' }, [ title ]),
			E('td', { 'class': 'td right', 'style': 'width:8em' }, [ count ])
		]) };
	});
	const table = E('table', { 'class': 'table' }, rows.map(each => each.node));

	return {
		node: E('div', {}, [ nothing, table ]),
		update(found) {
			let any = false;

			rows.forEach(each => {
				const count = figure(found.figures.metrics, each.path);

				each.count.data = units.count(count);
				each.node.style.display = count ? '' : 'none';
				any = any || !!count;
			});
			nothing.style.display = any ? 'none' : '';
			table.style.display = any ? '' : 'none';
		}
	};
}

return baseclass.extend({
	addresses: addresses,
	bar: bar,
	figures: figures,
	refusals: refusals,
	sum: sum
});
