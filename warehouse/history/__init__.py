"""Half-open, bitemporal history of every feed."""
