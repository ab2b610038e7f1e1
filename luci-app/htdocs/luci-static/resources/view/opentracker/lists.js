'use strict';
'require dom';
'require opentracker.access as access';
'require opentracker.listfile as listfile';
'require opentracker.listpane as listpane';
'require ui';
'require view';

/* Which torrents are served: the mode, and the two lists. */

const MODES = [
	[ 'open', _('Open'), _('Every torrent is served.') ],
	[ 'whitelist', _('Whitelist'), _('Only the torrents of the whitelist are served.') ],
	[ 'blacklist', _('Blacklist'), _('Every torrent is served, but for those of the blacklist.') ],
	[ 'both', _('Both'), _('Only the torrents of the whitelist are served, but for those of the blacklist.') ]
];

function choice([ mode, title, sentence ], select, readonly) {
	const input = E('input', { 'type': 'radio', 'name': 'opentracker-mode', 'value': mode,
		'change': () => select(mode) });

	input.disabled = readonly;
	return { mode: mode, input: input, node: E('p', {}, [
		E('label', {}, [ input, ' ', E('strong', {}, [ title ]), ' – ', sentence ])
	]) };
}

/*
 * Returns { node, update(infos), mind() }. counts(list) tells how many torrents a list has, or null;
 * changed() is called after a change.
 */
function modeSelector(readonly, counts, changed) {
	const line = E('div', { 'class': 'alert-message', 'role': 'status', 'style': 'display:none' });
	const choices = MODES.map(each => choice(each, mind, readonly));
	const caution = E('p', { 'class': 'alert-message warning', 'style': 'display:none' },
		[ _('The whitelist is empty: the tracker would refuse every torrent until you add some.') ]);
	const button = E('button', { 'class': 'btn cbi-button cbi-button-apply', 'type': 'button', 'click': apply },
		[ _('Change the mode') ]);
	let current = null;

	function chosen() {
		return choices.find(each => each.input.checked).mode;
	}

	function say(level, text) {
		line.className = 'alert-message ' + level;
		line.style.display = text ? '' : 'none';
		dom.content(line, [ text ]);
	}

	function mind() {
		const mode = chosen();

		button.disabled = mode === current;
		caution.style.display = mode !== current && access.holds(mode, 'whitelist') &&
			!access.holds(current, 'whitelist') && counts('whitelist') === 0 ? '' : 'none';
	}

	function allow(enabled) {
		choices.forEach(each => { each.input.disabled = !enabled; });
		button.disabled = !enabled;
		button.classList.toggle('spinning', !enabled);
	}

	async function apply() {
		let result = [];

		say('', '');
		allow(false);
		try {
			const remark = await access.setMode(chosen());

			result = [ remark ? 'notice' : 'success', [ _('Changed.'), remark ].join(' ').trim() ];
		} catch (error) {
			result = [ 'danger', error.message ];
		}
		await changed().catch(error => { result = [ 'danger', error.message ]; });
		allow(true);
		mind();
		say(result[0], result[1]);
	}

	return {
		node: E('div', { 'class': 'cbi-section' }, [
			E('h3', {}, [ _('Mode') ]), line
		].concat(choices.map(each => each.node), [ caution ], readonly ? [] : [ button ])),
		update(infos) {
			current = access.modeOf(infos);
			choices.forEach(each => { each.input.checked = each.mode === current; });
			mind();
		},
		mind: mind
	};
}

function page(infos, readonly) {
	const panes = {};
	const selector = modeSelector(readonly, list => panes[list].count(), refresh);

	function update(now) {
		access.NAMES.forEach(list => panes[list].update(now[list]));
		selector.update(now);
	}

	/* What the change of mode put into the lists is to be seen, too. */
	async function refresh() {
		update(await listfile.describe());
		await load();
	}

	async function load() {
		for (const list of access.NAMES)
			await panes[list].load();
	}

	access.NAMES.forEach(list => {
		panes[list] = listpane.make(list, { readonly: readonly, changed: () => selector.mind() });
	});
	update(infos);
	const group = E('div', {}, access.NAMES.map(list => panes[list].node));
	const node = E('div', {}, [ selector.node, E('div', { 'class': 'cbi-section', 'style': 'margin-top:1.5em' }, [ group ]) ]);

	ui.tabs.initTabGroup(group.childNodes);
	load();
	return node;
}

return view.extend({
	load() {
		return listfile.describe().catch(error => ({ problem: error.message }));
	},

	render(infos) {
		return E('div', {}, [
			E('h2', {}, [ _('Access lists') ]),
			infos.problem ? E('p', { 'class': 'alert-message warning' }, [ infos.problem ])
				: page(infos, !L.hasViewPermission())
		]);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
