"""Evidence on disk: hashes, canonical JSON, arrays, and the lock."""
