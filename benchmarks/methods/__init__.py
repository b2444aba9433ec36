"""Ways to measure the same cells, each a small adapter with one signature."""
