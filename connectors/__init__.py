"""How rows are fetched, never what they mean: settings, feed declarations, readers of files."""
