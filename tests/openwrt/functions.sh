#!/bin/sh
# shellcheck disable=SC3043
#
# Stands in for OpenWrt's /lib/functions.sh and /lib/config/uci.sh (base-files): a configuration
# becomes variables of the shell; one that uci can't read becomes none, without a word.

config_load() {
	local name

	for name in $CONFIG_LISTS; do unset "$name"; done
	CONFIG_LISTS=
	CONFIG_SECTIONS=
	eval "$(uci export "$1" 2>/dev/null)"
}

package() { :; }

config() {
	CONFIG_SECTION=${2:-cfg$((${CONFIG_NUMBER:=0} + 1))}
	CONFIG_NUMBER=$((CONFIG_NUMBER + 1))
	CONFIG_SECTIONS="$CONFIG_SECTIONS $CONFIG_SECTION"
	eval "CONFIG_${CONFIG_SECTION}_TYPE=\$1"
}

option() { eval "CONFIG_${CONFIG_SECTION}_$1=\$2"; }

list() {
	eval "CONFIG_LENGTH=\$((\${CONFIG_${CONFIG_SECTION}_$1_LENGTH:-0} + 1))"
	eval "CONFIG_${CONFIG_SECTION}_$1_LENGTH=$CONFIG_LENGTH"
	CONFIG_LISTS="$CONFIG_LISTS CONFIG_${CONFIG_SECTION}_$1_LENGTH"
	eval "CONFIG_${CONFIG_SECTION}_$1_ITEM$CONFIG_LENGTH=\$2"
}

config_get() { eval "$1=\${CONFIG_${2}_$3:-\$4}"; }

config_get_bool() {
	local value

	config_get value "$2" "$3" "$4"
	case "$value" in
	1 | on | true | yes | enabled) value=1 ;;
	0 | off | false | no | disabled) value=0 ;;
	*) value=$4 ;;
	esac
	eval "$1=$value"
}

config_foreach() {
	local section kind

	for section in $CONFIG_SECTIONS; do
		config_get kind "$section" TYPE
		[ "$kind" != "$2" ] || "$1" "$section"
	done
}

config_list_foreach() {
	local length number=1 value

	config_get length "$1" "$2_LENGTH" 0
	while [ "$number" -le "$length" ]; do
		config_get value "$1" "$2_ITEM$number"
		"$3" "$value"
		number=$((number + 1))
	done
}
