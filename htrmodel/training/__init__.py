"""Training: recipes, the loop, exact resume, the folder of a run."""
