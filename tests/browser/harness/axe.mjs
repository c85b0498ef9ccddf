// axe-core in a page, with the page's own content security policy left in force.
//
// The source is evaluated through the debugging protocol in an isolated world, which the policy does not
// govern, so that nothing has to be switched off and what is judged is the page as people get it.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let source;

async function axeSource() {
  source ??= await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}

/** WCAG 2.2 up to AA, and what axe calls best practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// One session for each page, never detached: ending any session of a page takes its virtual authenticator away.
const sessions = new WeakMap();

async function sessionOf(page) {
  if (!sessions.has(page)) sessions.set(page, await page.context().newCDPSession(page));
  return sessions.get(page);
}

/** All violations of the page as it stands now: [{ id, impact, help, nodes: [selector, …] }]. */
export async function violations(page) {
  const cdp = await sessionOf(page);
  const { frameTree } = await cdp.send('Page.getFrameTree');
  const { executionContextId } = await cdp.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  });
  const run = async (expression, awaitPromise) => {
    const answer = await cdp.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      awaitPromise,
      returnByValue: true,
    });
    if (answer.exceptionDetails) {
      throw new Error(`axe: ${answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text}`);
    }
    return answer.result.value;
  };
  await run(`${await axeSource()}; undefined`, false);
  const options = JSON.stringify({ runOnly: { type: 'tag', values: TAGS }, resultTypes: ['violations'] });
  const report = await run(
    `axe.run(document, ${options}).then((done) => JSON.stringify({
      passes: done.passes.length,
      violations: done.violations.map((one) => ({
        id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => node.target.join(' ')),
      })),
    }))`,
    true,
  );
  const { passes, violations: found } = JSON.parse(report);
  // A page on which no rule applied was not looked at.
  if (passes === 0 && found.length === 0) throw new Error('axe: no rule applied; is the page empty?');
  return found;
}

/** The same as one readable text; empty when there is nothing to mend. */
export async function complaints(page) {
  const found = await violations(page);
  return found.map((one) => `${one.id} (${one.impact}): ${one.help}\n    ${one.nodes.join('\n    ')}`).join('\n  ');
}
