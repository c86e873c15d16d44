"""Writes winmail.dat (TNEF, MS-OXTNEF), as Outlook does, and as nobody should."""

import struct
import zlib

SIGNATURE = 0x223E9F78
MESSAGE, ATTACHMENT = 1, 2
# Attributes, with their types.
VERSION, CODE_PAGE, CLASS, SUBJECT, PROPERTIES = 0x00089006, 0x00069007, 0x00078008, 0x00018004, 0x00069003
RENDERING, DATA, TITLE, ATTACHMENT_PROPERTIES = 0x00069002, 0x0006800F, 0x00018010, 0x00069005
# Properties and their types.
LONG, OBJECT, STRING8, UNICODE, BINARY = 0x0003, 0x000D, 0x001E, 0x001F, 0x0102
BODY, RTF, HTML, LONG_NAME, MIME_TAG, CONTENT_ID, ATTACHED = 0x1000, 0x1009, 0x1013, 0x3707, 0x370E, 0x3712, 0x3701


def attribute(level, kind, data, size=None, checksum=None):
    """One of them; size and checksum may lie."""
    return (struct.pack("<BII", level, kind, len(data) if size is None else size) + data
            + struct.pack("<H", sum(data) & 0xFFFF if checksum is None else checksum))


def _value(kind, value):
    if kind == LONG:
        return struct.pack("<I", value)
    if kind == UNICODE:
        value = value.encode("utf-16-le") + b"\0\0"
    elif kind == STRING8:
        value = (value if isinstance(value, bytes) else value.encode("cp1252")) + b"\0"
    return struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)


def properties(*rows):
    """Rows are (id, type, value)."""
    return struct.pack("<I", len(rows)) + b"".join(struct.pack("<HH", kind, name) + _value(kind, value) for name, kind, value in rows)


def rtf(text, packed=True):
    """Compressed RTF (MS-OXRTFCP), of literals alone; or in its form that is not compressed."""
    octets = text.encode("ascii")
    if not packed:
        return struct.pack("<IIII", len(octets) + 12, len(octets), 0x414C454D, 0) + octets
    data = b"".join(b"\0" + octets[at:at + 8] for at in range(0, len(octets), 8))
    checksum = zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<IIII", len(data) + 12, len(octets), 0x75465A4C, checksum) + data


def file(*attachments, message_class="IPM.Microsoft Mail.Note", message=(), more=b""):
    """Attachments are (name, octets) or (name, octets, properties)."""
    out = struct.pack("<IH", SIGNATURE, 1)
    out += attribute(MESSAGE, VERSION, struct.pack("<I", 0x00010000))
    out += attribute(MESSAGE, CODE_PAGE, struct.pack("<II", 1252, 0))
    out += attribute(MESSAGE, CLASS, message_class.encode() + b"\0")
    if message:
        out += attribute(MESSAGE, PROPERTIES, properties(*message))
    for name, octets, *rest in attachments:
        out += attribute(ATTACHMENT, RENDERING, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))
        out += attribute(ATTACHMENT, TITLE, name.encode("cp1252", "replace")[:12] + b"\0")
        if octets is not None:
            out += attribute(ATTACHMENT, DATA, octets)
        rows = [(LONG_NAME, UNICODE, name), *(rest[0] if rest else ())]
        out += attribute(ATTACHMENT, ATTACHMENT_PROPERTIES, properties(*rows))
    return out + more


def embedded(inner):
    """The property of an attachment that is a message: 16 octets that say so, and the file."""
    return (ATTACHED, OBJECT, bytes.fromhex("0703020000000000c000000000000046") + inner)
