"""The numbers of the protocol by which systems are judged. It imports nothing: the help of commands has them too."""

LEVEL = 0.95
"""Share of the resamples that lies within an interval."""

RESAMPLES = 1000
"""How often clusters are drawn where nobody says otherwise."""

FEWEST_RESAMPLES = 100
"""With fewer the ends of an interval are hardly more than chance."""

FEW_CLUSTERS = 20
"""Below this number of writers or pages, percentile intervals are too narrow."""
