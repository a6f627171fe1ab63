"""Seeds and shards that depend on names only: never on order, threads or the machine."""

import zlib

import numpy as np


def seed_for(seed: int, *names: str) -> int:
    """Return a seed in 0..2**32-1 that is independent for every combination of names."""
    keys = [zlib.crc32(name.encode()) for name in names]
    return int(np.random.SeedSequence([seed, *keys]).generate_state(1)[0])


def shard_of(group: str, shards: int) -> int:
    """Return the shard, 1..shards, that a group belongs to."""
    return zlib.crc32(group.encode()) % shards + 1


def in_shard(group: str, shard: str) -> bool:
    """Say whether a group belongs to a shard: all do to ``""``, one of n to ``shards/2-of-n/``."""
    if not shard:
        return True
    number, shards = (int(part) for part in shard.strip("/").split("/")[-1].split("-of-"))
    return shard_of(group, shards) == number
