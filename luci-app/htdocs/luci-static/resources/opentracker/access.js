'use strict';
'require baseclass';
'require rpc';
'require opentracker.listfile as listfile';
'require opentracker.lists as lists';
'require opentracker.service as service';

/* Which torrents the tracker serves: the mode, and changes of the lists that it follows at once. */

const CONFIG = 'opentracker';
const NAMES = [ 'whitelist', 'blacklist' ];
const NOBODY = () => {};

const callSet = rpc.declare({ object: 'uci', method: 'set', params: [ 'config', 'section', 'values' ],
	reject: true });

const callDelete = rpc.declare({ object: 'uci', method: 'delete', params: [ 'config', 'section', 'options' ],
	reject: true });

function isInForce(info) {
	return info.active || info.configured.length > 0;
}

/* open, whitelist, blacklist or both, of what listfile.describe() says. */
function modeOf(infos) {
	const found = NAMES.filter(name => isInForce(infos[name]));

	return found.length === 2 ? 'both' : found[0] || 'open';
}

function holds(mode, list) {
	return mode === list || mode === 'both';
}

/*
 * Has a running tracker follow what was changed; resolves to what there is to say about that. If that
 * fails, the error has `saved`.
 */
async function takeOver() {
	const found = await service.status();

	if (!found.problem && !found.running)
		return _('The tracker does not run: it will know when it starts.');
	try {
		if (found.problem)
			throw new Error(found.problem);
		await service.run('reload');
		return '';
	} catch (error) {
		throw Object.assign(new Error(_('It is saved, but the tracker did not take it over: %s').format(error.message)),
			{ saved: true });
	}
}

/* takeOver(), if the tracker follows this list. */
function follow(info) {
	return isInForce(info) ? takeOver() : Promise.resolve(_('The list is not in force.'));
}

/*
 * Changes a list by change(text), which has to do the same to a list that was changed elsewhere.
 * `state` is what is known of it, { text, revision }, and so is what this resolves to.
 */
async function edit(list, state, change, progress) {
	let known = state;

	return listfile.persistently(async attempt => {
		if (attempt > 1)
			known = await listfile.load(list, NOBODY);

		const text = change(known.text);

		if (text === known.text)
			return known;

		const revision = await listfile.replace(list, text, known.revision, progress || NOBODY);

		return { text: text, revision: revision };
	});
}

/* Adds entries [{ hash, note }]; resolves to { state, added, present }, as lists.addAll counts. */
async function add(list, state, entries, progress) {
	const made = lists.addAll(state.text, entries);
	const lines = made.text.slice(state.text.length).replace(/^\r?\n/, '');
	let now = state;

	if (made.added && state.revision && made.text.startsWith(state.text) && listfile.fits(lines)) {
		const reply = await listfile.append(list, lines);

		now = reply.before === state.revision ? { text: made.text, revision: reply.revision }
			: await listfile.load(list, NOBODY);
	} else if (made.added) {
		now = await edit(list, state, text => lists.addAll(text, entries).text, progress);
	}
	return { state: now, added: made.added, present: made.present };
}

/* Torrents of the settings go into the file of a list that is no longer to be in force. */
async function keepConfigured(list, info) {
	if (!info.managed)
		throw new Error(_('Some torrents are in the settings themselves (option %s). Remove them there first.').format(list));

	const state = await listfile.load(list, NOBODY);

	await add(list, state, info.configured.map(hash => ({ hash: hash, note: '' })));
}

/* What the change of mode means for a list: { set: values, remove: [options] }. */
async function changeFor(list, info, wanted) {
	if (wanted === isInForce(info))
		return { set: {}, remove: [] };
	if (wanted) {
		if (!info.exists)
			await listfile.append(list, '');
		return { set: { [list + '_file']: info.path }, remove: [] };
	}
	if (info.configured.length)
		await keepConfigured(list, info);
	return { set: {}, remove: (info.active ? [ list + '_file' ] : []).concat(info.configured.length ? [ list ] : []) };
}

/* Changes the mode, and no list; resolves to what there is to say about it. */
async function setMode(mode) {
	const infos = await listfile.describe();
	const changes = [];

	for (const list of NAMES)
		changes.push(await changeFor(list, infos[list], holds(mode, list)));

	const values = Object.assign({}, ...changes.map(change => change.set));
	const options = [].concat(...changes.map(change => change.remove));

	await service.commit(async section => {
		if (Object.keys(values).length)
			await callSet(CONFIG, section, values);
		if (options.length)
			await callDelete(CONFIG, section, options);
	});
	return takeOver();
}

async function addOne(list, hash, note) {
	await add(list, await listfile.load(list, NOBODY), [ { hash: hash, note: note } ]);
}

async function removeOne(list, info, hash) {
	if (info.configured.some(each => each.toLowerCase() === hash.toLowerCase()))
		throw new Error(_('This torrent is in the settings themselves (option %s). Remove it there.').format(list));

	await edit(list, await listfile.load(list, NOBODY), text => lists.remove(text, hash));
}

function inWords(done, trouble) {
	return trouble ? '%s %s'.format(done, trouble) : done;
}

/* Has the tracker serve a torrent; resolves to a sentence about it. */
async function allow(hash, note) {
	const infos = await listfile.describe();
	const mode = modeOf(infos);

	if (mode === 'open')
		return _('Every torrent is allowed already: no access list is in force.');
	if (holds(mode, 'blacklist'))
		await removeOne('blacklist', infos.blacklist, hash);
	if (holds(mode, 'whitelist'))
		await addOne('whitelist', hash, note);
	return inWords(mode === 'blacklist'
		? _('The torrent is allowed: it is not on the blacklist.')
		: _('The torrent is allowed: it is on the whitelist.'), await takeOver());
}

/* Has the tracker refuse a torrent; resolves to a sentence about it. */
async function deny(hash, note) {
	const infos = await listfile.describe();
	const mode = modeOf(infos);

	if (mode === 'whitelist') {
		await removeOne('whitelist', infos.whitelist, hash);
		return inWords(_('The torrent is denied: it is not on the whitelist.'), await takeOver());
	}
	await addOne('blacklist', hash, note);
	return mode === 'open'
		? inWords(_('The torrent is denied: it is on the blacklist, which is in force from now on.'), await setMode('blacklist'))
		: inWords(_('The torrent is denied: it is on the blacklist.'), await takeOver());
}

return baseclass.extend({
	NAMES: NAMES,
	add: add,
	allow: allow,
	deny: deny,
	edit: edit,
	follow: follow,
	holds: holds,
	isInForce: isInForce,
	modeOf: modeOf,
	setMode: setMode
});
