// CBOR as COSE and CWT use it (RFC 8949): integers, byte and text strings, arrays, maps, tags, simple values, floats.
// Definite lengths only, integers that JavaScript holds exactly, no duplicate keys, nothing left over.

export class CborError extends Error {}

const DEPTH = 16;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new CborError("cut off");
    const start = this.at;
    this.at += count;
    return start;
  }

  argument(info) {
    if (info < 24) return info;
    if (info === 24) return this.view.getUint8(this.take(1));
    if (info === 25) return this.view.getUint16(this.take(2));
    if (info === 26) return this.view.getUint32(this.take(4));
    if (info !== 27) throw new CborError("indefinite or reserved length");
    const big = this.view.getBigUint64(this.take(8));
    if (big > BigInt(Number.MAX_SAFE_INTEGER)) throw new CborError("integer too large");
    return Number(big);
  }

  slice(length) {
    const start = this.take(length);
    return this.bytes.slice(start, start + length);
  }

  value(depth) {
    if (depth > DEPTH) throw new CborError("nested too deeply");
    const head = this.view.getUint8(this.take(1));
    const kind = head >> 5;
    const info = head & 31;
    if (kind === 7) return this.simple(info);
    const argument = this.argument(info);
    switch (kind) {
      case 0: return argument;
      case 1: return -1 - argument;
      case 2: return this.slice(argument);
      case 3: return new TextDecoder("utf-8", { fatal: true }).decode(this.slice(argument));
      case 4: return this.list(argument, depth);
      case 5: return this.map(argument, depth);
      default: return { tag: argument, value: this.value(depth + 1) };
    }
  }

  list(length, depth) {
    const items = [];
    for (let index = 0; index < length; index += 1) items.push(this.value(depth + 1));
    return items;
  }

  map(length, depth) {
    const entries = new Map();
    for (let index = 0; index < length; index += 1) {
      const key = this.value(depth + 1);
      if (typeof key === "object" || entries.has(key)) throw new CborError("bad map key");
      entries.set(key, this.value(depth + 1));
    }
    return entries;
  }

  simple(info) {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info === 26) return this.view.getFloat32(this.take(4));
    if (info === 27) return this.view.getFloat64(this.take(8));
    throw new CborError("unknown simple value");
  }
}

export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new CborError("bytes left over");
  return value;
}

function head(kind, length) {
  if (length < 24) return [(kind << 5) | length];
  if (length < 256) return [(kind << 5) | 24, length];
  if (length < 65536) return [(kind << 5) | 25, length >> 8, length & 255];
  throw new CborError("too long");
}

// What a COSE_Sign1 signature is made over (RFC 9052 §4.4): ["Signature1", protected, external_aad = h'', payload].
export function signatureStructure(protectedHeader, payload) {
  const context = new TextEncoder().encode("Signature1");
  return new Uint8Array([
    0x84, ...head(3, context.length), ...context,
    ...head(2, protectedHeader.length), ...protectedHeader,
    0x40,
    ...head(2, payload.length), ...payload,
  ]);
}
