#!/bin/sh
# shellcheck disable=SC3043
#
# Stands in for OpenWrt's /lib/functions/procd.sh and for jshn.sh: every call becomes a line of
# $ROOT/calls, words apart by the unit separator. tests/support/openwrt.py obeys them as procd does.

record() {
	local line="" word

	for word in "$@"; do line="$line$word$(printf '\037')"; done
	printf '%s\n' "$line" >>"$ROOT/calls"
}

for name in procd_open_instance procd_close_instance procd_open_service procd_set_param \
	procd_add_jail procd_add_jail_mount procd_add_jail_mount_rw procd_open_data procd_close_data \
	procd_add_mdns_service procd_add_reload_trigger procd_add_reload_interface_trigger \
	procd_set_config_changed json_add_string json_add_array json_close_array json_add_object \
	json_close_object; do
	eval "$name() { record $name \"\$@\"; }"
done

procd_close_service() {
	service_triggers
	record procd_close_service "$@"
	"$ROOT/bin/procd"
}

procd_kill() {
	record procd_kill "$@"
	"$ROOT/bin/procd"
}

procd_running() { [ -e "$ROOT/running" ]; }

json_load() { printf '%s' "$1" >"$ROOT/json" && json_path=""; }

json_select() {
	if [ "$1" = .. ]; then json_path=""; else json_path=$1; fi
	[ -z "$json_path" ] || grep -q "\"$json_path\": {" "$ROOT/json"
}

# One line for each member of the object, which is how mode=json prints it.
json_get_vars() {
	local name line

	for name in "$@"; do
		line=$(grep "^\"${json_path:-$name}\": " "$ROOT/json")
		[ -z "$json_path" ] || line=$(printf '%s' "$line" | tr '{,}' '\n' | grep "\"$name\": ")
		line=${line#*\": }
		line=${line%,}
		line=${line#\"}
		eval "$name=\${line%\\\"}"
	done
}
