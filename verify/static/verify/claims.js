// The claims of a licence's QR code (RFC 8392 §4 and private names), by what they mean.
const NAMES = { 1: "issuer", 2: "identifier", 4: "valid_to", 5: "valid_from", 6: "issued_at", "-70001": "type", "-70002": "number", "-70003": "holder" };
const TIMES = new Set(["valid_to", "valid_from", "issued_at"]);

export function readClaims(claims) {
  const facts = {};
  for (const [key, value] of claims) {
    const name = NAMES[key];
    if (name) facts[name] = TIMES.has(name) ? new Date(value * 1000) : value;
  }
  return facts;
}

// The day in China, where licences are valid to the end of their last day.
export function day(moment) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(moment);
}

// "expired", "early" or "holds" on this day.
export function standing(facts, now) {
  if (facts.valid_to && day(now) > day(facts.valid_to)) return "expired";
  if (facts.valid_from && day(now) < day(facts.valid_from)) return "early";
  return "holds";
}
