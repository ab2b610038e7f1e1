#!/bin/sh
# shellcheck disable=SC1090,SC1091,SC3043
#
# Stands in for OpenWrt's /lib/functions.sh (base-files): configurations, and what the scripts of all
# packages call.

. /lib/functions/config.sh

group_exists() { grep -q "^$1:" /etc/group; }

user_exists() { grep -q "^$1:" /etc/passwd; }

# Makes the user and the group of "user=id:group=id".
add_group_and_user() {
	local user id group gid

	user=${1%%:*}
	group=${1#*:}
	id=${user#*=}
	gid=${group#*=}
	user=${user%=*}
	group=${group%=*}
	group_exists "$group" || echo "$group:x:$gid:" >>/etc/group
	if ! user_exists "$user"; then
		echo "$user:x:$id:$gid:$user:/var/run/$user:/bin/false" >>/etc/passwd
		echo "$user:x:0:0:99999:7:::" >>/etc/shadow
	fi
}

# The file NAME.$2 of the package whose script $1 is.
file_of() { echo "${1%.*}.$2"; }

services_of() {
	sed -n 's:^/etc/init.d/::p' "$(file_of "$1" list)"
}

default_postinst() {
	local user service status=0

	user=$(sed -n 's/^Require-User: //p' "$(file_of "$1" control)")
	[ -z "$user" ] || add_group_and_user "$user"
	if [ -f "$(file_of "$1" postinst-pkg)" ]; then
		( . "$(file_of "$1" postinst-pkg)" ) || status=$?
	fi
	for service in $(services_of "$1"); do
		[ "$PKG_UPGRADE" = 1 ] || "/etc/init.d/$service" enable
		"/etc/init.d/$service" start
	done
	return "$status"
}

default_prerm() {
	local service status=0

	if [ -f "$(file_of "$1" prerm-pkg)" ]; then
		( . "$(file_of "$1" prerm-pkg)" ) || status=$?
	fi
	for service in $(services_of "$1"); do
		[ "$PKG_UPGRADE" = 1 ] || "/etc/init.d/$service" disable
		"/etc/init.d/$service" stop
	done
	return "$status"
}
