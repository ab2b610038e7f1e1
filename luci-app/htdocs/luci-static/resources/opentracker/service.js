'use strict';
'require baseclass';
'require fs';
'require rpc';
'require uci';
'require opentracker.units as units';

/* The tracker as a service of the router: how it is, and what can be done to it. */

const CONFIG = 'opentracker';
const INIT = '/etc/init.d/opentracker';

/* The tracker writes its figures every 2 seconds while somebody looks. */
const OLD_SECONDS = 10;
const MOST_LOG_LINES = 10;

/* The time of a line, which stays, then facility, program and our name. */
const SAME_IN_ALL = /^(\S+ +\S+ +\S+ +\S+ +\d+) \S+ [^ :]+: (?:opentracker: )?/;

/* The exit status of “check” for interfaces that have no address. */
const NOTHING_YET = 3;

const callStatus = rpc.declare({
	object: 'luci.opentracker',
	method: 'status',
	expect: { '': {} },
	reject: true
});

const callSet = rpc.declare({
	object: 'uci',
	method: 'set',
	params: [ 'config', 'section', 'values' ],
	reject: true
});

const callCommit = rpc.declare({
	object: 'uci',
	method: 'commit',
	params: [ 'config' ],
	reject: true
});

function isDenied(error) {
	const text = String(error.message);

	return error.name === 'PermissionError' || text.includes('-32002') || text.includes('ubus code 6');
}

/* What an error of a call means to a person. */
function explain(error) {
	const text = String(error.message);

	if (error.name === 'SessionError')
		return _('The session has expired: log in again.');
	if (isDenied(error))
		return _('This account may not do that. If the app was installed only now, log out and in again.');
	if (text.includes('-32000') || text.includes('ubus code 3') || text.includes('ubus code 4'))
		return _('The router has no plugin for this page. Install rpcd-mod-ucode if it is missing, and restart rpcd, or the router.');
	return _('The router did not answer: %s').format(text);
}

function list(value) {
	return Array.isArray(value) ? value : [];
}

/* The tracker is not trusted to write what it should: what pages rely on is there, or no figures are. */
function figures(written) {
	if (!L.isObject(written) || !L.isObject(written.metrics))
		return null;
	return {
		metrics: written.metrics,
		serving: list(written.serving).map(String),
		history: L.isObject(written.history) ? written.history : {},
		top: list(written.top).filter(L.isObject)
	};
}

/* Resolves to the plugin's answer, with figures or null, or to { problem: a sentence, denied }. */
function status() {
	return callStatus().then(
		found => Object.assign({}, found, { figures: figures(found.figures), problem: null }),
		error => ({ problem: explain(error), denied: isDenied(error) }));
}

function isOld(found) {
	return found.age > OLD_SECONDS;
}

/*
 * How the tracker is, in words: { state, title, text }. The states are unknown, disabled, stopped,
 * bridge, waiting (running, without figures yet), old (with figures of the past) and running.
 */
function describe(found) {
	if (found.problem)
		return { state: 'unknown', title: _('Unknown'), text: found.problem };
	if (!found.running && !found.enabled)
		return { state: 'disabled', title: _('Disabled'),
			text: _('The tracker is off. “Enable” starts it, now and whenever the router boots.') };
	if (!found.running)
		return { state: 'stopped', title: _('Not running'),
			text: _('The tracker is enabled, but it does not run.') };
	if (found.bridge && (!found.figures || isOld(found)))
		return { state: 'bridge', title: _('Running as a bridge'),
			text: _('It connects sites that speak live sync and keeps no peers, so there are no figures.') };
	if (!found.figures)
		return { state: 'waiting', title: _('Running'),
			text: _('There are no figures yet. The tracker writes them within some seconds.') };
	if (isOld(found))
		return { state: 'old', title: _('Running'),
			text: _('The figures are %s old. The tracker writes new ones within some seconds.')
				.format(units.duration(found.age)) };
	return { state: 'running', title: _('Running'), text: '' };
}

/* What is odd about a tracker that is as it was told to be; '' if nothing is. */
function caution(found) {
	if (found.problem)
		return '';
	if (found.running && !found.enabled)
		return _('The settings say that it is off: it will not start again. “Enable” keeps it, “Stop” ends it.');
	if (found.enabled && !found.boot)
		return _('It does not start when the router boots. “Enable” changes that.');
	return '';
}

/* Which actions make sense. */
function possible(found) {
	const known = !found.problem;

	return {
		start: known && found.enabled && !found.running,
		stop: known && found.running,
		restart: known && found.running,
		reload: known && found.running,
		enable: known && !(found.enabled && found.boot),
		disable: known && (found.enabled || found.boot)
	};
}

function lines(text) {
	return String(text || '').split('\n')
		.map(line => line.replace(/^opentracker: /, '').trim())
		.filter(line => line);
}

/* Resolves to what the init script says; rejects with its words if it fails. */
function execute(action) {
	return fs.exec(INIT, [ action ]).then(result => {
		const said = lines(result.stderr).concat(lines(result.stdout));

		if (result.code !== 0)
			throw new Error(said.join('\n') || _('“%s” failed without a word (exit status %d).')
				.format(INIT + ' ' + action, result.code));
		return said;
	}, error => {
		throw new Error(error.name === 'NotFoundError'
			? _('%s is missing: install the package opentracker again.').format(INIT)
			: explain(error));
	});
}

/*
 * Resolves to { state, lines }, what the router says of the settings: the states are right, odd (right, but
 * something has no effect), waiting (for an address), wrong and unknown.
 */
function examine() {
	return fs.exec(INIT, [ 'check' ]).then(result => {
		const told = lines(result.stderr);

		if (result.code === 0)
			return { state: told.length ? 'odd' : 'right', lines: told };
		return { state: result.code === NOTHING_YET ? 'waiting' : 'wrong', lines: told };
	}, error => ({ state: 'unknown', lines: [ explain(error) ] }));
}

/* Resolves to the last lines that the tracker logged, without what is the same in all of them. */
function log() {
	return fs.exec('/sbin/logread', [ '-l', '500', '-e', CONFIG ]).then(
		result => lines(result.stdout).slice(-MOST_LOG_LINES).map(line => line.replace(SAME_IN_ALL, '$1  ')),
		() => []);
}

/*
 * Commits what change(section) sets, and nothing that waits to be applied by a person; section is the
 * name of the one that counts.
 */
function commit(change) {
	uci.unload(CONFIG);
	return Promise.all([ uci.load(CONFIG), uci.changes() ]).then(([ , changes ]) => {
		const section = uci.sections(CONFIG, CONFIG)[0];

		if (changes && changes[CONFIG])
			throw new Error(_('Some settings are saved, but not applied. Apply or revert them first (“Unsaved Changes”).'));
		if (!section)
			throw new Error(_('/etc/config/opentracker has no section of type “opentracker”: restore the file of the package.'));
		return Promise.resolve(change(section['.name']))
			.then(() => callCommit(CONFIG))
			.catch(error => { throw new Error(explain(error)); });
	});
}

function commitEnabled(value) {
	return commit(section => callSet(CONFIG, section, { enabled: value }));
}

/* Resolves to what the router said to an action; rejects with its words. */
function run(action) {
	switch (action) {
	case 'enable':
		return commitEnabled('1').then(() => execute('enable')).then(() => execute('start'));
	case 'disable':
		/* `stop` complains if there is nothing to stop. */
		return commitEnabled('0').then(() => execute('disable')).then(() => execute('stop')).then(() => []);
	default:
		return execute(action);
	}
}

/* Tells whether an action that began some seconds ago has had its effect. */
function isDone(action, found, seconds) {
	if (found.problem)
		return false;
	switch (action) {
	case 'stop':
		return !found.running;
	case 'disable':
		return !found.running && !found.enabled;
	case 'enable':
		return found.running && found.enabled;
	case 'start':
		return found.running;
	case 'restart':
		return found.running && (found.bridge ||
			!!found.figures && !isOld(found) && found.figures.metrics.uptime_seconds <= seconds + 1);
	default:
		return true;
	}
}

return baseclass.extend({
	caution: caution,
	commit: commit,
	describe: describe,
	examine: examine,
	explain: explain,
	isDone: isDone,
	log: log,
	possible: possible,
	run: run,
	status: status
});
