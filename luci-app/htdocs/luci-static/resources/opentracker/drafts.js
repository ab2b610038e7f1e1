'use strict';
'require baseclass';

/*
 * What somebody has typed and not saved yet outlives that the page is left: when the session ends,
 * LuCI's login leaves it, too. Drafts are kept for the browser's tab.
 */

const PREFIX = 'opentracker.draft.';

function keep(key, text) {
	try {
		if (text)
			window.sessionStorage.setItem(PREFIX + key, text);
		else
			window.sessionStorage.removeItem(PREFIX + key);
	} catch (error) {
		/* Private windows have no storage, and others little: then it is as if there were no drafts. */
	}
}

/* The draft of this key, or ''. It is given once. */
function recall(key) {
	try {
		return window.sessionStorage.getItem(PREFIX + key) || '';
	} catch (error) {
		return '';
	} finally {
		keep(key, '');
	}
}

/* Keeps what current() returns when the page is left. */
function watch(key, current) {
	window.addEventListener('pagehide', () => keep(key, current()));
}

return baseclass.extend({
	recall: recall,
	watch: watch
});
