'use strict';
'require baseclass';
'require dom';
'require opentracker.lists as lists';
'require opentracker.units as units';

/* The table of a list's torrents: searched, a page at a time, with what can be done to each. */

const PAGE = 25;
const ROW = 'display:flex; flex-wrap:wrap; gap:.5em; align-items:center; margin:.5em 0';

function button(title, style, click) {
	return E('button', { 'class': 'btn cbi-button ' + style, 'type': 'button', 'click': click }, [ title ]);
}

/* Puts a field in the place of a note, until that is saved or left alone. */
function editNote(cell, entry, actions, close) {
	const field = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'maxlength': '200', 'value': entry.note,
		'aria-label': _('Note'), 'style': 'flex:1 1 8em; min-width:0; width:auto' });
	const save = () => field.value.trim() === entry.note ? close() : actions.annotate(entry, field.value);

	field.addEventListener('keydown', ev => {
		if (ev.key === 'Enter')
			save();
		else if (ev.key === 'Escape')
			close();
	});
	dom.content(cell, [
		E('div', { 'style': 'display:flex; flex-wrap:wrap; gap:.3em' }, [
			field, button(_('Save'), 'cbi-button-save', save), button(_('Cancel'), 'cbi-button-neutral', close)
		])
	]);
	field.focus();
}

function noteOf(entry) {
	return [ entry.note, entry.configured ? ' ' : '', entry.configured
		? E('a', { 'class': 'label', 'href': L.url('admin/services/opentracker/settings'),
			'title': _('This torrent stands in the settings. It can be removed there.') }, [ _('in the settings') ])
		: '' ];
}

function row(entry, actions) {
	const note = E('td', { 'class': 'td left', 'data-title': _('Note'), 'style': 'overflow-wrap:anywhere' },
		noteOf(entry));
	const close = () => dom.content(note, noteOf(entry));
	const buttons = actions.readonly || !entry.listed ? [] : [
		button(_('Edit note'), 'cbi-button-neutral', () => editNote(note, entry, actions, close)), ' ',
		button(_('Remove'), 'cbi-button-remove', () => actions.remove(entry))
	];

	return E('tr', { 'class': 'tr cbi-section-table-row', 'data-hash': entry.hash }, [
		E('td', { 'class': 'td left', 'data-title': _('Info hash'), 'style': 'overflow-wrap:anywhere; width:27em' },
			[ E('code', {}, [ entry.hash ]) ]),
		note
	].concat(actions.readonly ? [] : [
		E('td', { 'class': 'td cbi-section-actions' }, [ E('div', {}, buttons) ])
	]));
}

function titles(readonly) {
	return E('tr', { 'class': 'tr table-titles' }, [ _('Info hash'), _('Note') ].concat(readonly ? [] : [ '' ])
		.map(title => E('th', { 'class': 'th' }, [ title ])));
}

/*
 * Returns { node, update(entries) }; entries are those of lists.parse, `listed` if they are in the
 * file and `configured` if in the settings. actions: readonly, remove(entry), annotate(entry, note);
 * tools are nodes beside the search.
 */
function make(actions, tools) {
	const table = E('table', { 'class': 'table cbi-section-table' });
	const shown = E('span', { 'role': 'status' });
	const search = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'placeholder': _('Search hash or note'),
		'aria-label': _('Search hash or note'), 'style': 'flex:1 1 14em; width:auto; min-width:0' });
	const back = button(_('Previous'), 'cbi-button-neutral', () => turn(-1));
	const forth = button(_('Next'), 'cbi-button-neutral', () => turn(1));
	let entries = [];
	let number = 1;

	function draw() {
		const page = lists.page(lists.search(entries, search.value), number, PAGE);

		number = page.page;
		table.style.display = page.total ? '' : 'none';
		dom.content(table,
			[ titles(actions.readonly) ].concat(page.entries.map(entry => row(entry, actions))));
		dom.content(shown, [ page.total
			? _('%s–%s of %s').format(units.count(page.first), units.count(page.last), units.count(page.total))
			: entries.length ? _('No torrent of the list matches the search.') : _('The list is empty.') ]);
		back.disabled = number <= 1;
		forth.disabled = number >= page.pages;
		[ back, forth ].forEach(each => { each.style.display = page.pages > 1 ? '' : 'none'; });
	}

	function turn(pages) {
		number += pages;
		draw();
	}

	search.addEventListener('input', () => {
		number = 1;
		draw();
	});
	return {
		node: E('div', {}, [
			E('div', { 'style': ROW }, [ search ].concat(tools)),
			table,
			E('div', { 'style': ROW }, [ back, shown, forth ])
		]),
		update(now) {
			entries = now;
			draw();
		}
	};
}

return baseclass.extend({
	make: make
});
