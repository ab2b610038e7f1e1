'use strict';
'require baseclass';
'require dom';
'require opentracker.messages as messages';
'require opentracker.service as service';

/* What is wrong with a tracker that does not do what it should, as the router tells it. */

/* It may be put right elsewhere, so the router is asked again. */
const AGAIN_MS = 20000;
const PATIENCE_MS = 10000;

/* The words of the init script, a line each. */
function words(lines) {
	return lines.map(line => E('p', { 'style': 'overflow-wrap:anywhere' }, [ line ]));
}

/* The sentences on what was found: { state, lines } of service.examine(). */
function sentences(found, logged, isRunning, isTrouble) {
	const said = found.lines.map(messages.shown);

	switch (found.state) {
	case 'wrong':
		return [ isRunning
			? _('The settings have a mistake. Until it is put right, the tracker runs with those that it had before:')
			: _('The settings have a mistake that keeps it from starting:') ].concat(said);
	case 'waiting':
		return said;
	default:
		return isTrouble ? said.concat(
			logged.length ? _('What it logged last:') : _('It logged nothing, as far as the router knows.')) : [];
	}
}

/*
 * Returns { node, update(state), again() }: update() takes each state of service.describe(), and
 * again() forgets what was found out.
 */
function make() {
	const text = E('div', { 'id': 'opentracker-diagnosis' });
	const log = E('pre', { 'id': 'opentracker-log', 'style': 'white-space:pre-wrap; overflow-wrap:anywhere' });
	let lastUseful = Date.now();
	let shown = null;
	let askedAt = 0;

	/* What there is to find out: nothing, mistakes in the settings, or all that explains the trouble. */
	function subject(state) {
		const isSilent = state === 'waiting' || state === 'old';

		if (!isSilent)
			lastUseful = Date.now();
		if (state === 'stopped' || Date.now() - lastUseful > PATIENCE_MS)
			return 'trouble';
		return state === 'unknown' || state === 'disabled' ? 'nothing' : 'settings';
	}

	function show(lines, logged) {
		dom.content(text, words(lines));
		dom.content(log, [ logged.join('\n') ]);
		log.style.display = logged.length ? '' : 'none';
	}

	function ask(isRunning, isTrouble) {
		const now = Date.now();

		askedAt = now;
		Promise.all([ service.examine(), isTrouble ? service.log() : [] ]).then(([ found, logged ]) => {
			if (askedAt === now)
				show(sentences(found, logged, isRunning, isTrouble), logged);
		});
	}

	return {
		node: E('div', {}, [ text, log ]),
		update(state) {
			const wanted = subject(state);
			const isTrouble = wanted === 'trouble';

			if (wanted !== shown) {
				show([], []);
				shown = wanted;
				askedAt = 0;
			}
			if (isTrouble ? Date.now() - askedAt > AGAIN_MS : wanted === 'settings' && !askedAt)
				ask(state !== 'stopped', isTrouble);
		},
		again() {
			askedAt = 0;
		}
	};
}

return baseclass.extend({
	make: make,
	words: words
});
