// COSE_Sign1 (RFC 9052 §4.2) with ES256 or SM2, checked here. No network. Only the one encoding that Xinyin writes is read.
import "./vendor/noble-curves.js";
import { decode, signatureStructure } from "./cbor.js";
import { verifySm2 } from "./sm2.js";

const HEADERS = { ES256: [0xa2, 1, 0x26, 4, 0x44], "SM2-SM3": [0xa2, 1, 0x3a, 0, 1, 0x13, 0x64, 4, 0x44] };
const MAX_BYTES = 4096;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const P256_HEAD = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

export class SignatureProblem extends Error {
  // kind: "broken" when the signature is wrong or unreadable, "unknown" when nobody trusted is named as its signer.
  constructor(kind, why) {
    super(why);
    this.kind = kind;
  }
}

export function fromBase32(text) {
  if ([1, 3, 6].includes(text.length % 8)) throw new SignatureProblem("broken", "not base32");
  const bytes = [];
  let buffer = 0;
  let bits = 0;
  for (const character of text.toUpperCase()) {
    const value = BASE32.indexOf(character);
    if (value < 0) throw new SignatureProblem("broken", "not base32");
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >> bits) & 0xff);
    }
  }
  return new Uint8Array(bytes);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The four parts, nothing of them believed. The signature is judged before the payload is decoded.
function parse(bytes) {
  let parts;
  try {
    if (bytes.length > MAX_BYTES || bytes[0] !== 0xd2 || bytes[1] !== 0x84) throw new Error("not COSE_Sign1");
    parts = decode(bytes).value;
    const [protectedHeader, unprotected, payload, signature] = parts;
    const isBytes = (each) => each instanceof Uint8Array;
    if (!isBytes(protectedHeader) || !isBytes(payload) || !isBytes(signature)) throw new Error("parts of other kinds");
    if (!(unprotected instanceof Map) || unprotected.size || signature.length !== 64) throw new Error("other headers");
    if (bytes.length !== shortest(protectedHeader) + shortest(payload) + 2 + 1 + 66) throw new Error("oddly encoded");
    return { protectedHeader, payload, signature };
  } catch (error) {
    throw new SignatureProblem("broken", `not a signed claim set: ${error.message}`);
  }
}

function shortest(bytes) {
  return bytes.length + (bytes.length < 24 ? 1 : bytes.length < 256 ? 2 : 3);
}

function algorithmOf(header) {
  const names = Object.keys(HEADERS);
  return names.find((name) => header.length === HEADERS[name].length + 4 && HEADERS[name].every((byte, at) => header[at] === byte));
}

// `signature`: r and s, 32 bytes each. By WebCrypto; where a page has none (plain http), by noble-curves.
export async function verifyP256(spki, signature, message) {
  if (toHex(spki.slice(0, 26)) !== P256_HEAD || spki.length !== 91) return false;
  if (globalThis.crypto?.subtle) {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);
    return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
  }
  const { p256, sha256 } = self.nobleCurves;
  return p256.verify(signature, sha256(message), spki.slice(26), { lowS: false, prehash: false });
}

async function holds(key, algorithm, message) {
  const signed = signatureStructure(message.protectedHeader, message.payload);
  const verify = algorithm === "ES256" ? verifyP256 : verifySm2;
  try {
    return await verify(fromBase64(key.spki), message.signature, signed);
  } catch {
    return false;
  }
}

function readClaims(payload) {
  try {
    const claims = decode(payload);
    if (!(claims instanceof Map) || ![...claims.keys()].every(Number.isInteger)) throw new Error("not a map of numbers");
    return claims;
  } catch (error) {
    throw new SignatureProblem("broken", `signed payload: ${error.message}`);
  }
}

// The claims, and every owner of a key with this id. `keys`: members of qr-keys.json. Throws SignatureProblem.
export async function verifySigned(base32, keys) {
  const message = parse(fromBase32(base32));
  const keyId = toHex(message.protectedHeader.slice(-4));
  const candidates = keys.filter((key) => key.kid === keyId);
  const algorithm = algorithmOf(message.protectedHeader);
  if (!candidates.length) throw new SignatureProblem("unknown", "the key is not on the list");
  for (const key of candidates) {
    if (key.alg === algorithm && (await holds(key, algorithm, message))) {
      return { claims: readClaims(message.payload), key, owners: [...new Set(candidates.map((each) => each.issuer))] };
    }
  }
  throw new SignatureProblem("broken", "the signature does not hold");
}
