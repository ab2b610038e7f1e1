'use strict';
'require baseclass';
'require dom';
'require opentracker.access as access';
'require opentracker.adding as adding';
'require opentracker.drafts as drafts';
'require opentracker.listeditor as listeditor';
'require opentracker.listfile as listfile';
'require opentracker.lists as lists';
'require opentracker.listtable as listtable';
'require opentracker.units as units';

/* All that the page has for one list: what is in it, and everything that changes it. */

const TITLES = { whitelist: _('Whitelist'), blacklist: _('Blacklist') };
const ADD_TITLES = { whitelist: _('Add to the whitelist'), blacklist: _('Add to the blacklist') };

function button(title, click) {
	return E('button', { 'class': 'btn cbi-button', 'type': 'button', 'click': click }, [ title ]);
}

/* The torrents of the file, newest first, then those of the settings alone. */
function entriesOf(parsed, configured) {
	const inSettings = new Set(configured.map(hash => hash.toLowerCase()));
	const inFile = new Set(parsed.entries.map(entry => entry.hash));
	const shown = parsed.entries.map(entry => Object.assign({}, entry,
		{ listed: true, configured: inSettings.has(entry.hash) }));

	return shown.reverse().concat(Array.from(inSettings).filter(hash => !inFile.has(hash))
		.map(hash => ({ hash: hash, note: '', listed: false, configured: true })));
}

/* A line below which the next thing that happened replaces the last one. */
function makeLine() {
	const node = E('div', { 'class': 'alert-message', 'role': 'status', 'style': 'display:none; white-space:pre-line' });

	return {
		node: node,
		say(level, text, extra) {
			node.className = 'alert-message ' + level;
			node.style.display = text ? '' : 'none';
			dom.content(node, [ text || '' ].concat(extra ? [ ' ', extra ] : []));
		}
	};
}

/*
 * Returns { node, load(), update(info), count() }. readonly: nothing can be changed. changed() is
 * called when the number of torrents may be another.
 */
function make(list, options) {
	const line = makeLine();
	const facts = E('p', {});
	const warning = E('p', { 'class': 'alert-message warning', 'style': 'display:none' });
	const progress = E('p', { 'class': 'spinning', 'style': 'display:none' });
	const editor = listeditor.make(list + '.editor', { save: saveText, leave: leaveEditor });
	const box = options.readonly ? null : adding.make(list + '.add', ADD_TITLES[list], add, line.say);
	const chosen = E('input', { 'type': 'file', 'style': 'display:none', 'aria-label': _('List to import'),
		'change': () => importFile() });
	const download = button(_('Export'), exportFile);
	const tools = E('div', {}, options.readonly ? [ download ] : [
		chosen, button(_('Import…'), () => chosen.click()), ' ', download, ' ',
		button(_('Edit as text'), () => openEditor(''))
	]);
	const table = listtable.make({ readonly: options.readonly, remove: remove, annotate: annotate }, [ tools ]);
	const view = E('div', {}, [ box ? box.node : '', table.node ]);
	const writing = E('div', { 'style': 'display:none' }, [ editor.node ]);
	const all = E('fieldset', { 'style': 'min-width:0; padding:0; margin:0' }, [ view, writing ]);
	let info = null;
	let state = null;
	let parsed = lists.parse('');

	function show() {
		const entries = entriesOf(parsed, info.configured);
		const words = [ state ? _('Torrents in %s: %s.').format(info.path, units.count(parsed.entries.length))
			: _('File: %s.').format(info.path) ];

		if (info.configured.length)
			words.push(_('In the settings: %s.').format(units.count(info.configured.length)));
		if (parsed.ignored)
			words.push(_('Lines that mean nothing: %s (the first is line %d).')
				.format(units.count(parsed.ignored), parsed.firstIgnored));
		words.push(access.isInForce(info) ? _('The list is in force.') : _('The list is not in force.'));
		dom.content(facts, [ words.join(' ') ]);
		const empty = list === 'whitelist' && access.isInForce(info) && state && !entries.length;
		dom.content(warning, [ empty ? _('The whitelist is empty: the tracker refuses every torrent.') : '' ]);
		warning.style.display = empty ? '' : 'none';
		all.style.display = state || !info.managed ? '' : 'none';
		table.update(entries);
	}

	function take(now) {
		state = now;
		parsed = lists.parse(now.text);
		show();
		options.changed();
	}

	/* Of how much, and how far: either may be unknown. */
	function proceed(title, bytes, whole) {
		progress.style.display = title ? '' : 'none';
		dom.content(progress, [ whole ? _('%s %s of %s').format(title, units.bytes(bytes), units.bytes(whole)) : title ]);
	}

	function whileSaving(bytes, whole) {
		proceed(whole ? _('Saving the list:') : '', bytes, whole);
	}

	/*
	 * Does work() with all buttons off; it resolves to the sentence that is shown, or to null if nothing
	 * was done. Resolves to whether something was.
	 */
	async function act(work, extra) {
		all.disabled = true;
		proceed(_('Saving the list…'));
		try {
			const done = await work();

			if (done === null) {
				line.say('', '');
				return false;
			}
			proceed(_('Telling the tracker…'));
			const remark = await access.follow(info);

			line.say(remark ? 'notice' : 'success', [ done, remark ].join(' ').trim(), extra);
			return true;
		} catch (error) {
			line.say('danger', error.message);
			return !!error.saved;
		} finally {
			proceed('');
			all.disabled = false;
		}
	}

	function add(entries) {
		return act(async () => {
			const result = await access.add(list, state, entries, whileSaving);

			take(result.state);
			return [
				result.added === 1 && entries.length === 1 ? _('Added: %s.').format(entries[0].note || entries[0].hash)
					: result.added ? _('Torrents added: %s.').format(units.count(result.added)) : '',
				result.present ? _('Listed already: %s.').format(units.count(result.present)) : ''
			].filter(text => text).join(' ');
		});
	}

	function change(edit, sentence, extra) {
		return act(async () => {
			take(await access.edit(list, state, edit, whileSaving));
			return sentence;
		}, extra);
	}

	function remove(entry) {
		const back = button(_('Undo'), () => add([ { hash: entry.hash, note: entry.note } ]));

		return change(text => lists.remove(text, entry.hash), _('Removed: %s.').format(entry.note || entry.hash), back);
	}

	function annotate(entry, note) {
		return change(text => lists.annotate(text, entry.hash, note), _('The note was saved.'));
	}

	function importFile() {
		const file = chosen.files[0];

		chosen.value = '';
		return act(async () => {
			const found = await listeditor.askForImport(file, parsed.entries.length);

			if (found.how === 'cancel')
				return null;
			if (found.how === 'replace') {
				const now = await listeditor.save(list, state, found.text, whileSaving);

				if (now)
					take(now);
				return now && _('Torrents imported: %s.').format(units.count(parsed.entries.length));
			}
			const result = await access.add(list, state, found.entries, whileSaving);

			take(result.state);
			return _('Torrents added: %s. Listed already: %s.')
				.format(units.count(result.added), units.count(result.present));
		});
	}

	function exportFile() {
		const inSettings = info.configured.map(hash => ({ hash: hash, note: '' }));

		try {
			listeditor.download('opentracker-%s.txt'.format(list), lists.addAll(state.text, inSettings).text);
		} catch (error) {
			line.say('danger', error.message);
		}
	}

	function openEditor(draft) {
		view.style.display = 'none';
		writing.style.display = '';
		line.say('', '');
		editor.open(state, draft);
	}

	function leaveEditor() {
		editor.close();
		view.style.display = '';
		writing.style.display = 'none';
	}

	async function saveText(base, text) {
		const saved = await act(async () => {
			const now = await listeditor.save(list, base, text, whileSaving);

			if (now)
				take(now);
			return now && _('Saved. Torrents in the list: %s.').format(units.count(parsed.entries.length));
		});

		if (saved)
			leaveEditor();
	}

	async function load() {
		if (!info.managed) {
			line.say('notice', _('The torrents of %s are not shown: this page reads and changes only plain files in /etc/opentracker, a folder that only root may write to.').format(info.path));
			return;
		}
		all.disabled = true;
		try {
			take(await listfile.load(list, bytes => proceed(_('Reading the list:'), bytes, Math.max(bytes, info.size))));
			all.disabled = false;
			const draft = options.readonly ? '' : drafts.recall(list + '.editor');

			if (draft)
				openEditor(draft);
		} catch (error) {
			line.say('danger', error.message, button(_('Try again'), () => {
				line.say('', '');
				load();
			}));
		} finally {
			proceed('');
		}
	}

	return {
		node: E('div', { 'id': 'opentracker-' + list, 'data-tab': list, 'data-tab-title': TITLES[list] },
			[ facts, warning, line.node, progress, all ]),
		load: load,
		update(now) {
			info = now;
			line.say('', ''); // it may be about another mode
			[ tools ].concat(box ? [ box.node ] : []).forEach(each => {
				each.style.display = info.managed ? '' : 'none';
			});
			show();
		},
		/* How many torrents it has, or null before that is known. */
		count() {
			return state ? entriesOf(parsed, info.configured).length : info.configured.length || null;
		}
	};
}

return baseclass.extend({
	make: make
});
