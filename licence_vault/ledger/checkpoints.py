"""Checkpoints of the log: C2SP tlog-checkpoint inside C2SP signed-note, Ed25519. Pure.

    example.com/log
    4
    TjTv/xEd…            base64 of the root

    — example.com/log base64(key id ‖ signature)

The signature covers everything up to and with the newline before the empty line.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.crypto.public_keys import Ed25519PublicKey, load_public_key
from kernel.errors import ConfigurationError, InvalidInput
from licence_vault.ledger.merkle import HASH_BYTES, Head

MAX_NOTE_CHARACTERS = 64 * 1024
_ED25519 = b"\x01"
_RAW_KEY_BYTES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NOT_IN_NOTES = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


class InvalidCheckpoint(InvalidInput):
    """The text is not a checkpoint, not of this log, or not signed by its key."""

    code = "invalid-checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says. `extensions` are further lines of its text, which mean nothing here."""

    origin: str
    head: Head
    extensions: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.head.root).decode()
        return "\n".join([self.origin, str(self.head.size), root, *self.extensions]) + "\n"


@dataclass(frozen=True)
class NoteSignature:
    """A signature line that nobody has checked yet; `key_id` are its first four bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands in the note."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True)
class UnverifiedNote:
    """A note taken apart. Its text is to be ignored until a known key's signature holds."""

    body: str
    signatures: tuple[NoteSignature, ...]


def check_origin(origin: str) -> str:
    """The origin itself; raises ConfigurationError unless it can name a log and its key."""
    if not origin or "+" in origin or not origin.isprintable() or any(character.isspace() for character in origin):
        raise ConfigurationError("The log's origin must be an address without scheme, spaces or plus signs.")
    return origin


def origin_of(public_url: str) -> str:
    """The origin of the log served under `<public_url>/log`: that address without scheme (tlog-tiles, Parameters)."""
    return check_origin(public_url.split("://", 1)[-1].rstrip("/") + "/log")


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """SHA-256(name ‖ newline ‖ 0x01 ‖ 32 bytes of the key), the first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw_key(key)).digest()[:4]


def verifier_key(name: str, spki: bytes) -> str:
    """The key as tools of the transparency world are told it: `name+keyid+base64`."""
    key = load_log_key(spki)
    return f"{name}+{key_id(name, key).hex()}+{base64.b64encode(_ED25519 + raw_key(key)).decode()}"


def raw_key(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of RFC 8032: the end of the SubjectPublicKeyInfo."""
    return key.spki[-_RAW_KEY_BYTES:]


def load_log_key(spki: bytes) -> Ed25519PublicKey:
    """A log's public key from DER SubjectPublicKeyInfo; raises InvalidInput."""
    key = load_public_key(spki)
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("The log's key must be an Ed25519 key.")
    return key


def parse_note(text: str) -> UnverifiedNote:
    """Take a signed note apart; raises InvalidCheckpoint."""
    if len(text) > MAX_NOTE_CHARACTERS or _NOT_IN_NOTES.search(text):
        raise _unreadable("too long, or not plain UTF-8 text")
    at = text.rfind("\n\n")
    if at < 0 or not text.endswith("\n"):
        raise _unreadable("not a signed note")
    lines = text[at + 2 : -1].split("\n")
    return UnverifiedNote(text[: at + 1], tuple(_parse_signature(line) for line in lines))


def parse_body(body: str) -> Checkpoint:
    """Read a checkpoint's text, which must be exactly as we would write it; raises InvalidCheckpoint."""
    lines = body.removesuffix("\n").split("\n")
    if len(lines) < 3 or "" in lines or not _SIZE.fullmatch(lines[1]):
        raise _unreadable("not a checkpoint")
    origin, size, root, *extensions = lines
    checkpoint = Checkpoint(origin, Head(int(size), _decode(root)), tuple(extensions))
    if len(checkpoint.head.root) != HASH_BYTES or checkpoint.body != body:
        raise _unreadable("not a root hash")
    return checkpoint


def open_checkpoint(text: str, keys: Sequence[bytes], *, origin: str | None = None) -> Checkpoint:
    """The checkpoint, signed by one of the log's `keys` (DER SubjectPublicKeyInfo).

    `origin` is the log that is meant; None takes any log that the keys speak for. Signatures by others (witnesses) are
    passed over; one by a known key that does not hold spoils the note. Raises InvalidCheckpoint, InvalidInput.
    """
    note = parse_note(text)
    checkpoint = parse_body(note.body)
    if origin is not None and checkpoint.origin != origin:
        raise InvalidCheckpoint("The checkpoint is of another log.")
    known = {key_id(checkpoint.origin, key): key for key in map(load_log_key, keys)}
    ours = [each for each in note.signatures if each.name == checkpoint.origin and each.key_id in known]
    if not ours:
        raise InvalidCheckpoint("The checkpoint is not signed by the log's key.")
    for each in ours:
        _verify(known[each.key_id], each.signature, note.body)
    return checkpoint


def sign_line(checkpoint: Checkpoint, signature: bytes, keys: Sequence[bytes]) -> str:
    """The signature line for a fresh `signature`, under whichever of the `keys` made it; raises InvalidCheckpoint."""
    for key in map(load_log_key, keys):
        try:
            _verify(key, signature, checkpoint.body)
        except InvalidCheckpoint:
            continue
        return NoteSignature(checkpoint.origin, key_id(checkpoint.origin, key), signature).line
    raise InvalidCheckpoint("The checkpoint is not signed by the log's key.", reason="fresh signature does not hold")


def _verify(key: Ed25519PublicKey, signature: bytes, body: str) -> None:
    try:
        key.verify(signature, body.encode())
    except InvalidInput as failure:
        raise InvalidCheckpoint("The checkpoint is not signed by the log's key.", reason=failure.reason) from failure


def _parse_signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    data = _decode(encoded)
    if dash != "—" or not name or "+" in name or any(map(str.isspace, name)) or len(data) < 5:
        raise _unreadable("not a signature line")
    return NoteSignature(name, data[:4], data[4:])


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as failure:
        raise _unreadable("not base64") from failure


def _unreadable(reason: str) -> InvalidCheckpoint:
    return InvalidCheckpoint("The checkpoint cannot be read.", reason=reason)
