"""From shards to batches: which words a model can take, decoded once, in a seeded order."""
