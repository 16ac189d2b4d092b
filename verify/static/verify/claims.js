// The claims of a licence's QR code (RFC 8392 §4 and private names), by what they mean.
const NAMES = { 1: "issuer", 2: "identifier", 4: "valid_to", 5: "valid_from", 6: "issued_at", "-70001": "type", "-70002": "number", "-70003": "holder" };
const TIMES = new Set(["valid_to", "valid_from", "issued_at"]);
const STATUS = -70005;
const LAST = 253402300800;

function value(name, claim) {
  if (!TIMES.has(name)) return typeof claim === "string" ? claim : undefined;
  return Number.isInteger(claim) && claim >= 0 && claim < LAST ? new Date(claim * 1000) : undefined;
}

export function readFacts(claims) {
  const facts = {};
  for (const [key, claim] of claims) {
    const name = NAMES[key];
    if (name) facts[name] = value(name, claim);
  }
  return facts;
}

// Where the status stands: the claim has the list's number and the index, its address begins with the key owner's.
export function statusReference(claims, owners) {
  const claim = claims.get(STATUS);
  if (!Array.isArray(claim) || claim.length !== 2 || !claim.every(Number.isInteger) || owners.length !== 1) return null;
  const [number, index] = claim;
  return number > 0 && index >= 0 ? { uri: `${owners[0]}/api/v1/status/${number}`, index } : null;
}

// The day in China, where licences are valid to the end of their last day.
export function day(moment) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(moment);
}

// "expired", "early" or "holds" on this day.
export function standing(facts, now) {
  if (facts.valid_from && day(now) < day(facts.valid_from)) return "early";
  if (facts.valid_to && day(now) > day(facts.valid_to)) return "expired";
  return "holds";
}
