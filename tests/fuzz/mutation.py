"""Changes of sound inputs as downloads, disks and strangers make them, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Change = Callable[[bytearray, random.Random], bytes | bytearray]


def cut_off(data: bytearray, chance: random.Random) -> bytearray:
    """Its beginning."""
    return data[: chance.randrange(len(data) + 1)]


def bits_turned(data: bytearray, chance: random.Random) -> bytearray:
    """One bit turned, or some."""
    for _ in range(chance.choice((1, 1, 1, 8))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def bytes_zeroed(data: bytearray, chance: random.Random) -> bytearray:
    """Zeros somewhere, as a hole in a file has them."""
    at, length = chance.randrange(len(data) + 1), chance.choice((4, 64, 512))
    data[at : at + length] = bytes(len(data[at : at + length]))
    return data


def number_grown(data: bytearray, chance: random.Random) -> bytearray:
    """A digit somewhere becomes a number that no reader expects."""
    digits = [at for at, byte in enumerate(data) if chr(byte).isdigit()]
    if digits:
        at = chance.choice(digits)
        data[at : at + 1] = chance.choice((b"-1", b"9" * 20, b"9" * 400, b"9" * 5000, b"1e999", b"0.5", b"nan"))
    return data


def odd_text(data: bytearray, chance: random.Random) -> bytearray:
    """Something that texts may hold, somewhere."""
    odd = ("\0", "\u202e", "\ufeff", "\r", "\n", "\t", '"', "&x;", "<", "\x1b[31m", "ﬁ", "\U0010ffff", "x" * 5000)
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.choice((*(text.encode() for text in odd), b"\xff\xfe", b"\xed\xa0\x80", b"\xc3"))
    return data


def pieces_mixed(data: bytearray, chance: random.Random) -> bytearray:
    """Pieces of it in another order, some of them twice."""
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return bytearray().join(chance.choices(pieces, k=5))


def end_twice(data: bytearray, chance: random.Random) -> bytearray:
    """What stands at its end stands there again."""
    return data + data[chance.randrange(len(data) + 1) :]


CHANGES: dict[str, Change] = {
    "cut off": cut_off,
    "bits turned": bits_turned,
    "bytes zeroed": bytes_zeroed,
    "a number grown": number_grown,
    "odd text": odd_text,
    "pieces mixed": pieces_mixed,
    "the end twice": end_twice,
}


def mutants(inputs: Sequence[bytes], count: int, seed: str) -> list[bytes]:
    """So many changed inputs."""
    chance = random.Random(seed)
    changes = list(CHANGES.values())
    return [bytes(chance.choice(changes)(bytearray(chance.choice(inputs)), chance)) for _ in range(count)]
