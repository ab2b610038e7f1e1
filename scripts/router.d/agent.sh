#!/bin/sh
# What the router's shell does for scripts/router: each line of the console is "CHECKSUM COMMAND",
# see frames.py. The names here are the commands. `nonce` is set before.
# shellcheck disable=SC2154,SC3045

umask 077
folder=/var/run/opentracker-router
printk=$(cat /proc/sys/kernel/printk)
last=

# Twice, so that what a kernel message has cut is not taken for a reply.
say() {
	printf '\n@%s %s=%s@\n' "$nonce" "$*" "$*"
}

leave() {
	echo "$printk" >/proc/sys/kernel/printk
	rm -f "$folder/output" "$folder/text" "$folder/piece" "$folder/block"
	rmdir "$folder"
	say gone
	say gone
}

# run NUMBER COMMAND; once, however often it is asked to.
run() {
	if [ "$1" != "$last" ]; then
		last=$1
		(umask 022; eval "$2") </dev/null >"$folder/output" 2>&1
		status=$?
		tr -d '\r' <"$folder/output" >"$folder/text"
	fi
	tell "$1" 0 2048
}

# tell NUMBER OFFSET SIZE: a piece of what the last command printed.
tell() {
	tail -c "+$(($2 + 1))" "$folder/text" | head -c "$3" >"$folder/piece"
	say "$1 $status $(wc -c <"$folder/text") $2 $(sha256sum <"$folder/piece" | cut -c 1-16)"
	cat "$folder/piece"
	say "$1 end"
}

# follow NUMBER COMMAND: what it prints goes to the console until somebody presses Enter.
follow() {
	say "$1 begin"
	eval "exec $2" </dev/null 2>&1 &
	read -r _
	kill $!
	wait
	say "$1 end"
}

# take NUMBER FILE OFFSET SIZE CHECKSUM; the block is the next line.
take() {
	full=
	dd bs=4096 count=1 >"$folder/block" 2>/dev/null || full=full
	keep "$@"
}

# The same for a line of octal escapes.
take_text() {
	full=
	IFS= read -rt 20 text
	# That printf does not take a damaged line says nothing of the disk.
	# shellcheck disable=SC2059
	printf "$text\n" 2>/dev/null | cat >"$folder/block" || full=full
	keep "$@"
}

keep() {
	size=$(wc -c <"$2")
	if [ "$(sha256sum <"$folder/block")" = "$5  -" ] && [ "$size" -eq "$3" ]; then
		head -c "$4" "$folder/block" >>"$2"
		size=$(wc -c <"$2")
		[ "$size" -eq $(($3 + $4)) ] || full=full
	fi
	say "$1 $size $full"
}

if mkdir -p "$folder" && : >"$folder/output"; then
	trap 'leave 2>/dev/null' EXIT
	[ ! -w /proc/sys/kernel/printk ] || echo 1 >/proc/sys/kernel/printk
	say ready
else
	say unwritable
fi
