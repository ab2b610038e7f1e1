'use strict';
'require baseclass';
'require opentracker.lists as lists';

/* What became of a list elsewhere, and how that goes together with what became of it here. */

/* The entries { added, removed } that made one text of a list the other. */
function difference(before, after) {
	const old = lists.parse(before).entries;
	const now = lists.parse(after).entries;
	const oldHashes = new Set(old.map(entry => entry.hash));
	const nowHashes = new Set(now.map(entry => entry.hash));

	return {
		added: now.filter(entry => !oldHashes.has(entry.hash)),
		removed: old.filter(entry => !nowHashes.has(entry.hash))
	};
}

/* My text, with the torrents that came and went between base and theirs. */
function merged(base, theirs, mine) {
	const changes = difference(base, theirs);
	const rest = lists.remove(mine, changes.removed.map(entry => entry.hash));

	return lists.addAll(rest, changes.added).text;
}

return baseclass.extend({
	difference: difference,
	merged: merged
});
