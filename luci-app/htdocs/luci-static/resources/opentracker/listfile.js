'use strict';
'require baseclass';
'require rpc';
'require opentracker.service as service';

/*
 * The files of the access lists on the router. They go to and fro in chunks, as bytes: uhttpd takes
 * 64 KiB in a request, and what an edit is not about stays as it is. Errors have a sentence for the
 * reader, and the plugin's word as `code`.
 */

const CHUNK = 45 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_TRIES = 5;
const OBJECT = 'luci.opentracker';

const callLists = rpc.declare({ object: OBJECT, method: 'lists', expect: { '': {} }, reject: true });

/* Sent alone: what other parts of a page ask for at the same time would make a request too long. */
const callRead = rpc.declare({ object: OBJECT, method: 'read', params: [ 'list', 'offset' ],
	expect: { '': {} }, reject: true, nobatch: true });

const callAppend = rpc.declare({ object: OBJECT, method: 'append', params: [ 'list', 'data' ],
	expect: { '': {} }, reject: true, nobatch: true });

const callStage = rpc.declare({ object: OBJECT, method: 'stage', params: [ 'upload', 'list', 'offset', 'data' ],
	expect: { '': {} }, reject: true, nobatch: true });

const callReplace = rpc.declare({ object: OBJECT, method: 'replace',
	params: [ 'upload', 'list', 'size', 'revision' ], expect: { '': {} }, reject: true });

function sentence(code) {
	switch (code) {
	case 'changed':
		return _('The list was changed elsewhere in the meantime. Nothing was saved: try again.');
	case 'unmanaged':
		return _('This list is not changed here: it has to be a plain file in /etc/opentracker, a folder that only root may write to.');
	case 'size':
		return _('The list has more than %d MiB, or did not arrive whole. Nothing was saved: try again, or copy it to the router by other means.')
			.format(MOST_BYTES / 1024 / 1024);
	case 'space':
		return _('The router has no room left for the list. Nothing was changed: make room, then try again.');
	default:
		return _('The router does not understand this page. Reload it with Ctrl+Shift+R.');
	}
}

function problem(code) {
	return Object.assign(new Error(sentence(code)), { code: code });
}

/* Resolves to what the plugin answers; rejects with an error that people understand. */
function answerOf(call) {
	return call.then(reply => {
		if (reply.error)
			throw problem(reply.error);
		return reply;
	}, error => {
		throw new Error(service.explain(error));
	});
}

function base64Of(bytes) {
	return window.btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}

function bytesOf(base64) {
	return Uint8Array.from(window.atob(base64 || ''), letter => letter.charCodeAt(0));
}

function joined(parts) {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;

	parts.forEach(part => {
		bytes.set(part, at);
		at += part.length;
	});
	return bytes;
}

/* The text of a list: UTF-8, or what was usual before. A mark at its start is part of it. */
function decoded(bytes) {
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch (error) {
		return new TextDecoder('windows-1252', { ignoreBOM: true }).decode(bytes);
	}
}

function describe() {
	return answerOf(callLists());
}

async function readAll(list, progress) {
	const parts = [];
	let offset = 0;
	let revision = null;

	while (offset != null) {
		const reply = await answerOf(callRead(list, offset));

		if (revision !== null && reply.revision !== revision)
			throw problem('changed');
		revision = reply.revision;
		parts.push(bytesOf(reply.data));
		progress(offset + parts[parts.length - 1].length);
		offset = reply.next > offset ? reply.next : null;
	}
	return { text: decoded(joined(parts)), revision: revision };
}

/* Calls attempt(number) until it does not meet a list that has just been changed. */
async function persistently(attempt) {
	for (let number = 1; ; number++) {
		try {
			return await attempt(number);
		} catch (error) {
			if (error.code !== 'changed' || number === MOST_TRIES)
				throw error;
		}
	}
}

/* Resolves to { text, revision }; progress(bytes) is told how far it is. */
function load(list, progress) {
	return persistently(() => readAll(list, progress));
}

function newUpload() {
	const random = window.crypto.getRandomValues(new Uint8Array(8));

	return Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('');
}

/*
 * Makes text the list, if that still has the revision; resolves to its new revision, and rejects with
 * code 'changed' otherwise. progress(bytes, all) is told how far it is.
 */
async function replace(list, text, revision, progress) {
	const bytes = new TextEncoder().encode(text);
	const upload = newUpload();

	if (bytes.length > MOST_BYTES)
		throw problem('size');
	/* What takes long is not sent in vain. */
	if (bytes.length > CHUNK && (await describe())[list].revision !== revision)
		throw problem('changed');
	for (let offset = 0; offset < bytes.length; offset += CHUNK) {
		progress(offset, bytes.length);
		await answerOf(callStage(upload, list, offset, base64Of(bytes.subarray(offset, offset + CHUNK))));
	}
	return (await answerOf(callReplace(upload, list, bytes.length, revision))).revision;
}

/* Whether these lines can be added in one go. */
function fits(lines) {
	return new TextEncoder().encode(lines).length <= CHUNK;
}

/* Adds whole lines to a list, whatever it is by now; resolves to the revisions { before, revision }. */
function append(list, lines) {
	return answerOf(callAppend(list, base64Of(new TextEncoder().encode(lines))));
}

return baseclass.extend({
	append: append,
	decoded: decoded,
	describe: describe,
	fits: fits,
	load: load,
	persistently: persistently,
	replace: replace,
	MOST_BYTES: MOST_BYTES
});
