// SM2 signatures over SM3 (GB/T 32918.2, GB/T 32905), verifying only. The curve's arithmetic is noble-curves', which was
// audited; what the standard adds to it stands here.
import "./vendor/noble-curves.js";

const { weierstrassN } = self.nobleCurves;
const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
const A = 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn;
const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
const N = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const GX = 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n;
const GY = 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n;
const Point = weierstrassN({ p: P, n: N, h: 1n, a: A, b: B, Gx: GX, Gy: GY });
const SIGNER = new TextEncoder().encode("1234567812345678"); // the identity that GM/T 0009 wants where none is agreed
const SPKI_HEAD = "3059301306072a8648ce3d020106082a811ccf5501822d034200";

const rotate = (word, by) => (word << (by & 31)) | (word >>> (32 - (by & 31) & 31));
const mix0 = (word) => word ^ rotate(word, 9) ^ rotate(word, 17);
const mix1 = (word) => word ^ rotate(word, 15) ^ rotate(word, 23);

function padded(message) {
  const length = Math.ceil((message.length + 9) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set(message);
  bytes[message.length] = 0x80;
  new DataView(bytes.buffer).setBigUint64(length - 8, BigInt(message.length) * 8n);
  return new DataView(bytes.buffer);
}

function compress(state, block, start) {
  const words = new Int32Array(68);
  for (let j = 0; j < 16; j += 1) words[j] = block.getInt32(start + 4 * j);
  for (let j = 16; j < 68; j += 1) {
    words[j] = mix1(words[j - 16] ^ words[j - 9] ^ rotate(words[j - 3], 15)) ^ rotate(words[j - 13], 7) ^ words[j - 6];
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j += 1) {
    const ss1 = rotate((rotate(a, 12) + e + rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j)) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ rotate(a, 12)) + (words[j] ^ words[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + words[j]) | 0;
    [d, c, b, a] = [c, rotate(b, 9), a, tt1];
    [h, g, f, e] = [g, rotate(f, 19), e, tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17)];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => word ^ state[index]);
}

export function sm3(message) {
  const block = padded(message);
  let state = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
  for (let start = 0; start < block.byteLength; start += 64) state = compress(state, block, start);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setInt32(4 * index, word));
  return new Uint8Array(digest.buffer);
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const number = (bytes) => BigInt(`0x${hex(bytes)}`);
const field = (value) => Uint8Array.from(value.toString(16).padStart(64, "0").match(/../g), (pair) => parseInt(pair, 16));
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

// Whether `signature` (r and s, 32 bytes each) over `message` is of the key with this SubjectPublicKeyInfo.
export function verifySm2(spki, signature, message) {
  if (spki.length !== 91 || hex(spki.slice(0, 26)) !== SPKI_HEAD || signature.length !== 64) return false;
  const key = Point.fromHex(hex(spki.slice(26)));
  const [r, s] = [number(signature.slice(0, 32)), number(signature.slice(32))];
  const t = (r + s) % N;
  if (r < 1n || r >= N || s < 1n || s >= N || t === 0n) return false;
  const bits = SIGNER.length * 8;
  const z = sm3(join([bits >> 8, bits & 255], SIGNER, ...[A, B, GX, GY].map(field), spki.slice(27)));
  const e = number(sm3(join(z, message)));
  const point = Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(t));
  return !point.is0() && (e + point.toAffine().x) % N === r;
}
