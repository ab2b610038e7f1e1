'use strict';
'require baseclass';

/* Which values the tracker takes for its options, so that a mistake is told before it is saved.
   It is what opentracker --uci takes, of an option alone: what does not go together it tells. */

const BLANKS = ' \t\v\f\r\n';
const DECIMAL = /^[0-9]+$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const INFO_HASH = /^[0-9a-fA-F]{40}$/;
const INTERFACE = /^(?:\*|[A-Za-z0-9_.-]+)$/;
const VISIBLE = /^[!-~]+$/;

const NOT_UTF_8 = '\ufffd';
const IN_SHELL = '*?[]\'"\\$`;&|<>(){}~#';
const YES = [ 'yes', 'on', 'true', '1' ];
const NO = [ 'no', 'off', 'false', '0' ];
const OTHER_PATHS = [ 'announce', 'scrape' ];
const LONGEST_COMMENTED = 100;
const LONGEST_NUMBER = 10;
const LONGEST_SHOWN = 60;

/* Why a value is not taken: a sentence. */
class Refusal extends Error {}

function refuse(sentence) {
	throw new Refusal(sentence);
}

/* By hand, since a regular expression takes forever over a long paste. */
function stripEnd(text) {
	let end = text.length;
	while (end && BLANKS.includes(text[end - 1]))
		end--;
	return text.slice(0, end);
}

function strip(text) {
	let start = 0;
	while (start < text.length && BLANKS.includes(text[start]))
		start++;
	return stripEnd(text.slice(start));
}

/* A text up to the white space and "#" that begin a comment. */
function withoutComment(text) {
	for (let at = text.indexOf('#'); at >= 0; at = text.indexOf('#', at + 1)) {
		const before = stripEnd(text.slice(0, at));
		if (before.length < at)
			return before;
	}
	return text;
}

/* A text of any length as it may stand in a sentence. */
function shown(text) {
	const characters = Array.from(text);
	return characters.length > LONGEST_SHOWN ? characters.slice(0, LONGEST_SHOWN).join('') + '…' : text;
}

/* Whether a character of a text has no place in a line. */
function isControl(char) {
	const code = char.codePointAt(0);
	return code < 32 || (code >= 127 && code < 160) || code === 0x2028 || code === 0x2029 ||
		(code >= 0xd800 && code < 0xe000);
}

function hasControl(text) {
	return Array.from(text).some(isControl);
}

function hasAny(text, characters) {
	return Array.from(characters).some(char => text.includes(char));
}

function isDecimal(text, most) {
	return text.length <= most && DECIMAL.test(text);
}

/* [what is in front of the separator, the separator if it is there, what is behind it] */
function partition(text, separator) {
	const at = text.indexOf(separator);
	return at < 0 ? [ text, '', '' ] : [ text.slice(0, at), separator, text.slice(at + separator.length) ];
}

/* The bytes of addresses, as lists; null where it is none */

function isOctet(text) {
	return isDecimal(text, 3) && Number(text) <= 255 && (text === '0' || text[0] !== '0');
}

function bytesOfV4(text) {
	const parts = text.split('.');
	return parts.length === 4 && parts.every(isOctet) ? parts.map(Number) : null;
}

/* Of groups between colons, the last of which may be IPv4. */
function bytesOfGroups(text) {
	const groups = text.split(':');
	let last = [];
	if (groups[groups.length - 1].includes('.'))
		last = bytesOfV4(groups.pop());
	if (!last || groups.length > 8 || !groups.every(group => GROUP.test(group)))
		return null;
	const bytes = [];
	for (const group of groups) {
		const number = parseInt(group, 16);
		bytes.push(number >> 8, number & 255);
	}
	return bytes.concat(last);
}

function bytesOfV6(text) {
	const [ address, percent, zone ] = partition(text, '%');
	if (percent && (!zone || zone.includes('%')))
		return null;
	const [ head, gap, tail ] = partition(address, '::');
	if (!gap) {
		const whole = bytesOfGroups(address);
		return whole && whole.length === 16 ? whole : null;
	}
	const before = head ? bytesOfGroups(head) : [];
	const after = tail ? bytesOfGroups(tail) : [];
	if (!before || !after || head.includes('.'))
		return null;
	const zeros = 16 - before.length - after.length;
	return zeros >= 2 ? before.concat(new Array(zeros).fill(0), after) : null;
}

function isMapped(bytes) {
	return bytes.length === 16 && bytes.slice(0, 10).every(byte => byte === 0) &&
		bytes[10] === 255 && bytes[11] === 255;
}

function bytesOf(text) {
	const bytes = text.includes(':') ? bytesOfV6(text) : bytesOfV4(text);
	return bytes && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/* Addresses with and without ports: their bytes, or a Refusal */

function address(text) {
	return bytesOf(text) || refuse(_('%s is not an IP address').format(shown(text)));
}

function port(text) {
	const number = isDecimal(text, 5) ? Number(text) : 0;
	if (number < 1 || number > 65535)
		refuse(_('%s is not a port (1-%d)').format(shown(text), 65535));
}

function inBrackets(text) {
	const [ host, closing, rest ] = partition(text.slice(1), ']');
	if (!closing || !host.includes(':') || (rest && rest[0] !== ':'))
		refuse(_('%s is not an IPv6 address in brackets, [2001:db8::1]:80').format(shown(text)));
	const bytes = address(host);
	if (rest)
		port(rest.slice(1));
	return bytes;
}

/* "2001:db8::1.80", as the C tracker has it. */
function withDot(text) {
	const at = text.lastIndexOf('.');
	const host = text.slice(0, Math.max(at, 0));
	if (!host.includes(':'))
		return address(text);
	const bytes = bytesOf(host);
	const digits = text.slice(at + 1);
	if (!bytes || !isDecimal(digits, 5) || Number(digits) < 1 || Number(digits) > 65535)
		refuse(_('%s is not an IP address with or without a port').format(shown(text)));
	return bytes;
}

function endpoint(option, text) {
	if (isDecimal(text, 5))
		refuse(_('%s needs an address in front, such as 0.0.0.0:%s').format(text, text));
	if (text.startsWith('['))
		return inBrackets(text);
	const [ host, colon, rest ] = partition(text, ':');
	if (colon && !rest.includes(':')) {
		const bytes = address(host);
		port(rest);
		return bytes;
	}
	return bytesOf(text) || withDot(text);
}

/* What is right for a kind of option: each returns, or throws a Refusal */

function choice(option, text) {
	const allowed = Object.keys(option.choices);
	if (!allowed.includes(text))
		refuse(_('%s is none of %s').format(shown(text), allowed.join(', ')));
}

function endpointV4(option, text) {
	if (endpoint(option, text).length !== 4)
		refuse(_('%s is not an IPv4 address').format(shown(text)));
}

function flag(option, text) {
	if (!YES.includes(text) && !NO.includes(text))
		refuse(_('%s is neither yes nor no').format(shown(text)));
}

function infoHash(option, text) {
	if (!INFO_HASH.test(text))
		refuse(_('%s is not an info_hash: 40 hex digits').format(shown(text)));
}

function network(option, text) {
	const [ host, slash, digits ] = partition(text, '/');
	const bytes = bytesOf(host);
	if (!bytes)
		refuse(_('%s is not an address or network, such as 192.168.1.0/24').format(shown(text)));
	const written = host.includes(':') ? 128 : 32;
	if (slash && (!isDecimal(digits, 3) || Number(digits) > written))
		refuse(_('%s is not a network: /0 to /%d').format(shown(text), written));
	if (slash && written > bytes.length * 8 && Number(digits) < 96)
		refuse(_('%s is not a network: an IPv4 address has 32 bits').format(shown(text)));
}

function number(option, text) {
	const [ low, high ] = option.limits;
	if (!isDecimal(text, LONGEST_NUMBER) || Number(text) < low || Number(text) > high)
		refuse(_('%s is not a number of %s (%d-%d)').format(shown(text), option.unit, low, high));
}

function path(option, text) {
	if (!text.startsWith('/') || text.lastIndexOf('/') === 0 || text.endsWith('/'))
		refuse(_('%s is not a whole path, such as /etc/opentracker/list').format(shown(text)));
	if (hasAny(text, BLANKS + IN_SHELL) || (text + '/').includes('/../'))
		refuse(_('%s: no white space, no .. and none of %s').format(shown(text), IN_SHELL));
	if (hasControl(text))
		refuse(_('%s has a control character in it').format(shown(text)));
}

function url(option, text) {
	if (!VISIBLE.test(text))
		refuse(_('%s is not a URL: visible ASCII characters only').format(shown(text)));
}

function urlPath(option, text) {
	const bare = text.replace(/^\/+/, '');
	if (!VISIBLE.test(bare) || hasAny(bare, '%?#'))
		refuse(_('%s is not a path of visible ASCII characters without %%, ? and #').format(shown(text)));
	if (OTHER_PATHS.includes(bare))
		refuse(_('/%s has another meaning, take another path').format(bare));
}

function word(option, text) {
	if (hasControl(text) || hasAny(text, BLANKS))
		refuse(_('%s is not a single word').format(shown(text)));
	if (option.name === 'interface' && !INTERFACE.test(text))
		refuse(_('%s is not the name of an interface, such as lan').format(shown(text)));
}

const KINDS = {
	choice: choice,
	endpoint: endpoint,
	endpoint_v4: endpointV4,
	flag: flag,
	info_hash: infoHash,
	listen: endpoint,
	network: network,
	number: number,
	path: path,
	port: (option, text) => port(text),
	url: url,
	url_path: urlPath,
	word: word
};

/* Kinds that can't hold a "#" may have a comment behind the value. */
const COMMENTED = [ 'choice', 'endpoint', 'endpoint_v4', 'flag', 'listen', 'network', 'number', 'port' ];

function limitLength(option, text) {
	const length = Array.from(text).length;
	const [ shortest, longest ] = COMMENTED.includes(option.kind)
		? [ 0, LONGEST_COMMENTED ] : option.limits;
	if (length > longest)
		refuse(_('It is longer than %d characters').format(longest));
	if (option.kind === 'word' && length < shortest)
		refuse(_('It is shorter than %d characters').format(shortest));
}

/* What UCI understands besides. */
function plain(option, text) {
	if (option.kind === 'flag' && text === 'enabled')
		return 'yes';
	if (option.kind === 'flag' && text === 'disabled')
		return 'no';
	return COMMENTED.includes(option.kind) ? withoutComment(text) : text;
}

function take(option, given) {
	const stripped = strip(given);
	if (!stripped)
		return;
	if (stripped.includes(NOT_UTF_8))
		refuse(_('It is not UTF-8 text'));
	const text = plain(option, stripped);
	if (option.kind !== 'info_hash' && option.kind !== 'listen')
		limitLength(option, text);
	KINDS[option.kind](option, text);
}

/* null if `function_` throws no Refusal, else its sentence. */
function sentenceOf(function_) {
	try {
		function_();
		return null;
	}
	catch (error) {
		if (error instanceof Refusal)
			return error.message;
		throw error;
	}
}

return baseclass.extend({
	/* Why an option (of opentracker.options) can't have this text for a value, or null. Nothing but
	   white space is no value, which is right. */
	check: function(option, text) {
		return sentenceOf(() => take(option, text));
	},

	/* The same for all values of an option. */
	checkAll: function(option, texts) {
		return sentenceOf(() => {
			const given = texts.filter(text => strip(text));
			if (!option.repeatable && given.length > 1)
				refuse(_('It is one value, not %d').format(given.length));
			if (option.most && given.length > option.most)
				refuse(_('It is given more than %d times').format(option.most));
			given.forEach(text => take(option, text));
		});
	},

	/* The text that means the same to a flag, which is 0 or 1, or to a choice. What means nothing, and
	   null, stays as it is. */
	meaning: function(option, text) {
		if (typeof text !== 'string')
			return null;
		const meant = plain(option, strip(text));
		if (option.kind === 'flag' && YES.includes(meant))
			return '1';
		return option.kind === 'flag' && NO.includes(meant) ? '0' : meant;
	}
});
