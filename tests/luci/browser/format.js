/* What LuCI adds to every page: strings that format values, translation, and E(). */

(() => {
	'use strict';

	const HTML = { '&': '&#38;', '"': '&#34;', '\'': '&#39;', '<': '&#60;', '>': '&#62;' };
	const DIRECTIVE = /%('.|0| )?(-)?(\d+)?(\.\d+)?([%bcdufosxXqhjtm])/g;

	function escaped(value, characters) {
		if (value == null || typeof value === 'object' || typeof value === 'function')
			return '';
		return String(value).replace(characters, found => HTML[found]);
	}

	function duration(value) {
		const seconds = value || 0;
		const minutes = Math.floor(seconds / 60);
		const hours = Math.floor(minutes / 60);
		const days = Math.floor(hours / 24);
		const rest = `${minutes % 60}m ${seconds % 60}s`;

		return days ? `${days}d ${hours % 24}h ${rest}` : `${hours}h ${rest}`;
	}

	/* With %1024.1m the width is the base of the prefixes. */
	function metric(value, width, precision) {
		const base = width ? Number(width) : 1000;
		const prefixes = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
		let number = Number(value) || 0;
		let step = 0;

		while (step < prefixes.length - 1 && number > base) {
			number /= base;
			step++;
		}
		if (!step)
			return `${number} `;
		return `${number.toFixed(precision ? Number(precision.slice(1)) : 2)} ${prefixes[step]}` +
			(base === 1024 ? 'i' : '');
	}

	function convert(kind, value, width, precision) {
		const number = Number(value) || 0;

		switch (kind) {
		case 'b': return Math.floor(number).toString(2);
		case 'c': return String.fromCharCode(number);
		case 'd': return Math.floor(number).toFixed(0);
		case 'u': return Math.floor(number < 0 ? number + 0x100000000 : number).toFixed(0);
		case 'f': return precision ? number.toFixed(Number(precision.slice(1))) : String(number);
		case 'o': return Math.floor(number).toString(8);
		case 'x': return Math.floor(number).toString(16);
		case 'X': return Math.floor(number).toString(16).toUpperCase();
		case 'h': return escaped(value, /[&"'<>]/g);
		case 'q': return escaped(value, /["']/g);
		case 't': return duration(value);
		case 'm': return metric(value, width, precision);
		default: return String(value);
		}
	}

	function padded(text, width, character, left) {
		const padding = character.repeat(Math.max(0, Number(width || 0) - text.length));

		return left ? text + padding : padding + text;
	}

	/* A directive without a value repeats the last text, in LuCI; here it is a mistake. */
	String.prototype.format = function(...values) {
		let used = 0;

		return String(this).replace(DIRECTIVE, (whole, pad, left, width, precision, kind) => {
			if (kind === '%')
				return '%';
			if (used >= values.length)
				throw new Error(`no value for ${whole} in “${this}”`);

			const text = convert(kind, values[used++], width, precision);
			const character = pad ? pad.slice(-1) : ' ';

			return padded(text, kind === 'm' ? 0 : width, character, left);
		});
	};

	String.format = (text, ...values) => text.format(...values);

	window._ = (text, context) => {
		const translations = window.TRANSLATIONS || {};
		const key = text.trim().replace(/\s+/g, ' ');

		if (context)
			throw new Error(`the stand-in for LuCI has no contexts: “${context}”`);
		return Object.prototype.hasOwnProperty.call(translations, key) ? translations[key] : text;
	};

	window.E = (...args) => L.dom.create(...args);
})();
