// What the pages ask for. All of this runs as root in rpcd, which waits for it, so nothing here waits
// for the tracker. The tracker may write to RUN: what it may have put there is looked at before use.

'use strict';

import { access, lstat, mkdir, open, rename } from 'fs';
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
		...(running ? take_figures() : {})
	};
}

return {
	'luci.opentracker': {
		status: { call: status }
	}
};
