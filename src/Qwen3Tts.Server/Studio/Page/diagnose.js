// The doctor's report about a checkpoint.
import { $, changed, el, events, fill, json, plain, request, save, say, server } from './lib.js';
import { Player } from './audio.js';

const KINDS = { Fault: 'bad', Warning: 'warn', Note: 'soft' };
let stop = null;

const chosen = () => server.about.checkpoints.find(c => c.name === $('checkpoint').value);

function describe() {
  const now = chosen(), voices = now?.speakers ?? [];
  fill($('diagnose-speaker'), now?.has_base ? [{ value: '', label: 'the one that its base lacks' }, ...voices] : voices);
  $('diagnose-speaker-field').hidden = voices.length < 2;
  $('diagnose-go').disabled = !now;
  $('checkpoint-note').textContent = !now ? 'There is no checkpoint to examine. Start the server with --examine NAME=DIR.'
    : now.has_base && now.has_data ? 'Its base and its training clips are known: everything is measured, which takes minutes.'
    : 'Its training clips are not known, so the folder is checked and the training is not measured.';
}
changed.addEventListener('change', () => { fill($('checkpoint'), server.about.checkpoints.map(c => c.name)); describe(); });
$('checkpoint').addEventListener('change', describe);
$('diagnose-stop').addEventListener('click', () => stop?.abort());

$('diagnose-form').addEventListener('submit', async e => {
  e.preventDefault();
  if (stop) return;
  stop = new AbortController();
  [$('diagnose-go').disabled, $('diagnose-stop').hidden, $('report').hidden] = [true, false, true];
  say($('diagnose-status'), 'Starting…');
  try {
    const speaker = $('diagnose-speaker-field').hidden ? null : $('diagnose-speaker').value;
    const answer = await request('/v1/studio/diagnose', json({ checkpoint: $('checkpoint').value, takes: Number($('diagnose-takes').value), speaker }, stop.signal));
    for await (const { event, data } of events(answer)) {
      if (event === 'progress') say($('diagnose-status'), `${data.message[0].toUpperCase()}${data.message.slice(1)}…`);
      else if (event === 'error') throw new Error(data.message);
      else show(data);
    }
  } catch (error) {
    say($('diagnose-status'), error.name === 'AbortError' ? 'Stopped.' : error.message, error.name === 'AbortError' ? '' : 'bad');
  } finally {
    stop = null;
    [$('diagnose-go').disabled, $('diagnose-stop').hidden] = [false, true];
  }
});

function show({ report, sounds, page }) {
  const kind = report.healthy ? 'good' : report.undecided ? 'warn' : 'bad', name = $('checkpoint').value;
  const part = (title, ...children) => [el('h2', {}, title), ...children];
  $('report').replaceChildren(
    el('h2', { class: `verdict ${kind}` }, report.verdict), ...report.details.map(d => el('p', {}, d)),
    ...part('Findings', ...report.findings.length ? report.findings.toSorted((a, b) => order(a) - order(b)).map(finding) : [el('p', { class: 'soft' }, 'None.')]),
    ...report.losses.length ? part('Loss under each hypothesis', el('p', { class: 'soft' }, report.data.sentence), table(['Trained with', 'Total', 'Talker', 'Predictor'],
      report.losses.map(l => [l.hypothesis === report.hypothesis ? `${l.hypothesis} ←` : l.hypothesis, l.total, l.talker, l.predictor]))) : [],
    ...report.movement ? part('Changes since the base', table(['Part', 'Tensors', 'Unmoved', 'Relative change'], report.movement.groups.map(g => [g.name, g.tensors, g.unmoved, g.relative]))) : [],
    ...report.speech ? part('It speaks', ...report.speech.takes.map((t, i) => take(t, sounds[i], i))) : [],
    ...report.legend.length ? part('What the numbers mean', table(['Number', 'Meaning'], report.legend.map(l => [l.number, l.meaning]))) : [],
    el('h2', {}, 'Keep it'), el('div', { class: 'row' },
      el('button', { type: 'button', onclick: () => save(new Blob([page], { type: 'text/html' }), `${name}.html`) }, 'Save as a page'),
      el('button', { type: 'button', onclick: () => save(new Blob([JSON.stringify(report, null, 2)], { type: 'application/json' }), `${name}.json`) }, 'Save as JSON')));
  $('no-report').hidden = true;
  $('report').hidden = false;
  say($('diagnose-status'), 'Done.', 'good');
  $('report').focus({ preventScroll: true });
}

const order = f => Object.keys(KINDS).indexOf(f.severity);
const finding = f => el('div', { class: 'finding' }, el('p', {}, el('strong', { class: KINDS[f.severity] }, f.severity), ' ', el('code', {}, f.id)),
  el('p', {}, f.evidence), el('p', { class: 'soft' }, f.remedy));

const cell = value => typeof value === 'number' ? plain(value) : value ?? '–';
function table(heads, rows) {
  const numeric = heads.map((_, i) => rows.some(r => typeof r[i] === 'number'));
  const kind = i => numeric[i] ? 'n' : '';
  return el('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': heads[0] }, el('table', {},
    el('thead', {}, el('tr', {}, ...heads.map((h, i) => el('th', { scope: 'col', class: kind(i) }, h)))),
    el('tbody', {}, ...rows.map(r => el('tr', {}, ...r.map((v, i) => el('td', { class: kind(i) }, `${cell(v)}`)))))));
}

function take(said, sound, i) {
  const player = new Player(`sentence ${i + 1}`, { small: true });
  if (sound) player.load(new Blob([Uint8Array.from(atob(sound), c => c.charCodeAt(0))], { type: 'audio/wav' }));
  return el('div', { class: 'finding' }, el('p', { class: 'take-text' }, said.text), player.element, el('div', { class: 'facts' }, el('span', {}, `${plain(said.seconds)} s`),
    el('span', { class: said.ended ? '' : 'warn' }, said.ended ? 'ended by itself' : 'did not end')));
}
