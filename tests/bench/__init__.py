"""The performance table: ratios of the platform to DuckDB's own raw load, inside one run."""
