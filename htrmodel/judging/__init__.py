"""What a system has read, judged: metrics with intervals, by one protocol for every system."""
