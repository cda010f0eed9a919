"""Faults and abuse."""
