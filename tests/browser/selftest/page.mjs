// A small site with the strictest headers, on which the harness is tried out: made up, no part of the product.

import { createServer } from 'node:http';

const CSP = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const page = (body) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
  <title>Made up</title><script src="/passkey.js" defer></script></head><body><main>${body}</main></body></html>`;

const GOOD = page('<h1>Made up</h1><label for="name">Name</label> <input id="name"> <a href="/other">Other</a> <button>Go</button>');
const BAD = page('<h1>Made up</h1><input id="name"><p><img src="/none.png"></p>');
const WIDE = page('<h1>Made up</h1><table><tr><td><pre>' + 'wide '.repeat(200) + '</pre></td></tr></table>');

const SCRIPT = `
const bytes = (text) => new TextEncoder().encode(text);
window.enrol = async () => {
  const made = await navigator.credentials.create({ publicKey: {
    challenge: bytes('made-up challenge'), rp: { name: 'Made up' }, user: { id: bytes('1'), name: 'a', displayName: 'A' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  } });
  return made.id;
};
window.signIn = async () => {
  const got = await navigator.credentials.get({ publicKey: { challenge: bytes('another'), userVerification: 'required' } });
  return got.id;
};`;

/** Serves the site on a free port of localhost; { url, close }. */
export async function serveMadeUp() {
  const bodies = { '/': GOOD, '/other': GOOD, '/bad': BAD, '/wide': WIDE };
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', CSP);
    if (request.url === '/passkey.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(SCRIPT);
      return;
    }
    response.statusCode = request.url in bodies ? 200 : 404;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(bodies[request.url] ?? page('<h1>Not here</h1>'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${server.address().port}`, close: () => server.close() };
}
