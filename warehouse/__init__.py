"""The DuckDB warehouse: ledger, identity, history, marts, receipts and publication."""
