'use strict';
'require view';
'require dom';
'require fs';
'require poll';

/* Status > Overview: the boxes that apps add, each with its title. */

function titled(box) {
	const content = E('div');
	const node = E('div', { 'class': 'cbi-section', 'style': 'display:none' }, [
		E('div', { 'class': 'cbi-title' }, [ E('h3', {}, [ box.title || '-' ]) ]), content
	]);

	return { box, content, node };
}

function update(shown) {
	return Promise.all(shown.map(each => Promise.resolve(each.box.load ? each.box.load() : null).then(loaded => {
		const content = each.box.render(loaded);

		if (content == null)
			return;
		each.node.style.display = '';
		dom.content(each.content, content);
	}, () => null)));
}

return view.extend({
	load() {
		return fs.list('/www' + L.resource('view/status/include')).then(entries => Promise.all(
			entries.map(entry => L.require('view.status.include.' + entry.name.replace(/\.js$/, '')))));
	},

	render(boxes) {
		const shown = boxes.map(titled);

		return update(shown).then(() => {
			poll.add(() => update(shown));
			return shown.map(each => each.node);
		});
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
