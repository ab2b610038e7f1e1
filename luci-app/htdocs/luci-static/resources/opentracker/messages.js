'use strict';
'require baseclass';
'require opentracker.options as options';

/* What the router says of the settings, with the titles of the settings page in the place of names. */

const PLACE = /^(opentracker\.[^:]*\.(\w+)): (.*)$/;
const NAME = /^(?:opentracker\.[^:]*\.)?(\w+)$/;
const WORD = /^(opentracker\.[^:]*\.)?(\w+?)([:;,.]?)$/;

/* What opentracker --uci says, and the same in the language of the page. A %s is a name or any text. */
const SENTENCES = [
	[ 'needs %s or %s', _('needs %s or %s') ],
	[ 'needs %s', _('needs %s') ],
	[ 'has no effect without %s', _('has no effect without %s') ],
	[ 'does not go with %s, whose stream is IPv4', _('does not go with %s, whose stream is IPv4') ],
	[ 'no other node is believed without %s or %s', _('no other node is believed without %s or %s') ],
	[ '%s is already the file of %s', _('%s is already the file of %s') ],
	[ '%s is already asked for by %s', _('%s is already asked for by %s') ],
	[ '%s is not for %s %s', _('%s is not for %s %s') ],
	[ '%s has no address yet', _('%s has no address yet') ],
	[ 'cannot read %s: %s', _('cannot read %s: %s') ],
	[ 'no such option; did you mean %s?', _('no such option; did you mean %s?') ],
	[ 'no such option', _('no such option') ]
].map(([ told, shown ]) => ({ pattern: patternOf(told), shown: shown }));

function patternOf(sentence) {
	const parts = sentence.split('%s').map(part => part.replace(/[?.()]/g, '\\$&'));
	return new RegExp('^' + parts.join('(.+?)') + '$');
}

const TITLES = new Map();
for (const tab of options.tabs)
	for (const option of tab.options)
		TITLES.set(option.name, option.title);

function quoted(name) {
	return _('“%s”').format(TITLES.get(name));
}

function withTitle(text) {
	const [ , name ] = NAME.exec(text) || [];
	return TITLES.has(name) ? quoted(name) : text;
}

/* In a sentence, where a short name may be no more than a word of it. */
function withTitles(sentence) {
	return sentence.split(' ').map(word => {
		const [ , place, name, rest ] = WORD.exec(word) || [];
		return TITLES.has(name) && (place || name.includes('_')) ? quoted(name) + rest : word;
	}).join(' ');
}

function translated(sentence) {
	for (const { pattern, shown } of SENTENCES) {
		const found = pattern.exec(sentence);
		if (found)
			return shown.format(...found.slice(1).map(withTitle));
	}
	return withTitles(sentence);
}

return baseclass.extend({
	/* A line such as "opentracker.main.fifo_add: needs whitelist_file or blacklist_file", for people. */
	shown: function(line) {
		const [ , place, name, sentence ] = PLACE.exec(line) || [];
		if (!place)
			return withTitles(line);
		return '%s: %s'.format(TITLES.has(name) ? quoted(name) : place, translated(sentence));
	}
});
