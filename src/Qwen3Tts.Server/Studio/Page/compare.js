// Blind comparison: both voices say every sentence before the first is judged, so that speed betrays nothing.
import { $, changed, el, fill, plain, say, server } from './lib.js';
import { Player, speak } from './audio.js';

const BETWEEN = ' · ';
let stop = null, trials = [], now = 0, names = [], players = [];

changed.addEventListener('change', () => {
  const all = server.models.flatMap(m => m.voices.map(v => ({ value: JSON.stringify([m.id, v]), label: server.models.length > 1 ? `${v}${BETWEEN}${m.id}` : v })));
  fill($('compare-a'), all);
  fill($('compare-b'), all);
  if ($('compare-a').value === $('compare-b').value && all.length > 1) $('compare-b').value = all.find(o => o.value !== $('compare-a').value).value;
  fill($('compare-language'), [{ value: 'Auto', label: 'Automatic' }, ...new Set(server.models.flatMap(m => m.languages))]);
  const enough = all.length > 1;
  if (!enough) say($('compare-status'), `There ${all.length ? 'is only one voice' : 'are no voices'} to compare. Make ${all.length ? 'another one' : 'two'} under Voices.`);
  else if ($('compare-go').disabled && !stop) say($('compare-status'), '');
  $('compare-go').disabled = !enough;
});
$('sentences').value = 'Set white at B four now.\nPlace blue by L two again.\nBin green with Z nine please.';

/** True or false by chance, from the browser's cryptographic source. */
const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] < 128;

$('compare-stop').addEventListener('click', () => stop?.abort());
$('compare-form').addEventListener('submit', async e => {
  e.preventDefault();
  if (stop) return;
  const sentences = $('sentences').value.split('\n').map(s => s.trim()).filter(s => s), sides = [$('compare-a'), $('compare-b')];
  names = sides.map(s => s.selectedOptions[0].textContent);
  if (sides[0].value === sides[1].value) return say($('compare-status'), 'Both are the same voice. Choose two.', 'bad');
  stop = new AbortController();
  [$('compare-go').disabled, $('compare-stop').hidden, $('trial').hidden, $('tally').hidden, trials, now] = [true, false, true, true, [], 0];
  try {
    for (const [i, text] of sentences.entries()) {
      const seed = Number($('compare-seed').value) + i, files = [];
      for (const side of sides) {
        say($('compare-status'), `Speaking ${2 * i + files.length + 1} of ${2 * sentences.length}…`);
        const [model, voice] = JSON.parse(side.value);
        files.push((await speak({ model, voice, input: text, seed, language: $('compare-language').value }, { signal: stop.signal })).file);
      }
      trials.push({ text, seed, files, swapped: coin(), choice: null });
    }
    say($('compare-status'), 'Listen to both, then choose. Their order is random.', 'good');
    $('trial').hidden = false;
    await trial();
    $('choose-first').scrollIntoView({ block: 'nearest' });
  } catch (error) {
    say($('compare-status'), error.name === 'AbortError' ? 'Stopped.' : error.message, error.name === 'AbortError' ? '' : 'bad');
  } finally {
    stop = null;
    [$('compare-go').disabled, $('compare-stop').hidden] = [false, true];
  }
});

async function trial() {
  const { text, files, swapped } = trials[now];
  $('trial-count').textContent = `Sentence ${now + 1} of ${trials.length}`;
  $('trial-text').textContent = text;
  players = [new Player('the first'), new Player('the second')];
  $('trial-first').replaceChildren(players[0].element);
  $('trial-second').replaceChildren(players[1].element);
  await Promise.all([players[0].load(files[swapped ? 1 : 0]), players[1].load(files[swapped ? 0 : 1])]);
}

/** 0: the first that was heard, 1: the second, null: no difference. */
async function choose(heard) {
  if ($('trial').hidden || trials[now].choice !== null) return;
  players.forEach(p => p.stop());
  trials[now].choice = heard === null ? 'none' : (heard === 1) !== trials[now].swapped ? 'b' : 'a';
  if (++now < trials.length) return trial();
  $('trial').hidden = true;
  say($('compare-status'), 'All sentences are judged.', 'good');
  tally();
}
$('choose-first').addEventListener('click', () => choose(0));
$('choose-second').addEventListener('click', () => choose(1));
$('choose-none').addEventListener('click', () => choose(null));
addEventListener('keydown', e => {
  if ($('trial').hidden || $('view-compare').hidden || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.ctrlKey || e.altKey || e.metaKey) return;
  const act = { 1: () => players[0].toggle(), 2: () => players[1].toggle(), ArrowLeft: () => choose(0), ArrowRight: () => choose(1), ArrowDown: () => choose(null) }[e.key];
  if (act) { e.preventDefault(); act(); }
});

/** How often a fair coin would split n votes at least as unevenly. */
function chance(a, b) {
  const n = a + b, most = Math.max(a, b);
  let sum = 0, term = 1; // n over k, k from 0
  for (let k = 0; k <= n; term = term * (n - k) / (k + 1), k++) if (k >= most || k <= n - most) sum += term;
  return Math.min(1, sum / 2 ** n);
}

function tally() {
  const count = choice => trials.filter(t => t.choice === choice).length, [a, b, none] = [count('a'), count('b'), count('none')];
  const rowOf = (name, n) => el('tr', {}, el('td', {}, name), el('td', { class: 'n' }, `${n}`));
  $('tally-rows').replaceChildren(rowOf(names[0], a), rowOf(names[1], b), rowOf('No difference', none));
  $('tally-note').textContent = a + b ? `If both were equally good, a split at least this uneven would come by chance in ${plain(100 * chance(a, b))} % of such comparisons.` : 'No difference was heard.';
  const rows = trials.map(t => ({ text: t.text, seed: t.seed, better: { a: names[0], b: names[1], none: '' }[t.choice] }));
  const quote = v => `"${String(v).replaceAll('"', '""')}"`;
  const link = (id, text, type) => { URL.revokeObjectURL($(id).href); $(id).href = URL.createObjectURL(new Blob([text], { type })); };
  link('tally-csv', ['text,seed,better', ...rows.map(r => [r.text, r.seed, r.better].map(quote).join(','))].join('\r\n') + '\r\n', 'text/csv');
  link('tally-json', JSON.stringify({ one: names[0], other: names[1], made: new Date().toISOString(), better: { [names[0]]: a, [names[1]]: b, none }, sentences: rows }, null, 2), 'application/json');
  $('tally').hidden = false;
}
