#!/bin/sh
# What the feed's CI runs in a container after installing the package: $1 package, $2 version.

fail() {
	echo "test.sh: $*" >&2
	exit 1
}

port=${PORT:-46969}
hash=%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%14

case $1 in
opentracker)
	opentracker --version | grep -F "$2" || fail "--version does not print $2"
	opentracker -i 127.0.0.1 -p "$port" --check || fail "--check refuses good settings"

	opentracker -u nobody -i 127.0.0.1 -p "$port" &
	tracker=$!
	trap 'kill "$tracker"' EXIT
	for second in 1 2 3 4 5 6 7 8 9 10; do
		sleep 1
		reply=$(wget -q -O - "http://127.0.0.1:$port/announce?info_hash=$hash&port=6881&left=0") && break
		echo "no answer after $second s"
	done
	echo "$reply" | grep -o 8:completei1e || fail "the announce was not counted: $reply"
	;;
esac
