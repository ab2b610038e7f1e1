#!/bin/sh
# Stands in for OpenWrt's /lib/functions/network.sh (base-files), which asks netifd: interfaces/NAME.4
# and NAME.6 hold addresses; an interface that has none, or is none, makes it return 1.

network_flush_cache() { :; }

addresses_of() {
	unset "$1"
	[ -s "$ROOT/interfaces/$2" ] && eval "$1=\$(cat \"\$ROOT/interfaces/\$2\")"
}

network_get_ipaddrs() { addresses_of "$1" "$2.4"; }

network_get_ipaddrs6() { addresses_of "$1" "$2.6"; }
