"""UCI, OpenWrt's configuration: from there to a configuration file, and back.

`grammar` knows the text, `table` the options that only UCI has, `bridge` what they come to, and
`command` the switches --uci, --to-uci and --lists. A tracker that serves loads nothing of it.
"""
