'use strict';
'require baseclass';
'require dom';
'require ui';
'require opentracker.access as access';
'require opentracker.units as units';

/* The table of the torrents with the most peers, each with a button to allow or to deny it. */

const HASH = /^[0-9a-f]{40}$/;

/* A line that the last thing that was done replaces; LuCI's notifications are out of sight down here. */
function makeLine() {
	const node = E('div', { 'class': 'alert-message', 'role': 'status', 'style': 'display:none' });

	return {
		node: node,
		say(level, text) {
			node.className = 'alert-message ' + level;
			node.style.display = '';
			dom.content(node, [ text ]);
			node.scrollIntoView({ block: 'center' });
		}
	};
}

function inWords(listed) {
	return listed.note || (listed.list === 'whitelist' ? _('on the whitelist') : _('on the blacklist'));
}

/* Asks first: the rows may have moved under the pointer. */
function ask(title, question, hash, note, act, say, done) {
	const field = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'value': note || '', 'maxlength': '200',
		'aria-label': _('Note'), 'placeholder': _('Note, if you like'), 'style': 'width:100%; box-sizing:border-box' });
	const button = E('button', { 'class': 'btn cbi-button-action important', 'click': () => {
		button.disabled = true;
		button.classList.add('spinning');
		act(hash, field.value.trim())
			.then(sentence => [ 'info', sentence ], error => [ 'danger', error.message ])
			.then(told => {
				ui.hideModal();
				say(told[0], told[1]);
			})
			.then(done);
	} }, [ title ]);

	ui.showModal(title, [
		E('p', {}, [ question ]),
		E('p', { 'style': 'overflow-wrap:anywhere' }, [ E('code', {}, [ hash ]) ]),
		E('p', {}, [ field ]),
		E('div', { 'class': 'right' }, [
			E('button', { 'class': 'btn', 'click': ui.hideModal }, [ _('Cancel') ]), ' ', button
		])
	]);
}

function makeRow(actions, say) {
	const cells = { hash: E('code', {}), note: E('small', {}), seeders: E('span'), leechers: E('span'),
		completed: E('span') };
	const shown = { hash: '', note: '' };
	const button = (title, style, question, act) => E('button', { 'class': 'btn ' + style,
		'click': () => ask(title, question, shown.hash, shown.note, act, say, actions.done) }, [ title ]);
	const buttons = [
		button(_('Allow'), 'cbi-button-positive', _('Have the tracker serve this torrent?'), access.allow),
		button(_('Deny'), 'cbi-button-negative', _('Have the tracker refuse this torrent, and forget its peers?'),
			access.deny)
	];
	const node = E('tr', { 'class': 'tr' }, [
		E('td', { 'class': 'td left', 'data-title': _('Info hash'), 'style': 'flex-basis:100%; overflow-wrap:anywhere' },
			[ cells.hash, ' ', cells.note ]),
		E('td', { 'class': 'td', 'data-title': _('Seeders'), 'style': 'flex-basis:30%' }, [ cells.seeders ]),
		E('td', { 'class': 'td', 'data-title': _('Leechers'), 'style': 'flex-basis:30%' }, [ cells.leechers ]),
		E('td', { 'class': 'td', 'data-title': _('Completed'), 'style': 'flex-basis:30%' }, [ cells.completed ])
	].concat(actions.readonly ? [] : [
		E('td', { 'class': 'td cbi-section-actions' }, [ E('div', {}, [ buttons[0], ' ', buttons[1] ]) ])
	]));

	return {
		node: node,
		update(torrent, listed) {
			shown.hash = String(torrent.info_hash);
			shown.note = listed && listed.note || '';
			dom.content(cells.hash, [ shown.hash ]);
			dom.content(cells.note, [ listed ? inWords(listed) : '' ]);
			[ 'seeders', 'leechers', 'completed' ].forEach(
				name => dom.content(cells[name], [ units.count(torrent[name]) ]));
			buttons.forEach(each => { each.disabled = !HASH.test(shown.hash); });
		}
	};
}

/*
 * Returns { node, update(found, listed) }; `listed` are { list, note } by info hash. With readonly
 * there are no buttons; done() is called when one had an effect.
 */
function make(actions) {
	const rows = new Map();
	const line = makeLine();
	const nobody = E('em', {}, [ _('No torrent has a peer yet.') ]);
	const titles = [ _('Info hash'), _('Seeders'), _('Leechers'), _('Completed') ]
		.concat(actions.readonly ? [] : [ '' ]);
	const table = E('table', { 'class': 'table cbi-section-table' }, [
		E('tr', { 'class': 'tr table-titles' }, titles.map(title => E('th', { 'class': 'th' }, [ title ])))
	]);

	function rowOf(hash) {
		if (!rows.has(hash))
			rows.set(hash, makeRow(actions, line.say));
		return rows.get(hash);
	}

	return {
		node: E('div', {}, [ line.node, nobody, table ]),
		update(found, listed) {
			const top = found.figures.top;
			const hashes = top.map(torrent => String(torrent.info_hash));

			Array.from(rows.keys()).filter(hash => !hashes.includes(hash)).forEach(hash => {
				rows.get(hash).node.remove();
				rows.delete(hash);
			});
			top.forEach((torrent, index) => {
				const row = rowOf(hashes[index]);

				row.update(torrent, listed[hashes[index]]);
				if (table.children[index + 1] !== row.node)
					table.insertBefore(row.node, table.children[index + 1] || null);
			});
			nobody.style.display = top.length ? 'none' : '';
			table.style.display = top.length ? '' : 'none';
		}
	};
}

return baseclass.extend({
	make: make
});
