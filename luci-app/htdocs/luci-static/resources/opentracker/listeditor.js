'use strict';
'require baseclass';
'require opentracker.drafts as drafts';
'require opentracker.listfile as listfile';
'require opentracker.lists as lists';
'require opentracker.merging as merging';
'require opentracker.units as units';
'require ui';

/* Whole texts of a list: typed, imported, exported, and what to do when two of them meet. */

/* Asks by a modal with these buttons, [value, title, class]; resolves to the value that was chosen. */
function ask(title, sentences, choices) {
	return new Promise(resolve => {
		const buttons = choices.map(([ value, label, style ]) => E('button', { 'class': 'btn ' + style,
			'click': () => {
				ui.hideModal();
				resolve(value);
			} }, [ label ]));

		ui.showModal(title, sentences.map(sentence => E('p', { 'style': 'overflow-wrap:anywhere' }, [ sentence ]))
			.concat([ E('div', { 'class': 'right' },
				buttons.reduce((all, each) => all.concat([ ' ', each ]), [])) ]));
	});
}

/* What happened to a list between two texts of it. */
function inWords(base, theirs) {
	const changes = merging.difference(base, theirs);

	return _('Torrents that were added: %s. Torrents that were removed: %s.')
		.format(units.count(changes.added.length), units.count(changes.removed.length));
}

/*
 * Makes a text the list that was made of `base`, { text, revision }. If that is no longer the list, it
 * asks. Resolves to the new { text, revision }, or to null if the person would rather not. progress(0, 0)
 * says that it waits for an answer.
 */
async function save(list, base, mine, progress) {
	const text = lists.kept(mine);

	try {
		return { text: text, revision: await listfile.replace(list, text, base.revision, progress) };
	} catch (error) {
		if (error.code !== 'changed')
			throw error;
	}

	const theirs = await listfile.load(list, () => {});

	progress(0, 0);

	const choice = await ask(_('The list was changed elsewhere'), [
		_('Another window, or somebody on the router, changed the list in the meantime.'),
		inWords(base.text, theirs.text),
		_('“Merge” does the same to your text and saves it. “Overwrite” saves your text alone.')
	], [
		[ 'cancel', _('Cancel'), '' ],
		[ 'overwrite', _('Overwrite'), 'cbi-button-negative' ],
		[ 'merge', _('Merge'), 'cbi-button-positive important' ]
	]);

	switch (choice) {
	case 'overwrite':
		return save(list, theirs, mine, progress);
	case 'merge':
		return save(list, theirs, merging.merged(base.text, theirs.text, mine), progress);
	}
	return null;
}

function read(file) {
	if (file.size > listfile.MOST_BYTES)
		throw new Error(_('%s has more than %d MiB: copy it to the router by other means.')
			.format(file.name, listfile.MOST_BYTES / 1024 / 1024));

	return new Promise((resolve, reject) => {
		const reader = new FileReader();

		reader.onload = () => resolve(listfile.decoded(new Uint8Array(reader.result)));
		reader.onerror = () => reject(new Error(_('%s cannot be read.').format(file.name)));
		reader.readAsArrayBuffer(file);
	});
}

/* Resolves to { text, entries, how } of a file, how being merge, replace or cancel: the person is asked. */
async function askForImport(file, count) {
	const text = await read(file);
	const found = lists.parse(text);
	const sentences = [ _('%s has %s torrents.').format(file.name, units.count(found.entries.length)) ];

	if (!found.entries.length)
		throw new Error(_('%s has no line that begins with an info hash, which has 40 hex digits.').format(file.name));
	if (found.ignored)
		sentences.push(_('Lines that mean nothing: %s (the first is line %d).')
			.format(units.count(found.ignored), found.firstIgnored));
	if (count)
		sentences.push(_('Add them to the %s torrents of the list, or put them in their place?').format(units.count(count)));

	const how = !count ? 'replace' : await ask(_('Import'), sentences, [
		[ 'cancel', _('Cancel'), '' ],
		[ 'replace', _('Replace the list'), 'cbi-button-negative' ],
		[ 'merge', _('Add'), 'cbi-button-positive important' ]
	]);

	return { text: text, entries: found.entries, how: how };
}

/* Has the browser save a text as a file. */
function download(name, text) {
	const url = window.URL.createObjectURL(new Blob([ text ], { type: 'text/plain' }));
	const link = E('a', { 'href': url, 'download': name, 'style': 'display:none' });

	document.body.appendChild(link);
	link.click();
	link.remove();
	window.setTimeout(() => window.URL.revokeObjectURL(url), 60000);
}

/*
 * The plain-text editor: { node, open(state), close() }. save(base, text) is called with the state that
 * it was opened with; leave() when the person wants out.
 */
function make(key, actions) {
	const field = E('textarea', { 'class': 'cbi-input-textarea', 'rows': '20', 'spellcheck': 'false', 'wrap': 'off',
		'aria-label': _('The list as text'), 'style': 'width:100%; white-space:pre' });
	const restored = E('p', { 'class': 'alert-message notice', 'style': 'display:none' },
		[ _('This is the text that was not saved when the page was left. “Cancel” throws it away.') ]);
	let base = null;
	let opened = '';

	drafts.watch(key, () => base && field.value !== opened ? field.value : '');
	return {
		node: E('div', {}, [
			restored,
			E('p', {}, [ _('A line for each torrent: its info hash, then a note. Lines that begin with # are comments.') ]),
			field,
			E('div', { 'class': 'right', 'style': 'margin-top:.5em' }, [
				E('button', { 'class': 'btn cbi-button cbi-button-neutral', 'type': 'button', 'click': actions.leave },
					[ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button cbi-button-save important', 'type': 'button',
					'click': () => actions.save(base, field.value) }, [ _('Save') ])
			])
		]),
		open(state, draft) {
			base = state;
			field.value = state.text;
			opened = field.value;
			if (draft)
				field.value = draft;
			restored.style.display = draft ? '' : 'none';
			field.focus();
		},
		close() {
			base = null;
			field.value = opened = '';
		}
	};
}

return baseclass.extend({
	askForImport: askForImport,
	download: download,
	make: make,
	save: save
});
