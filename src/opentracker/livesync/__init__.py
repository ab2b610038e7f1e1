"""Live sync: trackers tell each other by multicast which peers came and went."""
