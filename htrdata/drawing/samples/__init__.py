"""Small drawn data sets in the genuine layouts: for tests, benchmarks and a first try without any data."""
