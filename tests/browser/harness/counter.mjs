// Counts what a person has to do: clicks, keys, keyboard actions, seconds.
//
// It listens inside the page for events that the browser itself made, so that a step which a script skips is
// not counted as free by accident: `fill()` makes no keys, and whoever uses it in a counted task cheats.

/** Seconds between two events after which typing is a new action. */
const PAUSE_S = 2;

/** Runs in every page of the context, before the page's own scripts; sees only that something was done, not what was typed. */
function listen() {
  const tell = (what, group) => globalThis.strongroomCount?.(JSON.stringify({ what, group }));
  const trusted = (event) => event.isTrusted;
  addEventListener('pointerdown', (event) => trusted(event) && tell('click', ''), { capture: true });
  addEventListener(
    'keydown',
    (event) => {
      if (!trusted(event) || ['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
      const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      const letter = event.key.length === 1 || event.key === 'Backspace';
      tell('key', field && letter ? 'typing' : 'single');
    },
    { capture: true },
  );
}

/** Begins to watch a context; every page opened in it from now on is counted. */
export async function addCounter(context) {
  let counts;
  let typingSince;
  const begin = () => {
    counts = { clicks: 0, keys: 0, actions: 0, started: performance.now() };
    typingSince = undefined;
  };
  begin();
  await context.exposeBinding('strongroomCount', (_source, told) => {
    const { what, group } = JSON.parse(told);
    const now = performance.now() / 1000;
    if (what === 'click') {
      counts.clicks += 1;
      typingSince = undefined;
      return;
    }
    counts.keys += 1;
    // A word typed into a field is one keyboard action, however many letters it has.
    const goesOn = group === 'typing' && typingSince !== undefined && now - typingSince < PAUSE_S;
    if (!goesOn) counts.actions += 1;
    typingSince = group === 'typing' ? now : undefined;
  });
  await context.addInitScript(listen);
  return {
    /** A new task begins. */
    begin,
    /** What it took so far: { clicks, keys, actions, seconds }. */
    read() {
      const seconds = Math.round((performance.now() - counts.started) / 100) / 10;
      return { clicks: counts.clicks, keys: counts.keys, actions: counts.actions, seconds };
    },
  };
}

/** What a task took beyond what it may take; empty when nothing. Seconds are reported and never judged. */
export function beyond(taken, allowed) {
  return ['clicks', 'keys', 'actions']
    .filter((name) => allowed[name] !== undefined && taken[name] > allowed[name])
    .map((name) => `${taken[name]} ${name}, at most ${allowed[name]}`);
}
