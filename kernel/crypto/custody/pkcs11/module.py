"""A PKCS#11 module (a shared library), bound by ctypes: the calls that custody needs and no more.

Bound here because the one maintained package initialises modules for a single thread and refuses the vendors'
mechanism numbers, without which there is no SM2. ctypes.CDLL releases the GIL around every call.
"""

import ctypes
import sys
from collections.abc import Mapping, Sequence
from ctypes import POINTER, Structure, byref, c_char, c_ubyte, c_ulong, c_void_p
from dataclasses import dataclass
from typing import Any

from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.errors import ConfigurationError

AttributeValue = bytes | bool | int

_FUNCTIONS = {  # their places in CK_FUNCTION_LIST, behind the version
    "Initialize": 0,
    "Finalize": 1,
    "GetSlotList": 4,
    "GetTokenInfo": 6,
    "GetMechanismList": 7,
    "OpenSession": 12,
    "CloseSession": 13,
    "Login": 18,
    "DestroyObject": 22,
    "GetAttributeValue": 24,
    "FindObjectsInit": 26,
    "FindObjects": 27,
    "FindObjectsFinal": 28,
    "SignInit": 42,
    "Sign": 43,
    "GenerateKeyPair": 59,
}
_PACK = {"_pack_": 1} if sys.platform == "win32" else {}
_BATCH = 256


class Pkcs11Error(Exception):
    """A call that the module refused; `value` is its CK_RV."""

    def __init__(self, function: str, value: int) -> None:
        super().__init__(f"C_{function}: {ck.NAMES.get(value, hex(value))}")
        self.value = value


def _structure(name: str, fields: Sequence[tuple[str, Any]]) -> Any:
    return type(name, (Structure,), {**_PACK, "_fields_": fields})


_Version = _structure("CK_VERSION", [("major", c_ubyte), ("minor", c_ubyte)])
_FunctionList = _structure("CK_FUNCTION_LIST", [("version", _Version), ("functions", c_void_p * 68)])
_InitializeArguments = _structure(
    "CK_C_INITIALIZE_ARGS", [(f"mutex{i}", c_void_p) for i in range(4)] + [("flags", c_ulong), ("reserved", c_void_p)]
)
_Attribute = _structure("CK_ATTRIBUTE", [("type", c_ulong), ("value", c_void_p), ("length", c_ulong)])
_Mechanism = _structure("CK_MECHANISM", [("mechanism", c_ulong), ("parameter", c_void_p), ("length", c_ulong)])
_TokenInfo = _structure(
    "CK_TOKEN_INFO",
    [
        ("label", c_char * 32),
        ("manufacturer", c_char * 32),
        ("model", c_char * 16),
        ("serial", c_char * 16),
        ("flags", c_ulong),
        ("counts", c_ulong * 10),
        ("hardware", _Version),
        ("firmware", _Version),
        ("time", c_char * 16),
    ],
)


@dataclass(frozen=True)
class Token:
    """A token found in a slot; `flags` are CKF_… of CK_TOKEN_INFO as they were then."""

    slot: int
    label: str
    manufacturer: str
    model: str
    serial: str
    flags: int


class Pkcs11Module:
    """One loaded library. Every method raises Pkcs11Error; sessions and objects are the module's own numbers."""

    def __init__(self, path: str) -> None:
        """Load it; raises ConfigurationError naming the file. It is not initialised yet."""
        self.path = path
        try:
            self._library = ctypes.CDLL(path)
            get_function_list = self._library.C_GetFunctionList
        except (OSError, AttributeError) as error:
            raise ConfigurationError(
                "{path} is not a PKCS#11 module that can be loaded here.", path=path, reason=str(error)
            ) from error
        pointer = POINTER(_FunctionList)()
        get_function_list.restype = c_ulong
        value = get_function_list(byref(pointer))
        if value != ck.CKR_OK:
            raise Pkcs11Error("GetFunctionList", value)
        prototype = ctypes.CFUNCTYPE(c_ulong)  # every function returns CK_RV; arguments are given as ctypes values
        self._functions = {name: prototype(pointer.contents.functions[place]) for name, place in _FUNCTIONS.items()}

    def initialize(self) -> None:
        """C_Initialize for many threads. A module that somebody in this process initialised already is as good."""
        arguments = _InitializeArguments(flags=ck.CKF_OS_LOCKING_OK)
        try:
            self._call("Initialize", byref(arguments))
        except Pkcs11Error as error:
            if error.value != ck.CKR_CRYPTOKI_ALREADY_INITIALIZED:
                raise

    def finalize(self) -> None:
        """C_Finalize; every session of this process ends."""
        self._call("Finalize", None)

    def tokens(self) -> list[Token]:
        """The tokens present."""
        count = c_ulong()
        self._call("GetSlotList", c_ubyte(1), None, byref(count))
        slots = (c_ulong * max(count.value, 1))()
        self._call("GetSlotList", c_ubyte(1), slots, byref(count))
        return [self.token(slot) for slot in slots[: count.value]]

    def token(self, slot: int) -> Token:
        """The token in a slot, asked anew."""
        info = _TokenInfo()
        self._call("GetTokenInfo", c_ulong(slot), byref(info))
        label, manufacturer, model, serial = (
            _padded(info, name) for name in ("label", "manufacturer", "model", "serial")
        )
        return Token(slot, label, manufacturer, model, serial, info.flags)

    def mechanisms(self, slot: int) -> frozenset[int]:
        """The mechanism numbers of the token in a slot."""
        count = c_ulong()
        self._call("GetMechanismList", c_ulong(slot), None, byref(count))
        numbers = (c_ulong * max(count.value, 1))()
        self._call("GetMechanismList", c_ulong(slot), numbers, byref(count))
        return frozenset(numbers[: count.value])

    def open_session(self, slot: int, *, writing: bool) -> int:
        session = c_ulong()
        flags = ck.CKF_SERIAL_SESSION | (ck.CKF_RW_SESSION if writing else 0)
        self._call("OpenSession", c_ulong(slot), c_ulong(flags), None, None, byref(session))
        return session.value

    def close_session(self, session: int) -> None:
        self._call("CloseSession", c_ulong(session))

    def login(self, session: int, pin: bytes) -> None:
        """C_Login as the user; a login that is already there is as good."""
        try:
            self._call("Login", c_ulong(session), c_ulong(ck.CKU_USER), pin, c_ulong(len(pin)))
        except Pkcs11Error as error:
            if error.value != ck.CKR_USER_ALREADY_LOGGED_IN:
                raise

    def find(self, session: int, template: Mapping[int, AttributeValue]) -> list[int]:
        """The objects that have these attributes."""
        attributes, _kept = _attributes(template)
        self._call("FindObjectsInit", c_ulong(session), attributes, c_ulong(len(template)))
        found: list[int] = []
        batch, count = (c_ulong * _BATCH)(), c_ulong(_BATCH)
        try:
            while count.value:
                self._call("FindObjects", c_ulong(session), batch, c_ulong(_BATCH), byref(count))
                found.extend(batch[: count.value])
        finally:
            self._functions["FindObjectsFinal"](c_ulong(session))
        return found

    def attribute(self, session: int, item: int, kind: int) -> bytes:
        """One attribute of an object, as bytes."""
        wanted = _Attribute(type=kind)
        self._call("GetAttributeValue", c_ulong(session), c_ulong(item), byref(wanted), c_ulong(1))
        if not wanted.length:
            return b""
        buffer = ctypes.create_string_buffer(wanted.length)
        wanted.value = ctypes.addressof(buffer)
        self._call("GetAttributeValue", c_ulong(session), c_ulong(item), byref(wanted), c_ulong(1))
        return buffer.raw[: wanted.length]

    def generate_key_pair(
        self,
        session: int,
        mechanism: int,
        public: Mapping[int, AttributeValue],
        private: Mapping[int, AttributeValue],
    ) -> tuple[int, int]:
        """C_GenerateKeyPair: (public, private)."""
        public_attributes, _public_kept = _attributes(public)
        private_attributes, _private_kept = _attributes(private)
        made = c_ulong(), c_ulong()
        self._call(
            "GenerateKeyPair",
            c_ulong(session),
            byref(_Mechanism(mechanism=mechanism)),
            public_attributes,
            c_ulong(len(public)),
            private_attributes,
            c_ulong(len(private)),
            byref(made[0]),
            byref(made[1]),
        )
        return made[0].value, made[1].value

    def sign(self, session: int, mechanism: int, key: int, data: bytes) -> bytes:
        """C_SignInit and C_Sign, in the mechanism's own encoding."""
        self._call("SignInit", c_ulong(session), byref(_Mechanism(mechanism=mechanism)), c_ulong(key))
        buffer, length = ctypes.create_string_buffer(1024), c_ulong(1024)
        self._call("Sign", c_ulong(session), data, c_ulong(len(data)), buffer, byref(length))
        return buffer.raw[: length.value]

    def destroy(self, session: int, item: int) -> None:
        self._call("DestroyObject", c_ulong(session), c_ulong(item))

    def _call(self, name: str, *arguments: Any) -> None:
        value = self._functions[name](*arguments)
        if value != ck.CKR_OK:
            raise Pkcs11Error(name, value)


def _attributes(template: Mapping[int, AttributeValue]) -> tuple[Any, list[Any]]:
    """A CK_ATTRIBUTE array, and the buffers it points into, which must live as long."""
    kept: list[Any] = []
    array = (_Attribute * max(len(template), 1))()
    for place, (kind, value) in enumerate(template.items()):
        encoded = _encode(value)
        kept.append(ctypes.create_string_buffer(encoded, len(encoded)))
        array[place].type = kind
        array[place].value = ctypes.addressof(kept[-1])
        array[place].length = len(encoded)
    return array, kept


def _encode(value: AttributeValue) -> bytes:
    if isinstance(value, bool):
        return bytes([value])
    if isinstance(value, int):
        return value.to_bytes(ctypes.sizeof(c_ulong), sys.byteorder)
    return value


def _padded(info: Any, name: str) -> str:
    """A blank-padded field; read from memory since ctypes would stop at a zero byte."""
    field = getattr(type(info), name)
    raw = ctypes.string_at(ctypes.addressof(info) + field.offset, field.size)
    return raw.rstrip(b" \x00").decode("utf-8", "replace")
