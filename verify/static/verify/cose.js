// COSE_Sign1 (RFC 9052 §4.2) with ES256, checked by the browser's own cryptography. No network.
import { decode, signatureStructure } from "./cbor.js";

const TAG_SIGN1 = 18;
const TAG_CWT = 61;
const ALGORITHM = 1;
const KEY_ID = 4;
const ES256 = -7;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class SignatureProblem extends Error {
  // kind: "broken" when the signature is wrong or unreadable, "unknown" when it cannot be judged here.
  constructor(kind, why) {
    super(why);
    this.kind = kind;
  }
}

export function fromBase32(text) {
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

function untag(value) {
  while (value && typeof value === "object" && (value.tag === TAG_CWT || value.tag === TAG_SIGN1)) value = value.value;
  return value;
}

function parse(bytes) {
  try {
    const parts = untag(decode(bytes));
    const [protectedHeader, unprotectedHeader, payload, signature] = parts;
    const header = decode(protectedHeader);
    const keyId = header.get(KEY_ID) ?? unprotectedHeader.get(KEY_ID);
    return { protectedHeader, algorithm: header.get(ALGORITHM), keyId: toHex(keyId), payload, signature, claims: decode(payload) };
  } catch (error) {
    throw new SignatureProblem("broken", `not a signed claim set: ${error.message}`);
  }
}

async function holds(key, message) {
  try {
    const spki = await crypto.subtle.importKey("spki", fromBase64(key.spki), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, spki, message.signature, signatureStructure(message.protectedHeader, message.payload));
  } catch {
    return false;
  }
}

// The claims and the key that signed them. `keys`: members of qr-keys.json. Throws SignatureProblem.
export async function verifySigned(base32, keys) {
  const message = parse(fromBase32(base32));
  const candidates = keys.filter((key) => key.kid === message.keyId);
  if (!candidates.length) throw new SignatureProblem("unknown", "the key is not on the list");
  if (message.algorithm !== ES256) throw new SignatureProblem("unknown", "this browser cannot check the algorithm");
  for (const key of candidates) {
    if (key.alg === "ES256" && (await holds(key, message))) return { claims: message.claims, key };
  }
  throw new SignatureProblem("broken", "the signature does not hold");
}
