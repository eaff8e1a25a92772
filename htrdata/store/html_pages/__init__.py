"""Pages for people: one file that needs nothing else, with pictures of words, for light and dark, desktop and phone."""
