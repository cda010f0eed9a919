"""Backups: the warehouse, the proof of its log and all of landing, encrypted as they lie in the data root; and the way back.

No key is in a backup. What a backup holds is proved by its manifest, what a restored warehouse holds by its tables' content.
"""

from warehouse.backup.making import make
from warehouse.backup.restoring import drill, restore

__all__ = ["drill", "make", "restore"]
