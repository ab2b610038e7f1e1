'use strict';
'require baseclass';
'require opentracker.access as access';
'require opentracker.listfile as listfile';
'require opentracker.lists as lists';

/* What the access lists say about torrents. Larger lists are not fetched for that. */

const MOST_BYTES = 256 * 1024;
const NOBODY = () => {};

/* By list: the entries of a revision. */
const known = new Map();

async function entriesOf(list, info) {
	const before = known.get(list);

	if (!info.exists || info.size > MOST_BYTES)
		return [];
	if (!before || before.revision !== info.revision) {
		const loaded = await listfile.load(list, NOBODY);

		known.set(list, { revision: loaded.revision, entries: lists.parse(loaded.text).entries });
	}
	return known.get(list).entries;
}

/* Resolves to { list, note } by info hash, of all torrents that are on a list. */
async function load() {
	const infos = await listfile.describe();
	const found = {};

	for (const list of access.NAMES) {
		infos[list].configured.forEach(hash => { found[hash.toLowerCase()] = { list: list, note: '' }; });
		(await entriesOf(list, infos[list])).forEach(entry => {
			found[entry.hash] = { list: list, note: entry.note };
		});
	}
	return found;
}

return baseclass.extend({
	load: load
});
