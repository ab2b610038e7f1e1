// What the pages ask for. All of this runs as root in rpcd, which waits for it, so nothing here waits
// for the tracker. The tracker may write to RUN: what it may have put there is looked at before use.

'use strict';

import { access, chmod, lsdir, lstat, mkdir, open, rename, unlink } from 'fs';
import { connect } from 'ubus';
import { cursor } from 'uci';

const CONFIG = 'opentracker';
const RUN = '/var/run/opentracker';

// Status

const STATUS = RUN + '/status.json';
const WATCHED = STATUS + '.watched';

// Root's own: what lies here is not exchanged between a look at it and its use.
const TAKEN_FOLDER = '/var/run/luci-opentracker';
const TAKEN = TAKEN_FOLDER + '/status.json';
const MOST_BYTES = 65536;

// A regular file that has no other name; null for anything else. A link is not followed.
function plain_file(path) {
	const file = lstat(path);

	return file?.type == 'file' && file.nlink == 1 ? file : null;
}

// The tracker keeps up its status while the time of this file changes. It can't exchange root's file,
// as the folder is sticky; one that the init script has not made is left alone.
function show_interest() {
	if (plain_file(WATCHED)?.uid !== 0)
		return;

	const file = open(WATCHED, 'r+');

	file?.write('\n');
	file?.close();
}

// The newest status, moved out of the tracker's reach, and its age.
function take_figures() {
	mkdir(TAKEN_FOLDER, 0700);
	if (plain_file(STATUS))
		rename(STATUS, TAKEN);

	const found = plain_file(TAKEN);

	if (!found || found.size > MOST_BYTES)
		return {};

	const file = open(TAKEN);
	const text = file?.read(MOST_BYTES);

	file?.close();
	try {
		const figures = json(text);

		return type(figures) == 'object' ? { figures, age: max(0, time() - found.mtime) } : {};
	}
	catch (e) {
		return {};
	}
}

// Those of a tracker that has ended would be taken for the next one's.
function forget_figures() {
	unlink(TAKEN);
	return {};
}

function is_running(bus) {
	const services = bus?.call('service', 'list', { name: CONFIG });

	for (let name, instance in services?.[CONFIG]?.instances)
		if (instance.running)
			return true;
	return false;
}

// Addresses by which the internet reaches this router, if the firewall lets it.
function wan_addresses(bus) {
	const found = [];

	for (let name in [ 'wan', 'wan6' ]) {
		const state = bus?.call('network.interface.' + name, 'status');

		for (let family in [ 'ipv4-address', 'ipv6-address' ])
			for (let each in state?.[family])
				push(found, each.address);
	}
	return found;
}

function is_set(uci, section, option) {
	return lc(uci.get(CONFIG, section, option) ?? '') in [ '1', 'on', 'true', 'yes', 'enabled' ];
}

function status() {
	const bus = connect(null, 1);
	const uci = cursor();
	const section = uci.get_first(CONFIG, CONFIG);
	const running = is_running(bus);

	show_interest();
	return {
		running,
		boot: !!access('/etc/rc.d/S95opentracker'),
		enabled: is_set(uci, section, 'enabled'),
		bridge: is_set(uci, section, 'bridge'),
		wan: { open: is_set(uci, section, 'wan'), addresses: wan_addresses(bus) },
		...(running ? take_figures() : forget_figures())
	};
}

// Access lists

const LISTS = '/etc/opentracker';
const LIST_NAMES = [ 'whitelist', 'blacklist' ];
const LIST_PATH = /^\/etc\/opentracker\/[A-Za-z0-9_][A-Za-z0-9_.-]*$/s;
const UPLOAD = /^[0-9a-f]{16}$/s;
const UPLOADED = /^\..+\.[0-9a-f]{16}$/s;
const UPLOAD_SECONDS = 3600;
const MOST_OF_A_LIST = 16 * 1024 * 1024;
const MOST_OF_A_CHUNK = 45 * 1024;
const MOST_OF_A_READ = 128 * 1024;
// The tracker takes a file without any line for damaged.
const EMPTY_LIST = '# No torrents.\n';

// As nobody but root puts anything into LISTS, what a look finds there is what is used then.
function is_managed(path) {
	const folder = lstat(LISTS);
	const roots_own = folder?.type == 'directory' && folder.uid === 0 &&
		!folder.perm.group_write && !folder.perm.other_write;

	return roots_own && !!match(path, LIST_PATH) && (!lstat(path) || !!plain_file(path));
}

function revision_of(path) {
	const file = lstat(path);

	return file ? sprintf('%d-%d-%d', file.inode, file.mtime, file.size) : '';
}

function describe_list(uci, section, name) {
	const option = uci.get(CONFIG, section, name + '_file') || null;
	const path = option ?? LISTS + '/' + name + '.txt';
	const listed = uci.get(CONFIG, section, name) || [];
	const managed = is_managed(path);
	const file = managed ? lstat(path) : null;

	return {
		path,
		managed,
		active: !!option,
		configured: type(listed) == 'array' ? listed : [ listed ],
		exists: !!file,
		size: file?.size ?? 0,
		revision: managed ? revision_of(path) : ''
	};
}

function lists() {
	const uci = cursor();
	const section = uci.get_first(CONFIG, CONFIG);
	const described = {};

	for (let name in LIST_NAMES)
		described[name] = describe_list(uci, section, name);
	return described;
}

// A method that does something with the file of the list that is asked for.
function with_list(action) {
	return function(request) {
		const list = request.args.list in LIST_NAMES ? lists()[request.args.list] : null;

		if (!list)
			return { error: 'invalid' };
		return list.managed ? action(list.path, list.size, request.args) : { error: 'unmanaged' };
	};
}

function decoded_chunk(data) {
	const bytes = b64dec(data ?? '');

	return length(bytes) <= MOST_OF_A_CHUNK ? bytes : null;
}

// Adds bytes to a file of this size, or adds none: on a full disk, say.
function add_bytes(path, size, bytes) {
	const file = open(path, 'ae', 0644);

	file?.write(bytes);
	file?.close();
	if (lstat(path)?.size === size + length(bytes))
		return true;

	const torn = open(path, 'r+e');

	torn?.truncate(size);
	torn?.close();
	return false;
}

// A power cut a moment later finds it on the disk. rpcd does not wait for that.
function write_through() {
	system('sync &');
}

function read_chunk(path, size, args) {
	const offset = max(0, args.offset ?? 0);

	if (size > MOST_OF_A_LIST)
		return { error: 'size' };

	const file = open(path, 're');

	file?.seek(offset);

	const bytes = file?.read(MOST_OF_A_READ) ?? '';
	const next = offset + length(bytes);

	file?.close();
	return { data: b64enc(bytes), revision: revision_of(path), ...(bytes && next < size ? { next } : {}) };
}

function ends_within_line(path, size) {
	const file = size ? open(path, 're') : null;

	file?.seek(size - 1);

	const last = file?.read(1) ?? '\n';

	file?.close();
	return last != '\n';
}

function append(path, size, args) {
	const before = revision_of(path);
	let bytes = decoded_chunk(args.data);

	if (bytes === null)
		return { error: 'invalid' };
	if (!size && !length(bytes))
		bytes = EMPTY_LIST;
	else if (length(bytes) && ends_within_line(path, size))
		bytes = '\n' + bytes;
	if (size + length(bytes) > MOST_OF_A_LIST)
		return { error: 'size' };
	if (length(bytes) && !add_bytes(path, size, bytes))
		return { error: 'space' };
	if (!size)
		chmod(path, 0644);
	write_through();
	return { before, revision: revision_of(path) };
}

function remove_old_uploads() {
	for (let name in lsdir(LISTS)) {
		const path = LISTS + '/' + name;

		if (match(name, UPLOADED) && time() - lstat(path)?.mtime > UPLOAD_SECONDS)
			unlink(path);
	}
}

// Where a new version of a list is put together, beside it; null if `upload` is none.
function staged_path(path, upload) {
	const name = substr(path, length(LISTS) + 1);

	return match(upload, UPLOAD) ? LISTS + '/.' + name + '.' + upload : null;
}

function stage(path, size, args) {
	const staged = staged_path(path, args.upload);
	const bytes = decoded_chunk(args.data);

	if (!staged || bytes === null)
		return { error: 'invalid' };
	remove_old_uploads();

	const before = lstat(staged)?.size ?? 0;

	if (before !== args.offset || before + length(bytes) > MOST_OF_A_LIST)
		return { error: 'size' };
	if (add_bytes(staged, before, bytes))
		return { size: before + length(bytes) };
	unlink(staged);
	return { error: 'space' };
}

function put_in_place(path, staged, args) {
	const file = plain_file(staged);

	if (!file?.size || file.size !== args.size)
		return { error: 'size' };
	if (revision_of(path) !== args.revision)
		return { error: 'changed' };
	if (!chmod(staged, 0644) || !rename(staged, path))
		return { error: 'space' };
	write_through();
	return { revision: revision_of(path) };
}

function replace_list(path, size, args) {
	const staged = staged_path(path, args.upload);
	const reply = staged ? put_in_place(path, staged, args) : { error: 'invalid' };

	if (reply.error && staged)
		unlink(staged);
	return reply;
}

return {
	'luci.opentracker': {
		status: { call: status },
		lists: { call: lists },
		read: { args: { list: '', offset: 0 }, call: with_list(read_chunk) },
		append: { args: { list: '', data: '' }, call: with_list(append) },
		stage: { args: { upload: '', list: '', offset: 0, data: '' }, call: with_list(stage) },
		replace: { args: { upload: '', list: '', size: 0, revision: '' }, call: with_list(replace_list) }
	}
};
