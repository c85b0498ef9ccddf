// One line for each check, and a sum at the end, in the manner of TAP.

/** Collects results; `say` gets each line. */
export function collector(say = console.log) {
  let passed = 0;
  let failed = 0;
  const line = (ok, name, why) => {
    if (ok) passed += 1;
    else failed += 1;
    say(`${ok ? 'ok' : 'not ok'} ${passed + failed} - ${name}`);
    if (why) say(why.replace(/^/gm, '  '));
  };
  return {
    /** Runs one check; a thrown error is its failure, and the next one still runs. */
    async check(name, run) {
      try {
        await run();
        line(true, name);
        return true;
      } catch (error) {
        line(false, name, String(error?.stack ?? error).split('\n').slice(0, 12).join('\n'));
        return false;
      }
    },
    /** A remark that is no result. */
    note: (words) => say(`# ${words}`),
    sum: () => ({ passed, failed }),
  };
}
