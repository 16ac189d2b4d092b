// A website by the book of openid-client: says where to send the browser, is told where it came back, says who it was.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const [issuer, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const config = await client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
  execute: [client.allowInsecureRequests],
});
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const there = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: "openid profile offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
console.log(there.href);

const back = await createInterface({ input: process.stdin }).question("");
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
const tokens = await client.authorizationCodeGrant(config, new URL(back), checks);
const claims = tokens.claims();
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const userinfo = await client.fetchUserInfo(config, refreshed.access_token, claims.sub);
console.log(JSON.stringify({ claims, userinfo }));
process.exit(0);
