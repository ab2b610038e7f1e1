'use strict';
'require baseclass';
'require opentracker.drafts as drafts';
'require opentracker.torrents as torrents';

/* The box that takes magnet links, info hashes and .torrent files. */

const MOST_BYTES = 16 * 1024 * 1024;

function readBytes(file) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();

		reader.onload = () => resolve(new Uint8Array(reader.result));
		reader.onerror = () => reject(new Error(_('The file cannot be read.')));
		reader.readAsArrayBuffer(file.slice(0, MOST_BYTES + 1));
	});
}

/* The lines that stand for a .torrent file. */
function linesOf(file) {
	return readBytes(file).then(bytes => {
		const torrent = torrents.fromTorrent(bytes);

		return torrent.hashes.map(hash => (hash + ' ' + torrent.name).trim());
	});
}

/* What a text asks for, as entries of a list; a note of one's own is for all of them. */
function entriesOf(text, note) {
	const entries = [];

	torrents.fromText(text).forEach(torrent => torrent.hashes.forEach(
		hash => entries.push({ hash: hash, note: note || torrent.name })));
	return entries;
}

/*
 * Returns { node }. add(entries) resolves to whether they were added; only then the box is emptied.
 * say(level, text) shows a sentence.
 */
function make(key, title, add, say) {
	const text = E('textarea', { 'class': 'cbi-input-textarea', 'rows': '3', 'spellcheck': 'false',
		'placeholder': _('Magnet links or info hashes, one in each line'), 'style': 'width:100%',
		'aria-label': _('Magnet links or info hashes, one in each line') });
	const note = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'maxlength': '200',
		'placeholder': _('Note; else the name of the torrent'), 'aria-label': _('Note; else the name of the torrent'),
		'style': 'flex:1 1 14em; width:auto; min-width:0' });
	const files = E('input', { 'type': 'file', 'multiple': '', 'accept': '.torrent,application/x-bittorrent',
		'style': 'display:none', 'aria-label': _('.torrent files') });

	async function take(chosen) {
		const troubles = [];
		let lines = [];

		for (const file of Array.from(chosen)) {
			try {
				lines = lines.concat(await linesOf(file));
			} catch (error) {
				troubles.push('%s: %s'.format(file.name, error.message));
			}
		}
		if (lines.length)
			text.value = text.value.replace(/\s*$/, text.value.trim() ? '\n' : '') + lines.join('\n') + '\n';
		say(troubles.length ? 'danger' : '', troubles.join('\n'));
	}

	function submit() {
		let entries;

		try {
			entries = entriesOf(text.value, note.value.trim());
		} catch (error) {
			say('danger', error.message);
			return;
		}
		add(entries).then(added => {
			if (added)
				text.value = note.value = '';
		});
	}

	function isOfFiles(ev) {
		return ev.dataTransfer && Array.from(ev.dataTransfer.types).includes('Files');
	}

	const node = E('div', { 'style': 'margin:.5em 0' }, [
		text, files,
		E('div', { 'style': 'display:flex; flex-wrap:wrap; gap:.5em; margin-top:.5em' }, [
			note,
			E('button', { 'class': 'btn cbi-button', 'type': 'button', 'click': () => files.click() },
				[ _('Choose .torrent files…') ]),
			E('button', { 'class': 'btn cbi-button cbi-button-add', 'type': 'button', 'click': submit }, [ title ])
		])
	]);

	node.addEventListener('dragover', ev => {
		if (isOfFiles(ev))
			ev.preventDefault();
	});
	node.addEventListener('drop', ev => {
		if (!isOfFiles(ev))
			return;
		ev.preventDefault();
		take(ev.dataTransfer.files);
	});
	files.addEventListener('change', () => {
		take(files.files).then(() => { files.value = ''; });
	});
	text.value = drafts.recall(key);
	drafts.watch(key, () => text.value);
	return { node: node };
}

return baseclass.extend({
	make: make
});
