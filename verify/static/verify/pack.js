// A trust pack: the keys of codes and of status lists, and the lists. Everything that judging without a network needs.

// From a pack, a trust list or a bare list of keys. Throws for anything else.
export function readPack(given) {
  const list = given.trust_list ?? (Array.isArray(given) ? { qr_keys: given } : given);
  const keys = (each) => (each ?? []).filter((key) => key.kid && key.spki && key.issuer);
  if (!Array.isArray(list.qr_keys)) throw new Error("not a trust pack");
  return {
    issued_at: list.issued_at ?? null,
    qr_keys: keys(list.qr_keys),
    status_keys: keys(list.status_keys),
    status_lists: (given.status_lists ?? []).filter((token) => typeof token === "string"),
  };
}

// The newest pack; the service worker answers with the one it kept when there is no network.
export async function loadPack(address) {
  const answer = await fetch(address, { credentials: "omit" });
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
  return readPack(await answer.json());
}

function issued(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return new Date(claims.iat * 1000);
  } catch {
    return new Date(0);
  }
}

// When the keys were listed, and of when the oldest status list is; null where there are none.
export function packAge(pack) {
  const times = pack.status_lists.map(issued);
  return {
    keys: pack.issued_at ? new Date(pack.issued_at) : null,
    lists: times.length ? new Date(Math.min(...times)) : null,
  };
}
