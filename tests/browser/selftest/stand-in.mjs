#!/usr/bin/env node
// Stands in for `strongroom demo --json`, so that the runner can be tried out: made up, no part of the product.
// STAND_IN_FAULT plants one fault: axe, link, tag, wide.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const [host, port] = option('--listen').split(':');
const url = `http://localhost:${port}`;
const fault = process.env.STAND_IN_FAULT ?? '';
const links = new Map([['/demo/sign-in/made-up', 'clinician']]);
const sessions = new Set();

const page = (title, body) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="/icon">
  <title>${title}</title></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
const faults = {
  axe: '<input>',
  wide: `<pre>${'wide '.repeat(200)}</pre>`,
};
const inbox = page('Inbox', `<p>${fault === 'tag' ? '' : 'PHI – Made Up Pediatrics'}</p>${faults[fault] ?? ''}`);

function answer(request, response) {
  const known = sessions.has(/__Host-strongroom=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]);
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('content-security-policy', "default-src 'none'; img-src 'self'");
  if (links.has(request.url)) {
    if (fault !== 'link') links.delete(request.url);
    const session = randomUUID();
    sessions.add(session);
    response.setHeader('set-cookie', `__Host-strongroom=${session}; Secure; HttpOnly; SameSite=Strict; Path=/`);
    response.writeHead(303, { location: '/' }).end();
  } else if (request.url === '/icon') {
    response.writeHead(204).end();
  } else if (request.url === '/sign-in') {
    response.end(page('Sign in', '<p>Touch your passkey.</p>'));
  } else if (request.url === '/' && known) {
    response.end(inbox);
  } else {
    response.writeHead(303, { location: '/sign-in' }).end();
  }
}

process.on('SIGTERM', () => process.exit(0));
createServer(answer).listen(Number(port), host, () => {
  const people = [{ email: 'made-up@clinic.example', role: 'clinician', customer: 'Made Up Pediatrics', sign_in_url: `${url}/demo/sign-in/made-up` }];
  console.log(JSON.stringify({ url, people, programs: [], data_dir: option('--dir') }));
});
