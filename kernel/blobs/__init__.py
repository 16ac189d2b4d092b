"""Files kept by their digest: written once, never changed.

Owns: the `BlobStore` protocol and the local implementation. Does not own: what a file means or who may read it.
Entry points: `store.BlobStore`, `files.FileBlobs`.
"""
