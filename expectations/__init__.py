"""Feed declaration and rules become a Great Expectations suite; good rows are split from bad."""
