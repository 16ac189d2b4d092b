// Token Status Lists (draft-ietf-oauth-status-list): signed by their own issuer, and what the newest says of one licence.
import { fromBase64, verifyP256 } from "./cose.js";

const WORDS = ["valid", "revoked", "suspended", "superseded"];
const CLOCKS_DIFFER = 300000;
const MAX_TOKEN = 1048576;
const MAX_BYTES = 4194304;
const LAST = 253402300800;

function unpad(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  return fromBase64(text.replace(/-/g, "+").replace(/_/g, "/"));
}

function json(text) {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(unpad(text)));
}

async function inflate(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_BYTES) throw new Error("too large");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function time(seconds) {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds >= LAST) throw new Error("a time is missing");
  return new Date(seconds * 1000);
}

// A list whose signature holds; throws for any other. An issuer's key counts below the issuer's own address alone.
export async function loadStatusList(token, keys) {
  const parts = token.length <= MAX_TOKEN ? token.split(".") : [];
  if (parts.length !== 3) throw new Error("not a compact JWS");
  const [header, signature] = [json(parts[0]), unpad(parts[2])];
  const type = String(header.typ ?? "").toLowerCase().replace(/^application\//, "");
  if (header.alg !== "ES256" || type !== "statuslist+jwt" || "crit" in header) throw new Error("another kind of token");
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  for (const key of keys) {
    if (key.alg !== "ES256" || !(await verifyP256(fromBase64(key.spki), signature, signed))) continue;
    const claims = json(parts[1]);
    const { bits, lst } = claims.status_list;
    if (typeof claims.sub !== "string" || !claims.sub.startsWith(`${key.issuer}/`)) throw new Error("the list of somebody else");
    if (![1, 2, 4, 8].includes(bits)) throw new Error("no list");
    return { uri: claims.sub, issuedAt: time(claims.iat), expiresAt: time(claims.exp), bits, packed: await inflate(unpad(lst)) };
  }
  throw new Error("no key fits the signature");
}

export async function readableLists(tokens, keys) {
  const lists = [];
  for (const token of tokens) {
    try {
      lists.push(await loadStatusList(token, keys));
    } catch {
      // One that does not hold is as good as none; the others still count.
    }
  }
  return lists;
}

function at({ packed, bits }, index) {
  const position = index * bits;
  return (packed[position >>> 3] >>> (position & 7)) & ((1 << bits) - 1) & 3;
}

// { status, of, hours }: "valid", "revoked", "suspended", "superseded", "stale", or "none" when no list tells. Bad news does
// not grow old; good news that is too old is "stale".
export function judgeStatus(reference, issuedAt, lists, now) {
  const fitting = lists.filter((list) => list.uri === reference?.uri);
  if (!fitting.length) return { status: "none" };
  const newest = fitting.reduce((one, other) => (other.issuedAt > one.issuedAt ? other : one));
  const of = newest.issuedAt;
  if (reference.index >= Math.floor((newest.packed.length * 8) / newest.bits)) return { status: "no_place", of };
  const status = WORDS[at(newest, reference.index)];
  if (status !== "valid") return { status, of };
  if (issuedAt && of < issuedAt) return { status: "none", of };
  const fresh = now - of >= -CLOCKS_DIFFER && now <= newest.expiresAt;
  return fresh ? { status, of } : { status: "stale", of, hours: Math.max(0, Math.floor((now - of) / 3600000)) };
}
