"""The page of a build: what it counts, which words it shows, and how it says what became of them."""
