"""The version of this tracker, by the calendar: year, month, number of the release in that month.

It sorts above the dated packages of the C tracker, which has the same name in OpenWrt's feed.
"""

VERSION = "2026.11.1"
