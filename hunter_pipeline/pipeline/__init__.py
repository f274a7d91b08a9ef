"""The steps of a sync, the sync as a whole, and the erasure of a person."""
