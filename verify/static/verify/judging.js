// A QR text against what is at hand: the keys and status lists of a pack, a moment, and nothing else.
import { readFacts, standing, statusReference } from "./claims.js";
import { SignatureProblem, verifySigned } from "./cose.js";
import { judgeStatus, readableLists } from "./status.js";

// The signed part of a QR text, "" where there is none; null for what is not the text of a licence's code.
export function signedPart(text) {
  const compact = text.trim();
  if (!compact || compact.length > 4296) return null;
  const found = /^https?:\/\/([^/?#@\s]+)\/v(?:\/([A-Za-z0-9_-]{16,128})?\/?)?(?:#([A-Za-z2-7]*))?$/i.exec(compact);
  if (found) return found[3] || found[2] ? (found[3] ?? "").toUpperCase() : null;
  return /^[A-Za-z0-9_-]{16,128}$/.test(compact.replace(/\s/g, "")) ? "" : null;
}

// { result, facts, status, of, hours }. The result by the worst: "broken" and "unknown" of the signature, "revoked",
// "suspended" and "superseded" of the status, "expired" and "early" of the signed validity, "stale" and "no_place" where the
// list cannot be relied on; "valid" when all of it holds, "holds" when no list told. "none": nothing signed to judge.
export async function judge(text, pack, now) {
  const signed = signedPart(text);
  if (signed === null) return { result: "not_a_code" };
  if (!signed) return { result: "none" };
  try {
    const { claims, key, owners } = await verifySigned(signed, pack.qr_keys);
    const facts = readFacts(claims);
    if (!facts.identifier) return { result: "broken" };
    const lists = await readableLists(pack.status_lists ?? [], pack.status_keys ?? []);
    const told = judgeStatus(statusReference(claims, owners), facts.issued_at, lists, now);
    return { result: worst(told.status, standing(facts, now)), facts: { ...facts, key_owner: key.issuer }, ...told };
  } catch (problem) {
    if (problem instanceof SignatureProblem) return { result: problem.kind };
    throw problem;
  }
}

function worst(status, validity) {
  if (["revoked", "superseded"].includes(status)) return status;
  if (validity === "expired") return validity;
  if (status === "suspended" || validity === "early") return status === "suspended" ? status : validity;
  if (["stale", "no_place"].includes(status)) return status;
  return status === "valid" ? "valid" : "holds";
}
