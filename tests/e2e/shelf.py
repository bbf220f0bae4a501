"""A shelf's file (gateway/base/shelf.h) from outside: what stands in it, and rubbish over it."""

import os
import random
import struct
import time

RING = 64 * 1024 * 1024
MAGIC, EPOCH, VOUCHED, LOOKED, RESERVED, TAKEN = 0, 24, 32, 40, 48, 64
NUMBERS = 4096
ASKED = TAKEN + 8 * NUMBERS
BUCKETS = ASKED + 8 * 4 * 16384
RING_AT = BUCKETS + 16384 * 64
SIZE = RING_AT + RING

# Of what stands in front of an answer (struct record).
FIELDS = {"place": (0, "Q"), "hash": (8, "Q"), "epoch": (16, "Q"), "until": (24, "q"), "number": (48, "I"),
          "key_n": (52, "I"), "head_n": (56, "I"), "body_n": (60, "I")}

PIECE = 1024 * 1024


class Shelf:
    """A process' own descriptor: it stays that of the file that was there when this was made."""

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDWR)
        assert os.fstat(self._fd).st_size == SIZE, "the block is laid out as it is here"
        assert os.pread(self._fd, 15, MAGIC) == b"perigee-shelf-1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def numbers(self, at, n):
        return struct.unpack(f"{n}Q", os.pread(self._fd, 8 * n, at))

    @property
    def epoch(self):
        return self.numbers(EPOCH, 1)[0]

    @property
    def taken(self):
        """Of what was taken, what nobody has counted yet."""
        return sum(self.numbers(TAKEN, NUMBERS))

    @property
    def vouched(self):
        """Until when, in seconds of time.monotonic()."""
        return self.numbers(VOUCHED, 1)[0] / 1000

    @property
    def is_vouched(self):
        return time.monotonic() < self.vouched

    @property
    def looked(self):
        """When somebody last wanted to take something, in its own measure."""
        return self.numbers(LOOKED, 1)[0]

    def records(self):
        """Where in the file an answer lies, as the buckets say."""
        buckets = os.pread(self._fd, RING_AT - BUCKETS, BUCKETS)
        for bucket in struct.iter_unpack("8Q", buckets):
            for place in bucket[4:]:
                if place:
                    yield RING_AT + place % RING

    def spoil(self, field, value):
        """In front of each answer, a field of what is said of it; how many there are."""
        records = list(self.records())
        at, kind = FIELDS[field]
        for record in records:
            os.pwrite(self._fd, struct.pack(kind, value), record + at)
        return len(records)

    def scribble(self, start, end, seed=0):
        """Random bytes from start to end."""
        noise = random.Random(seed).randbytes(min(PIECE, end - start))
        for at in range(start, end, len(noise)):
            os.pwrite(self._fd, noise[:end - at], at)


def write_rubbish(path, seed=0, magic=b"perigee-shelf-1\0", size=SIZE):
    """A file that looks like a shelf, vouched for until long after this, and holds nothing but noise."""
    new = path.with_suffix(".new")
    with open(new, "wb") as file:
        file.truncate(SIZE)
    os.chmod(new, 0o660)
    noise = random.Random(seed).randbytes(PIECE)
    fd = os.open(new, os.O_RDWR)
    try:
        os.pwrite(fd, magic, MAGIC)
        for at in range(EPOCH, SIZE, PIECE):
            os.pwrite(fd, noise[:SIZE - at], at)
        os.pwrite(fd, struct.pack("QQ", 1 << 62, 0), VOUCHED)
        os.ftruncate(fd, size)
    finally:
        os.close(fd)
    new.replace(path)
