'use strict';
'require baseclass';

/* Printed by scripts/sample --luci, which has it of the table of options. Don't change it here. */

return baseclass.extend({
	tabs: [
		{
			name: 'general', title: _('General'),
			help: _('Whether there is a tracker, and for whom.'),
			options: [
				{
					name: 'enabled', title: _('Enabled'),
					help: _('Start the tracker.'),
					kind: 'flag', default: '0'
				},
				{
					name: 'interface', title: _('Interfaces'),
					help: _('Serve on all addresses of this interface, * for all interfaces.'),
					notes: [ _('Without any, and without other addresses to serve on, it is lan.') ],
					kind: 'word', default: 'lan', limits: [ 1, 100 ], repeatable: true, most: 32
				},
				{
					name: 'port', title: _('Port'),
					help: _('Port for HTTP and UDP.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.') ],
					kind: 'port', default: '6969'
				},
				{
					name: 'wan', title: _('Serve the internet'),
					help: _('Serve the internet too: on the addresses of wan and wan6, which the firewall lets in.'),
					notes: [ _('Anybody can use the tracker then, for any torrent unless there is a whitelist.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'mdns', title: _('Announce by mDNS'),
					help: _('Announce the tracker by mDNS, if umdns is installed.'),
					kind: 'flag', default: '0'
				}
			]
		},
		{
			name: 'network', title: _('Network'),
			help: _('Addresses to serve on besides those of interfaces, and which addresses of clients are believed. Nothing of this is needed at home.'),
			options: [
				{
					name: 'listen', title: _('Addresses for HTTP and UDP'),
					help: _('Accept HTTP and UDP here; port 6969 if none is given; with another “Port” that one.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.') ],
					kind: 'listen', example: '192.168.1.1', repeatable: true
				},
				{
					name: 'listen_tcp', title: _('Addresses for HTTP'),
					help: _('Accept HTTP here; port 6969 if none is given; with another “Port” that one.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.') ],
					kind: 'listen', example: '192.168.1.1:8080', repeatable: true
				},
				{
					name: 'listen_udp', title: _('Addresses for UDP'),
					help: _('Accept UDP here; port 6969 if none is given; with another “Port” that one.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.') ],
					kind: 'listen', example: '[2001:db8::1]:8080', repeatable: true
				},
				{
					name: 'family', title: _('Address family'),
					help: _('Family of addresses that the default port and :: stand for.'),
					choices: { both: _('IPv4 and IPv6'), ipv4: _('IPv4 only'), ipv6: _('IPv6 only') },
					kind: 'choice', default: 'both'
				},
				{
					name: 'proxy', title: _('Reverse proxies'),
					help: _('Whose X-Forwarded-For is believed.'),
					kind: 'network', example: '192.168.1.2', repeatable: true, most: 256
				},
				{
					name: 'ip_from_query', title: _('Believe stated addresses'),
					help: _('Believe the address that an announce states in ip=; else only clients of private networks.'),
					kind: 'flag', default: '0'
				}
			]
		},
		{
			name: 'access', title: _('Access'),
			help: _('Which torrents are served, and who may ask for more than peers. The page of access lists edits the files.'),
			options: [
				{
					name: 'whitelist_file', title: _('Whitelist file'),
					help: _('Serve only the torrents of this list, an info_hash per line.'),
					kind: 'path', example: '/etc/opentracker/whitelist.txt', limits: [ 1, 1024 ]
				},
				{
					name: 'blacklist_file', title: _('Blacklist file'),
					help: _('Refuse the torrents of this list; it wins over the whitelist.'),
					kind: 'path', example: '/etc/opentracker/blacklist.txt', limits: [ 1, 1024 ]
				},
				{
					name: 'whitelist', title: _('More torrents to serve'),
					help: _('Serve this torrent; together with those of “Whitelist file”.'),
					kind: 'info_hash', example: '0123456789abcdef0123456789abcdef01234567', repeatable: true, most: 500
				},
				{
					name: 'blacklist', title: _('More torrents to refuse'),
					help: _('Refuse this torrent; together with those of “Blacklist file”.'),
					kind: 'info_hash', example: '0123456789abcdef0123456789abcdef01234567', repeatable: true, most: 500
				},
				{
					name: 'stats', title: _('Readers of statistics'),
					help: _('Who may read statistics; private networks if neither this nor “Administrators” is given.'),
					kind: 'network', example: '192.168.1.0/24', repeatable: true, most: 256
				},
				{
					name: 'fullscrape', title: _('Readers of full scrapes'),
					help: _('Who may fetch full scrapes and dumps; private networks if neither this nor “Administrators” is given.'),
					kind: 'network', example: '192.168.1.0/24', repeatable: true, most: 256
				},
				{
					name: 'admin', title: _('Administrators'),
					help: _('Who has all permissions: statistics, full scrapes, X-Forwarded-For and live sync.'),
					kind: 'network', example: '192.168.1.3', repeatable: true, most: 256
				}
			]
		},
		{
			name: 'limits', title: _('Limits'),
			help: _('How much of the router the tracker may take.'),
			options: [
				{
					name: 'memory', title: _('Memory for peers'),
					help: _('Memory for all peers, swarms and their tables together; 256-1048576 KiB; unset: 1/16 of the router\'s RAM, at least 512 and at most 16384 KiB.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'number', limits: [ 256, 1048576 ], unit: _('KiB')
				},
				{
					name: 'connections', title: _('TCP connections'),
					help: _('Open TCP connections at most; 8-10000 connections.'),
					kind: 'number', default: '256', limits: [ 8, 10000 ], unit: _('connections')
				},
				{
					name: 'modest_fullscrapes', title: _('Few full scrapes'),
					help: _('Send a full scrape to each address every 5 minutes at most; error 402 before.'),
					kind: 'flag', default: '0'
				},
				{
					name: 'heap', title: _('Memory for MicroPython'),
					help: _('Memory for MicroPython itself, besides the “Memory for peers”; 1024 if unset, 2048 on 64 bits; 512-262144 KiB.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'number', example: '1024', limits: [ 512, 262144 ], unit: _('KiB')
				}
			]
		},
		{
			name: 'cluster', title: _('Cluster'),
			help: _('Several trackers that know each other\'s peers, by live sync. A single tracker needs nothing of this.'),
			options: [
				{
					name: 'livesync_listen', title: _('Live sync address'),
					help: _('Speak live sync by the interface with this address; port 9696 if none is given.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.'), _('A change restarts the tracker; its peers are kept.') ],
					kind: 'endpoint_v4', example: '192.168.1.1'
				},
				{
					name: 'livesync_key', title: _('Live sync key'),
					help: _('Secret of all nodes; what is not signed with it is not believed.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'word', example: 'correct-horse-battery', limits: [ 8, 100 ]
				},
				{
					name: 'livesync_node_ip', title: _('Other nodes'),
					help: _('Whose live sync is believed; without, with a key, that of all who have it.'),
					kind: 'network', example: '192.168.1.0/24', repeatable: true, most: 256
				},
				{
					name: 'livesync_scrape_sync', title: _('Share download counts'),
					help: _('Share counts of completed downloads: ask others, and tell once up this long; 0 for never; 0-1440 minutes.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'number', default: '0', limits: [ 0, 1440 ], unit: _('minutes')
				},
				{
					name: 'livesync_v6_records', title: _('Old IPv6 records'),
					help: _('Read records of type 0 as those of old IPv6 builds of the C tracker; nothing is sent so.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'bridge', title: _('Be a bridge'),
					help: _('Connect sites that speak live sync, instead of serving.'),
					notes: [ _('A change restarts the tracker.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'bridge_listen', title: _('Addresses for other bridges'),
					help: _('With “Be a bridge”: where bridges of other sites connect to; port 9696 if none is given.'),
					notes: [ _('Ports below 1024 are for root, which the tracker is not.'), _('A change restarts the tracker.') ],
					kind: 'endpoint', example: '192.168.1.1', repeatable: true, most: 16
				},
				{
					name: 'bridge_connect', title: _('Bridges of other sites'),
					help: _('With “Be a bridge”: the bridge of another site; port 9696 if none is given.'),
					notes: [ _('A change restarts the tracker.') ],
					kind: 'endpoint', example: '203.0.113.1', repeatable: true, most: 11
				}
			]
		},
		{
			name: 'advanced', title: _('Advanced'),
			help: _('Files, logs and details.'),
			options: [
				{
					name: 'state_file', title: _('State file'),
					help: _('Keep swarms and peers here over a restart; unset: /var/run/opentracker/state, which outlives a restart and no reboot; elsewhere user opentracker has to be able to write to the folder, which is made if it is not there.'),
					notes: [ _('A change restarts the tracker, with the peers that are in the new file.') ],
					kind: 'path', default: '/var/run/opentracker/state', limits: [ 1, 1024 ]
				},
				{
					name: 'load_file', title: _('Statedump to take up'),
					help: _('Take up the torrents of a statedump at the start.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'path', example: '/etc/opentracker/statedump.txt', limits: [ 1, 1024 ]
				},
				{
					name: 'fifo_add', title: _('Pipe that adds torrents'),
					help: _('Serve the torrents written to this named pipe, as if they were listed.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'path', example: '/var/run/opentracker/fifo_add', limits: [ 1, 1024 ]
				},
				{
					name: 'fifo_delete', title: _('Pipe that removes torrents'),
					help: _('Strike the torrents written to this named pipe off the list.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'path', example: '/var/run/opentracker/fifo_delete', limits: [ 1, 1024 ]
				},
				{
					name: 'redirect_url', title: _('Home page'),
					help: _('Where a browser is sent that asks for /.'),
					kind: 'url', example: 'https://example.org/', limits: [ 1, 1024 ]
				},
				{
					name: 'stats_path', title: _('Path of the statistics'),
					help: _('Path of the statistics, without the slash in front.'),
					kind: 'url_path', default: 'stats', limits: [ 1, 100 ]
				},
				{
					name: 'woodpeckers', title: _('Count busy networks'),
					help: _('Count the networks that announce too often, for mode=woodpeckers of the statistics.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'syslog', title: _('Log completed downloads'),
					help: _('Report completed downloads to the system log.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'debug', title: _('Log each request'),
					help: _('Log each request with what was understood and answered.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'flag', default: '0'
				},
				{
					name: 'jail', title: _('Confine the tracker'),
					help: _('Be confined by procd-ujail, if that is installed.'),
					notes: [ _('A change restarts the tracker; its peers are kept.') ],
					kind: 'flag', default: '1'
				}
			]
		}
	]
});
